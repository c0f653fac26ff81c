/** The layout of plots and figures. */
import type { FigureStatement, OptionWord, PlotLooks, PlotStatement, StringLiteral } from "./ast.js";
import { type Doc, group, hard, indent, join, line, source } from "./layout.js";
import { byAxes, intervalClause } from "./print-clauses.js";
import { printExpression, printNames, printNumber, printString } from "./print-expressions.js";

/** `plot kind of values …`, its options in a fixed order. */
export function printPlot(statement: PlotStatement): Doc {
  return group(
    `plot ${statement.plot} of `,
    group(
      indent(
        join(
          statement.of.map((value) => group(printExpression(value))),
          [",", line],
        ),
      ),
    ),
    indent(
      statement.against === null ? [] : [line, "against ", group(printExpression(statement.against))],
      statement.over.length === 0
        ? []
        : [line, source(statement.over[0]?.span.start ?? 0), "over ", group(indent(printNames(statement.over)))],
      byAxes(statement.by),
      intervalClause(statement.ci),
      looks(statement.looks),
    ),
  );
}

function looks({ text, flags, sorted, log, title, x, y, caption }: PlotLooks): readonly Doc[] {
  const word = (name: OptionWord, written: string): Doc => [line, source(name.span.start), written];
  const label = (name: string, string: StringLiteral | null): readonly Doc[] =>
    string === null ? [] : [[line, source(string.span.start), `${name} `, printString(string)]];
  return [
    ...(text === null ? [] : [[line, source(text.span.start), "text ", group(printExpression(text))]]),
    ...flags.map((flag) => word(flag, flag.word)),
    ...(sorted === null ? [] : [word(sorted, sorted.word === "ascending" ? "sorted ascending" : "sorted")]),
    ...log.map((axis) => word(axis, `log ${axis.word}`)),
    ...label("title", title),
    ...label("x", x),
    ...label("y", y),
    ...label("caption", caption),
  ];
}

/** `figure "title" { … }`, a plot a line. */
export function printFigure({ title, columns, caption, plots }: FigureStatement): Doc {
  return [
    "figure ",
    printString(title),
    columns === null ? "" : [" columns ", printNumber(columns)],
    caption === null ? "" : [" caption ", printString(caption)],
    " {",
    indent(plots.map((plot) => [hard, source(plot.span.start), printPlot(plot)])),
    hard,
    "}",
  ];
}

/** The layout of statements about results: what compares, decides, shows and saves them. */
import type {
  Expectation,
  Expected,
  Expression,
  HypothesisStatement,
  Name,
  NumberLiteral,
  ProbeStatement,
  Statement,
  TableStatement,
  TestUse,
} from "./ast.js";
import { type Doc, group, hard, indent, join, line, source } from "./layout.js";
import { byAxes, intervalClause, printTest } from "./print-clauses.js";
import { printFigure, printPlot } from "./print-plots.js";
import {
  bindingLevel,
  parenthesised,
  printExpression,
  printName,
  printNames,
  printNumber,
  printString,
} from "./print-expressions.js";

function usingTests(using: readonly TestUse[]): readonly Doc[] {
  if (using.length === 0) return [];
  const tests = using.map(printTest);
  return [[line, source(using[0]?.span.start ?? 0), "using ", group(indent(join(tests, [",", line])))]];
}

const correction = (method: Name | null): readonly Doc[] =>
  method === null ? [] : [line, "correct ", printName(method)];

const printLevels = (levels: readonly Expression[]): Doc =>
  join(
    levels.map((level) => printExpression(level)),
    [",", line],
  );

/** The layout of a statement about results; null for any other. */
export function printResultStatement(statement: Statement): Doc | null {
  switch (statement.kind) {
    case "compare":
      return group(
        "compare ",
        group(printExpression(statement.value)),
        indent(
          [
            line,
            source(statement.axis.span.start),
            "between ",
            printName(statement.axis),
            statement.levels.length === 0 ? "" : [" ", group(indent(printLevels(statement.levels)))],
          ],
          byAxes(statement.by),
          usingTests(statement.using),
          correction(statement.correct),
        ),
      );
    case "correlate":
      return group(
        "correlate ",
        group(printExpression(statement.left)),
        indent(
          statement.right === null
            ? [
                line,
                source(statement.between[0]?.span.start ?? 0),
                "between ",
                group(indent(printNames(statement.between))),
              ]
            : [line, "with ", group(printExpression(statement.right))],
          byAxes(statement.by),
          usingTests(statement.using),
          correction(statement.correct),
        ),
      );
    case "hypothesis":
      return printHypothesis(statement);
    case "find":
      return group(
        `find ${statement.what} of `,
        group(printExpression(statement.of)),
        indent([line, source(statement.over.span.start), "over ", printName(statement.over)], byAxes(statement.by)),
      );
    case "pca":
      return group(
        "pca of ",
        group(printExpression(statement.of)),
        indent(
          [line, source(statement.over.span.start), "over ", printName(statement.over)],
          statement.components === null ? [] : [line, "components ", printNumber(statement.components)],
        ),
      );
    case "probe":
      return printProbe(statement);
    case "fit":
      return group(
        `fit ${statement.curve} of `,
        group(printExpression(statement.of)),
        indent([line, source(statement.over.span.start), "over ", printName(statement.over)], byAxes(statement.by)),
      );
    case "classify": {
      const classes = statement.classes.map(({ name, below }) => [
        printName(name),
        below === null ? "" : [" < ", printNumber(below)],
      ]);
      return group(
        "classify ",
        group(printExpression(statement.value)),
        indent(line, "as ", group(indent(join(classes, [",", line])))),
      );
    }
    case "table":
      return printTable(statement);
    case "plot":
      return printPlot(statement);
    case "figure":
      return printFigure(statement);
    case "save":
      return group(tableBody("save ", statement.table, [[line, "to ", printString(statement.to)]]));
    default:
      return null;
  }
}

function printProbe(probe: ProbeStatement): Doc {
  const { field, from, over, by, classes, folds, together, penalty, seed, as, using } = probe;
  const number = (word: string, value: NumberLiteral | null): readonly Doc[] =>
    value === null ? [] : [[line, source(value.span.start), `${word} `, printNumber(value)]];
  const options = [
    ...(classes ? [line, "as classes"] : []),
    ...number("folds", folds),
    ...(together === null ? [] : [[line, source(together.span.start), "together ", printName(together)]]),
    ...number("penalty", penalty),
    ...number("seed", seed),
  ];
  const name = as === null ? [] : [line, source(as.span.start), "as ", printName(as)];
  return group(
    "probe ",
    printName(field),
    " from ",
    group(printExpression(from)),
    indent(
      [line, source(over[0]?.span.start ?? 0), "over ", group(indent(printNames(over)))],
      byAxes(by),
      options,
      usingTests(using),
      name,
    ),
  );
}

function printHypothesis(hypothesis: HypothesisStatement): Doc {
  const { expect } = hypothesis;
  const alpha: readonly Doc[] =
    hypothesis.alpha === null
      ? []
      : [[line, source(hypothesis.alpha.span.start), "alpha ", printNumber(hypothesis.alpha)]];
  // The tests stand on a line of their own when the whole does not fit.
  const decision = [...byAxes(hypothesis.by), ...usingTests(hypothesis.using)];
  const decided = decision.length === 0 ? alpha : [...decision, group(indent(alpha))];
  const falsified =
    hypothesis.falsified === null ? [] : [line, source(hypothesis.falsified.span.start), "else not supported"];
  return [
    "hypothesis ",
    printString(hypothesis.title),
    indent(hard, source(expect.span.start), group("expect ", printExpectation(expect), decided, falsified)),
  ];
}

function printExpectation({ quantity, members }: Expectation): Doc {
  const [first, ...more] = members.map((member, i) => printExpected(member, quantity === null && i === 0));
  if (quantity === null)
    return group(
      first ?? "",
      more.map((member) => [",", line, member]),
    );
  const count: Doc = quantity.kind === "count" ? printNumber(quantity.count) : quantity.kind;
  return group(
    count,
    " of",
    indent(
      line,
      join(
        members.map((member) => printExpected(member)),
        [",", line],
      ),
    ),
  );
}

/** `opens`: whether it stands right behind `expect`, where `2 of` would say how many of the tests must hold. */
function printExpected(expected: Expected, opens = false): Doc {
  const printFirst = (side: Expression): Doc =>
    opens && startsWithQuantity(side) ? parenthesised(side) : printSide(side);
  switch (expected.kind) {
    case "titled":
      return printString(expected.title);
    case "order":
      return group(
        group(printFirst(expected.left)),
        indent(line, expected.operator, " ", group(printSide(expected.right))),
      );
    case "equivalence": {
      const { left, right, within } = expected;
      const margin = printExpression(within, bindingLevel.sum);
      const other = ["equivalent to ", group(printSide(right)), line, "within ", margin];
      return group(group(printFirst(left)), indent(line, other));
    }
  }
}

function startsWithQuantity(e: Expression): boolean {
  if (e.kind === "of") {
    const { base } = e;
    return (
      base.kind === "number" || (base.kind === "name" && ["all", "any"].includes(base.text)) || startsWithQuantity(base)
    );
  }
  if (e.kind === "binary") return startsWithQuantity(e.left);
  return "base" in e && startsWithQuantity(e.base);
}

function printSide(side: Expression): Doc {
  return printExpression(side, side.kind === "where" ? bindingLevel.where : bindingLevel.sum, true);
}

function printTable(table: TableStatement): Doc {
  return group(tableBody("table ", table, []));
}

/** What `table` and `save` have in common, with what stands after it. */
function tableBody(word: string, table: TableStatement, after: readonly Doc[]): readonly Doc[] {
  const values = table.of.map(({ value, notation }) => [
    group(printExpression(value, bindingLevel.or)),
    notation === null ? "" : ` as ${notation}`,
  ]);
  return [
    word,
    values.length === 1 ? (values[0] ?? "") : group(indent(join(values, [",", line]))),
    indent(
      table.winner === null
        ? []
        : [line, `winner ${table.winner.which} of `, group(indent(printNames(table.winner.among)))],
      table.top === null ? [] : [line, "top ", printNumber(table.top)],
      table.where === null ? [] : [line, "where ", group(printExpression(table.where, bindingLevel.or))],
      table.by.length === 0
        ? []
        : [
            line,
            "by ",
            group(
              indent(
                join(
                  table.by.map((key) => group(printExpression(key, bindingLevel.or))),
                  [",", line],
                ),
              ),
            ),
          ],
      table.across.length === 0
        ? []
        : [line, source(table.across[0]?.span.start ?? 0), "across ", group(indent(printNames(table.across)))],
      table.context === null ? [] : [line, "with context ", printNumber(table.context)],
      table.ranked === null ? [] : [line, source(table.ranked.span.start), "with rank"],
      intervalClause(table.ci),
      table.caption === null ? [] : [line, "caption ", printString(table.caption)],
      ...after,
    ),
  ];
}

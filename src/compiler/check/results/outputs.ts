/** Statements that show or save results: `table`, `plot`, `figure`, `save`. */
import { nearestNames } from "../../base/suggest.js";
import { diagnostic, type Details } from "../../diagnostics/create.js";
import type { NamedResult, Output } from "../../ir/protocol.js";
import type { Span } from "../../base/span.js";
import { saveFormats, tableFormats, tensorFormats } from "../../ir/results.js";
import type { SaveStatement, Statement, StringLiteral, TableStatement } from "../../syntax/ast.js";
import { quote } from "../../syntax/literals.js";
import { reportError } from "../faults.js";
import { labelOf, measuredResult } from "./named-results.js";
import { checkFigure } from "./figures.js";
import { checkPlot } from "./plots.js";
import type { ResultContext } from "./result-context.js";
import { addSavedFile, clashOf, endingOf, saveNameProblem, type SavedFiles } from "./save-names.js";
import { checkTable } from "./tables.js";
import { unknownResult } from "../names/unknown-results.js";

/** Where an output may be said a second time: files that are saved. */
export interface OutputContext extends ResultContext {
  readonly saved: SavedFiles;
}

/** The output that a statement asks for; null for any other statement and after an error. */
export function checkOutput(cx: OutputContext, statement: Statement): Output | null {
  switch (statement.kind) {
    case "table":
      return checkTable(cx, statement);
    case "plot":
      return checkPlot(cx, statement);
    case "figure":
      return checkFigure(cx, statement);
    case "save":
      return checkSave(cx, statement);
    default:
      return null;
  }
}

function checkSave(cx: OutputContext, statement: SaveStatement): Output | null {
  const { table } = statement;
  const [item] = table.of;
  if (item === undefined || item.value.kind === "missing") return null;
  const isTable = tableFormats.some((format) => `.${format}` === endingOf(statement.to.value));
  const [clause] = isTable ? [] : clausesOf(table);
  if (clause !== undefined) {
    const hint = "a table as it is shown is saved with the ending .tex or .md";
    const where = "`save` to a file of values as measured";
    reportError(cx, "A1004", clause.span, { what: clause.what, statement: where }, { hint });
    return null;
  }
  const written = item.value.kind === "name" ? item.value.text : null;
  if (written === null && !isTable) {
    const hint = "give the value a name with `let`, or save it as a table, with the ending .tex or .md";
    const found = labelOf(cx, item.value.span);
    reportError(cx, "A3004", item.value.span, { expected: "the name of a result", found }, { hint });
    return null;
  }
  const name = written ?? labelOf(cx, item.value.span);
  let value: NamedResult | null = null;
  if (written !== null && !cx.results.experiments.has(written)) {
    if (!cx.results.lets.has(written)) {
      const known = [...cx.results.experiments.keys(), ...cx.results.lets.keys()];
      reportError(cx, "A2011", item.value.span, { name: written }, unknownResult(written, known));
      return null;
    }
    value = measuredResult(cx, item.value);
    if (value === null) return null;
  }
  const path = statement.to.value;
  const { span } = statement.to;
  const isTensors = tensorFormats.some((format) => `.${format}` === endingOf(path));
  const shape = value === null ? cx.results.experiments.get(name) : undefined;
  if (isTensors && (value !== null || (shape?.complete === true && shape.eigenvectors !== true))) {
    const expected = "an experiment with a curvature that has `top`, whose eigenvectors are tensors";
    const hint = `save its values with another ending: "${name}.parquet"`;
    reportError(cx, "A3004", item.value.span, { expected, found: name }, { hint });
    return null;
  }
  const problem = saveNameProblem(path);
  if (problem !== null) {
    cx.report(diagnostic("A5003", span, { path: shortened(path), problem }, adviceFor(cx, statement.to, name)));
    return null;
  }
  const clash = clashOf(cx.saved, path);
  if (clash !== null) {
    const related = [{ span: clash.other.span, text: "saved here already" }];
    const other = clash.other.path;
    const details = { related, ...adviceFor(cx, statement.to, name) };
    cx.report(
      clash.problem === null
        ? diagnostic("A1003", span, { what: `the file ${other}` }, details)
        : diagnostic("A5007", span, { path, other, problem: clash.problem }, details),
    );
    return null;
  }
  const shown = isTable ? checkTable(cx, table) : null;
  if (isTable && shown === null) return null;
  addSavedFile(cx.saved, path, span);
  return {
    kind: "save",
    name,
    value: isTable ? null : value,
    table: shown?.kind === "table" || shown?.kind === "winner" ? shown : null,
    ...(isTensors ? { eigenvectors: true as const } : {}),
    path,
    span: statement.span,
  };
}

/** The clauses of a table that a statement has, each as it is called and where it stands. */
function clausesOf(table: TableStatement): readonly { readonly what: string; readonly span: Span }[] {
  const [, second] = table.of;
  const at = (what: string, node: { readonly span: Span } | null | undefined) =>
    node == null ? [] : [{ what, span: node.span }];
  return [
    ...at("a second value", second),
    ...at(
      "`as`",
      table.of.find(({ notation }) => notation !== null),
    ),
    ...at("`winner`", table.winner?.among[0]),
    ...at("`top`", table.top),
    ...at("`where`", table.where),
    ...at("`by`", table.by[0]),
    ...at("`across`", table.across[0]),
    ...at("`with context`", table.context),
    ...at("`with rank`", table.ranked),
    ...at("`with ci`", table.ci),
    ...at("`caption`", table.caption),
  ];
}

function shortened(path: string): string {
  return path === "" ? '""' : path.length > 60 ? `${path.slice(0, 60)}…` : path;
}

/** What to write instead of a name that is not possible: one that is, and that is not taken yet. */
function adviceFor({ saved }: OutputContext, { value: path, span }: StringLiteral, name: string): Details {
  const endings = [...saveFormats, ...tableFormats, ...tensorFormats].map((format) => `.${format}`);
  const ending = endings.find((known) => known === endingOf(path));
  if (ending === undefined) {
    const details = { expected: `a name that ends in ${endings.join(", ")}`, found: path };
    const [near] = nearestNames(endingOf(path), endings);
    const meant = near === undefined ? null : `${path.slice(0, path.length - endingOf(path).length)}${near}`;
    if (meant === null || saveNameProblem(meant) !== null) return details;
    const fix = { title: `change to "${meant}"`, edits: [{ span, replacement: quote(meant) }] };
    return { ...details, hint: `did you mean "${meant}"?`, fixes: [fix] };
  }
  const possible = [name, `saved-${name}`, `${name}-2`]
    .map((stem) => `${stem}${ending}`)
    .find((advised) => saveNameProblem(advised) === null && clashOf(saved, advised) === null);
  return possible === undefined ? {} : { hint: `write "${possible}", for example` };
}

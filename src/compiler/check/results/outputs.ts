/** Statements that show or save results: `table`, `plot`, `figure`, `save`. */
import { diagnostic, type Details } from "../../diagnostics/create.js";
import type { NamedResult, Output } from "../../ir/protocol.js";
import { saveFormats } from "../../ir/results.js";
import type { SaveStatement, Statement } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import { measuredResult } from "./named-results.js";
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
  const name = statement.what.text;
  let value: NamedResult | null = null;
  if (!cx.results.experiments.has(name)) {
    if (!cx.results.lets.has(name)) {
      const known = [...cx.results.experiments.keys(), ...cx.results.lets.keys()];
      reportError(cx, "A2011", statement.what.span, { name }, unknownResult(name, known));
      return null;
    }
    value = measuredResult(cx, { kind: "name", text: name, span: statement.what.span });
    if (value === null) return null;
  }
  const path = statement.to.value;
  const { span } = statement.to;
  const problem = saveNameProblem(path);
  if (problem !== null) {
    cx.report(diagnostic("A5003", span, { path: shortened(path), problem }, adviceFor(cx, path, name)));
    return null;
  }
  const clash = clashOf(cx.saved, path);
  if (clash !== null) {
    const related = [{ span: clash.other.span, text: "saved here already" }];
    const other = clash.other.path;
    const details = { related, ...adviceFor(cx, path, name) };
    cx.report(
      clash.problem === null
        ? diagnostic("A1003", span, { what: `the file ${other}` }, details)
        : diagnostic("A5007", span, { path, other, problem: clash.problem }, details),
    );
    return null;
  }
  addSavedFile(cx.saved, path, span);
  return { kind: "save", name, value, path, span: statement.span };
}

function shortened(path: string): string {
  return path === "" ? '""' : path.length > 60 ? `${path.slice(0, 60)}…` : path;
}

/** What to write instead of a name that is not possible: one that is, and that is not taken yet. */
function adviceFor({ saved }: OutputContext, path: string, name: string): Details {
  const endings = saveFormats.map((format) => `.${format}`);
  const ending = endings.find((known) => known === endingOf(path));
  if (ending === undefined) return { expected: `a name that ends in ${endings.join(", ")}`, found: path };
  const possible = [name, `saved-${name}`, `${name}-2`]
    .map((stem) => `${stem}${ending}`)
    .find((advised) => saveNameProblem(advised) === null && clashOf(saved, advised) === null);
  return possible === undefined ? {} : { hint: `write "${possible}", for example` };
}

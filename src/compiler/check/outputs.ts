/** Statements that show or save results: `table`, `plot`, `save`. */
import { diagnostic } from "../diagnostics/create.js";
import { nearestNames } from "../base/suggest.js";
import type { Span } from "../base/span.js";
import type { NamedResult, Output } from "../ir/protocol.js";
import { saveFormats } from "../ir/results.js";
import type { SaveStatement, Statement } from "../syntax/ast.js";
import { reportError } from "./faults.js";
import { measuredResult } from "./named-results.js";
import { checkPlot } from "./plots.js";
import type { ResultContext } from "./results.js";
import { checkTable } from "./tables.js";

/** Where an output may be said a second time: files that are saved, by name. */
export interface OutputContext extends ResultContext {
  readonly saved: Map<string, Span>;
}

/** The output that a statement asks for; null for any other statement and after an error. */
export function checkOutput(cx: OutputContext, statement: Statement): Output | null {
  switch (statement.kind) {
    case "table":
      return checkTable(cx, statement);
    case "plot":
      return checkPlot(cx, statement);
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
      const suggestions = nearestNames(name, [...cx.results.experiments.keys(), ...cx.results.lets.keys()]);
      reportError(cx, "A2011", statement.what.span, { name }, { suggestions });
      return null;
    }
    value = measuredResult(cx, { kind: "name", text: name, span: statement.what.span });
    if (value === null) return null;
  }
  const path = statement.to.value;
  const suffix = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  const problem = !(saveFormats as readonly string[]).includes(suffix)
    ? `the ending ${suffix === "" ? "is missing" : `.${suffix} is unknown`}`
    : path.startsWith("/") || path.split("/").includes("..")
      ? "files are saved inside the folder of the run"
      : null;
  if (problem !== null) {
    cx.report(
      diagnostic(
        "A5003",
        statement.to.span,
        { path, problem },
        { expected: `a name that ends in ${saveFormats.map((s) => `.${s}`).join(", ")}`, found: path },
      ),
    );
    return null;
  }
  const first = cx.saved.get(path);
  if (first !== undefined) {
    const related = [{ span: first, text: "saved here already" }];
    cx.report(diagnostic("A1003", statement.to.span, { what: `the file ${path}` }, { related }));
    return null;
  }
  cx.saved.set(path, statement.to.span);
  return { kind: "save", name, value, path, span: statement.span };
}

/** Every statement about results, in the order of the protocol: named results, decisions, outputs. */
import type { Span } from "../../base/span.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Decision, Output } from "../../ir/protocol.js";
import type { Notes } from "../notes.js";
import { checkDecision } from "./decisions.js";
import { titlesOf } from "./hypotheses.js";
import { checkOutput } from "./outputs.js";
import type { ExperimentShape } from "./result-scope.js";
import { startWork } from "./result-context.js";
import { checkLet } from "./results.js";
import type { SavedFiles } from "./save-names.js";
import type { Scope } from "../names/scope.js";

export interface ResultStatements {
  readonly decisions: readonly Decision[];
  readonly outputs: readonly Output[];
}

export function checkResultStatements(
  host: {
    readonly scope: Scope;
    readonly sourceOf: (span: Span) => string;
    readonly report: (d: Diagnostic) => void;
    readonly notes: Notes;
  },
  experiments: ReadonlyMap<string, ExperimentShape>,
): ResultStatements {
  const { scope, report, sourceOf, notes } = host;
  const decisions: Decision[] = [];
  const outputs: Output[] = [];
  const results = { experiments, lets: scope.lets, params: scope.params };
  const titles = titlesOf(scope.statements);
  const saved: SavedFiles = new Map();
  for (const statement of scope.statements) {
    const work = startWork(notes);
    const context = { results, subject: null, report, unfolding: [], work, sourceOf, notes, saved };
    if (statement.kind === "letResult") {
      // Also one that nothing shows; what is wrong is said once, however often it is used.
      if (scope.lets.get(statement.name.text) === statement) {
        checkLet(context, statement.name.text, statement.value, statement.name.span);
      }
      continue;
    }
    const decision = checkDecision(context, statement, titles);
    if (decision !== null) decisions.push(decision);
    const output = checkOutput(context, statement);
    if (output !== null) outputs.push(output);
  }
  return { decisions, outputs };
}

/** Every statement about results, in the order of the protocol: named results, decisions, outputs. */
import type { Span } from "../../base/span.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Decision, Output } from "../../ir/protocol.js";
import type { Statement } from "../../syntax/ast.js";
import type { Notes } from "../notes.js";
import { checkDecision } from "./decisions.js";
import { titlesOf } from "./hypotheses.js";
import { checkOutput } from "./outputs.js";
import { probeShape } from "./probe-shape.js";
import type { ExperimentShape, ResultScope } from "./result-scope.js";
import { startWork } from "./result-context.js";
import { checkLet } from "./results.js";
import type { SavedFiles } from "./save-names.js";
import type { Scope } from "../names/scope.js";

export interface ResultStatements {
  readonly decisions: readonly Decision[];
  readonly outputs: readonly Output[];
  /** What named probes answer, in their order. */
  readonly probes: readonly ExperimentShape[];
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
  const titles = titlesOf(scope.statements);
  const saved: SavedFiles = new Map();
  let results: ResultScope = { experiments, lets: scope.lets, params: scope.params };
  const contextOf = () => ({ results, subject: null, report, unfolding: [], work: startWork(notes), sourceOf, notes, saved }); // prettier-ignore
  // Named probes come first, in their order: what they answer is a result to every other statement, wherever it stands.
  const probed = new Map<Statement, Decision | null>();
  const probes: ExperimentShape[] = [];
  for (const [name, statement] of scope.probes) {
    const context = contextOf();
    const decision = checkDecision(context, statement, titles);
    probed.set(statement, decision);
    probes.push(probeShape(context, name, decision));
    results = { ...results, experiments: new Map([...experiments, ...probes.map((shape) => [shape.name, shape] as const)]) }; // prettier-ignore
  }
  for (const statement of scope.statements) {
    const context = contextOf();
    if (statement.kind === "letResult") {
      // Also one that nothing shows; what is wrong is said once, however often it is used.
      if (scope.lets.get(statement.name.text) === statement) {
        checkLet(context, statement.name.text, statement.value, statement.name.span);
      }
      continue;
    }
    const decision = probed.has(statement)
      ? (probed.get(statement) ?? null)
      : checkDecision(context, statement, titles);
    if (decision !== null) decisions.push(decision);
    const output = checkOutput(context, statement);
    if (output !== null) outputs.push(output);
  }
  return { decisions, outputs, probes };
}

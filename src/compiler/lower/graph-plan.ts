/** A graph as a plan names it: what it yields, what it is made of, and its identity. */
import { computedBy, takesGradients } from "../analysis/reads.js";
import { digestOf } from "../base/digest.js";
import { perObject } from "../base/per-object.js";
import { resultType, type MeasureExpression } from "../ir/expression.js";
import type { Gate, GraphOutput, GraphPlan, GraphSettings } from "../ir/plan.js";
import { siteKey, type SiteReference } from "../models/sites.js";
import { causesOf } from "../operations/causes.js";
import { reasonsOf } from "../operations/reasons.js";
import { outsideInputs, tailInputs } from "../operations/tail.js";
import { logOfSoftmax } from "../passes/log-of-softmax.js";
import { expressionDigest, expressionKey } from "../ir/expression-key.js";

/**
 * Version of everything that makes numbers out of what is asked: lowering, passes, and what is fed to graphs. It is part
 * of every graph's identity. Raise it whenever the same request comes to compute otherwise, so that no finished unit is
 * taken for what would be computed now; test/check/lowering-version.test.ts knows when.
 */
export const loweringVersion = 12;

/**
 * Version of everything that makes derivatives, part of the identity of graphs that compute some: what changes only these raises
 * this one, and no other unit is computed again.
 */
export const gradientVersion = 2;

export interface GraphRequest {
  readonly model: string;
  /** Digest of the model's weights. */
  readonly weights: string;
  readonly start: number;
  readonly inputs: readonly SiteReference[];
  readonly gates: readonly Gate[];
  readonly expressions: readonly MeasureExpression[];
  readonly settings: GraphSettings;
}

export function graphPlan(request: GraphRequest): GraphPlan {
  const { model, start, inputs, gates, expressions, settings } = request;
  const outputs = graphOutputs(expressions);
  const id = digestOf({ loweringVersion, ...graphContent({ ...request, outputs }) });
  return { id, model, start, inputs, gates, outputs, settings };
}

/** What a graph is asked to compute, without where it was written and without the version of those who make it. */
export function graphContent({
  weights,
  settings,
  start,
  inputs,
  gates,
  outputs,
}: Omit<GraphPlan, "id" | "model"> & Pick<GraphRequest, "weights">): Readonly<Record<string, unknown>> {
  const computed = computedBy({ expressions: outputs.map(({ expression }) => expression), gates });
  return {
    model: weights,
    settings: { ...settings },
    start,
    inputs: inputs.map(siteKey),
    gates: gates.map(({ key, site, kind, expression, add }) => [
      key,
      siteKey(site),
      kind,
      expression === null ? null : expressionKey(expression),
      add,
    ]),
    outputs: outputs.map((output) => expressionKey(output.expression)),
    ...(takesGradients(computed) ? { gradientVersion } : {}),
  };
}

/**
 * Measured expressions as outputs of one graph, and what their ends are computed from where these may have to be computed
 * again, or where no graph can compute them. They number their reasons together, in the order of lowering.
 */
function graphOutputs(written: readonly MeasureExpression[]): readonly GraphOutput[] {
  const numbered = new Set<string>();
  const all = written.map(logOfSoftmax);
  const measured = all.filter((expression) => outsideInputs(expression) === null);
  const ends = all.flatMap((expression) => outsideInputs(expression) ?? tailInputs(expression) ?? []);
  const further = ends.map((input) => input.expression);
  const known = new Set(measured.map(expressionDigest));
  const added = further.filter(
    (expression) => !known.has(expressionDigest(expression)) && known.add(expressionDigest(expression)),
  );
  return [...measured, ...added].map((expression, i): GraphOutput => {
    const reasons = reasonsOf(expression);
    for (const reason of reasons) numbered.add(reason);
    return {
      name: `measure/${i}`,
      fault: reasons.length === 0 ? null : `measure/${i}/fault`,
      cause: causesOf(expression).checks.length === 0 ? null : `measure/${i}/cause`,
      reasons: [...numbered],
      type: resultType(expression),
      expression,
    };
  });
}

const outputsByDigest = perObject(
  ({ outputs }: GraphPlan): ReadonlyMap<string, GraphOutput> =>
    new Map(outputs.map((output) => [expressionDigest(output.expression), output])),
);

/**
 * Finds the output of a graph that yields an expression, as it was asked for.
 *
 * @throws RangeError (a fault of ours) when the graph yields something else
 */
export function outputFinder(graph: GraphPlan): (expression: MeasureExpression) => GraphOutput {
  const byKey = outputsByDigest(graph);
  return (expression) => {
    const output = byKey.get(expressionDigest(logOfSoftmax(expression)));
    if (output === undefined) throw new RangeError(`graph ${graph.id} does not yield what is asked of it`);
    return output;
  };
}

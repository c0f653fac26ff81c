/** What expressions and graphs read, and how much work layers are: the questions that passes and lowering ask alike. */
import type { MeasureExpression, TextQuantity } from "../ir/expression.js";
import type { Gate, GraphPlan } from "../ir/plan.js";
import type { ModelSignature } from "../models/model.js";
import { depthOf } from "../models/site-order.js";
import type { SiteReference } from "../models/sites.js";
import { operationNamed } from "../operations/index.js";

export function sitesOf(expressions: readonly MeasureExpression[]): readonly SiteReference[] {
  return expressions.flatMap((e) => e.nodes.flatMap((node) => (node.kind === "site" ? [node.site] : [])));
}

/** Whether any of these expressions has a derivative in it, for which the graph is run backwards too. */
export function takesGradients(expressions: readonly MeasureExpression[]): boolean {
  return expressions.some(({ nodes }) =>
    nodes.some((node) => node.kind === "operation" && operationNamed(node.operation).ofGraph === true),
  );
}

/** Everything that is computed where these expressions are measured and these gates stand. */
export function computedBy({
  expressions,
  gates,
}: {
  readonly expressions: readonly MeasureExpression[];
  readonly gates: readonly Gate[];
}): readonly MeasureExpression[] {
  return [...expressions, ...gates.flatMap(({ expression }) => expression ?? [])];
}

/** Everything that a graph computes, at its outputs and in its gates. */
export function expressionsOf({ outputs, gates }: GraphPlan): readonly MeasureExpression[] {
  return computedBy({ expressions: outputs.map((o) => o.expression), gates });
}

/** Quantities of texts that a graph reads. */
export function textQuantitiesOf(graph: GraphPlan): readonly TextQuantity[] {
  const read = expressionsOf(graph).flatMap(({ nodes }) =>
    nodes.flatMap((node) => (node.kind === "text" ? [node.quantity] : [])),
  );
  return [...new Set(read)].sort();
}

/** Where a graph's work ends: nothing after the last site that it measures is computed. */
export function lastLayerNeeded(expressions: readonly MeasureExpression[], signature: ModelSignature): number {
  return Math.max(0, ...sitesOf(expressions).map((site) => depthOf(site, signature)));
}

/** Floating-point operations of one layer for one row. */
export function layerFlops(signature: ModelSignature, positions: number): number {
  const { dModel, heads, kvHeads, dHead, neurons } = signature;
  const mlps = (signature.experts?.count ?? 1) * (matricesIn(signature) + 1) * dModel * neurons;
  const weights = dModel * dHead * (2 * heads + 2 * kvHeads) + mlps;
  return 2 * positions * weights + 4 * positions * positions * dHead * heads;
}

/** Matrices that the MLP's input goes through: two where one of them gates the other. */
export function matricesIn({ gatedMlp }: ModelSignature): number {
  return gatedMlp ? 2 : 1;
}

/** Work in numbers: floating-point operations, bytes and layers of a batch row, from the model's sizes. */
import type { MeasureExpression, TextQuantity } from "../ir/expression.js";
import type { GraphPlan } from "../ir/plan.js";
import { extentSize, type TensorType } from "../ir/tensor-type.js";
import type { ModelSignature } from "../models/model.js";
import { siteDimensions } from "../models/site-values.js";
import { siteKey, type SiteName, type SiteReference } from "../models/sites.js";

/** Sites that need the whole model and those that also need the unembedding. */
const unembedded: ReadonlySet<SiteName> = new Set<SiteName>(["logits", "logprobs", "nll"]);

export function sitesOf(expressions: readonly MeasureExpression[]): readonly SiteReference[] {
  return expressions.flatMap((e) => e.nodes.flatMap((node) => (node.kind === "site" ? [node.site] : [])));
}

/** Everything that a graph computes, at its outputs and in its gates. */
export function expressionsOf(graph: GraphPlan): readonly MeasureExpression[] {
  const replacements = graph.gates.flatMap((gate) => (gate.expression === null ? [] : [gate.expression]));
  return [...graph.outputs.map((o) => o.expression), ...replacements];
}

/** Quantities of texts that a graph reads. */
export function textQuantitiesOf(graph: GraphPlan): readonly TextQuantity[] {
  const read = expressionsOf(graph).flatMap(({ nodes }) =>
    nodes.flatMap((node) => (node.kind === "text" ? [node.quantity] : [])),
  );
  return [...new Set(read)].sort();
}

/** Floats of one row of a site's value. */
function siteSize({ site }: SiteReference, signature: ModelSignature, positions: number): number {
  return siteDimensions(signature, site).reduce<number>(
    (product, size) => product * (typeof size === "number" ? size : positions),
    1,
  );
}

function elementsOf({ axes }: TensorType, positions: number): number {
  return axes.reduce((product, axis) => product * extentSize(axis.extent, positions), 1);
}

/** How many layers of a model come before a site is known, those that are run in part included. */
function depthOf(site: SiteReference, signature: ModelSignature): number {
  if (site.site === "embed") return 0;
  if (site.layer === null) return signature.layers;
  return site.site === "resid_pre" ? site.layer : site.layer + 1;
}

/** Where a graph's work ends: nothing after the last site that it measures is computed. */
export function lastLayerNeeded(expressions: readonly MeasureExpression[], signature: ModelSignature): number {
  return Math.max(0, ...sitesOf(expressions).map((site) => depthOf(site, signature)));
}

/** How many layers a graph runs, at least in part. */
export function layersNeeded(graph: GraphPlan, signature: ModelSignature): number {
  const end = lastLayerNeeded(
    graph.outputs.map((o) => o.expression),
    signature,
  );
  return Math.max(0, end - graph.start);
}

/** Sites that expressions read and that lie before the layer `start`. */
export function sitesBefore(start: number, expressions: readonly MeasureExpression[]): readonly SiteReference[] {
  const before = sitesOf(expressions).filter(
    ({ site, layer }) => start > 0 && (layer === null ? site === "embed" : layer < start),
  );
  return [...new Map(before.map((site) => [siteKey(site), site])).values()];
}

/**
 * Floating-point operations of one row of `positions` tokens: 2 per multiply-add of the matrix products, which is all
 * that counts. FLOPs = layers · (2n·P + 4n²·d_head·H) + [unembedding] 2n·d_model·vocab, with P the weights of a layer.
 * @source Kaplan et al., "Scaling laws for neural language models", 2020, §2.1.
 */
export function rowFlops(graph: GraphPlan, signature: ModelSignature, positions: number): number {
  const { dModel, vocab } = signature;
  const unembedding = usesUnembedding(graph) ? 2 * positions * dModel * vocab : 0;
  return layersNeeded(graph, signature) * layerFlops(signature, positions) + unembedding;
}

/** Floating-point operations of one layer for one row. */
export function layerFlops(signature: ModelSignature, positions: number): number {
  const { dModel, heads, kvHeads, dHead, neurons } = signature;
  const gated = signature.family === "llama" ? 3 : 2;
  const weights = dModel * dHead * (2 * heads + 2 * kvHeads) + gated * dModel * neurons;
  return 2 * positions * weights + 4 * positions * positions * dHead * heads;
}

function usesUnembedding(graph: GraphPlan): boolean {
  return sitesOf(graph.outputs.map((o) => o.expression)).some((site) => unembedded.has(site.site));
}

/**
 * Bytes of activations that one row of `positions` tokens holds at its fullest moment: attention scores and their
 * softmax, the MLP's inner values, logits where they are needed, and every value that a measure keeps alive to the end.
 * An estimate from above of what onnxruntime's arena takes.
 */
export function rowBytes(graph: GraphPlan, signature: ModelSignature, positions: number): number {
  const { dModel, heads, dHead, neurons, vocab } = signature;
  const attention = 3 * heads * positions * positions + 4 * positions * heads * dHead;
  const mlp = 3 * positions * neurons;
  const logits = usesUnembedding(graph) ? 3 * positions * vocab : 0;
  const kept = sitesOf(graph.outputs.map((o) => o.expression)).reduce((sum, site) => {
    if (site.site === "pattern" || site.site === "scores") return sum + heads * positions * positions;
    if (site.site === "head_out") return sum + positions * heads * dModel;
    return sum + (unembedded.has(site.site) ? 0 : positions * Math.max(dModel, neurons));
  }, 0);
  const projected = expressionsOf(graph)
    .flatMap(({ nodes }) => nodes)
    .filter((node) => node.kind === "operation" && node.operation === "project")
    .reduce((sum, { type }) => sum + 4 * elementsOf(type, positions), 0);
  // Three times: the input, its copy where it is fed, and the gated value.
  const replaced = graph.gates.reduce(
    (sum, gate) => sum + (gate.dense ? 3 * siteSize(gate.site, signature, positions) : 0),
    0,
  );
  return 4 * (4 * positions * dModel + Math.max(attention, mlp, logits) + kept + projected + replaced);
}

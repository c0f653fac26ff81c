/** Work in numbers: floating-point operations, bytes and layers of a batch row, from the model's sizes. */
import type { MeasureExpression, TextQuantity } from "../ir/expression.js";
import type { GraphPlan } from "../ir/plan.js";
import { extentSize, type TensorType } from "../ir/tensor-type.js";
import type { ModelGraph, ModelSignature } from "../models/model.js";
import { siteDimensions } from "../models/site-values.js";
import type { Graph } from "../onnx/graph.js";
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

/** Floating-point operations of one layer for one row. */
export function layerFlops(signature: ModelSignature, positions: number): number {
  const { dModel, heads, kvHeads, dHead, neurons } = signature;
  const weights = dModel * dHead * (2 * heads + 2 * kvHeads) + (matricesIn(signature) + 1) * dModel * neurons;
  return 2 * positions * weights + 4 * positions * positions * dHead * heads;
}

/** What one row of a batch costs. */
export interface RowWork {
  /** Floating-point operations of the matrix products, 2 per multiply-add; nothing else counts. */
  readonly flops: number;
  /** Bytes of activations at the fullest moment, from above. */
  readonly bytes: number;
  /** Layers of which the attention's or the MLP's output is computed. */
  readonly layers: number;
}

/** The work of rows through a lowered graph, from the sites that it computes. Keeps nothing of the graph. */
export function rowWorkOf(plan: GraphPlan, lowered: Graph, model: ModelGraph): (positions: number) => RowWork {
  const { signature, values } = model;
  const produced = new Set(lowered.nodes.flatMap((node) => (node.op === "Gather" ? [] : node.outputs)));
  const computes = (site: SiteName, layer: number | null): boolean =>
    produced.has(values[siteKey({ site, layer })] ?? "");
  const layers = Array.from({ length: signature.layers }, (_, layer) => ({
    queries: (["q", "k", "v"] as const).some((site) => computes(site, layer)),
    pattern: computes("pattern", layer),
    mixed: computes("z", layer),
    attention: computes("attn_out", layer),
    heads: computes("head_out", layer),
    hidden: computes("mlp_act", layer),
    mlp: computes("mlp_out", layer),
  }));
  const logits = computes("logits", null);
  const loss = computes("nll", null);
  return (positions) => {
    const { dModel, heads, kvHeads, dHead, neurons, vocab } = signature;
    const n = positions;
    const inner = dModel * dHead;
    const own = layers.map(
      (does) =>
        2 * n * inner * ((does.queries ? heads + 2 * kvHeads : 0) + (does.attention ? heads : 0)) +
        2 * n * inner * (does.heads ? heads : 0) +
        2 * n * n * dHead * heads * ((does.pattern ? 1 : 0) + (does.mixed ? 1 : 0)) +
        2 * n * dModel * neurons * ((does.hidden ? matricesIn(signature) : 0) + (does.mlp ? 1 : 0)),
    );
    const unembedding = logits ? 2 * n * dModel * vocab : loss ? 2 * (n - 1) * dModel * vocab : 0;
    return {
      flops: own.reduce((sum, flops) => sum + flops, unembedding),
      bytes: rowBytes(plan, signature, n, logits),
      layers: layers.filter((does) => does.attention || does.mlp).length,
    };
  };
}

/** Matrices that the MLP's input goes through: two where one of them gates the other. */
function matricesIn({ family }: ModelSignature): number {
  return family === "llama" ? 2 : 1;
}

/**
 * Bytes of activations that one row of `positions` tokens holds at its fullest moment: attention scores and their
 * softmax, the MLP's inner values, logits where they are needed, and every value that a measure keeps alive to the end.
 * An estimate from above of what onnxruntime's arena takes.
 */
export function rowBytes(graph: GraphPlan, signature: ModelSignature, positions: number, hasLogits: boolean): number {
  const { dModel, heads, dHead, neurons, vocab } = signature;
  const attention = 3 * heads * positions * positions + 4 * positions * heads * dHead;
  const mlp = 3 * positions * neurons;
  const logits = hasLogits ? 3 * positions * vocab : 0;
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

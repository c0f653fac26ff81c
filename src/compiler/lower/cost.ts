/** Work in numbers: floating-point operations, bytes and layers of a batch row, from the model's sizes. */
import { expressionsOf, matricesIn, sitesOf, takesGradients } from "../analysis/reads.js";
import type { GraphPlan } from "../ir/plan.js";
import { extentSize, type TensorType } from "../ir/tensor-type.js";
import type { ModelGraph, ModelSignature } from "../models/model.js";
import { chunkedPairs, chunkQueries } from "../passes/chunk-attention.js";
import type { KnownGraph } from "../passes/pass.js";
import { chunkPositions } from "../passes/stream-loss.js";
import { siteSize } from "../models/site-values.js";
import { peakBytesOf } from "./liveness.js";
import { siteRank } from "../models/site-order.js";
import { isSquare, siteKey, type SiteName, type SiteReference } from "../models/sites.js";

/** Whether a site is the logits or computed from them. */
function isUnembedded(signature: ModelSignature, site: SiteReference): boolean {
  const [, logits] = siteRank(signature, { site: "logits", layer: null });
  return siteRank(signature, site)[1] >= logits;
}

function elementsOf({ axes }: TensorType, positions: number): number {
  return axes.reduce((product, axis) => product * extentSize(axis.extent, positions), 1);
}

/** What one row of a batch costs. */
export interface RowWork {
  /** Floating-point operations of the matrix products, 2 per multiply-add; nothing else counts. */
  readonly flops: number;
  /** Bytes of activations of a batch of so many rows at the fullest moment, from above. */
  readonly bytes: (rows: number) => number;
  /** Layers of which the attention's or the MLP's output is computed. */
  readonly layers: number;
}

/** The work of rows through a lowered graph, from the sites that it computes. Keeps nothing of the graph. */
export function rowWorkOf(
  plan: GraphPlan,
  { graph, restricted, chunked }: KnownGraph,
  { signature, values }: ModelGraph,
): (positions: number) => RowWork {
  const produced = new Set(graph.nodes.flatMap((node) => (node.op === "Gather" ? [] : node.outputs)));
  const nameOf = (site: SiteName, layer: number | null): string => values[siteKey({ site, layer })] ?? "";
  const computes = (site: SiteName, layer: number | null): boolean => produced.has(nameOf(site, layer));
  /** The most positions at which a site is computed; 0 when it is not. */
  const most = (site: SiteName, layer: number | null): number =>
    computes(site, layer) ? (restricted.get(nameOf(site, layer))?.count ?? Infinity) : 0;
  const layers = Array.from({ length: signature.layers }, (_, layer) => ({
    // One product makes all three in most families.
    queries: Math.max(most("q", layer), most("k", layer), most("v", layer)),
    pattern: most("pattern", layer),
    mixed: most("z", layer),
    inChunks: chunked.get(layer),
    attention: most("attn_out", layer),
    heads: most("head_out", layer),
    // All experts of a mixture are computed, and their inner values are no sites.
    hidden: most(signature.experts === null ? "mlp_act" : "expert_out", layer),
    mlp: most("mlp_out", layer),
  }));
  const backwards = takesGradients(expressionsOf(plan));
  // What is computed again is one more way there through all layers but the last.
  const ways = plan.settings.checkpoints === true ? 3 : 2;
  const held = backwards ? peakBytesOf(graph, chunkPositions(signature.vocab)) : null;
  const wholePattern = layers.some((does) => does.pattern > 0);
  const logits = most("logits", null);
  const scored = computes("nll", null) ? (restricted.get(nameOf("logits", null))?.count ?? Infinity) : 0;
  return (positions) => {
    const { dModel, heads, kvHeads, dHead, neurons, vocab } = signature;
    const at = (count: number): number => Math.min(positions, count);
    const inner = dModel * dHead;
    const mlps = signature.experts?.count ?? 1;
    /** Pairs of queries and keys, for the scores and for the mix of the values. */
    const pairs = ({ pattern, mixed, inChunks }: (typeof layers)[number]): number =>
      inChunks === undefined ? positions * (at(pattern) + at(mixed)) : 2 * chunkedPairs(positions, inChunks);
    const own = layers.map(
      (does) =>
        2 * inner * (at(does.queries) * (heads + 2 * kvHeads) + (at(does.attention) + at(does.heads)) * heads) +
        2 * dHead * heads * pairs(does) +
        2 * dModel * neurons * (at(does.hidden) * matricesIn(signature) + at(does.mlp)) * mlps,
    );
    // Of a product with weights, the backward pass needs the gradient of its input, which is one more product; of a product of
    // activations, those of both.
    const attended = layers.reduce((sum, does) => sum + 2 * dHead * heads * pairs(does), 0);
    const again = (flops: number): number => (backwards ? ways * flops + attended : flops);
    const unembedded = logits > 0 ? at(logits) : Math.min(at(scored), positions - 1);
    const queries = wholePattern ? positions : Math.min(positions, chunkQueries);
    const computed = layers.filter((does) => does.attention > 0 || does.mlp > 0).length;
    const perRow = rowBytes(plan, signature, { positions, queries, unembedded: at(logits) });
    // A chunk's logits and log probabilities, whatever the number of rows.
    const streamed = (rows: number): number =>
      logits > 0 ? 0 : 8 * Math.min(rows * unembedded, chunkPositions(vocab)) * vocab;
    return {
      flops: again(own.reduce((sum, flops) => sum + flops, 2 * unembedded * dModel * vocab)),
      bytes: (rows) => (held === null ? rows * perRow + streamed(rows) : arenaBytes(held(rows, positions))),
      layers: computed,
    };
  };
}

/** What onnxruntime's arena takes of the system for activations that live together: some blocks stay between others. */
export function arenaBytes(held: number): number {
  return 1.1 * held;
}

/** Tokens of a row, queries whose scores exist at the same time, and positions whose logits do. */
interface RowSizes {
  readonly positions: number;
  readonly queries: number;
  readonly unembedded: number;
}

/**
 * Bytes of activations that one row holds at its fullest moment: attention scores and their softmax, the MLP's inner
 * values, logits where they are needed, and every value that a measure keeps alive to the end. An estimate from above of
 * what onnxruntime's arena takes.
 */
function rowBytes(graph: GraphPlan, signature: ModelSignature, { positions, queries, unembedded }: RowSizes): number {
  const { dModel, heads, dHead, neurons, vocab } = signature;
  const attention = 3 * heads * queries * positions + 4 * positions * heads * dHead;
  const mlps = signature.experts?.count ?? 1;
  const mlp = 3 * positions * (neurons * mlps + (mlps > 1 ? mlps * dModel : 0));
  const logits = 3 * unembedded * vocab;
  const kept = sitesOf(graph.outputs.map((o) => o.expression)).reduce((sum, site) => {
    if (isSquare(site.site)) return sum + heads * positions * positions;
    if (site.site === "head_out" || site.site === "expert_out") return sum + siteSize(signature, site.site, positions);
    return sum + (isUnembedded(signature, site) ? 0 : positions * Math.max(dModel, neurons));
  }, 0);
  const projected = expressionsOf(graph)
    .flatMap(({ nodes }) => nodes)
    .filter((node) => node.kind === "operation" && node.operation === "project")
    .reduce((sum, { type }) => sum + 4 * elementsOf(type, positions), 0);
  // Three times: the input, its copy where it is fed, and the gated value.
  const replaced = graph.gates.reduce(
    (sum, gate) => sum + (gate.dense ? 3 * siteSize(signature, gate.site.site, positions) : 0),
    0,
  );
  return 4 * (4 * positions * dModel + Math.max(attention, mlp, logits) + kept + projected + replaced);
}

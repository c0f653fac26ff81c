/** The architecture of an export as a blueprint, with the recipes of the weights that it names. */
import type {
  AttentionPlan,
  EmbeddingPlan,
  LayerPlan,
  MlpPlan,
  NormStyle,
  PlanAfter,
  Projections,
  QueryKeyNorms,
  UnembeddingPlan,
} from "../parts/blueprint.js";
import { plainAttention } from "../parts/blueprint.js";
import type { Alibi } from "../parts/masks.js";
import type { SignatureSizes } from "../parts/signature.js";
import type { FoundAttention, FoundHeads } from "./attention.js";
import { bendOf, probes } from "./functions.js";
import type { Walk } from "./interpret.js";
import { isElementwise } from "./kernels.js";
import { linearOf, type FoundLinear } from "./linears.js";
import type { FoundColumns } from "./mlp.js";
import { normOf, type FoundNorm } from "./norms.js";
import { filled, picked, recipeOf, reshaped, rows, transposed, type Recipe } from "./recipes.js";
import { evaluate, regionOf } from "./regions.js";
import { stop } from "./stop.js";
import { layersOf, scaledValue, summandsOf, type FoundBranch, type FoundLayers } from "./stream.js";
import { plain, traceOf } from "./trace.js";

/** A blueprint as plain data: the layers in a list, and where the weights come from. */
export interface Architecture {
  readonly sizes: SignatureSizes;
  readonly norm: NormStyle;
  readonly embedding: EmbeddingPlan;
  readonly layers: readonly LayerPlan[];
  readonly finalNorm: string;
  readonly unembedding: UnembeddingPlan;
  readonly weights: readonly (readonly [name: string, recipe: Recipe])[];
}

/** What an architecture is made of, as it was found. */
export interface FoundModel {
  readonly layers: FoundLayers;
  readonly finalNorm: FoundNorm;
  readonly unembedding: FoundLinear;
  readonly scale: number;
  readonly softcap: number | null;
}

/** Finds the end of the model, its layers and its beginning. */
export function findModel(walk: Walk): FoundModel {
  const output = plain(walk, walk.logits);
  const { leaves } = regionOf(walk, output, (node, name) => isElementwise(node) && linearOf(walk, name) === null);
  const [leaf, ...others] = leaves;
  const unembedding = leaf === undefined || others.length > 0 ? null : linearOf(walk, leaf);
  if (leaf === undefined || unembedding === null)
    return stop(output, "the logits are no product with a matrix of weights");
  const results = probes.map((probe) => {
    const shape = (walk.values.get(leaf)?.shape ?? []).map(() => 1);
    return evaluate(walk, output, new Map([[leaf, { shape, data: [probe] }]]))?.data[0] ?? NaN;
  });
  const bend = bendOf(results);
  if (bend?.bias !== 0) return stop(output, "the logits are neither scaled nor bent by tanh");
  const finalNorm = normOf(walk, unembedding.input);
  if (finalNorm === null) return stop(unembedding.input, "what the unembedding reads is no norm");
  const layers = layersOf(walk, finalNorm.input);
  return { layers, finalNorm, unembedding, scale: bend.scale, softcap: bend.softcap };
}

/**
 * Writes down what was found, and the names and recipes of the weights.
 *
 * @param windows how many keys the queries of each attention see, by the value that its heads are joined in
 * @param longest how long texts may be, where no table of positions says it
 */
export function architectureOf(
  walk: Walk,
  found: FoundModel,
  windows: ReadonlyMap<string, number | null>,
  longest: number | null,
): Architecture {
  const weights = new Map<string, Recipe>();
  const { layers, parallel } = found.layers;
  const [first] = layers;
  if (first?.attention.part.kind !== "attention" || first.mlp.part.kind !== "mlp")
    return stop(null, "it has no layers");
  const { heads, kvHeads, dHead } = first.attention.part.found;
  const dModel = first.attention.output.to;
  const neurons = first.mlp.output.from;
  const style = styleOf(found);

  const embedding = embeddingOf(walk, found.layers.embedding);
  const vocab = embedding.vocab;
  if (embedding.width !== dModel)
    stop(null, `vectors of tokens have ${embedding.width} entries, and the stream ${dModel}`);
  if (found.unembedding.to !== vocab) stop(null, `there are ${vocab} tokens and ${found.unembedding.to} logits`);

  function addNorm(name: string, norm: FoundNorm, own = style, shape: readonly number[] = [dModel]): string {
    const size = shape.reduce((a, b) => a * b, 1);
    const stored = (value: string | null, otherwise: number): Recipe =>
      value === null ? filled(size, otherwise) : reshapedVector(walk, value);
    if (own.weight !== "none") weights.set(`${name}.weight`, stored(norm.weight, 1));
    if (own.bias) weights.set(`${name}.bias`, stored(norm.bias, 0));
    return name;
  }

  function addLinear(name: string, weight: Recipe, bias: Recipe | null, biased: boolean, to: number): string {
    weights.set(`${name}.weight`, weight);
    if (biased) weights.set(`${name}.bias`, bias ?? filled(to, 0));
    return name;
  }

  function addColumns(
    name: string,
    { linear }: FoundColumns | FoundHeads,
    columns: readonly number[],
    biased: boolean,
  ): string {
    const bias = linear.bias === null ? null : picked(linear.bias, 1, linear.to, columns);
    return addLinear(name, picked(linear.weight, 2, linear.to, columns), bias, biased, columns.length);
  }

  const after = (name: string, branch: FoundBranch): PlanAfter => ({
    norm: branch.normAfter === null ? null : addNorm(name, branch.normAfter),
    scale: branch.scale,
  });

  function attentionPlan(layer: number, branch: FoundBranch, own: FoundAttention): AttentionPlan {
    const name = `layers.${layer}.attention`;
    if (own.heads !== heads || own.kvHeads !== kvHeads || own.dHead !== dHead)
      stop(branch.term, "layers have different heads");
    const outputBias = layers.some((other) => other.attention.output.bias !== null);
    const { output } = branch;
    return {
      ...plainAttention,
      norm: branch.normBefore === null ? null : addNorm(`${name}.norm`, branch.normBefore),
      projections: projectionsOf(name, own),
      queryKeyNorms: queryKeyNormsOf(name, own),
      rotary: own.rotary,
      window: windows.get(output.input) ?? null,
      alibi: own.bias === null ? null : alibiOf(own.scores, own.bias),
      softcap: own.softcap,
      scale: own.scale,
      output: addLinear(`${name}.output`, rows(output.weight, own.order), output.bias, outputBias, dModel),
      outputBias,
      after: after(`${name}.after`, branch),
    };
  }

  function projectionsOf(name: string, { q, k, v }: FoundAttention): Projections {
    const parts = [q, k, v];
    const bias = parts.some(({ linear }) => linear.bias !== null);
    const isOne = parts.every(({ source }) => source === q.source);
    const inOrder = (columns: readonly number[]): boolean =>
      columns.length === q.linear.to && columns.every((column, i) => column === i);
    const whole = (kind: "parts" | "groups"): Projections => {
      const matrix = addLinear(`${name}.qkv`, q.linear.weight, q.linear.bias, bias, q.linear.to);
      return { kind, matrix, bias };
    };
    if (isOne && inOrder(parts.flatMap(({ columns }) => columns.flat()))) return whole("parts");
    const group = heads / kvHeads;
    const byGroup = k.columns.flatMap((own, g) => [
      ...q.columns.slice(g * group, (g + 1) * group).flat(),
      ...own,
      ...(v.columns[g] ?? []),
    ]);
    if (isOne && inOrder(byGroup)) return whole("groups");
    const add = (own: string, part: FoundHeads): string =>
      addColumns(`${name}.${own}`, part, part.columns.flat(), bias);
    return { kind: "separate", query: add("query", q), key: add("key", k), value: add("value", v), bias };
  }

  function queryKeyNormsOf(name: string, { q, k, v, scores }: FoundAttention): QueryKeyNorms | null {
    if (q.norm === null && k.norm === null) return null;
    if (v.norm !== null || q.norm === null || k.norm === null)
      return stop(scores, "not both queries and keys have norms");
    const { over } = q.norm;
    const own = { kind: q.norm.kind, epsilon: q.norm.epsilon };
    if (k.norm.over !== over || k.norm.kind !== own.kind || k.norm.epsilon !== own.epsilon) {
      return stop(scores, "queries and keys have different norms");
    }
    const norms = [q.norm, k.norm];
    const weighed = norms.some(({ weight }) => weight !== null);
    const qkStyle: NormStyle = {
      ...own,
      weight: weighed ? "plain" : "none",
      bias: norms.some(({ bias }) => bias !== null),
    };
    const width = (count: number): number[] => [over === "head" ? dHead : count * dHead];
    return {
      query: addNorm(`${name}.query_norm`, q.norm, qkStyle, width(heads)),
      key: addNorm(`${name}.key_norm`, k.norm, qkStyle, width(kvHeads)),
      style: qkStyle,
      over,
    };
  }

  function mlpPlan(layer: number, branch: FoundBranch, attention: FoundBranch): MlpPlan {
    const name = `layers.${layer}.mlp`;
    if (branch.part.kind !== "mlp") return stop(branch.term, "it is no MLP");
    const { activation, pre, up } = branch.part.found;
    if (branch.output.from !== neurons || (up === null) !== (branchUp(first?.mlp) === null)) {
      return stop(branch.term, "layers have different MLPs");
    }
    const sharesNorm = parallel && branch.input === attention.input && branch.normBefore !== null;
    const bias = [pre.linear, ...(up === null ? [] : [up.linear]), branch.output].some(
      (linear) => linear.bias !== null,
    );
    const shared = {
      norm: sharesNorm || branch.normBefore === null ? null : addNorm(`${name}.norm`, branch.normBefore),
      ...(sharesNorm ? { sharesNorm: true as const } : {}),
      activation,
      after: after(`${name}.after`, branch),
      down: addLinear(`${name}.down`, branch.output.weight, branch.output.bias, bias, dModel),
      bias,
    };
    if (up === null) return { kind: "plain", ...shared, up: addColumns(`${name}.up`, pre, pre.columns, bias) };
    const both = [...pre.columns, ...up.columns];
    if (pre.source === up.source && both.length === pre.linear.to && both.every((column, i) => column === i)) {
      return { kind: "gate-up", ...shared, gateUp: addColumns(`${name}.gate_up`, pre, both, bias) };
    }
    const gate = addColumns(`${name}.gate`, pre, pre.columns, bias);
    return { kind: "gated", ...shared, gate, up: addColumns(`${name}.up`, up, up.columns, bias) };
  }

  weights.set("tokens.weight", embedding.tokens);
  if (embedding.positions !== null) weights.set("positions.weight", embedding.positions.table);
  const { unembedding } = found;
  weights.set("unembedding.weight", transposed(unembedding.weight));
  if (unembedding.bias !== null) weights.set("unembedding.bias", unembedding.bias);
  const plans = layers.map(({ attention, mlp }, layer): LayerPlan => {
    if (attention.part.kind !== "attention") return stop(attention.term, "it is no attention");
    return { attention: attentionPlan(layer, attention, attention.part.found), mlp: mlpPlan(layer, mlp, attention) };
  });
  const branches = layers.flatMap(({ attention, mlp }) => [attention, mlp]);
  return {
    sizes: {
      family: "onnx",
      layers: layers.length,
      ...{ heads, kvHeads, dHead, dModel, neurons, vocab },
      maxPositions: embedding.positions?.count ?? longest,
      parallelResidual: parallel,
      ...(branches.some(({ normAfter }) => normAfter !== null) ? { normsAfter: "branch" as const } : {}),
      queryKeyNorms: plans.some((plan) => plan.attention.queryKeyNorms !== null),
      gatedMlp: plans.every((plan) => plan.mlp.kind !== "plain"),
      norm: style.kind,
      unembedding: { scale: found.scale, softcap: found.softcap, bias: unembedding.bias !== null, width: dModel },
    },
    norm: style,
    embedding: {
      tokens: "tokens.weight",
      positions: embedding.positions === null ? null : { table: "positions", offset: embedding.positions.offset },
      scale: embedding.scale,
      norm: embedding.norm === null ? null : addNorm("embedding_norm", embedding.norm),
      projection: null,
    },
    layers: plans,
    finalNorm: addNorm("final_norm", found.finalNorm),
    unembedding: {
      matrix: "unembedding.weight",
      bias: unembedding.bias === null ? null : "unembedding.bias",
      tied: false,
      projection: null,
    },
    weights: [...weights],
  };

  /** What all norms of the stream have in common. */
  function styleOf({ finalNorm }: FoundModel): NormStyle {
    const norms = [
      finalNorm,
      ...layers.flatMap(({ attention, mlp }) => [attention, mlp]).flatMap((b) => [b.normBefore, b.normAfter]),
    ];
    const all = norms.filter((norm) => norm !== null);
    const other = all.find(({ kind, epsilon }) => kind !== finalNorm.kind || epsilon !== finalNorm.epsilon);
    if (other !== undefined) return stop(other.input, "norms are of different kinds or have different ε");
    return {
      kind: finalNorm.kind,
      epsilon: finalNorm.epsilon,
      weight: all.some(({ weight }) => weight !== null) ? "plain" : "none",
      bias: all.some(({ bias }) => bias !== null),
    };
  }
}

function branchUp(branch: FoundBranch | undefined): FoundColumns | null {
  return branch?.part.kind === "mlp" ? branch.part.found.up : null;
}

/** A vector of weights, without axes of length 1. */
function reshapedVector(walk: Walk, name: string): Recipe {
  const own = plain(walk, name);
  const shape = walk.values.get(own)?.shape ?? [];
  return shape.length === 1 ? recipeOf(walk, own) : reshaped(recipeOf(walk, own), [shape.reduce((a, b) => a * b, 1)]);
}

interface FoundEmbedding {
  readonly tokens: Recipe;
  readonly vocab: number;
  readonly width: number;
  readonly scale: number;
  readonly positions: { readonly table: Recipe; readonly offset: number; readonly count: number } | null;
  readonly norm: FoundNorm | null;
}

/** The vectors that the stream begins with. */
function embeddingOf(walk: Walk, summands: readonly string[]): FoundEmbedding {
  const [only = "", ...more] = summands;
  const norm = more.length === 0 ? normOf(walk, only) : null;
  const terms = norm === null ? summands : summandsOf(walk, norm.input);
  const tokens = terms.filter((term) => walk.values.get(term)?.origin === "token");
  const places = terms.filter((term) => walk.values.get(term)?.origin !== "token");
  const [token = "", ...rest] = tokens;
  if (rest.length > 0 || places.length > 1) {
    return stop(
      rest[0] ?? places[1] ?? null,
      "what is added to the stream is neither attention, an MLP nor the vector of a token or a position",
    );
  }
  const { value, scale } = scaledValue(walk, token);
  const gather = walk.makers.get(value);
  const table = gather?.inputs[0] ?? "";
  const [vocab = 0, width = 0, ...axes] = walk.values.get(table)?.shape ?? [];
  if (gather?.op !== "Gather" || axes.length > 0 || walk.values.get(table)?.origin !== "parameter") {
    return stop(value, "it is neither attention, an MLP nor the vector of a token");
  }
  const [place] = places;
  return {
    tokens: recipeOf(walk, table),
    vocab,
    width,
    scale,
    norm,
    positions: place === undefined ? null : positionsOf(walk, place),
  };
}

/** Learned positions: consecutive rows of a table. */
function positionsOf(walk: Walk, name: string): FoundEmbedding["positions"] {
  const { source, shape, terms } = traceOf(walk, name);
  const [rowCount = 0, width = 0, ...axes] = walk.values.get(source)?.shape ?? [];
  const [term, ...more] = terms;
  const offset = (term?.entries[0] ?? 0) / width;
  const isInOrder = term?.entries.every((entry, i) => entry === offset * width + i) === true;
  if (term === undefined || more.length > 0 || axes.length > 0 || shape.at(-1) !== width || !isInOrder) {
    return stop(name, "positions are not consecutive rows of a table");
  }
  return { table: recipeOf(walk, source), offset, count: rowCount - offset };
}

/** Linear biases: a slope for each head, counted from the first or from the last key. */
function alibiOf(scores: string, bias: readonly (readonly number[])[]): Alibi {
  const slopes = bias.map(([first = 0, second = 0]) => second - first);
  const from = bias.every(([first]) => Math.abs(first ?? 0) < 1e-6) ? "first" : "last";
  bias.forEach((own, h) => {
    const start = from === "first" ? 0 : own.length - 1;
    own.forEach((value, key) => {
      if (Math.abs(value - (slopes[h] ?? 0) * (key - start)) > 1e-5)
        stop(scores, "what is added to scores is not linear in the distance");
    });
  });
  return { slopes, from, bfloat16: false, scale: 1 };
}

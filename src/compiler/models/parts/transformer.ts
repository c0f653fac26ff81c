import { integers } from "../../onnx/lists.js";
import { int } from "../../onnx/attributes.js";
import type { ModelSignature } from "../model.js";
import { attention, type RotaryUse } from "./attention.js";
import type { AttentionPlan, Blueprint, MlpPlan, PlanAfter, QueryKeyNorms } from "./blueprint.js";
import { scaledBy, type BranchEnd } from "./branch.js";
import type { BuildContext } from "./context.js";
import { buildDecoder } from "./decoder.js";
import { addExperts } from "./experts.js";
import type { FamilyModel } from "./family-model.js";
import { applyLinear } from "./linear.js";
import { alibiBias, windowMask, type Alibi } from "./masks.js";
import { mlp, type MlpWeights } from "./mlp.js";
import { namedWeights, type NamedWeights } from "./named-weights.js";
import { applyNorm } from "./norm.js";
import { rotaryTables, type Rotary, type RotaryTables } from "./rotary.js";
import { buildSequence, type Sequence } from "./sequence.js";
import { signatureOf } from "./signature.js";

/** A family's model from its blueprint. */
export function transformer(blueprint: Blueprint): FamilyModel {
  const signature = signatureOf(blueprint.sizes);
  return { signature, build: (context) => buildTransformer(context, blueprint, signature) };
}

/** Adds the graph of a blueprint. */
function buildTransformer(
  context: BuildContext,
  blueprint: Blueprint,
  { layers, vocab, dModel, unembedding }: ModelSignature,
): void {
  const { builder, weights } = context;
  const { embedding, unembedding: end, prefix } = blueprint;
  const table = `${prefix}${embedding.tokens}`;
  const ends = weights.vocabulary({ embedding: table, unembedding: end.matrix }, end.tied);
  const named = namedWeights(weights, builder, { prefix, dModel, style: blueprint.norm, layout: blueprint.layout });
  const sequence = buildSequence(builder);
  const plans = Array.from({ length: layers }, (_, layer) => blueprint.layer(layer));
  const shared = sharedValues(
    context,
    sequence,
    plans.map((plan) => plan.attention),
  );
  const last = plans.at(-1)?.mlp.norm ?? "";
  const width = embedding.projection === null ? dModel : unembedding.width;
  buildDecoder(context, {
    sequence,
    embed: () => embed(context, blueprint, named, { table: ends.embedding, width, sequence }),
    attentionNorm: (layer) => named.normOrNone(plans[layer]?.attention.norm ?? null),
    attention(x, layer) {
      const plan = plans[layer]?.attention;
      if (plan === undefined) throw new RangeError(`buildTransformer: no plan for layer ${layer}`);
      return addAttention(context, named, plan, shared, x, layer);
    },
    mlpNorm(layer) {
      const plan = plans[layer]?.mlp;
      return plan?.sharesNorm === true ? "shared" : named.normOrNone(plan?.norm ?? null);
    },
    mlp(x, layer) {
      const plan = plans[layer]?.mlp;
      if (plan === undefined) throw new RangeError(`buildTransformer: no plan for layer ${layer}`);
      const { activation } = plan;
      if (plan.kind === "experts") {
        return addExperts(context, named, plan, x, layer, activation, endOf(named, plan.after));
      }
      return mlp(context, x, layer, mlpWeights(named, plan, context.signature), activation, endOf(named, plan.after));
    },
    finalNorm: named.norm(blueprint.finalNorm ?? last),
    unembedding: weights.float32(ends.unembedding, [vocab, unembedding.width]),
    unembeddingBias: end.bias === null ? null : weights.float32(end.bias, [vocab]),
    projection: end.projection === null ? null : named.tensor(`${end.projection}.weight`, unembedding.width, dModel),
  });
}

/** The site `embed`: tokens, positions, and what is done with their sum. */
function embed(
  context: BuildContext,
  { embedding, prefix }: Blueprint,
  named: NamedWeights,
  { table, width, sequence }: { table: string; width: number; sequence: Sequence },
): string {
  const { builder, weights, signature } = context;
  const { positions, projection, norm, scale } = embedding;
  const scope = builder.scope("embed");
  const name = context.site("embed", null);
  const steps = [scale !== 1, projection !== null, positions !== null, norm !== null];
  /** The name of the site for the last thing that is done. */
  const nameOf = (step: number): string | undefined => (steps.lastIndexOf(true) === step ? name : undefined);
  const isPlain = !steps.includes(true);
  const tokens = weights.rows(table, [signature.vocab, width], sequence.inputIds, isPlain ? name : "embed/tokens");
  const scaled = scaledBy(scope, tokens, scale, nameOf(0));
  const wide =
    projection === null
      ? scaled
      : applyLinear(scope, scaled, named.linear(projection, width, signature.dModel, false), nameOf(1));
  const placed = positions === null ? wide : addPositions(wide, positions);
  return norm === null ? placed : applyNorm(scope.scope("norm"), placed, named.norm(norm), name);

  function addPositions(x: string, { table: own, offset }: { table: string; offset: number }): string {
    const rows = (signature.maxPositions ?? 0) + offset;
    const places =
      offset === 0
        ? sequence.positions
        : scope.node("Add", [sequence.positions, scope.constant("int64", [], [offset])]);
    const vectors = weights.rows(`${prefix}${own}.weight`, [rows, signature.dModel], places, "embed/positions");
    return scope.node("Add", [x, vectors], {}, nameOf(2));
  }
}

/** Values that follow from the length of the text alone and that layers share. */
interface SharedValues {
  readonly sequence: Sequence;
  readonly tables: ReadonlyMap<Rotary, RotaryTables>;
  readonly masks: ReadonlyMap<number, string>;
  readonly biases: ReadonlyMap<Alibi, string>;
}

function sharedValues({ builder }: BuildContext, sequence: Sequence, plans: readonly AttentionPlan[]): SharedValues {
  const each = <K, V>(keys: readonly (K | null)[], make: (key: K) => V): ReadonlyMap<K, V> =>
    new Map([...new Set(keys)].flatMap((key) => (key === null ? [] : [[key, make(key)] as const])));
  return {
    sequence,
    tables: each(
      plans.map(({ rotary }) => rotary?.settings ?? null),
      (settings) => rotaryTables(builder.scope("rotary"), settings, sequence),
    ),
    masks: each(
      plans.map(({ window }) => window),
      (window) => windowMask(builder.scope("window"), sequence, window),
    ),
    biases: each(
      plans.map(({ alibi }) => alibi),
      (alibi) => alibiBias(builder.scope("alibi"), sequence, alibi),
    ),
  };
}

function endOf(named: NamedWeights, { norm, scale }: PlanAfter): BranchEnd {
  return { scale, norm: named.normOrNone(norm) };
}

function addAttention(
  context: BuildContext,
  named: NamedWeights,
  plan: AttentionPlan,
  { sequence, tables, masks, biases }: SharedValues,
  x: string,
  layer: number,
): string {
  const { heads, dHead, dModel } = context.signature;
  const { q, k, v } = queriesKeysValues(context, named, plan, x, layer);
  const norms = plan.queryKeyNorms;
  const normed = (value: string, site: "q_norm" | "k_norm"): string =>
    norms === null ? value : normHeads(context, named, norms, value, site, layer);
  const { rotary, window, alibi } = plan;
  const turned = rotary === null ? undefined : tables.get(rotary.settings);
  const use: RotaryUse | null = rotary === null || turned === undefined ? null : { ...rotary, tables: turned };
  const mask = window === null ? undefined : masks.get(window);
  return attention(context, normed(q, "q_norm"), normed(k, "k_norm"), v, {
    layer,
    sequence,
    rotary: use,
    scale: plan.scale,
    output: named.linear(plan.output, heads * dHead, dModel, plan.outputBias),
    end: endOf(named, plan.after),
    ...(mask === undefined ? {} : { mask }),
    bias: alibi === null ? null : (biases.get(alibi) ?? null),
    softcap: plan.softcap,
    sinks: plan.sinks === null ? null : named.tensor(plan.sinks, heads),
  });
}

/** The sites q, k and v [row, pos, head, d_head]. */
function queriesKeysValues(
  context: BuildContext,
  named: NamedWeights,
  { projections, clip }: AttentionPlan,
  x: string,
  layer: number,
): { readonly q: string; readonly k: string; readonly v: string } {
  const { heads, kvHeads, dHead, dModel } = context.signature;
  const builder = context.builder.scope(`layer.${layer}/attention`);
  const clipped = (value: string): string => {
    if (clip === null) return value;
    const bound = (limit: number): string => builder.constant("float32", [], [limit]);
    return builder.node("Max", [builder.node("Min", [value, bound(clip)]), bound(-clip)]);
  };
  const split = (value: string, site: "q" | "k" | "v"): string =>
    builder.node(
      "Reshape",
      [value, integers(builder, 0, 0, site === "q" ? heads : kvHeads, dHead)],
      {},
      context.site(site, layer),
    );
  if (projections.kind === "separate") {
    const { query, key, value, bias } = projections;
    const project = (name: string, count: number): string =>
      clipped(applyLinear(builder, x, named.linear(name, dModel, count * dHead, bias)));
    const q = split(project(query, heads), "q");
    const k = split(project(key, kvHeads), "k");
    return { q, k, v: split(project(value, kvHeads), "v") };
  }
  const width = (heads + 2 * kvHeads) * dHead;
  const joined = clipped(applyLinear(builder, x, named.linear(projections.matrix, dModel, width, projections.bias)));
  const group = heads / kvHeads;
  const byGroup = projections.kind === "groups";
  const source = byGroup
    ? builder.node("Reshape", [joined, integers(builder, 0, 0, kvHeads, (group + 2) * dHead)])
    : joined;
  const sizes = byGroup
    ? integers(builder, group * dHead, dHead, dHead)
    : integers(builder, heads * dHead, kvHeads * dHead, kvHeads * dHead);
  const parts = builder.nodeWithOutputs("Split", [source, sizes], ["queries", "keys", "values"], { axis: int(-1) });
  const [queries = "", keys = "", values = ""] = parts;
  // The keys and values of each group are heads as they are.
  const kept = (value: string, site: "q" | "k" | "v"): string =>
    builder.node("Identity", [value], {}, context.site(site, layer));
  const take = (value: string, site: "k" | "v"): string => (byGroup ? kept(value, site) : split(value, site));
  const q = byGroup && group === 1 ? kept(queries, "q") : split(queries, "q");
  return { q, k: take(keys, "k"), v: take(values, "v") };
}

/** The site q_norm or k_norm [row, pos, head, d_head]. */
function normHeads(
  context: BuildContext,
  weights: NamedWeights,
  { query, key, over, style }: QueryKeyNorms,
  x: string,
  site: "q_norm" | "k_norm",
  layer: number,
): string {
  const { signature } = context;
  const builder = context.builder.scope(`layer.${layer}/${site}`);
  const heads = site === "q_norm" ? signature.heads : signature.kvHeads;
  const name = site === "q_norm" ? query : key;
  const output = context.site(site, layer);
  const { dHead } = signature;
  switch (over) {
    case "head":
      return applyNorm(builder, x, weights.normOf(name, style, [dHead]), output);
    case "heads":
      return applyNorm(builder, x, weights.normOf(name, style, [heads, dHead]), output);
    case "listed": {
      const rows = Array.from({ length: heads }, (_, head) =>
        builder.node("Unsqueeze", [weights.tensor(`${name}.norms.${head}.weight`, dHead), integers(builder, 0)]),
      );
      const weight = builder.node("Concat", rows, { axis: int(0) });
      return applyNorm(builder, x, { ...style, weight, bias: null }, output);
    }
    case "all": {
      const flat = builder.node("Reshape", [x, integers(builder, 0, 0, heads * dHead)]);
      const normed = applyNorm(builder, flat, weights.normOf(name, style, [heads * dHead]));
      return builder.node("Reshape", [normed, integers(builder, 0, 0, heads, dHead)], {}, output);
    }
  }
}

function mlpWeights(
  named: NamedWeights,
  plan: Exclude<MlpPlan, { kind: "experts" }>,
  { dModel, neurons }: ModelSignature,
): MlpWeights {
  const { bias } = plan;
  const down = named.linear(plan.down, neurons, dModel, bias);
  switch (plan.kind) {
    case "plain":
      return { kind: "plain", up: named.linear(plan.up, dModel, neurons, bias), down };
    case "gated": {
      const gate = named.linear(plan.gate, dModel, neurons, bias);
      return { kind: "gated", gate, up: named.linear(plan.up, dModel, neurons, bias), down };
    }
    case "gate-up":
      return { kind: "gate-up", gateUp: named.linear(plan.gateUp, dModel, 2 * neurons, bias), down };
  }
}

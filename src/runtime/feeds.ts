/** What goes into a graph for one unit: ids, gates, and what is known of the texts. */
import { textsKey } from "../compiler/check/check.js";
import type { Evaluation, GraphPlan, Plan, Unit } from "../compiler/ir/plan.js";
import type { Protocol, ReplacementValue, SiteWrite, TokenizedTexts } from "../compiler/ir/protocol.js";
import { gateInputs, textInputs } from "../compiler/lower/graph.js";
import type { ModelSignature } from "../compiler/models/model.js";
import { siteDimensions } from "../compiler/models/site-values.js";
import { siteKey, sites, type SiteReference } from "../compiler/models/sites.js";
import type { EngineTensor, EngineTensors } from "./engine/messages.js";
import type { ReadUnit } from "./execute.js";

/** An average over positions and prompts, [row = 1, pos = 1, …axes], float64. */
export interface SiteMean {
  readonly values: Float64Array;
  readonly prompts: number;
  readonly tokens: number;
}

export interface FeedSource {
  /** Exactly the inputs named by `inputs`, for one unit. */
  feedsOf(evaluation: Evaluation, unit: Unit, inputs: readonly string[], readUnit: ReadUnit): Promise<EngineTensors>;
}

/** Feeds of a plan's units. Averages are computed once from the finished units of the evaluations that yield them. */
export function createFeeds(
  protocol: Protocol,
  plan: Plan,
  signatureOf: (model: string) => ModelSignature,
): FeedSource {
  const texts = new Map(protocol.texts.map((t) => [textsKey(t.name, t.model), t]));
  const graphs = new Map(plan.graphs.map((g) => [g.id, g]));
  const evaluations = new Map(plan.evaluations.map((e) => [e.id, e]));
  const averages = new Map<string, Promise<ReadonlyMap<string, SiteMean>>>();

  const setOf = (evaluation: Evaluation): TokenizedTexts => {
    const set = texts.get(textsKey(evaluation.texts, evaluation.model));
    if (set === undefined) throw new RangeError(`no texts ${evaluation.texts}`);
    return set;
  };

  const meansOf = (id: string, readUnit: ReadUnit): Promise<ReadonlyMap<string, SiteMean>> => {
    const known = averages.get(id);
    if (known !== undefined) return known;
    const evaluation = evaluations.get(id);
    const graph = evaluation === undefined ? undefined : graphs.get(evaluation.graph);
    if (evaluation === undefined || graph === undefined) throw new RangeError(`no evaluation ${id}`);
    const means = averageSites(evaluation, graph, readUnit);
    averages.set(id, means);
    return means;
  };

  return {
    async feedsOf(evaluation, unit, inputs, readUnit) {
      const graph = graphs.get(evaluation.graph);
      if (graph === undefined) throw new RangeError(`no graph ${evaluation.graph}`);
      const set = setOf(evaluation);
      const signature = signatureOf(evaluation.model);
      const means = new Map<string, SiteMean>();
      for (const id of evaluation.needs) {
        const of = evaluations.get(id)?.texts ?? "";
        for (const [key, mean] of await meansOf(id, readUnit)) means.set(`${of} ${key}`, mean);
      }
      const feeds: Record<string, EngineTensor> = { input_ids: inputIds(set, unit) };
      feeds[textInputs.tokens] = perRow(unit, (prompt) => (set.prompts[prompt]?.ids.length ?? 1) - 1);
      feeds[textInputs.bytes] = perRow(unit, (prompt) => set.prompts[prompt]?.bytes ?? 0);
      for (const site of graph.gates) {
        const gate = gateFeeds(site, evaluation, unit, signature, (replacement) => {
          if (replacement.kind === "zero") return 0;
          if (replacement.kind === "constant") return replacement.value;
          const mean = means.get(`${replacement.of} ${siteKey(site)}`);
          if (mean === undefined) throw new RangeError(`no mean of ${siteKey(site)} over ${replacement.of}`);
          return mean.values;
        });
        const names = gateInputs(site);
        feeds[names.mask] = gate.mask;
        feeds[names.replacement] = gate.replacement;
      }
      return Object.fromEntries(
        inputs.map((name) => {
          const tensor = feeds[name];
          if (tensor === undefined) throw new RangeError(`the graph wants an input ${name}, which nothing provides`);
          return [name, tensor];
        }),
      );
    },
  };
}

function inputIds(set: TokenizedTexts, unit: Unit): EngineTensor {
  const { rows, positions } = unit;
  const data = new BigInt64Array(rows.length * positions);
  rows.forEach((row, r) => {
    set.prompts[row.prompt]?.ids.forEach((id, i) => {
      data[r * positions + i] = BigInt(id);
    });
  });
  return { type: "int64", dims: [rows.length, positions], data };
}

function perRow(unit: Unit, value: (prompt: number) => number): EngineTensor {
  return {
    type: "float32",
    dims: [unit.rows.length],
    data: Float32Array.from(unit.rows, (row) => value(row.prompt)),
  };
}

/** Sizes of a site's axes in a gate: positions share a gate's values, so axes that follow the text are 1. */
function gateSizes(site: SiteReference, signature: ModelSignature): readonly number[] {
  return siteDimensions(signature, site.site).map((size) => (typeof size === "number" ? size : 1));
}

const unitAxes: ReadonlySet<string> = new Set(["head", "kv_head", "neuron"]);

/**
 * Mask and replacement of one gate. Mask [row, …], true where the row's condition writes: the whole site, or one entry
 * of its head or neuron axis. The replacement is as small as it can be: one number where every row writes the same
 * number, one average where every row writes the same average, else one for each row.
 */
function gateFeeds(
  site: SiteReference,
  evaluation: Evaluation,
  unit: Unit,
  signature: ModelSignature,
  valueOf: (replacement: ReplacementValue) => number | Float64Array,
): { readonly mask: EngineTensor; readonly replacement: EngineTensor } {
  const key = siteKey(site);
  const writesOf = (condition: number): readonly SiteWrite[] =>
    evaluation.conditions[condition]?.writes.filter((w) => siteKey(w.site) === key) ?? [];
  const byRow = unit.rows.map((row) => writesOf(row.condition));
  const axes = sites[site.site].axes;
  const full = gateSizes(site, signature);
  const unitAxis = axes.findIndex((axis) => unitAxes.has(axis));
  const perUnit = byRow.some((writes) => writes.some((w) => w.unit !== null));
  const units = perUnit && unitAxis >= 0 ? (full[unitAxis] ?? 1) : 1;

  const maskDims = [unit.rows.length, ...axes.map((_, i) => (i === unitAxis ? units : 1))];
  const mask = new Uint8Array(unit.rows.length * units);
  byRow.forEach((writes, r) => {
    for (const write of writes) {
      if (write.unit === null) mask.fill(1, r * units, (r + 1) * units);
      else mask[r * units + write.unit] = 1;
    }
  });

  const distinct = new Map(byRow.flat().map((w) => [JSON.stringify(w.replacement), w.replacement] as const));
  const values = [...distinct.values()].map(valueOf);
  const size = full.reduce((a, b) => a * b, 1);
  const [only = 0, ...others] = values;
  if (others.length === 0) {
    const replacement: EngineTensor =
      typeof only === "number"
        ? { type: "float32", dims: [1, ...axes.map(() => 1)], data: Float32Array.of(only) }
        : { type: "float32", dims: [1, ...full], data: Float32Array.from(only) };
    return { mask: { type: "bool", dims: maskDims, data: mask }, replacement };
  }
  // Different replacements in one batch: every row carries its own, entry by entry of the unit axis.
  const data = new Float32Array(unit.rows.length * size);
  const after = full.slice(unitAxis + 1).reduce((a, b) => a * b, 1);
  byRow.forEach((writes, r) => {
    for (const write of writes) {
      const value = valueOf(write.replacement);
      for (let i = 0; i < size; i++) {
        const entry = Math.floor(i / after) % (full[unitAxis] ?? 1);
        if (write.unit !== null && entry !== write.unit) continue;
        data[r * size + i] = typeof value === "number" ? value : (value[i] ?? 0);
      }
    }
  });
  return {
    mask: { type: "bool", dims: maskDims, data: mask },
    replacement: { type: "float32", dims: [unit.rows.length, ...full], data },
  };
}

/** Averages over prompts and positions of every site that a `mean` evaluation sums, in float64. */
async function averageSites(
  evaluation: Evaluation,
  graph: GraphPlan,
  readUnit: ReadUnit,
): Promise<ReadonlyMap<string, SiteMean>> {
  const sums = new Map<string, Float64Array>();
  let prompts = 0;
  let tokens = 0;
  for (const unit of evaluation.units) {
    const tensors = await readUnit(unit.id);
    prompts += unit.rows.length;
    tokens += unit.rows.length * unit.positions;
    for (const output of graph.outputs) {
      const tensor = tensors[output.name];
      if (tensor === undefined) throw new RangeError(`unit ${unit.id} has no ${output.name}`);
      const size = tensor.data.length / unit.rows.length;
      const key = output.name.replace(/^mean\//, "");
      const sum = sums.get(key) ?? new Float64Array(size);
      for (let i = 0; i < tensor.data.length; i++) {
        const at = i % size;
        sum[at] = (sum[at] ?? 0) + Number(tensor.data[i]);
      }
      sums.set(key, sum);
    }
  }
  return new Map([...sums].map(([key, sum]) => [key, { values: sum.map((v) => v / tokens), prompts, tokens }]));
}

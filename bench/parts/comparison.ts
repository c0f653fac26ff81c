/** Sweeps that several programs make of the same model, in turns, with a check that they compute the same numbers. */
import { runAtlasc, planCost, protocolFile, type ResultRow } from "../atlasc.js";
import { busyShare, machineOf } from "../machine.js";
import type { PeakMemory } from "../measure.js";
import { runPeer, type Peer, type PeerAnswer } from "../peer.js";
import { bestRate, layerProducts, type Rate } from "../rate.js";
import { median, type Absent, type Comparison, type Contestant, type PartName, type Timing } from "../results.js";
import type { Settings } from "../settings.js";
import { randomModel, randomPrompts, type Shape } from "../workload.js";

export interface SweepPart {
  readonly part: PartName;
  readonly workload: string;
  readonly shape: Shape;
  readonly prompts: number;
  readonly tokens: number;
  /** What follows `ablate heads`, such as `L*`, and the layers that it names. */
  readonly place: string;
  readonly ablated: readonly number[];
  /** What follows `measure`, such as `R_V window 16`, and the metric's name in results. */
  readonly measure: string;
  readonly metric: string;
  readonly peers: readonly SweepPeer[];
  /** What the peers are told to measure; see bench/peers/common.py. */
  readonly peerMeasure: Readonly<Record<string, unknown>>;
  /** FLOP of the limit. */
  readonly flops: number;
}

export interface SweepPeer extends Peer {
  /** How many heads it is measured on, evenly spread; null: all of them. */
  readonly sample: number | null;
}

/** Programs agree when no mean over prompts differs by more: a hundred times the rounding of f32, far below any effect. */
const tolerance = 2e-4;

/** Mean over prompts of the clean run and of each condition, by `layer.head`; the clean run is `clean`. */
export type Values = ReadonlyMap<string, number>;

export const keyOf = (layer: number | null, head: number | null): string =>
  layer === null ? "clean" : `${layer}.${head}`;

export function meansOf(rows: readonly ResultRow[], metric: string): Values {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const row of rows) {
    if (row.metric !== metric) continue;
    const entry = sums.get(keyOf(row.layer, row.head)) ?? { sum: 0, count: 0 };
    sums.set(keyOf(row.layer, row.head), { sum: entry.sum + row.value, count: entry.count + 1 });
  }
  return new Map([...sums].map(([key, { sum, count }]) => [key, sum / count]));
}

export function valuesOf({ clean, conditions }: PeerAnswer): Values {
  return new Map([
    ["clean", clean.value],
    ...conditions.map(({ layer, head, value }): [string, number] => [keyOf(layer, head), value]),
  ]);
}

/** Largest difference of `values` from `expected`; a program that disagrees is an error, since its time says nothing. */
export function largestDifference(name: string, values: Values, expected: Values, allowed = tolerance): number {
  let largest = 0;
  for (const [key, value] of values) {
    const difference = Math.abs(value - (expected.get(key) ?? NaN));
    if (!(difference <= allowed)) {
      throw new Error(`${name} computes another number at ${key}: ${value} instead of ${expected.get(key)}`);
    }
    largest = Math.max(largest, difference);
  }
  return largest;
}

/** The seconds of a peer that was measured on a sample of heads, as they would be on all of them. */
function extrapolated(answer: PeerAnswer, whole: number, conditions: number): Timing {
  if (answer.seconds !== undefined) return { whole, work: answer.seconds };
  const clean = answer.clean.seconds ?? NaN;
  const measured = answer.conditions.reduce((sum, { seconds = NaN }) => sum + seconds, 0);
  const work = clean + (measured * conditions) / answer.conditions.length;
  return { whole: whole - clean - measured + work, work };
}

function sampleOf(heads: readonly (readonly [number, number])[], count: number | null): typeof heads {
  if (count === null || count >= heads.length) return heads;
  return Array.from({ length: count }, (_, i) => heads[Math.floor(((i + 0.5) * heads.length) / count)] ?? [0, 0]);
}

interface Draft {
  name: string;
  timings: Timing[];
  memory: PeakMemory | null;
  largestDifference: number | null;
  sampled: Contestant["sampled"];
}

export async function measureSweep(
  settings: Settings,
  sweep: SweepPart,
  say: (line: string) => void,
): Promise<Comparison> {
  const { shape } = sweep;
  const busy = await busyShare();
  const model = await randomModel(settings, shape);
  const { ids, file } = randomPrompts(settings, shape.vocabulary, sweep.prompts, sweep.tokens);
  const protocol = protocolFile(
    settings.work,
    `part-${sweep.part}`,
    `model subject from "${model}"
prompts texts from "${file}"

experiment sweep
  ablate heads ${sweep.place} by zero
  measure ${sweep.measure}
save sweep to "sweep.json"
`,
  );
  const heads = sweep.ablated.flatMap((layer) =>
    Array.from({ length: shape.heads }, (_, head): readonly [number, number] => [layer, head]),
  );
  const products = layerProducts(shape.width, [
    sweep.prompts * sweep.tokens,
    sweep.prompts * sweep.tokens * shape.heads,
  ]);
  let rate: Rate = await bestRate(settings, products);
  const drafts = new Map<string, Draft>();
  const absent: Absent[] = [];
  const versions: Record<string, string> = {};
  let expected: Values = new Map();

  function add(
    name: string,
    timing: Timing,
    memory: PeakMemory | null,
    values: Values,
    sampled: Draft["sampled"],
  ): void {
    const difference = expected === values ? null : largestDifference(name, values, expected);
    const draft = drafts.get(name) ?? { name, timings: [], memory, largestDifference: difference, sampled };
    drafts.set(name, { ...draft, timings: [...draft.timings, timing] });
    say(`${sweep.part}  ${name}: ${timing.work.toFixed(2)} s of work, ${timing.whole.toFixed(2)} s in all`);
  }

  for (let round = 0; round < settings.rounds; round++) {
    const optimised = await runAtlasc(settings, protocol, []);
    if (round === 0) expected = meansOf(optimised.rows, sweep.metric);
    const own = round === 0 ? expected : meansOf(optimised.rows, sweep.metric);
    add("atlasc", optimised.timing, optimised.memory, own, null);
    for (const peer of sweep.peers) {
      if (absent.some(({ name }) => name === peer.name)) continue;
      const sample = sampleOf(heads, peer.sample);
      const task = { ...sweep.peerMeasure, model, ids, heads: sample };
      const ran = await runPeer<PeerAnswer>(settings, peer, task);
      if (typeof ran === "string") {
        absent.push({ name: peer.name, reason: ran });
        say(`${sweep.part}  ${peer.name}: not measured: ${ran}`);
        continue;
      }
      const { "transformer-lens": lens, ...packages } = ran.answer.versions;
      Object.assign(versions, packages);
      const name = lens === undefined ? peer.name : `${peer.name} ${lens}`;
      const sampled = sample.length === heads.length ? null : { measured: sample.length, of: heads.length };
      add(name, extrapolated(ran.answer, ran.seconds, heads.length), ran.memory, valuesOf(ran.answer), sampled);
    }
    // The naive plan takes longest by far and is measured once.
    if (round === 0) {
      const naive = await runAtlasc(settings, protocol, ["--no-opt"]);
      add("atlasc --no-opt", naive.timing, naive.memory, meansOf(naive.rows, sweep.metric), null);
    }
  }
  const again = await bestRate(settings, products);
  if (again.rate > rate.rate) rate = again;
  const clean = expected.get("clean") ?? NaN;
  const effects = [...expected.values()].map((value) => Math.abs(value - clean)).sort((a, b) => a - b);
  return {
    kind: "comparison",
    part: sweep.part,
    machine: machineOf(settings, versions),
    quick: settings.quick,
    busy,
    workload: sweep.workload,
    contestants: [...drafts.values()],
    absent,
    plans: {
      atlasc: await planCost(settings, protocol, []),
      "atlasc --no-opt": await planCost(settings, protocol, ["--no-opt"]),
    },
    loopLayerRuns: (heads.length + 1) * sweep.prompts * shape.layers,
    limit: { flops: sweep.flops, ...rate },
    effects: { largest: effects.at(-1) ?? NaN, median: median(effects) },
    tokens: null,
  };
}

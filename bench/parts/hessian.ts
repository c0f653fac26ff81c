/** Part 8b: products of the Hessian of a loss with vectors, against double backward of PyTorch. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomSigns } from "../../src/compiler/statistics/products.js";
import { protocolFile, runAtlasc } from "../atlasc.js";
import { busyShare, machineOf } from "../machine.js";
import type { PeakMemory } from "../measure.js";
import { runPeer } from "../peer.js";
import type { Absent, Comparison, Contestant, Timing } from "../results.js";
import { doubleBackward } from "../targets.js";
import type { Settings } from "../settings.js";
import { randomModel, randomPrompts } from "../workload.js";

interface Answer {
  /** The mean over the vectors of v · H v, which is the estimate of the trace. */
  readonly value: number;
  readonly seconds: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** Of the trace: sums of float32 products over millions of entries, in another order. */
const tolerance = 1e-3;

/** Contestants of the peer: whether it keeps the gradient's graph for all products. */
const peers = { [doubleBackward]: false, "PyTorch, the gradient's graph kept": true };

export async function hessian(settings: Settings, say: (line: string) => void): Promise<Comparison> {
  const shape = settings.quick
    ? { layers: 12, width: 96, heads: 6, vocabulary: 5000 }
    : { layers: 12, width: 768, heads: 12, vocabulary: 50257 };
  const [prompts, tokens, probes, layer, seed] = [settings.quick ? 4 : 16, 32, 8, 6, 1];
  const busy = await busyShare();
  const model = await randomModel(settings, shape);
  const { ids, file } = randomPrompts(settings, shape.vocabulary, prompts, tokens);
  const protocol = protocolFile(
    settings.work,
    "part-8b",
    `model subject from "${model}"
prompts texts from "${file}"

experiment sharpness
  curvature of loss over params attention L${layer} trace probes ${probes} seed ${seed}
save sharpness to "sharpness.json"
`,
  );
  // The weights and biases of c_attn and c_proj, and the signs that atlasc itself takes.
  const size = 4 * shape.width ** 2 + 4 * shape.width;
  const signs = Array.from({ length: probes }, (_, i) =>
    Buffer.from(Int8Array.from(randomSigns(size, seed, i + 1), Math.sign).buffer),
  );
  const vectors = join(settings.work, "prompts", `signs-${size}x${probes}.bin`);
  writeFileSync(vectors, Buffer.concat(signs));
  const contestants = new Map<string, Contestant>();
  const absent: Absent[] = [];
  let versions: Readonly<Record<string, string>> = {};
  const add = (name: string, timing: Timing, memory: PeakMemory | null, difference: number | null): void => {
    const before = contestants.get(name) ?? { name, timings: [], memory, largestDifference: difference, sampled: null };
    contestants.set(name, { ...before, timings: [...before.timings, timing] });
    say(`8b  ${name}: ${timing.work.toFixed(2)} s of work, ${timing.whole.toFixed(2)} s in all`);
  };
  for (let round = 0; round < settings.rounds; round++) {
    const own = await runAtlasc(settings, protocol, []);
    const trace = own.rows.find(({ metric }) => metric === "trace")?.value ?? NaN;
    add("atlasc", own.timing, own.memory, null);
    for (const [name, kept] of Object.entries(peers)) {
      if (absent.some((one) => one.name === name)) continue;
      const peer = { name, file: "hessian_products.py", packages: null };
      const ran = await runPeer<Answer>(settings, peer, { model, ids, layer, kept, probes: vectors });
      if (typeof ran === "string") {
        absent.push({ name, reason: ran });
        say(`8b  ${name}: not measured: ${ran}`);
        continue;
      }
      const difference = Math.abs(ran.answer.value - trace);
      if (!(difference <= tolerance * Math.abs(trace))) {
        throw new Error(`${name} computes another trace: ${ran.answer.value} instead of ${trace}`);
      }
      versions = ran.answer.versions;
      add(name, { whole: ran.seconds, work: ran.answer.seconds }, ran.memory, difference);
    }
  }
  return {
    kind: "comparison",
    part: "8b",
    machine: machineOf(settings, versions),
    quick: settings.quick,
    busy,
    workload:
      `GPT-2 with ${shape.layers} layers, width ${shape.width}, ${shape.heads} heads, ${shape.vocabulary} tokens; ${prompts} prompts of ` +
      `${tokens} tokens; the Hessian of the mean loss with respect to the attention of L${layer} (${size.toLocaleString("en")} ` +
      `weights) times ${probes} vectors of random signs, the same in all programs, which also estimate the same trace`,
    contestants: [...contestants.values()],
    absent,
    plans: {},
    loopLayerRuns: null,
    limit: null,
    effects: null,
    tokens: null,
  };
}

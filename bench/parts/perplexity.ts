/** Part 4: perplexity of a long text, against the strided loop of Hugging Face's guide. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { planCost, protocolFile, runAtlasc } from "../atlasc.js";
import { windowFlops, type LlamaShape } from "../limit.js";
import { busyShare, machineOf } from "../machine.js";
import type { PeakMemory } from "../measure.js";
import { runPeer } from "../peer.js";
import { bestRate, layerProducts } from "../rate.js";
import type { Absent, Comparison, Contestant, Timing } from "../results.js";
import { root, type Settings } from "../settings.js";
import { smollm2 } from "../workload.js";
import { largestDifference } from "./comparison.js";

interface Answer {
  readonly nll: number;
  readonly scored: number;
  readonly seconds: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** Lengths of the windows of a text, which advance by `stride` until its end. */
function windowLengths(tokens: number, window: number, stride: number): readonly number[] {
  const lengths: number[] = [];
  for (let begin = 0; ; begin += stride) {
    const end = Math.min(begin + window, tokens);
    lengths.push(end - begin);
    if (end === tokens) return lengths;
  }
}

export async function corpusPerplexity(settings: Settings, say: (line: string) => void): Promise<Comparison> {
  const [limit, window, stride] = settings.quick ? [1000, 256, 192] : [20000, 1024, 768];
  const busy = await busyShare();
  const model = await smollm2(settings);
  const shape = JSON.parse(readFileSync(join(model, "config.json"), "utf8")) as LlamaShape;
  const text = join(root, "docs/language.md");
  const protocol = protocolFile(
    settings.work,
    "part-4",
    `model subject from "${model}"
corpus text from "${text}" as text window ${window} stride ${stride} limit ${limit} tokens bos off

experiment whole
  with text
  measure loss
save whole to "whole.json"
`,
  );
  const peer = { name: "transformers and PyTorch", file: "perplexity.py", packages: null };
  const own: Timing[] = [];
  const theirs: Timing[] = [];
  const absent: Absent[] = [];
  let memory: PeakMemory | null = null;
  let peerMemory: PeakMemory | null = null;
  let difference: number | null = null;
  let versions: Readonly<Record<string, string>> = {};
  const products = layerProducts(shape.hidden_size, [window, 4 * window]);
  const rates = [await bestRate(settings, products)];
  for (let round = 0; round < settings.rounds; round++) {
    const ran = await runAtlasc(settings, protocol, []);
    own.push(ran.timing);
    memory = ran.memory;
    say(`4  atlasc: ${ran.timing.work.toFixed(2)} s of work, ${ran.timing.whole.toFixed(2)} s in all`);
    if (absent.length > 0) continue;
    const answered = await runPeer<Answer>(settings, peer, { model, text, limit, window, stride });
    if (typeof answered === "string") {
      absent.push({ name: peer.name, reason: answered });
      say(`4  ${peer.name}: not measured: ${answered}`);
      continue;
    }
    const { answer } = answered;
    const nll = ran.rows.find(({ metric }) => metric === "loss")?.value ?? NaN;
    difference = largestDifference(peer.name, new Map([["clean", answer.nll]]), new Map([["clean", nll]]));
    if (answer.scored !== limit - 1) throw new Error(`${peer.name} scored ${answer.scored} tokens, not ${limit - 1}`);
    theirs.push({ whole: answered.seconds, work: answer.seconds });
    peerMemory = answered.memory;
    versions = answer.versions;
    say(`4  ${peer.name}: ${answer.seconds.toFixed(2)} s of work, ${answered.seconds.toFixed(2)} s in all`);
  }
  rates.push(await bestRate(settings, products));
  const contestants: readonly Contestant[] = [
    { name: "atlasc", timings: own, memory, largestDifference: null, sampled: null },
    { name: peer.name, timings: theirs, memory: peerMemory, largestDifference: difference, sampled: null },
  ];
  const lengths = windowLengths(limit, window, stride);
  return {
    kind: "comparison",
    part: "4",
    machine: machineOf(settings, versions),
    quick: settings.quick,
    busy,
    workload:
      `SmolLM2-135M in f32 (from 4-bit weights), loss of the first ${limit} tokens of docs/language.md in ` +
      `${lengths.length} windows of ${window} tokens with stride ${stride}`,
    contestants: contestants.filter(({ timings }) => timings.length > 0),
    absent,
    plans: { atlasc: await planCost(settings, protocol, []) },
    loopLayerRuns: null,
    limit: { flops: windowFlops(shape, lengths, limit - 1), ...rates.reduce((a, b) => (b.rate > a.rate ? b : a)) },
    effects: null,
    tokens: limit - 1,
  };
}

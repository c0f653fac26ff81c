/**
 * Part 8a: attribution patching of every head of a GPT-2-small, by gradients: against the usual ways of doing so, and against
 * what it stands for, patching each head.
 */
import { planCost, protocolFile, runAtlasc, type ResultRow } from "../atlasc.js";
import { attributionFlops } from "../limit.js";
import { busyShare, machineOf } from "../machine.js";
import { runPeer, type Peer, type PeerAnswer } from "../peer.js";
import { bestRate, layerProducts } from "../rate.js";
import type { Absent, Comparison, Contestant } from "../results.js";
import { exactName } from "../targets.js";
import type { Settings } from "../settings.js";
import { randomModel, randomPairs } from "../workload.js";
import { keyOf, largestDifference, meansOf, valuesOf, type Values } from "./comparison.js";

/** Programs agree when no number differs by more of the largest: of some hundred products of float32 with gradients of float32. */
const tolerance = 2e-4;

/** Attributions, mean over pairs, and the clean run's metric. */
function attributionsOf(rows: readonly ResultRow[]): Values {
  const clean = meansOf(rows, "logit_diff").get(keyOf(null, null)) ?? NaN;
  return new Map([[keyOf(null, null), clean], ...meansOf(rows, "guess")]);
}

export async function attribution(settings: Settings, say: (line: string) => void): Promise<Comparison> {
  const shape = settings.quick
    ? { layers: 12, width: 96, heads: 6, vocabulary: 5000 }
    : { layers: 12, width: 768, heads: 12, vocabulary: 50257 };
  const [pairs, tokens] = [settings.quick ? 4 : 64, 32];
  const busy = await busyShare();
  const model = await randomModel(settings, shape);
  const { clean, corrupt, answers, distractors, file } = randomPairs(settings, shape.vocabulary, pairs, tokens);
  const head = `model subject from "${model}"\nprompts pairs from "${file}"\n`;
  const screen = protocolFile(
    settings.work,
    "part-8a",
    `${head}
experiment screen
  measure attribution(logit_diff) as guess, logit_diff
save screen to "screen.json"
`,
  );
  const exact = protocolFile(
    settings.work,
    "part-8a-exact",
    `${head}
experiment exact
  patch heads L* from corrupt into clean
  measure logit_diff
save exact to "exact.json"
`,
  );
  const peers: readonly Peer[] = [
    { name: "PyTorch by hand", file: "attribution_by_hand.py", packages: null },
    { name: "TransformerLens", file: "attribution_lens.py", packages: settings.lens2 },
    { name: "TransformerLens", file: "attribution_lens.py", packages: settings.lens4 },
  ];
  const products = layerProducts(shape.width, [pairs * tokens]);
  let rate = await bestRate(settings, products);
  const contestants = new Map<string, Contestant>();
  const absent: Absent[] = [];
  const versions: Record<string, string> = {};
  const add = (
    name: string,
    one: Pick<Contestant, "memory" | "largestDifference">,
    timing: Contestant["timings"][number],
  ): void => {
    const before = contestants.get(name) ?? { name, timings: [], sampled: null, ...one };
    contestants.set(name, { ...before, timings: [...before.timings, timing] });
    say(`8a  ${name}: ${timing.work.toFixed(2)} s of work, ${timing.whole.toFixed(2)} s in all`);
  };
  let expected: Values = new Map();
  for (let round = 0; round < settings.rounds; round++) {
    const own = await runAtlasc(settings, screen, []);
    if (round === 0) expected = attributionsOf(own.rows);
    add("atlasc", { memory: own.memory, largestDifference: null }, own.timing);
    const largest = Math.max(...[...expected.values()].map(Math.abs));
    for (const [number, peer] of peers.entries()) {
      if (absent.some(({ name }) => name === nameOf(peer, number))) continue;
      const ran = await runPeer<PeerAnswer>(settings, peer, { model, ids: clean, corrupt, answers, distractors });
      if (typeof ran === "string") {
        absent.push({ name: nameOf(peer, number), reason: ran });
        say(`8a  ${nameOf(peer, number)}: not measured: ${ran}`);
        continue;
      }
      const { "transformer-lens": lens, ...packages } = ran.answer.versions;
      Object.assign(versions, packages);
      const name = lens === undefined ? peer.name : `${peer.name} ${lens}`;
      const difference = largestDifference(name, valuesOf(ran.answer), expected, tolerance * largest);
      const timing = { whole: ran.seconds, work: ran.answer.seconds ?? NaN };
      add(name, { memory: ran.memory, largestDifference: difference }, timing);
    }
    // It takes longest by far and is measured once.
    if (round > 0) continue;
    const patched = await runAtlasc(settings, exact, []);
    add(exactName, { memory: patched.memory, largestDifference: null }, patched.timing);
  }
  const again = await bestRate(settings, products);
  if (again.rate > rate.rate) rate = again;
  return {
    kind: "comparison",
    part: "8a",
    machine: machineOf(settings, versions),
    quick: settings.quick,
    busy,
    workload:
      `GPT-2 with ${shape.layers} layers, width ${shape.width}, ${shape.heads} heads, ${shape.vocabulary} tokens; ${pairs} pairs of ` +
      `texts of ${tokens} tokens; attribution of each of the ${shape.layers * shape.heads} heads to the difference of two logits ` +
      `after the last token, by one run backwards. What it stands for is measured too: each head patched from the corrupt text. ` +
      `The other programs have run once before the clock starts; atlasc opens its graphs`,
    contestants: [...contestants.values()],
    absent,
    plans: { atlasc: await planCost(settings, screen, []), [exactName]: await planCost(settings, exact, []) },
    loopLayerRuns: null,
    limit: { flops: attributionFlops({ ...shape, prompts: pairs, tokens }), ...rate },
    effects: null,
    tokens: null,
  };
}

/** The two versions of TransformerLens are told apart by their place where they do not start. */
const nameOf = ({ name }: Peer, number: number): string => (number < 2 ? name : `${name}, newer`);

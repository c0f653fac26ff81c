/** Part 5: how the time of a sweep grows with the number of heads, prompts, layers and tokens. */
import { protocolFile, runAtlasc } from "../atlasc.js";
import { busyShare, machineOf } from "../machine.js";
import type { Scaling, ScalingSeries } from "../results.js";
import type { Settings } from "../settings.js";
import { randomModel, randomPrompts } from "../workload.js";

interface Sizes {
  readonly heads: number;
  readonly prompts: number;
  readonly layers: number;
  readonly tokens: number;
  /** What follows `ablate heads`. */
  readonly place: string;
}

interface Question {
  readonly size: string;
  readonly fixed: string;
  readonly expected: number;
  readonly sizes: readonly number[];
  readonly with: (size: number) => Partial<Sizes>;
}

const base: Sizes = { heads: 8, prompts: 8, layers: 4, tokens: 32, place: "L*" };

/** Every size grows eightfold in four points. */
const questions: readonly Question[] = [
  {
    size: "heads",
    fixed: "heads of a layer at a constant width, all of them ablated: as many more conditions",
    expected: 1,
    sizes: [4, 8, 16, 32],
    with: (heads) => ({ heads }),
  },
  {
    size: "prompts",
    fixed: "prompts, the conditions being the same",
    expected: 1,
    sizes: [4, 8, 16, 32],
    with: (prompts) => ({ prompts }),
  },
  {
    size: "layers",
    fixed: "layers of the model, the heads of the first one ablated: as many conditions, each through all layers",
    expected: 1,
    sizes: [4, 8, 16, 32],
    with: (layers) => ({ layers, place: "L0" }),
  },
  {
    size: "tokens",
    fixed: "tokens of each prompt (attention itself is quadratic in them)",
    expected: 1,
    sizes: [16, 32, 64, 128],
    with: (tokens) => ({ tokens }),
  },
  {
    size: "layers, all ablated",
    fixed: "layers of the model, the heads of all ablated: more conditions, each through more layers",
    expected: 2,
    sizes: [2, 4, 8, 16],
    with: (layers) => ({ layers }),
  },
];

/** Times are short, and what disturbs them only adds to them: the faster of two counts. */
const repetitions = 2;

export async function scaling(settings: Settings, say: (line: string) => void): Promise<Scaling> {
  const busy = await busyShare();
  const width = settings.quick ? 64 : 256;
  const vocabulary = 1024;
  const secondsOf = async (sizes: Sizes): Promise<number> => {
    const model = await randomModel(settings, { layers: sizes.layers, width, heads: sizes.heads, vocabulary });
    const { file } = randomPrompts(settings, vocabulary, sizes.prompts, sizes.tokens);
    const protocol = protocolFile(
      settings.work,
      "part-5",
      `model subject from "${model}"
prompts texts from "${file}"

experiment sweep
  ablate heads ${sizes.place} by zero
  measure loss
`,
    );
    let fastest = Infinity;
    for (let i = 0; i < repetitions; i++) {
      fastest = Math.min(fastest, (await runAtlasc(settings, protocol, [])).timing.work);
    }
    return fastest;
  };
  const series: ScalingSeries[] = [];
  for (const question of questions) {
    const points = [];
    for (const size of question.sizes) {
      const seconds = await secondsOf({ ...base, ...question.with(size) });
      points.push({ size, seconds });
      say(`5  ${size} ${question.size}: ${seconds.toFixed(2)} s of work`);
    }
    series.push({ size: question.size, fixed: question.fixed, expected: question.expected, points });
  }
  return {
    kind: "scaling",
    part: "5",
    machine: machineOf(settings, {}),
    quick: settings.quick,
    busy,
    workload:
      `GPT-2 with ${base.layers} layers, width ${width}, ${base.heads} heads, ${vocabulary} tokens; ${base.prompts} ` +
      `prompts of ${base.tokens} tokens; every head set to zero alone, mean nll; one size changed at a time`,
    series,
  };
}

/** Part 8c: whether heads that gradients choose are those that patching chooses, on trained models. */
import { join } from "node:path";
import { protocolFile, runAtlasc } from "../atlasc.js";
import { busyShare, machineOf } from "../machine.js";
import type { Absent, Agreement } from "../results.js";
import { root, type Settings } from "../settings.js";
import { smollm2 } from "../workload.js";
import { meansOf, type Values } from "./comparison.js";

const chosen = 10;

/** The heads with the largest absolute values. */
function largest(values: Values): ReadonlySet<string> {
  const sorted = [...values].sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  return new Set(sorted.slice(0, chosen).map(([key]) => key));
}

function correlationOf(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const product = (a: readonly number[], ma: number, b: readonly number[], mb: number): number =>
    a.reduce((sum, value, i) => sum + (value - ma) * ((b[i] ?? NaN) - mb), 0);
  return product(x, mx, y, my) / Math.sqrt(product(x, mx, x, mx) * product(y, my, y, my));
}

async function agreementOf(settings: Settings, name: string, model: string): Promise<Agreement["models"][number]> {
  const texts = join(root, "docs/examples/answers.jsonl");
  const protocol = (kind: string, statements: string): string =>
    protocolFile(
      settings.work,
      `part-8c-${kind}`,
      `model subject from "${model}"
prompts pairs from "${texts}"

experiment ${kind}
  ${statements}
save ${kind} to "${kind}.json"
`,
    );
  const screen = await runAtlasc(settings, protocol("screen", "measure attribution(logit_diff) as guess"), []);
  const exact = await runAtlasc(
    settings,
    protocol("exact", "patch heads L* from corrupt into clean\n  measure logit_diff"),
    [],
  );
  const guesses = meansOf(screen.rows, "guess");
  const patched = exact.rows.filter(({ layer }) => layer !== null);
  const effects = meansOf(
    patched.map((row) => ({ ...row, value: row.impact ?? NaN })),
    "logit_diff",
  );
  const real = largest(effects);
  const keys = [...effects.keys()];
  return {
    name,
    heads: effects.size,
    recall: [...largest(guesses)].filter((key) => real.has(key)).length / chosen,
    correlation: correlationOf(
      keys.map((key) => guesses.get(key) ?? NaN),
      keys.map((key) => effects.get(key) ?? NaN),
    ),
    screen: screen.timing.work,
    sweep: exact.timing.work,
  };
}

export async function agreement(settings: Settings, say: (line: string) => void): Promise<Agreement> {
  const busy = await busyShare();
  const models: Agreement["models"][number][] = [];
  const absent: Absent[] = [];
  const shipped = ["gpt2-tiny", "pythia-tiny", "llama-tiny"];
  const all = new Map<string, () => Promise<string>>([
    ...shipped.map((name): [string, () => Promise<string>] => [name, () => Promise.resolve(`@stdlib/models/${name}`)]),
    ["SmolLM2-135M", () => smollm2(settings)],
  ]);
  for (const [name, folder] of all) {
    try {
      const one = await agreementOf(settings, name, await folder());
      models.push(one);
      say(`8c  ${name}: ${one.recall} of the top ${chosen} of ${one.heads} heads, r = ${one.correlation.toFixed(3)}`);
    } catch (error) {
      const reason = error instanceof Error ? (error.message.trim().split("\n").at(-1) ?? "") : String(error);
      absent.push({ name, reason });
      say(`8c  ${name}: not measured: ${reason}`);
    }
  }
  return {
    kind: "agreement",
    part: "8c",
    machine: machineOf(settings, {}),
    quick: settings.quick,
    busy,
    workload:
      "Attribution patching of every head (one run backwards) beside patching every head, by the difference of two logits, mean " +
      "over the pairs of docs/examples/answers.jsonl",
    chosen,
    models,
    absent,
  };
}

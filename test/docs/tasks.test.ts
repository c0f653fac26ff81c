/**
 * The protocols of docs/examples/tasks: each is formatted, short, and runs, and a number of each is what another way of
 * computing it gives: a second protocol in other words, or a formula in float64 over measured values.
 *
 * Long because every task has a check of its own, and they are read side by side.
 */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test, type TestContext } from "node:test";
import type { Json } from "../../src/compiler/base/digest.js";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { print } from "../../src/compiler/syntax/print.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { decisionView } from "../../src/runtime/report/decision-view.js";
import { protocolIn, rowsOf, runFile, temporaryFolder, type Ran } from "../end-to-end/support.js";
import { root } from "../support/root.js";

const folder = join(root, "docs/examples/tasks");
const files = readdirSync(folder).filter((name) => name.endsWith(".atlas"));
const gpt2 = 'model gpt2 from "@stdlib/models/gpt2-tiny"\n';

/** Arithmetic of the models is float32: nats and logits of some units agree to about six digits. */
const tolerance = 2e-4;

const checked = new Set<string>();

/** A test of a task: `run` runs the file, `other` statements on gpt2-tiny in another protocol. */
function task(
  name: string,
  check: (tools: {
    readonly run: (overrides?: ReadonlyMap<string, string>) => Promise<Ran>;
    readonly other: (statements: string) => Promise<readonly ResultRow[]>;
    readonly scratch: string;
  }) => Promise<void>,
): void {
  checked.add(`${name}.atlas`);
  test(name, { skip }, async (t: TestContext) => {
    const scratch = temporaryFolder(t);
    const options = { runs: join(scratch, "runs") };
    await check({
      run: (overrides = new Map()) => runFile(join(folder, `${name}.atlas`), { ...options, overrides }),
      other: async (statements) => rowsOf(await runFile(protocolIn(scratch, gpt2 + statements), options)),
      scratch,
    });
  });
}

const skip = existsSync(join(root, "stdlib/models/gpt2-tiny/model.safetensors")) ? false : "there is no gpt2-tiny";

function near(actual: number | undefined, expected: number | undefined, within = tolerance): void {
  assert.ok(
    actual !== undefined && expected !== undefined && Math.abs(actual - expected) <= within,
    `${actual} instead of ${expected}`,
  );
}

/** The value of the one row at these coordinates; of the modified model where there is one. */
function at(
  rows: readonly ResultRow[],
  experiment: string,
  metric: string,
  axes: Readonly<Record<string, number | string>> = {},
): number {
  const found = values(rows, experiment, metric, axes);
  const [only] = found;
  assert.ok(only !== undefined && found.length === 1, `${found.length} rows of ${experiment}.${metric}`);
  return only;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Values of a metric at these coordinates, in the order of the rows; of the modified model where there is one. */
function values(
  rows: readonly ResultRow[],
  experiment: string,
  metric: string,
  axes: Readonly<Record<string, number | string>> = {},
): readonly number[] {
  return rows
    .filter((row) => row.experiment === experiment && row.metric === metric && row.condition !== "baseline")
    .filter((row) => Object.entries(axes).every(([axis, value]) => row.axes[axis] === value))
    .map((row) => row.value);
}

/** The first number that a table of the run shows in a column. */
function shown(ran: Ran, table: number, row: number, column: number): number {
  const value = ran.written.tables[table]?.rows[row]?.[column]?.value;
  assert.ok(typeof value === "number");
  return value;
}

describe("files of the tasks", () => {
  for (const name of files) {
    test(`${name} is formatted, asks one question, and has ten lines at most`, () => {
      const text = readFileSync(join(folder, name), "utf8");
      const parsed = parse({ path: name, text });
      assert.deepEqual(parsed.diagnostics, []);
      assert.equal(print(parsed.value, text), text);
      assert.match(text, /^## [^\n]+\?\n(?!##)/);
      const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("##"));
      assert.ok(lines.length <= 10, `${lines.length} lines`);
    });
  }
  before(() => {
    assert.deepEqual([...checked].sort(), [...files].sort(), "every file has a test of its numbers");
  });
});

describe("numbers of the tasks", () => {
  task("logit-lens", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    const last = await other(
      'prompts p from ["Emma gave the letter to her"]\nexperiment e measure top_token, top_prob',
    );
    const end = { layer: 5, position: Math.max(...rows.map(({ axes }) => Number(axes["position"]))) };
    assert.equal(at(rows, "lens", "best", end), at(last, "e", "top_token"));
    near(at(rows, "lens", "certainty", end), at(last, "e", "top_prob"), 1e-5);
  });

  task("patching", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    // The word that differs is all of the difference at the embedding.
    for (const value of values(rows, "experiment_1", "recovery", { layer: 0, position: 2 })) near(value, 1, 1e-5);
    const plain = await other(`
prompts c from [{text: "Her father, her", answer: " father", distractor: " mother"}]
prompts w from [{text: "Her mother, her", answer: " father", distractor: " mother"}]
experiment clean with c measure logit_diff
experiment corrupt with w measure logit_diff
experiment patched with w
  set resid_pre[L3] at last to resid_pre[L3] at last of c measure logit_diff`);
    const [clean, corrupt, patched] = ["clean", "corrupt", "patched"].map(
      (e) => values(plain, e, "logit_diff")[0] ?? 0,
    );
    const end = { layer: 3, position: 4, prompt: 0 };
    near(
      at(rows, "experiment_1", "recovery", end),
      ((patched ?? 0) - (corrupt ?? 0)) / ((clean ?? 0) - (corrupt ?? 0)),
    );
  });

  task("mean-ablation", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    const set = await other(`
prompts p from [{clean: "In the morning Emma read her letter.", corrupt: "In the garden Emma read her letter."}]
experiment e with p set z[L3.H2] to (z[L3.H2] + z[L3.H2] of corrupt) / 2 measure loss`);
    const place = { layer: 3, head: 2, prompt: 0 };
    near(at(rows, "experiment_1", "loss", place), values(set, "e", "loss")[0]);
  });

  task("induction-heads", async ({ run, other }) => {
    const ran = await run();
    const rows = await rowsOf(ran);
    const scores = new Map<string, number>();
    for (const { metric, value, axes } of rows) {
      const name = `L${axes["layer"]}.H${axes["head"]}`;
      if (metric === "induction_score") scores.set(name, (scores.get(name) ?? 0) + value);
    }
    const best = [...scores].sort(([, a], [, b]) => b - a).slice(0, 4);
    const named = await other(`
prompts repeated random tokens 20 repeat 2 count 4
experiment e ablate heads ${best.map(([name]) => name).join(", ")} together measure loss`);
    near(mean(values(rows, "best", "loss")), mean(values(named, "e", "loss")), 1e-5);
    const below = Array.from({ length: 20 }, (_, draw) =>
      mean(values(rows, "best", "loss")) > mean(values(rows, "drawn", "loss", { draw: draw + 1 })) ? 1 : 0,
    );
    near(shown(ran, 0, 0, 0), mean(below), 1e-12);
  });

  task("logit-attribution", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    const rest = await other(`
prompts p from ${JSON.stringify(join(root, "docs/examples/answers.jsonl"))} text "clean" answer "answer" distractor "distractor"
experiment e with p
  measure logit_diff, attn_logit_attribution as attn,
    dot(final_norm(embed at last, scale: resid_post[L-1] at last), unembedding(answer) - unembedding(distractor) over d_model) as start,
    dot(final_norm(resid_post[L-1] at last) - final_norm(resid_post[L-1] at last, scale: resid_post[L-1] at last), unembedding(answer) - unembedding(distractor) over d_model) as bias,
    dot(final_norm(sum(head_out[L3] at last over head), scale: resid_post[L-1] at last), unembedding(answer) - unembedding(distractor) over d_model) as heads`);
    // What every part adds makes up the difference of the logits.
    const prompt = { prompt: 2 };
    const others = ["attn", "start", "bias"].flatMap((metric) => values(rest, "e", metric, prompt));
    near(sum([...values(rows, "parts", "mlp", prompt), ...others]), at(rest, "e", "logit_diff", prompt), 1e-3);
    near(sum(values(rows, "parts", "head", { ...prompt, layer: 3 })), at(rest, "e", "heads", prompt));
  });

  task("steering", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    const set = await other(`
prompts novels from "@stdlib/prompts/held-out/prose.jsonl"
prompts plays from "@stdlib/prompts/held-out/drama.jsonl"
prompts plain from ["The letter came in the morning, and", "He looked at her and said"]
experiment e with plain
  set resid_pre[L3] to resid_pre[L3] + 2 * mean(resid_pre[L3] of plays) - 2 * mean(resid_pre[L3] of novels)
  measure log(softmax(logits at last over vocab)[" thou"]) as thou`);
    for (const prompt of [0, 1]) {
      near(at(rows, "steered", "thou", { size: 2, prompt }), values(set, "e", "thou", { prompt })[0]);
    }
  });

  task("loss-by-token", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    const alone = await other(
      'prompts p from ["Pride goes before a fall."]\nexperiment e measure logprobs[target] as l',
    );
    const expected = values(alone, "e", "l").map((value) => -value);
    const found = values(rows, "tokens", "nll", { model: "gpt2", prompt: 1 });
    assert.equal(found.length, expected.length);
    found.forEach((value, i) => {
      near(value, expected[i]);
    });
  });

  task("attention", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    const scores = await other(
      'prompts p from ["Time heals all wounds, my lady, but not this one."]\nexperiment e measure scores[L1.H2] as s',
    );
    const query = 12;
    const exponents = values(scores, "e", "s", { query })
      .slice(0, query + 1)
      .map(Math.exp);
    exponents.forEach((value, key) => {
      near(at(rows, "head", "attention", { query, key }), value / sum(exponents), 1e-5);
    });
  });

  task("average-attention", async ({ run, other }) => {
    const ran = await run();
    const figure = JSON.stringify(figureOf(ran));
    const short = await other(
      'prompts a from ["The dog ran to the house."]\nprompts b from ["The cat ran to the house."]\nexperiment e with a, b measure scores[L1.H0] as s',
    );
    const query = 4;
    const weight = (prompts: string, key: number): number => {
      const exponents = values(short, "e", "s", { query, prompts })
        .slice(0, query + 1)
        .map(Math.exp);
      return (exponents[key] ?? 0) / sum(exponents);
    };
    const rows = await rowsOf(ran);
    const measured = mean(values(rows, "head", "attention", { query, key: 1, prompts: "equal" }));
    near(measured, (weight("a", 1) + weight("b", 1)) / 2, 1e-5);
    assert.ok(figure.includes(String(measured)), "the average is in the figure");
    // At a place that only the longer text has, the average is its value.
    const longer = values(rows, "head", "attention", { query: 6, key: 1, prompts: "unequal" });
    assert.equal(longer.length, 1);
    assert.ok(figure.includes(String(longer[0])));
  });

  task("checkpoints", async ({ run, other }) => {
    const ran = await run();
    const each = await other(`
model early from "@stdlib/models/pythia-tiny" revision "step512"
model late from "@stdlib/models/pythia-tiny" revision "step1024"
prompts p from ["Time heals all wounds, my lady, but not this one."]
experiment a on early measure nll
experiment b on late measure nll`);
    const helped = values(each, "a", "nll").map((value, i) => value - (values(each, "b", "nll")[i] ?? 0));
    near(shown(ran, 0, 0, 2), Math.max(...helped));
  });

  task("domains", async ({ run, other }) => {
    const ran = await run();
    const tokens = await other(
      'corpus c from { poetry: "@stdlib/prompts/held-out/poetry.jsonl" } window 128 limit 64 tokens\nexperiment e measure nll',
    );
    const each = Array.from({ length: 12 }, (_, document) => Math.exp(mean(values(tokens, "e", "nll", { document }))));
    near(shown(ran, 0, 1, 1), mean(each), 0.02);
  });

  task("scaling", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    const without = await other(
      'prompts p from ["Pride goes before a fall."]\nexperiment e ablate mlp L2 measure loss\nexperiment half set mlp_out[L2] to mlp_out[L2] * 3 / 2 measure loss',
    );
    near(at(rows, "experiment_1", "loss", { factor: 0, prompt: 1 }), values(without, "e", "loss")[0]);
    near(at(rows, "experiment_1", "loss", { factor: 1.5, prompt: 1 }), values(without, "half", "loss")[0]);
  });

  task("pairs-of-heads", async ({ run, other }) => {
    const ran = await run();
    const named = await other(`
prompts p from ["Time heals all wounds, my lady, but not this one."]
experiment none measure loss
experiment a ablate heads L0.H1 measure loss
experiment b ablate heads L0.H2 measure loss
experiment both ablate heads L0.H1, L0.H2 together measure loss`);
    const [none, a, b, both] = ["none", "a", "b", "both"].map((e) => values(named, e, "loss")[0] ?? 0);
    near(shown(ran, 0, 0, 2), (both ?? 0) - (a ?? 0) - (b ?? 0) + (none ?? 0));
  });

  task("path-patching", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    // The usual method: a head is patched, and everything that is not on its path to the queries of L3.H2 is frozen.
    const frozen = await other(`
prompts p from ${JSON.stringify(join(root, "docs/examples/answers.jsonl"))} clean "clean" corrupt "corrupt" answer "answer" distractor "distractor"
experiment e with p
  patch heads L2.H1 from corrupt into clean
  set mlp_out[L2] to mlp_out[L2] of baseline
  set q[L3.H0] to q[L3.H0] of baseline
  set q[L3.H1] to q[L3.H1] of baseline
  set q[L3.H3] to q[L3.H3] of baseline
  set k[L3] to k[L3] of baseline
  set v[L3] to v[L3] of baseline
  set attn_out[L3] to attn_out[L3] - resid_pre[L3] + resid_pre[L3] of baseline
  measure logit_diff`);
    for (const prompt of [0, 3]) {
      const place = { layer: 2, head: 1, prompt };
      near(at(rows, "experiment_1", "logit_diff", place), values(frozen, "e", "logit_diff", { prompt })[0]);
    }
  });

  task("attribution", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    // A small step from the clean run towards the corrupt one, with all heads of a layer, and one back.
    const step = 0.02;
    const steps = await other(`
prompts p from ${JSON.stringify(join(root, "docs/examples/answers.jsonl"))} clean "clean" corrupt "corrupt" answer "answer" distractor "distractor"
experiment there with p set z[L2] to z[L2] + ${step} * ((z[L2] of corrupt) - z[L2]) measure logit_diff
experiment back with p set z[L2] to z[L2] - ${step} * ((z[L2] of corrupt) - z[L2]) measure logit_diff`);
    for (const prompt of [0, 5]) {
      const [there, back] = ["there", "back"].map((name) => at(steps, name, "logit_diff", { prompt })) as [
        number,
        number,
      ];
      near(sum(values(rows, "screen", "guess", { layer: 2, prompt })), (there - back) / (2 * step), 1e-3);
    }
  });

  // Of PyTorch's autograd in float64: test/fixtures/gradients/edges.py, which says what the numbers are of. Values are of the
  // order of 10⁻³ to 1 and come from float32 products of gradients and differences: 10⁻⁴ and 10⁻⁵ of the largest.
  const { edges, integrated } = JSON.parse(readFileSync(join(root, "test/fixtures/gradients/edges.json"), "utf8")) as {
    readonly edges: readonly (readonly (readonly (readonly number[])[])[])[];
    readonly integrated: readonly (readonly number[])[];
  };
  const firstPairs = [0, 1, 2, 3];

  task("integrated-gradients", async ({ run }) => {
    const rows = await rowsOf(await run());
    for (const [layer, heads] of integrated.entries()) {
      for (const [head, expected] of heads.entries()) {
        const found = mean(firstPairs.flatMap((prompt) => values(rows, "path", "slope", { layer, head, prompt })));
        near(found, expected, 1e-4);
      }
    }
  });

  task("edge-attribution", async ({ run }) => {
    const rows = await rowsOf(await run());
    for (const [slot, metric] of ["q", "k", "v"].entries()) {
      for (const [reader_head, layers] of (edges[slot] ?? []).entries()) {
        for (const source of [0, 1, 2, 3]) {
          for (const head of [0, 1, 2, 3]) {
            const place = { reader_head, source, head };
            const found = mean(firstPairs.flatMap((prompt) => values(rows, "edges", metric, { ...place, prompt })));
            near(found, layers[source]?.[head] ?? 0, 1e-5);
          }
        }
      }
    }
  });

  // The whole Hessian of W_V by PyTorch in float64 (test/fixtures/curvature/make.py).
  task("head-coupling", async ({ run }) => {
    const ran = await run();
    const rows = await rowsOf(ran);
    const fixture = readFileSync(join(root, "test/fixtures/curvature/gpt2-tiny.json"), "utf8");
    const { text, norms } = (JSON.parse(fixture) as { task: { text: string; norms: Record<string, number[][]> } }).task;
    assert.ok(readFileSync(join(folder, "head-coupling.atlas"), "utf8").includes(text));
    for (const layer of [1, 2]) {
      const norm = (a: number, b: number): number => norms[layer]?.[a]?.[b] ?? NaN;
      for (const [a, b] of [
        [0, 1],
        [0, 2],
        [0, 3],
        [1, 2],
        [1, 3],
        [2, 3],
      ] as const) {
        const exact = norm(a, b) / Math.sqrt(norm(a, a) * norm(b, b));
        const found = at(rows, "tied", "coupling", { layer, pair: `${a}-${b}` });
        // Student's t with 7 degrees of freedom: one of 12 lies beyond 5 in one of fifty draws.
        near(found, exact, 5 * at(rows, "tied", "coupling_se", { layer, pair: `${a}-${b}` }));
        near(found, exact, 0.2);
      }
    }
    assert.ok(ran.record.selections.some((sentence) => sentence.includes("8 probes for each head with seed 1")));
  });

  task("t-test", async ({ run }) => {
    const ran = await run();
    const rows = await rowsOf(ran);
    const [prose, drama] = ["prose", "drama"].map((group) => values(rows, "plain", "loss", { group }));
    const square = (x: readonly number[]): number => sum(x.map((v) => (v - mean(x)) ** 2)) / (x.length - 1) / x.length;
    const [a, b] = [square(prose ?? []), square(drama ?? [])];
    const t = (mean(prose ?? []) - mean(drama ?? [])) / Math.sqrt(a + b);
    const outcome = ran.record.decisions[0]?.outcome;
    assert.ok(outcome?.kind === "hypothesis");
    near(outcome.parts[0]?.statistic ?? undefined, t, 1e-9);
    near(outcome.parts[0]?.df ?? undefined, (a + b) ** 2 / (a ** 2 / 11 + b ** 2 / 11), 1e-9);
    assert.match(decisionView(outcome).sentence, /the prompt \(n = 12 in each group\)\.$/);
    // Of pairs there are as many as of texts.
    const paired = outcome.parts.map((part) => ({ ...part, test: "paired_t" }));
    assert.match(decisionView({ ...outcome, parts: paired }).sentence, /the prompt \(n = 12\)\.$/);
  });

  task("correlation", async ({ run }) => {
    const ran = await run();
    const rows = await rowsOf(ran);
    const [x, y] = ["spread", "loss"].map((metric) => values(rows, "plain", metric));
    const [mx, my] = [mean(x ?? []), mean(y ?? [])];
    const product = (u: readonly number[], mu: number, v: readonly number[], mv: number): number =>
      sum(u.map((value, i) => (value - mu) * ((v[i] ?? 0) - mv)));
    const r =
      product(x ?? [], mx, y ?? [], my) /
      Math.sqrt(product(x ?? [], mx, x ?? [], mx) * product(y ?? [], my, y ?? [], my));
    const outcome = ran.record.decisions[0]?.outcome;
    assert.ok(outcome?.kind === "correlate");
    near(outcome.parts[0]?.statistic ?? undefined, r, 1e-9);
  });

  task("pca", async ({ run }) => {
    const ran = await run();
    const rows = await rowsOf(ran);
    const points = new Map<string, number[]>();
    for (const { axes, value } of rows) {
      const key = String(axes["prompt"]);
      points.set(key, [...(points.get(key) ?? []), value]);
    }
    const centres = Array.from({ length: 64 }, (_, f) => mean([...points.values()].map((point) => point[f] ?? 0)));
    const centred = [...points.values()].map((point) => point.map((value, f) => value - (centres[f] ?? 0)));
    // The largest variance along a direction, by power iteration.
    let direction = Array.from({ length: 64 }, (_, f) => 1 + f / 64);
    let size = 0;
    for (let i = 0; i < 2000; i++) {
      const along = centred.map((point) => sum(point.map((value, f) => value * (direction[f] ?? 0))));
      const next = direction.map((_, f) => sum(centred.map((point, p) => (point[f] ?? 0) * (along[p] ?? 0))));
      size = Math.hypot(...next);
      direction = next.map((value) => value / size);
    }
    const outcome = ran.record.decisions[0]?.outcome;
    assert.ok(outcome?.kind === "pca");
    near(outcome.components[0]?.explained, size / sum(centred.flat().map((value) => value ** 2)), 1e-9);
  });

  task("probe", async ({ run }) => {
    // scikit-learn on the activations that transformers gives: test/fixtures/probes/gpt2_tiny.py.
    const path = join(root, "test/fixtures/probes/gpt2-tiny.json");
    const { classes } = JSON.parse(readFileSync(path, "utf8")) as { classes: readonly { accuracy: number }[] };
    const outcome = (await run()).record.decisions[0]?.outcome;
    assert.ok(outcome?.kind === "probe");
    assert.equal(outcome.parts.length, classes.length);
    for (const [layer, { score, baseline }] of outcome.parts.entries()) {
      near(score ?? undefined, classes[layer]?.accuracy, 1e-9);
      assert.equal(baseline, 0.5);
    }
  });

  task("head-direction", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    const vectors = await other(
      'prompts p from ["Emma gave the letter to her"]\nexperiment e measure head_out[L2.H2] at last as h, unembedding(" mother") as u',
    );
    const [h, u] = [values(vectors, "e", "h"), values(vectors, "e", "u")];
    assert.deepEqual([h.length, u.length], [64, 64]);
    const cosine = sum(h.map((value, i) => value * (u[i] ?? 0))) / Math.hypot(...h) / Math.hypot(...u);
    near(at(rows, "heads", "towards", { layer: 2, head: 2 }), cosine, 1e-5);
  });

  task("threshold", async ({ run }) => {
    const rows = await rowsOf(await run());
    for (const prompt of [0, 1]) {
      const nll = values(rows, "tokens", "nll", { prompt });
      const share = nll.filter((value) => value > 6).length / nll.length;
      near(values(rows, "tokens", "surprising", { prompt })[0], share, 1e-6);
    }
  });

  task("neuron", async ({ run, other }) => {
    const ran = await run();
    const before = await other(
      'prompts p from "@stdlib/prompts/held-out/prose.jsonl"\nexperiment e measure select(mlp_pre[L3], neuron: 5) as x',
    );
    const gelu = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    near(shown(ran, 0, 0, 2), Math.max(...values(before, "e", "x").map(gelu)));
  });

  task("next-tokens", async ({ run, other }) => {
    const rows = await rowsOf(await run());
    const all = await other('prompts p from ["My lord, the king is"]\nexperiment e measure logits at last as l');
    const logits = values(all, "e", "l");
    const total = sum(logits.map(Math.exp));
    const best = logits.map((logit, id) => ({ id, p: Math.exp(logit) / total })).sort((a, b) => b.p - a.p);
    for (const rank of [0, 1, 2, 3, 4]) {
      assert.equal(at(rows, "experiment_1", "top_tokens", { prompt: 1, rank }), best[rank]?.id);
      near(at(rows, "experiment_1", "top_probs", { prompt: 1, rank }), best[rank]?.p, 1e-5);
    }
  });

  // No model that ships has a chat template: the test gives one to gpt2-tiny.
  task("chat", async ({ run, other, scratch }) => {
    const model = join(scratch, "chat-tiny");
    mkdirSync(model);
    const shipped = join(root, "stdlib/models/gpt2-tiny");
    for (const name of ["config.json", "model.safetensors", "tokenizer.json"]) {
      cpSync(join(shipped, name), join(model, name));
    }
    const config = JSON.parse(readFileSync(join(shipped, "tokenizer_config.json"), "utf8")) as Readonly<
      Record<string, Json>
    >;
    const template =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";
    writeFileSync(join(model, "tokenizer_config.json"), JSON.stringify({ ...config, chat_template: template }));
    const rows = await rowsOf(await run(new Map([["checkpoint", model]])));
    const written = await other(
      'prompts p from ["system: Be brief.\\nuser: Who rang the bell?\\nassistant:"]\nexperiment e measure top_prob',
    );
    near(at(rows, "opening", "top_probs", { prompt: 1, rank: 0 }), values(written, "e", "top_prob")[0], 1e-6);
  });
});

function figureOf(ran: Ran): Json {
  const path = join(ran.folder.folder, "outputs/figure-1-heatmap.vl.json");
  return JSON.parse(readFileSync(path, "utf8")) as Json;
}

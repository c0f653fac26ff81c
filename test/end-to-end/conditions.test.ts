/**
 * Conditional values, reductions over chosen entries, top tokens and spectra against plain float64 references: each is
 * computed here from entries that the same run measured one by one.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { root } from "../support/root.js";
import { protocolIn, quoted, rowsOf, runFile, temporaryFolder, type Ran } from "./support.js";

const texts = [
  "Time heals all wounds, my lady, but not this one.",
  "Pride goes before a fall, and folly after it.",
  "It rained.",
];
const head = `model m from "@stdlib/models/gpt2-tiny"\nprompts texts from [${texts.map(quoted).join(", ")}]\n`;

async function run(context: Parameters<typeof temporaryFolder>[0], statements: string): Promise<Ran> {
  const folder = temporaryFolder(context);
  const ran = await runFile(protocolIn(folder, head + statements), { runs: join(folder, "runs") });
  assert.equal(ran.summary.status, "finished");
  return ran;
}

/** A row of a saved result. */
interface SavedRow {
  readonly prompt: number;
  readonly position: number;
  readonly value: number;
}

/** Under an intervention, the changed model's alone. */
const of = (rows: readonly ResultRow[], metric: string, prompt: number, experiment = "e"): readonly ResultRow[] => {
  const found = rows.filter(
    (row) => row.experiment === experiment && row.metric === metric && row.axes["prompt"] === prompt,
  );
  const changed = found.filter(({ baseline }) => baseline !== null);
  return changed.length > 0 ? changed : found;
};
const values = (rows: readonly ResultRow[]): readonly number[] => rows.map(({ value }) => value);
const only = (rows: readonly ResultRow[]): ResultRow => {
  assert.equal(rows.length, 1);
  const [first] = rows;
  assert.ok(first !== undefined);
  return first;
};
/** float32 sums of up to a thousand numbers, against float64 ones. */
const near = (actual: number, expected: number, what: string, tolerance = 2e-6): void => {
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${what}: ${actual}, ${expected}`,
  );
};

function statistics(list: readonly number[]) {
  const sum = list.reduce((total, value) => total + value, 0);
  const mean = sum / list.length;
  const variance = list.reduce((total, value) => total + (value - mean) ** 2, 0) / list.length;
  const norm = Math.sqrt(list.reduce((total, value) => total + value ** 2, 0));
  return { sum, mean, variance, norm, most: Math.max(...list), least: Math.min(...list) };
}

suite("conditional values", () => {
  test("take the branch entry by entry, and a chain the first one that holds", async (t) => {
    const rows = await rowsOf(
      await run(t, "experiment e measure nll, if nll < 2 then 2 else if nll > 5 then 5 else nll as clipped"),
    );
    for (const prompt of texts.keys()) {
      const expected = values(of(rows, "nll", prompt)).map((x) => Math.min(5, Math.max(2, x)));
      assert.deepEqual(values(of(rows, "clipped", prompt)), expected);
    }
  });

  test("do not know what the other branch is: neither its NaN nor its reason", async (t) => {
    const rows = await rowsOf(
      await run(
        t,
        `experiment e measure nll, if nll > 3 then log(nll / loss - 0.5) else 0 as a,
  if nll at 900 > 3 then 1 else 0 as undecided, if loss < 0 then nll at 900 else 7 as never,
  mean(if nll > 3 then loss / (loss - loss) else 2) as spoilt
experiment broken scale resid_post L2 by 3e38
  measure if norm(resid_post[L0] at last) > 0 then 1 else norm(resid_post[L3] at last) as sound,
    if norm(resid_post[L0] at last) > 0 then norm(resid_post[L3] at last) else 1 as taken`,
      ),
    );
    for (const prompt of texts.keys()) {
      const losses = values(of(rows, "nll", prompt));
      const loss = statistics(losses).mean;
      of(rows, "a", prompt).forEach(({ value, reason }, i) => {
        const nll = losses[i] ?? NaN;
        const inside = nll / loss - 0.5;
        if (nll <= 3) assert.deepEqual([value, reason], [0, null]);
        else if (inside > 0) near(value, Math.log(inside), "the logarithm", 1e-5);
        else assert.match(reason ?? "", /the logarithm needs a positive number/);
      });
      const undecided = only(of(rows, "undecided", prompt));
      assert.deepEqual([undecided.value, undecided.reason], [NaN, "the text has no position 900"]);
      const never = only(of(rows, "never", prompt));
      assert.deepEqual([never.value, never.reason], [7, null]);
      assert.match(only(of(rows, "spoilt", prompt)).reason ?? "", /divi/);
      for (const row of of(rows, "sound", prompt, "broken")) assert.deepEqual([row.value, row.reason], [1, null]);
    }
    const taken = rows.filter(({ metric, baseline }) => metric === "taken" && baseline !== null);
    assert.ok(taken.length > 0);
    for (const { reason } of taken) assert.match(reason ?? "", /resid_post\[L2\] times 3e\+38 is not finite/);
  });

  test("over results look at axes and values, and keep the reason of the branch that is taken", async (t) => {
    const ran = await run(
      t,
      `experiment e measure log(nll / loss - 1) as x, nll
let chosen = if e.nll > 3 then e.nll else 0
let on_axis = if position in 1..2 then e.nll else 0
let safe = if e.nll > 1000 then e.x else 1
save chosen to "chosen.jsonl"\nsave on_axis to "on_axis.jsonl"\nsave safe to "safe.jsonl"`,
    );
    const saved = (name: string): readonly SavedRow[] =>
      readFileSync(join(ran.folder.outputs, `${name}.jsonl`), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as SavedRow);
    const rows = await rowsOf(ran);
    const losses = rows.filter(({ metric }) => metric === "nll");
    const lossAt = ({ prompt, position }: SavedRow): number =>
      losses.find(({ axes }) => axes["prompt"] === prompt && axes["position"] === position)?.value ?? NaN;
    assert.equal(saved("chosen").length, losses.length);
    for (const row of saved("chosen")) assert.equal(row.value, lossAt(row) > 3 ? lossAt(row) : 0);
    for (const row of saved("on_axis")) assert.equal(row.value, row.position <= 2 ? lossAt(row) : 0);
    assert.ok(rows.some(({ metric, value }) => metric === "x" && Number.isNaN(value)));
    assert.ok(saved("safe").every(({ value }) => value === 1));
  });
});

suite("reductions over chosen entries", () => {
  const measures = `nll,
  sum(nll where nll > 3 over pos) as s, mean(nll where nll > 3 over pos) as m, count(nll where nll > 3 over pos) as n,
  max(nll where nll < 5 over pos) as most, min(nll where nll > 3 over pos) as least, std(nll where nll > 3 over pos) as sd,
  norm(nll where nll > 3 over pos) as length, mean(nll where nll > 2 where nll < 5 over pos) as both,
  mean(nll where nll > 100 over pos) as none, sum(nll where nll > 100 over pos) as nothing`;

  function check(rows: (metric: string) => readonly ResultRow[], what: string): void {
    const losses = values(rows("nll"));
    const large = statistics(losses.filter((x) => x > 3));
    const value = (metric: string): number => only(rows(metric)).value;
    near(value("s"), large.sum, `${what}: sum`);
    near(value("m"), large.mean, `${what}: mean`);
    assert.equal(value("n"), losses.filter((x) => x > 3).length, what);
    assert.equal(Math.fround(value("most")), Math.max(...losses.filter((x) => x < 5)), what);
    assert.equal(Math.fround(value("least")), large.least, what);
    near(value("sd"), Math.sqrt(large.variance), `${what}: std`, 1e-5);
    near(value("length"), large.norm, `${what}: norm`);
    near(value("both"), statistics(losses.filter((x) => x > 2 && x < 5)).mean, `${what}: both conditions`);
    assert.equal(value("nothing"), 0);
    assert.deepEqual([only(rows("none")).value, only(rows("none")).reason], [NaN, "no entry meets nll > 100"]);
  }

  test("take the entries for which the condition holds, those of a document in windows too", async (t) => {
    const story = quoted(join(root, "docs", "examples", "story.txt"));
    const rows = await rowsOf(
      await run(
        t,
        `corpus story from ${story} window 48 stride 16
experiment e with texts measure ${measures}
experiment c with story measure ${measures}`,
      ),
    );
    for (const prompt of [0, 1]) check((metric) => of(rows, metric, prompt), `prompt ${prompt}`);
    check((metric) => rows.filter((row) => row.experiment === "c" && row.metric === metric), "the document");
  });

  test("over several axes count every entry, and a condition on fewer axes chooses along the others", async (t) => {
    const rows = await rowsOf(
      await run(
        t,
        `experiment e measure mlp_act[L1] as x, norm(resid_post[L1] over d_model) as size,
  mean(mlp_act[L1] where mlp_act[L1] > 0.1 over pos, neuron) as active,
  count(mlp_act[L1] where norm(resid_post[L1] over d_model) > 6 over pos, neuron) as counted,
  var(mlp_act[L1] where mlp_act[L1] > 0.1 over neuron) as spread,
  argmax(norm(resid_post[L1] over d_model) where norm(resid_post[L1] over d_model) < 6 over pos) as at_place`,
      ),
    );
    for (const prompt of texts.keys()) {
      const x = of(rows, "x", prompt);
      near(only(of(rows, "active", prompt)).value, statistics(values(x).filter((v) => v > 0.1)).mean, "active", 1e-5);
      const sizes = values(of(rows, "size", prompt));
      const neurons = x.length / sizes.length;
      assert.equal(only(of(rows, "counted", prompt)).value, sizes.filter((size) => size > 6).length * neurons);
      for (const row of of(rows, "spread", prompt)) {
        const own = x.filter(({ axes }) => axes["position"] === row.axes["position"]);
        const chosen = values(own).filter((v) => v > 0.1);
        if (chosen.length === 0) assert.match(row.reason ?? "", /^no entry meets/);
        else near(row.value, statistics(chosen).variance, "spread", 1e-5);
      }
      const place = only(of(rows, "at_place", prompt));
      const small = sizes.filter((size) => size < 6);
      if (small.length === 0) assert.match(place.reason ?? "", /^no entry meets/);
      else assert.equal(place.value, sizes.indexOf(Math.max(...small)));
    }
  });

  test("guard the whole value where the condition does not differ along them", async (t) => {
    const rows = await rowsOf(await run(t, "experiment e measure sum(nll where loss > 1000 over pos) as s"));
    for (const prompt of texts.keys()) assert.equal(only(of(rows, "s", prompt)).reason, "requires loss > 1000");
  });
});

suite("top tokens", () => {
  test("are ids with their texts, in the order of their values, ties by the lower id", async (t) => {
    const rows = await rowsOf(
      await run(
        t,
        `experiment e ablate heads L1.H0..1 measure logits at last as all,
  argtop(logits at last, 4 over vocab) as token, top(logits at last, 4 over vocab) as size,
  argtop(0 * (logits at last), 3 over vocab) as tied, top_tokens k 2, top_probs k 2`,
      ),
    );
    const heads = [0, 1];
    for (const prompt of texts.keys()) {
      for (const h of heads) {
        const at = (metric: string): readonly ResultRow[] =>
          of(rows, metric, prompt).filter(({ axes }) => axes["head"] === h);
        const all = values(at("all"));
        const order = all.map((_, id) => id).sort((a, b) => (all[b] ?? 0) - (all[a] ?? 0) || a - b);
        assert.deepEqual(values(at("token")), order.slice(0, 4));
        assert.deepEqual(
          values(at("size")),
          order.slice(0, 4).map((id) => all[id]),
        );
        assert.deepEqual(values(at("tied")), [0, 1, 2]);
        assert.deepEqual(
          at("token").map(({ axes }) => axes["rank"]),
          [0, 1, 2, 3],
        );
        const total = all.reduce((sum, logit) => sum + Math.exp(logit), 0);
        assert.deepEqual(values(at("top_tokens")), order.slice(0, 2));
        at("top_probs").forEach(({ value }, rank) =>
          near(value, Math.exp(all[order[rank] ?? 0] ?? NaN) / total, "probability"),
        );
        assert.ok(at("token").every(({ unit, baseline }) => unit === "token" && baseline !== null));
      }
    }
  });
});

/** Singular values by one-sided Jacobi rotations: columns are turned in pairs until they are orthogonal. */
function jacobi(matrix: readonly (readonly number[])[]): readonly number[] {
  const columns = (matrix[0] ?? []).map((_, j) => matrix.map((row) => row[j] ?? 0));
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const [a = [], b = []] = [columns[p], columns[q]];
        const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
        if (Math.abs(ab) <= 1e-15 * Math.sqrt(aa * bb)) continue;
        const zeta = (bb - aa) / (2 * ab);
        const tangent = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        const sine = cosine * tangent;
        columns[p] = a.map((x, i) => cosine * x - sine * (b[i] ?? 0));
        columns[q] = a.map((x, i) => sine * x + cosine * (b[i] ?? 0));
      }
    }
  }
  return columns.map((column) => Math.sqrt(dot(column, column))).sort((a, b) => b - a);
}

suite("spectra", () => {
  test("of an activation are those of the matrix that was measured, under interventions too", async (t) => {
    const rows = await rowsOf(
      await run(
        t,
        `experiment e ablate mlp L1 measure resid_post[L1] as x, singular_values(resid_post[L1] over pos, d_model) as sigma,
  eigenvalues(gram(resid_post[L1] over pos)) as lambda, effective_rank(resid_post[L1]), stable_rank(resid_post[L1]),
  max(singular_values(resid_post[L1] over pos, d_model) of baseline over component) as before`,
      ),
    );
    for (const prompt of texts.keys()) {
      const x = of(rows, "x", prompt);
      const positions = [...new Set(x.map(({ axes }) => axes["position"]))];
      const matrixOf = (column: "value" | "baseline") =>
        positions.map((position) =>
          x.filter(({ axes }) => axes["position"] === position).map((row) => row[column] ?? NaN),
        );
      const transposed = (m: readonly (readonly number[])[]) =>
        (m[0] ?? []).map((_, j) => m.map((row) => row[j] ?? NaN));
      const expected = jacobi(transposed(matrixOf("value")));
      const largest = expected[0] ?? NaN;
      const sigma = of(rows, "sigma", prompt);
      assert.equal(sigma.length, positions.length);
      sigma.forEach(({ value, axes }, i) => {
        assert.equal(axes["component"], i);
        assert.ok(Math.abs(value - (expected[i] ?? NaN)) < 1e-12 * largest, `${value} and ${expected[i]}`);
      });
      // The Gram matrix was added up in float32.
      of(rows, "lambda", prompt).forEach(({ value }, i) => {
        assert.ok(Math.abs(value - (expected[i] ?? NaN) ** 2) < 1e-5 * largest ** 2, `${value} and ${expected[i]}²`);
      });
      const shares = expected.map((s) => s / expected.reduce((a, b) => a + b, 0));
      const entropy = -shares.reduce((sum, p) => sum + p * Math.log(p), 0);
      near(only(of(rows, "effective_rank", prompt)).value, Math.exp(entropy), "effective rank", 1e-9);
      const stable = expected.reduce((sum, s) => sum + s * s, 0) / largest ** 2;
      near(only(of(rows, "stable_rank", prompt)).value, stable, "stable rank", 1e-9);
      const clean = jacobi(transposed(matrixOf("baseline")));
      near(only(of(rows, "before", prompt)).value, clean[0] ?? NaN, "of the unmodified run", 1e-9);
    }
  });

  test("that cannot be have a reason", async (t) => {
    const rows = await rowsOf(
      await run(
        t,
        `experiment e measure eigenvalues(pattern[L1.H0]) as skew
experiment broken scale resid_post L2 by 3e38 measure singular_values(resid_post[L3] over pos, d_model) as lost`,
      ),
    );
    for (const { reason } of of(rows, "skew", 0)) assert.match(reason ?? "", /pattern\[L1\.H0\] is not symmetric/);
    const lost = rows.filter(({ metric, baseline }) => metric === "lost" && baseline !== null);
    assert.ok(lost.length > 0);
    for (const { value, reason } of lost)
      assert.ok(Number.isNaN(value) && reason?.includes("times 3e+38 is not finite") === true);
  });
});

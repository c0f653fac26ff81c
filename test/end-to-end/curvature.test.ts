/** The clause `curvature` through whole runs: its numbers, its bits after a disturbance, and what it refuses. */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { redrawRun } from "../../src/runtime/redraw.js";
import { readSafetensors } from "../../src/runtime/models/safetensors.js";
import { openUnitStore } from "../../src/runtime/store/units.js";
import { readUnitList } from "../../src/runtime/store/unit-list.js";
import { readFixture, root } from "../models/fixture.js";
import { protocolIn, rowAt, rowsOf, runFile, runOnRandomModel, temporaryFolder, type Ran } from "./support.js";

interface HeadBlocks {
  readonly part: string;
  readonly layer: number;
  /** [head][rank] */
  readonly eigenvalues: readonly (readonly number[])[];
  readonly traces: readonly number[];
}

const unitsOf = async ({ folder, record }: Ran): Promise<readonly string[]> => {
  assert.ok(record.units !== null);
  const list = await readUnitList(folder.folder, record.units);
  return list.kind === "read" ? list.units.map(({ unit }) => unit) : [];
};

/** The fixture's texts as token ids, as a protocol writes them. */
const ids = JSON.stringify(readFixture<{ readonly ids: readonly (readonly number[])[] }>("gpt2-tiny")?.ids);

/** What PyTorch computes of them in float64 (test/fixtures/curvature/make.py). */
const { exact, nested } = JSON.parse(
  readFileSync(join(root, "test", "fixtures", "curvature", "gpt2-tiny.json"), "utf8"),
) as {
  readonly exact: {
    readonly eigenvalues: readonly number[];
    readonly heads: readonly HeadBlocks[];
    readonly vectors: readonly (readonly number[])[];
  };
  readonly nested: { readonly eigenvalues: readonly number[] };
};

test("eigenvalues of a run are those of the whole Hessian, whatever the batches", async (context) => {
  const folder = temporaryFolder(context);
  const protocol = protocolIn(
    folder,
    `model m from "@stdlib/models/gpt2-tiny"
    prompts p from ${ids}
    experiment sharp curvature of loss over params W_V L2 top 1 steps 30 seed 3
    table sharp.eigenvalue`,
  );
  const ran = await runFile(protocol, { runs: join(folder, "runs") });
  const rows = await rowsOf(ran);
  const { value: whole } = rowAt(rows, "sharp", "eigenvalue", { layer: 2, rank: 1 }, true);
  assert.ok(Math.abs(whole / (exact.eigenvalues[0] ?? NaN) - 1) <= 1e-4, String(whole));
  assert.ok(rowAt(rows, "sharp", "residual", { layer: 2, rank: 1 }, true).value <= 1e-3 * Math.abs(whole));
  // In batches of one text, as little memory asks for, the same to the rounding of float32.
  const least = await runFile(protocol, { runs: join(folder, "small"), memoryBudget: 2 ** 23 });
  const { value } = rowAt(await rowsOf(least), "sharp", "eigenvalue", { layer: 2, rank: 1 }, true);
  assert.ok(Math.abs(value / (exact.eigenvalues[0] ?? NaN) - 1) <= 1e-4, String(value));
});

test("eigenvalues and traces of single heads are those of their blocks, in every arrangement of the matrix", async (context) => {
  const folder = temporaryFolder(context);
  const protocol = protocolIn(
    folder,
    `model m from "@stdlib/models/gpt2-tiny"
    prompts p from ${ids}
    ${exact.heads
      .map(
        ({ part, layer }) =>
          `experiment ${part} curvature of loss over params ${part} L${layer}.H* top 1 trace probes 4`,
      )
      .join("\n")}`,
  );
  const rows = await rowsOf(await runFile(protocol, { runs: join(folder, "runs") }));
  for (const { part, layer, eigenvalues, traces } of exact.heads)
    for (const [head, [expected = NaN]] of eigenvalues.entries()) {
      const of = (metric: string, axes = {}): number => rowAt(rows, part, metric, { layer, head, ...axes }, true).value;
      const value = of("eigenvalue", { rank: 1 });
      assert.ok(Math.abs(value / expected - 1) <= 1e-4, `${part}, head ${head}: ${value} instead of ${expected}`);
      // Student's t with 3 degrees of freedom: one of 12 lies beyond 9 in one of thirty draws.
      const distance = Math.abs(of("trace") - (traces[head] ?? NaN)) / of("trace_se");
      assert.ok(distance <= 9, `${part}, head ${head}: ${distance} standard errors`);
    }
});

test("under a dtype the Hessian is that of the rounded weights, and tables whose rows are rounded are refused", async (context) => {
  const folder = temporaryFolder(context);
  const run = async (dtype: string, weights: string) => {
    const protocol = protocolIn(
      folder,
      `model m from "@stdlib/models/gpt2-tiny" ${dtype}
      prompts p from ["Time heals all wounds.", "Pride goes before a fall."]
      experiment sharp curvature of loss over params ${weights} top 1 steps 30`,
    );
    return runFile(protocol, { runs: join(folder, "runs") });
  };
  // By PyTorch's autograd in float64 with weights rounded to bfloat16, and SciPy's ARPACK.
  const expected = { "layer L2": 46.00840931, "mlp L2": 26.69838622, "attention L2": 19.14683316 };
  for (const [weights, largest] of Object.entries(expected)) {
    const rows = await rowsOf(await run("dtype bf16", weights));
    const { value } = rowAt(rows, "sharp", "eigenvalue", { layer: 2, rank: 1 }, true);
    assert.ok(Math.abs(value / largest - 1) <= 1e-4, `${weights}: ${value} instead of ${largest}`);
  }
  await assert.rejects(run("dtype bf16", "embeddings"), /wte\.weight is rounded to the dtype/);
});

test("a measure that has gradients in it has a Hessian, too", async (context) => {
  const folder = temporaryFolder(context);
  const protocol = protocolIn(
    folder,
    `model m from "@stdlib/models/gpt2-tiny"
    prompts p from ${ids}
    experiment steep curvature of norm(grad(loss, z[L3])) over params W_V L3 top 2 steps 40
    experiment flat curvature of norm(grad(loss, logits)) over params W_V L3.H1 gauss_newton trace probes 1`,
  );
  const rows = await rowsOf(await runFile(protocol, { runs: join(folder, "runs") }));
  for (const [i, expected] of nested.eigenvalues.entries()) {
    const { value } = rowAt(rows, "steep", "eigenvalue", { layer: 3, rank: i + 1 }, true);
    assert.ok(Math.abs(value / expected - 1) <= 1e-4, `${value} instead of ${expected}`);
  }
  assert.ok(rowAt(rows, "flat", "trace", { layer: 3, head: 1 }, true).value > 0);
});

test("eigenvectors are saved with the shapes of the weights, of length 1, and are those of the whole Hessian", async (context) => {
  const folder = temporaryFolder(context);
  const protocol = protocolIn(
    folder,
    `model m from "@stdlib/models/gpt2-tiny"
    prompts p from ${ids}
    prompts q from [[5, 9, 13, 40]]
    experiment whole with p curvature of loss over params W_V L2 top 3 steps 40 seed 3
    experiment heads with p, q curvature of loss over params W_O L1.H2 top 1 steps 30
    experiment stored with q curvature of loss over params mlp L0 top 1 steps 12
    save whole to "whole.safetensors"
    save heads to "heads.safetensors"
    save stored to "stored.safetensors"`,
  );
  const runs = join(folder, "runs");
  const ran = await runFile(protocol, { runs });
  const read = (name: string) => {
    const bytes = readFileSync(join(ran.folder.outputs, `${name}.safetensors`));
    const file = readSafetensors(bytes);
    assert.ok(file.ok);
    return { bytes, ...file.value };
  };
  const dot = (data: ArrayLike<number>, by: (i: number) => number): number =>
    Array.from(data).reduce((sum, value, i) => sum + value * by(i), 0);
  const whole = read("whole");
  for (const [i, [, first = NaN, second = NaN]] of exact.vectors.entries()) {
    const { shape, data } = whole.tensors[`W_V[2]/${i + 1}`] ?? { shape: [], data: new Float32Array() };
    const numbers = Array.from(data, Number);
    assert.deepEqual(shape, [64, 64]);
    // Vectors are right to the residual over the distance to the next eigenvalue, about 10⁻⁵.
    assert.ok(Math.abs(dot(numbers, (j) => numbers[j] ?? NaN) - 1) < 1e-6);
    assert.ok(Math.abs(dot(numbers, (j) => Math.cos(1.7 * j + 1)) - first) < 1e-4, `rank ${i + 1}`);
    assert.ok(Math.abs(dot(numbers, Math.sin) - second) < 1e-4, `rank ${i + 1}`);
    assert.ok(Math.max(...numbers) >= -Math.min(...numbers));
  }
  const row = rowAt(await rowsOf(ran), "whole", "eigenvalue", { layer: 2, rank: 1 }, true);
  const said = JSON.parse(whole.metadata["eigenvalues"] ?? "{}") as Record<string, { readonly eigenvalue: number }>;
  assert.equal(said["W_V[2]/1"]?.eigenvalue, row.value);
  const heads = read("heads").tensors;
  assert.deepEqual(
    Object.entries(heads).map(([name, { shape }]) => [name, shape]),
    ["p", "q"].map((set) => [`prompts=${set}/W_O[1].H2/1`, [16, 64]]),
  );
  // Several tensors of the checkpoint are one vector.
  const stored = Object.entries(read("stored").tensors);
  assert.deepEqual(stored.map(([name]) => name).sort(), [
    "transformer.h.0.mlp.c_fc.bias/1",
    "transformer.h.0.mlp.c_fc.weight/1",
    "transformer.h.0.mlp.c_proj.bias/1",
    "transformer.h.0.mlp.c_proj.weight/1",
  ]);
  const square = stored.reduce((sum, [, { data }]) => sum + dot(Array.from(data, Number), (j) => Number(data[j])), 0);
  assert.ok(Math.abs(square - 1) < 1e-6, String(square));
  assert.ok(ran.record.outputs.some(({ kind, path: file }) => kind === "saved" && file.endsWith("whole.safetensors")));
  assert.equal((await redrawRun(ran.folder.folder, runs)).kind, "redrawn");
  assert.deepEqual(readFileSync(join(ran.folder.outputs, "whole.safetensors")), whole.bytes);
});

const everything = `
  experiment sharp curvature of nll over params W_O L0..1 top 2 trace density coupling probes 2 steps 5 seed 1
  experiment plain measure loss
  plot line of sharp.density over lambda by layer
  correlate sharp.trace with mean(plain.loss over prompt)
  table sharp.coupling`;

test("a run has the columns that were asked for, and draws them", async (context) => {
  const ran = await runOnRandomModel(context, everything);
  const rows = await rowsOf(ran);
  const count = (metric: string): number =>
    rows.filter((row) => row.experiment === "sharp" && row.metric === metric).length;
  // Two layers; four heads are six pairs.
  assert.deepEqual(
    ["eigenvalue", "residual", "trace", "trace_se", "density", "coupling", "coupling_norm", "coupling_se"].map(count),
    [4, 4, 2, 2, 400, 12, 12, 12],
  );
  assert.deepEqual(["coupling_matrix", "norm_matrix"].map(count), [32, 32]);
  assert.ok(rows.every(({ value, metric }) => Number.isFinite(value) || metric === "correlate"));
  // A density's integral is 1, by the trapezoid rule.
  const density = rows.filter(({ metric, axes }) => metric === "density" && axes["layer"] === 0);
  const places = density.map(({ axes }) => Number(axes["lambda"]));
  const step = (places[1] ?? NaN) - (places[0] ?? NaN);
  const area = density.reduce((sum, { value }) => sum + value * step, 0);
  assert.ok(Math.abs(area - 1) < 1e-3, String(area));
  assert.ok(ran.record.selections.some((sentence) => sentence.includes("Lanczos steps of at most 5")));
  assert.ok(ran.record.selections.some((sentence) => sentence.includes("smoothed with a Gaussian of width")));
  assert.ok(ran.record.warnings.some((sentence) => sentence.includes("have not converged in 5 steps")));
});

test("blocks of heads are parts of the whole block, and enough probes make couplings exact", async (context) => {
  const ran = await runOnRandomModel(
    context,
    `experiment heads curvature of loss over params W_V L1.H0, L1.H2..3 top 1 steps 20 coupling probes 200 seed 1
     experiment whole curvature of loss over params W_V L1 coupling probes 200 seed 9`,
  );
  const rows = await rowsOf(ran);
  for (const [a, b] of [
    [0, 2],
    [0, 3],
    [2, 3],
  ] as const) {
    const axes = { layer: 1, pair: `${a}-${b}` };
    for (const metric of ["coupling", "coupling_norm"]) {
      // Products of one graph with other vectors: float32 rounds them differently.
      const [own, whole] = ["heads", "whole"].map((experiment) => rowAt(rows, experiment, metric, axes, true).value);
      assert.ok(Math.abs((own ?? NaN) / (whole ?? NaN) - 1) < 1e-5, `${own} and ${whole}`);
      assert.equal(rowAt(rows, "heads", `${metric}_se`, axes, true).value, 0);
    }
    const place = { layer: 1, head: b, other: a };
    assert.equal(
      rowAt(rows, "heads", "coupling_matrix", place, true).value,
      rowAt(rows, "heads", "coupling", axes, true).value,
    );
  }
  // The norm of a head's own block is at least its largest eigenvalue.
  for (const head of [0, 2, 3]) {
    const own = rowAt(rows, "heads", "norm_matrix", { layer: 1, head, other: head }, true).value;
    const largest = rowAt(rows, "heads", "eigenvalue", { layer: 1, head, rank: 1 }, true).value;
    assert.ok(Math.abs(largest) <= own * (1 + 1e-5), `${largest} and ${own}`);
  }
  assert.ok(
    ran.record.selections.some((sentence) => sentence.includes("are exact, from a product for each parameter")),
  );
});

test("a run that lost products computes these alone and has the same bits; one that has all computes none", async (context) => {
  const first = await runOnRandomModel(context, everything);
  const path = first.record.protocol.path;
  const runs = join(first.folder.folder, "..", "..");
  const products = (await unitsOf(first)).slice(-9);
  const store = openUnitStore(join(runs, ".units"));
  for (const id of products.slice(0, 4)) rmSync(store.pathOf(id));
  const second = await runFile(join(runs, "..", path.split("/").at(-1) ?? ""), { runs });
  assert.equal(second.summary.units.computed, 4);
  assert.equal(second.record.values, first.record.values);
  const third = await runFile(join(runs, "..", path.split("/").at(-1) ?? ""), { runs });
  assert.equal(third.summary.units.computed, 0);
  assert.equal((await redrawRun(third.folder.folder, runs)).kind, "redrawn");
  rmSync(store.pathOf(products[0] ?? ""));
  assert.equal((await redrawRun(third.folder.folder, runs)).kind, "refused");
});

test("second derivatives that are not finite are NaN with the reason", async (context) => {
  const ran = await runOnRandomModel(
    context,
    `metric broken = exp(1000 * sum(nll over pos))
     experiment sharp curvature of broken over params mlp L0 trace probes 2`,
  );
  const { value, reason } = rowAt(await rowsOf(ran), "sharp", "trace", { layer: 0 }, true);
  assert.ok(Number.isNaN(value));
  assert.match(reason ?? "", /second derivatives are not finite/);
});

test("a measure that is linear in the logits has no Gauss–Newton matrix, which is said", async (context) => {
  const ran = await runOnRandomModel(
    context,
    `experiment linear curvature of max(logits at last over vocab) over params W_V L0 gauss_newton trace probes 2
     experiment smooth curvature of loss over params W_V L0 gauss_newton top 1 steps 4`,
  );
  const rows = await rowsOf(ran);
  assert.equal(rowAt(rows, "linear", "trace", { layer: 0 }, true).value, 0);
  assert.ok(rowAt(rows, "smooth", "eigenvalue", { layer: 0, rank: 1 }, true).value > 0);
  const said = ran.record.warnings.filter((sentence) => sentence.includes("linear in the logits"));
  assert.ok(said.length === 1 && said[0]?.startsWith("linear, W_V L0"), said.join());
});

test("a text without a value leaves no curvature, and the reason is the measure's own", async (context) => {
  const first = await runOnRandomModel(
    context,
    `experiment beyond curvature of nll at 100 over params mlp L0 top 1 trace probes 2 steps 3
     experiment guarded curvature of (loss where loss > 1000) over params W_Q L0 trace probes 2
     experiment few curvature of mean(nll where nll > 1000 over pos) over params W_Q L0 trace probes 2`,
  );
  const reasons = async (ran: Ran): Promise<readonly string[]> => {
    const rows = await rowsOf(ran);
    return ["beyond", "guarded", "few"].map((experiment) => {
      const { value, reason } = rowAt(rows, experiment, "trace", { layer: 0 }, true);
      assert.ok(Number.isNaN(value), experiment);
      return reason ?? "";
    });
  };
  const expected = [/the text has no position 100/, /requires loss > 1000/, /no entry meets nll > 1000/];
  (await reasons(first)).forEach((reason, i) => assert.match(reason, expected[i] ?? /never/));
  // The stored products tell it again.
  const runs = join(first.folder.folder, "..", "..");
  const file = first.record.protocol.path.split("/").at(-1) ?? "";
  const second = await runFile(join(runs, "..", file), { runs });
  assert.equal(second.summary.units.computed, 0);
  assert.deepEqual(await reasons(second), await reasons(first));
});

test("weights that the measure does not read have derivatives of 0 beside those that it reads", async (context) => {
  const ran = await runOnRandomModel(
    context,
    `metric focus = mean(max(pattern[L0] over key) over head, query)
     experiment whole curvature of focus over params attention L0 top 1 steps 12
     experiment queries curvature of focus over params W_Q L0 top 1 steps 12`,
  );
  const rows = await rowsOf(ran);
  const [whole, queries] = ["whole", "queries"].map((name) =>
    Math.abs(rowAt(rows, name, "eigenvalue", { layer: 0, rank: 1 }, true).value),
  );
  // The norm of a symmetric matrix is that of any block of it at least.
  assert.ok(Number.isFinite(whole) && (whole ?? NaN) >= (queries ?? NaN) * (1 - 1e-3), `${whole} ${queries}`);
});

test("of several sets of prompts, each is named beside what was found of it", async (context) => {
  const ran = await runOnRandomModel(
    context,
    `prompts other random tokens 6 count 2
     experiment sharp with p, other curvature of loss over params W_V L0 top 1 steps 2 density probes 1`,
  );
  const named = (set: string): number =>
    [...ran.record.selections, ...ran.record.warnings].filter((sentence) => sentence.includes(` on ${set}: `)).length;
  assert.deepEqual([named("p"), named("other")], [3, 3]);
});

test("a run that was interrupted says how many products may be left", async (context) => {
  const folder = temporaryFolder(context);
  const protocol = protocolIn(
    folder,
    `model m from "@stdlib/models/gpt2-tiny"
    prompts p from [[40, 12, 300, 7]]
    experiment sharp curvature of loss over params W_V L0..1 trace probes 9`,
  );
  const stop = new AbortController();
  const { summary } = await runFile(
    protocol,
    { runs: join(folder, "runs"), signal: stop.signal },
    {
      onProgress: ({ done }) => {
        if (done >= 3) stop.abort();
      },
    },
  );
  assert.equal(summary.status, "interrupted");
  const { total, computed, left } = summary.units;
  assert.equal(total, 18);
  assert.ok(computed >= 3 && left === 18 - computed, `${computed} computed, ${left} left`);
});

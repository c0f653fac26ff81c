/** What a run records of statements that it does not decide, what it refuses, and what it writes of tables and files. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { renderTextTable } from "../../src/runtime/report/text-table.js";
import { readRecord } from "../../src/runtime/store/record.js";
import { protocolIn, randomModel, rowsOf, runFile, spelled, spelledModel, temporaryFolder } from "./support.js";

const texts = [
  [5, 9, 30, 2, 44, 8],
  [8, 8, 1, 60, 12, 9],
  [3, 17, 22, 5, 40, 41],
];
const head = `
model m from "./model"
prompts p from [${texts.map((ids) => `"${spelled(ids)}"`).join(", ")}]
`;

test("trends, matrices and fits are in the record as its schema has them, and drawn", async (context) => {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel);
  const path = protocolIn(
    folder,
    `${head}
    experiment sweep ablate heads L0..1 measure loss
    experiment tokens measure nll
    compare sweep.loss between layer using paired_t
    compare sweep.loss between head 0, 1 by layer using wilcoxon
    correlate tokens.nll with position using spearman
    correlate sweep.loss between layer, head using bootstrap(50) seed 1
    fit linear of tokens.nll over position
    fit power_law of tokens.nll over position
    fit logistic of sweep.loss over layer
    `,
  );
  const ran = await runFile(path, { runs: join(folder, "runs") });
  assert.equal(ran.summary.status, "finished");
  const record = await readRecord(ran.folder.record);
  assert.deepEqual(
    record?.decisions.map(({ kind, status, outcome }) => [kind, status, outcome?.kind]),
    ["compare", "compare", "correlate", "correlate", "fit", "fit", "fit"].map((kind) => [kind, "decided", kind]),
  );
  const figures = record.outputs.filter(({ kind }) => kind === "figure").map(({ path: file }) => file);
  assert.deepEqual(
    figures.filter((file) => file.endsWith(".svg")),
    ["outputs/figure-1-matrix.svg", "outputs/figure-2-fit.svg", "outputs/figure-3-fit.svg", "outputs/figure-4-fit.svg"],
  );
  const report = readFileSync(join(ran.folder.folder, "report.html"), "utf8");
  assert.match(report, /fit power_law of tokens\.nll over position/);
});

test("statements are recorded before anything is known, and what they come to is put beside them", async (context) => {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel);
  const path = protocolIn(
    folder,
    `${head}
    experiment sweep ablate heads L0..1 measure loss
    hypothesis "Early heads matter"
      expect mean(abs(sweep.impact) where layer is L0) > mean(abs(sweep.impact) where layer is L1)
      using permutation(1000) seed 1
    find peak of sweep.impact over layer
    table sweep
    `,
  );
  const ran = await runFile(path, { runs: join(folder, "runs") });
  assert.equal(ran.summary.status, "finished");
  assert.equal(ran.written.tables.length, 1, "the rest of the protocol runs");
  const record = await readRecord(ran.folder.record);
  assert.deepEqual(
    record?.decisions.map(({ kind, title, statement, status }) => [kind, title, statement, status]),
    [
      [
        "hypothesis",
        "Early heads matter",
        'hypothesis "Early heads matter" expect mean(abs(sweep.impact) where layer is L0) > ' +
          "mean(abs(sweep.impact) where layer is L1) using permutation(1000) seed 1",
        "decided",
      ],
      ["find", null, "find peak of sweep.impact over layer", "decided"],
    ],
  );
  const [first, second] = record.decisions.map(({ outcome }) => outcome);
  assert.ok(first?.kind === "hypothesis" && second?.kind === "find");
  // The values behind the means, averaged by hand: one for each prompt and layer.
  const byLayer = [0, 1].map((layer) => {
    const rows = [...ran.assembled.rows].filter(({ axes, impact }) => axes["layer"] === layer && impact !== null);
    const prompts = [...new Set(rows.map(({ axes }) => axes["prompt"]))];
    return prompts.map((prompt) => {
      const sizes = rows.filter(({ axes }) => axes["prompt"] === prompt).map(({ impact }) => Math.abs(impact ?? NaN));
      return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    });
  });
  const [early = [], late = []] = byLayer;
  const differences = early.map((size, i) => size - (late[i] ?? NaN));
  const difference = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const [part] = first.parts;
  assert.ok(Math.abs((part?.estimate ?? NaN) - difference) < 1e-12);
  assert.deepEqual(part?.n, [early.length, late.length]);
  assert.equal(first.unit, "prompt");
  assert.equal(record.judgement, null);
  assert.deepEqual(record.warnings, []);
  const report = readFileSync(ran.written.report, "utf8");
  assert.match(report, /Early heads matter/);
  assert.match(report, new RegExp(`class="badge \\w+">${first.verdict}<`));
});

test("another hypothesis over the same work is another run", async (context) => {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel);
  const runs = join(folder, "runs");
  const run = (title: string): ReturnType<typeof runFile> =>
    runFile(
      protocolIn(folder, `${head}\nmeasure loss\nhypothesis "${title}" expect experiment_1.loss > 0 using t_test`),
      { runs },
    );
  const [first, second] = [await run("one"), await run("two")];
  assert.notEqual(first.planned.digest, second.planned.digest);
  assert.equal(second.summary.units.computed, 0, "and computes nothing again");
});

test("tokens are shown in their texts, winners are named, and values of a `let` are saved", async (context) => {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel);
  const path = protocolIn(
    folder,
    `${head}
    experiment tokens measure nll
    experiment sizes measure norm(attn_out[L0] at last) as attention, norm(mlp_out[L0] at last) as mlp
    let surprise = tokens.nll - mean(tokens.nll)
    table surprise top 3 by abs(surprise) with context 3
    table sizes winner highest of attention, mlp by prompt
    plot histogram of tokens.nll by prompt
    plot box of tokens.nll by prompt
    plot density of tokens.nll
    plot scatter of surprise against tokens.nll
    save surprise to "surprise.json"
    `,
  );
  const ran = await runFile(path, { runs: join(folder, "runs") });
  const rows = await rowsOf(ran);
  const nll = rows.filter((row) => row.metric === "nll");
  const mean = nll.reduce((sum, row) => sum + row.value, 0) / nll.length;
  const farthest = [...nll].sort((a, b) => Math.abs(b.value - mean) - Math.abs(a.value - mean)).slice(0, 3);

  const [tokens, winners] = ran.written.tables;
  assert.ok(tokens !== undefined && winners !== undefined);
  assert.equal(tokens.rows.length, 3);
  for (const [i, cells] of tokens.rows.entries()) {
    const row = farthest[i];
    const [prompt, position] = [Number(row?.axes["prompt"]), Number(row?.axes["position"])];
    assert.deepEqual(
      cells.slice(0, 2).map((cell) => cell.value),
      [prompt, position],
    );
    const text = cells.at(-1);
    const [start = 0, end = 0] = text?.mark ?? [];
    assert.equal(String(text?.value).slice(start, end).trim(), `t${texts[prompt]?.[position] ?? -1}`);
  }
  assert.match(renderTextTable(tokens, { width: 100 }), /«/);

  const sizeOf = (metric: string, prompt: number): number =>
    rows.find((row: ResultRow) => row.metric === metric && row.axes["prompt"] === prompt)?.value ?? NaN;
  assert.deepEqual(
    winners.rows.map((cells) => cells.at(-1)?.value),
    [0, 1, 2].map((prompt) => (sizeOf("attention", prompt) > sizeOf("mlp", prompt) ? "attention" : "mlp")),
  );

  const pictures = ran.written.files.filter(({ path: file }) => file.endsWith(".png"));
  assert.deepEqual(
    pictures.map(({ path: file }) => file.replace(/^.*figure-\d-/, "")),
    ["histogram.png", "box.png", "density.png", "scatter.png"],
  );
  const saved = JSON.parse(readFileSync(join(ran.folder.outputs, "surprise.json"), "utf8")) as {
    metric: string;
    value: number;
    prompt: number;
    position: number;
  }[];
  assert.equal(saved.length, nll.length);
  for (const { metric, value, prompt, position } of saved) {
    assert.equal(metric, "surprise");
    const row = nll.find((other) => other.axes["prompt"] === prompt && other.axes["position"] === position);
    // The same two float64 operations.
    assert.equal(value, (row?.value ?? NaN) - mean);
  }
});

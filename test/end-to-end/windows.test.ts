/** Long texts in windows: numbers of PyTorch for the same windows, token by token. */
import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { root } from "../support/root.js";
import { differences, leastMemory, planOf, protocolIn, rowAt, rowsOf, runFile, temporaryFolder } from "./support.js";

type Measures = Readonly<Record<string, number>>;

/** What test/fixtures/corpus/make.py wrote. */
interface Case {
  readonly text: "prose" | "spanish";
  readonly window: number;
  readonly stride: number;
  readonly bos: boolean;
  readonly limit: number | null;
  readonly measures: Measures;
  /** The first five and the last five losses. */
  readonly nll: readonly number[];
  readonly recipe?: { readonly perplexity: number; readonly tokens: number };
  readonly "without L1.H2"?: Measures;
}

const fixtures = join(root, "test", "fixtures", "corpus");
const { cases } = JSON.parse(readFileSync(join(fixtures, "corpus.json"), "utf8")) as { cases: readonly Case[] };
const texts = ["prose", "spanish"] as const;

const measured = `loss, perplexity, bits_per_byte, exp(sum(nll over pos) / words) as word_perplexity,
  max(nll over pos) as largest, min(nll over pos) as smallest, std(nll over pos) as spread,
  sum(nll over pos) / mean(nll over pos) as tokens, bytes as bytes, words as words, nll`;

function protocol(declaration: string, rest: string): string {
  return `
    model  tiny from "@stdlib/models/gpt2-tiny"
    corpus both from { prose: "prose.txt", spanish: "spanish.txt" } ${declaration}
    experiment windows
      ${rest}
      measure ${measured}
  `;
}

/** Rows of a protocol in a folder with the texts. */
async function run(context: TestContext, text: string, memory?: number): Promise<readonly ResultRow[]> {
  const folder = temporaryFolder(context);
  for (const name of texts) cpSync(join(fixtures, `${name}.txt`), join(folder, `${name}.txt`));
  const path = protocolIn(folder, text);
  const memoryBudget = memory ?? leastMemory(await planOf(path)) * 100;
  return rowsOf(await runFile(path, { runs: join(folder, "runs"), memoryBudget }));
}

// Losses of the float32 model are within 2e-5 of float64's, with both signs; a mean of hundreds is closer.
const tolerance: Measures = { largest: 1e-5, smallest: 1e-3, tokens: 1e-6 };

for (const { window, stride, bos, limit } of cases.filter((c) => c.text === "prose")) {
  const own = cases.filter((c) => c.window === window && c.stride === stride && c.bos === bos && c.limit === limit);
  const title = `window ${window}, stride ${stride}${bos ? ", BOS" : ""}${limit === null ? "" : `, ${limit} tokens`}`;

  test(`${title}: a result for each text`, async (context) => {
    const options = [
      `window ${window} stride ${stride}`,
      bos ? "bos on" : "",
      limit === null ? "" : `limit ${limit} tokens`,
    ];
    const rows = await run(context, protocol(options.join(" "), "ablate heads L1.H2"));
    const d = differences();
    assert.equal(own.length, texts.length);
    for (const expected of own) {
      const at = (metric: string, axes: object = {}, unmodified = true): ResultRow =>
        rowAt(rows, "windows", metric, { group: expected.text, ...axes }, unmodified);
      for (const [metric, value] of Object.entries(expected.measures)) {
        const exact = metric === "bytes" || metric === "words";
        d.check(metric, at(metric).value, value, exact ? 0 : (tolerance[metric] ?? 2e-6), true);
      }
      if (expected.recipe !== undefined) {
        // Hugging Face computes its loss in float32 too.
        d.check("the recipe's perplexity", at("perplexity").value, expected.recipe.perplexity, 5e-6, true);
        assert.equal(Math.round(at("tokens").value), expected.recipe.tokens);
      }
      const without = expected["without L1.H2"];
      for (const metric of without === undefined ? [] : ["loss", "perplexity", "bits_per_byte"]) {
        const row = at(metric, { layer: 1, head: 2 }, false);
        d.check(`${metric} without a head`, row.value, without?.[metric], 2e-6, true);
        assert.equal(row.baseline, at(metric).value);
        assert.equal(row.impact, row.value - at(metric).value);
      }
      // Positions are the tokens' numbers in their text, BOS counted; the first one is not predicted.
      const first = 1;
      const count = expected.measures["tokens"] ?? Number.NaN;
      const losses = rows.filter((r) => r.metric === "nll" && r.axes["group"] === expected.text && r.baseline === null);
      assert.deepEqual(
        losses.map((row) => row.axes["position"]),
        Array.from({ length: count }, (_, i) => first + i),
      );
      for (const [i, row] of [...losses.slice(0, 5), ...losses.slice(-5)].entries()) {
        d.check("nll", row.value, expected.nll[i], 2e-5);
      }
    }
    assert.deepEqual([...new Set(rows.flatMap((row) => Object.keys(row.axes)))].sort(), [
      "group",
      "head",
      "layer",
      "position",
    ]);
    context.diagnostic(`differences: ${d.text()}`);
  });
}

test("the same bits whatever shares a batch, and by whatever the head is replaced", async (context) => {
  for (const by of ["by zero", "by mean", "by constant 0.5"]) {
    const text = protocol("window 32 stride 24 limit 100 tokens", `ablate heads L1.H2, L2.H0 ${by}`);
    const folder = temporaryFolder(context);
    for (const name of texts) cpSync(join(fixtures, `${name}.txt`), join(folder, `${name}.txt`));
    const least = leastMemory(await planOf(protocolIn(folder, text)));
    const [together, alone] = [await run(context, text), await run(context, text, least)];
    assert.ok(together.length > 100);
    assert.deepEqual(alone, together);
    assert.ok(together.every((row) => Number.isFinite(row.value)));
    const changed = together.filter((row) => row.metric === "loss" && row.baseline !== null);
    assert.equal(changed.length, 4);
    assert.ok(changed.every((row) => row.impact !== 0));
  }
});

test("a reason of one position is the reason of its document, and of that position alone", async (context) => {
  const rows = await run(
    context,
    `
    model  tiny from "@stdlib/models/gpt2-tiny"
    corpus both from { prose: "prose.txt", spanish: "spanish.txt" } window 32 stride 16 limit 100 tokens
    experiment faulty measure mean(log(exp(-nll) - 0.0025) over pos) as failing, log(exp(-nll) - 0.0025) as places,
      (mean(nll over pos) where mean(nll over pos) < 5) as calm
  `,
  );
  const failing = rows.filter((row) => row.metric === "failing");
  assert.equal(failing.length, 2);
  for (const { axes, value, reason } of failing) {
    assert.ok(Number.isNaN(value));
    assert.equal(reason, "the logarithm needs a positive number, and exp(-nll) - 0.0025 is not");
    const places = rows.filter((row) => row.metric === "places" && row.axes["group"] === axes["group"]);
    assert.equal(places.length, 99);
    const bad = places.filter((row) => row.reason !== null);
    assert.ok(bad.length > 0 && bad.length < 99);
    assert.ok(bad.every((row) => Number.isNaN(row.value) && row.reason === reason));
  }
  // What is decided for the document has its reason too.
  assert.deepEqual(
    rows.filter((row) => row.metric === "calm").map((row) => [row.axes["group"], row.reason]),
    [
      ["prose", null],
      ["spanish", "requires mean(nll over pos) < 5"],
    ],
  );
});

test("the average that an ablation puts in place counts every scored token once, however windows overlap", async (context) => {
  const rows = await run(
    context,
    `model  tiny from "@stdlib/models/gpt2-tiny"
     corpus one from "prose.txt" window 32 stride 8 limit 150 tokens
     experiment flat
       ablate mlp L2 by mean
       measure mean(mlp_out[L2] over pos) as average`,
  );
  const changed = rows.filter((row) => row.baseline !== null);
  assert.equal(changed.length, 64);
  // Where every position has the average, the average of the text is what it was: to the rounding of 150 sums of float32.
  for (const row of changed) {
    assert.ok(Math.abs(row.impact ?? NaN) <= 1e-5, `${JSON.stringify(row.axes)}: ${row.impact} of ${row.value}`);
  }
  assert.ok(changed.some((row) => Math.abs(row.value) > 0.05));
});

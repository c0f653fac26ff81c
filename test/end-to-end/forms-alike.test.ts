/** Forms that stand for several conditions give the bits of these conditions written out. */
import assert from "node:assert/strict";
import test from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { evaluateResult } from "../../src/compiler/results/evaluate.js";
import { resultSetOf } from "../../src/compiler/ir/results.js";
import { protocolIn, rowsOf, runFile, temporaryFolder, type Ran } from "./support.js";

const head = `model m from "@stdlib/models/gpt2-tiny"
prompts clean from ["In the morning Emma read her letter.", "In the morning Fanny read her letter."]
prompts corrupt from ["In the garden Emma read her letter.", "In the garden Fanny read her letter."]
`;

async function ranOn(context: Parameters<typeof temporaryFolder>[0], text: string): Promise<Ran> {
  const folder = temporaryFolder(context);
  const ran = await runFile(protocolIn(folder, head + text), { runs: `${folder}/runs` });
  assert.equal(ran.summary.status, "finished");
  return ran;
}

/** Values of the changed rows of an experiment, by coordinates. */
function valuesOf(
  rows: readonly ResultRow[],
  experiment: string,
  ...axes: readonly string[]
): ReadonlyMap<string, number> {
  const own = rows.filter((row) => row.experiment === experiment && row.baseline !== null);
  return new Map(own.map(({ axes: at, value }) => [["prompt", ...axes].map((axis) => at[axis]).join(" "), value]));
}

test("a pair, a draw and a window are the places at once, a range the numbers", async (context) => {
  const ran = await ranOn(
    context,
    `
experiment pairs with clean ablate pairs of heads L0.H1, L1.H2, L2.H0 measure loss
experiment pair with clean ablate heads L0.H1, L2.H0 together measure loss
experiment drawn with clean ablate random 2 heads of L0 seed 4 draws 3 together measure loss
experiment window patch heads L1 at -3..-1 together over position from corrupt into clean measure kl
experiment one patch heads L1.H2 at -3..-1 together from corrupt into clean measure kl
experiment every patch mlp L0..1 at * from corrupt into clean measure kl
experiment single patch mlp L1 at 2 from corrupt into clean measure kl
experiment stepped with clean scale mlp L2 by 0..1 step 0.1 measure loss
experiment listed with clean scale mlp L2 by [0.3, 0.7] measure loss
`,
  );
  const rows = await rowsOf(ran);
  const at = (experiment: string, key: string, ...axes: readonly string[]): number => {
    const value = valuesOf(rows, experiment, ...axes).get(key);
    assert.ok(value !== undefined, `${experiment} has no ${key}`);
    return value;
  };
  for (const prompt of [0, 1]) {
    assert.equal(at("pairs", `${prompt} L0.H1 L2.H0`, "first", "second"), at("pair", String(prompt)));
    assert.equal(at("window", `${prompt} 1 2`, "layer", "head"), at("one", String(prompt)));
    assert.equal(at("every", `${prompt} 1 2`, "layer", "position"), at("single", `${prompt} 1`, "layer"));
    for (const factor of [0.3, 0.7]) {
      assert.equal(at("stepped", `${prompt} ${factor}`, "factor"), at("listed", `${prompt} ${factor}`, "factor"));
    }
  }
  assert.equal(valuesOf(rows, "stepped", "factor").size, 22);
  assert.equal(valuesOf(rows, "pairs", "first", "second").size, 6);
  // Each draw is a condition of its own, written out by what its column says.
  const places = new Map(
    rows.flatMap(({ experiment, axes }) =>
      experiment === "drawn" && axes["places"] !== undefined
        ? [[Number(axes["draw"]), String(axes["places"])] as const]
        : [],
    ),
  );
  assert.equal(places.size, 3);
  const written = [...places].map(
    ([draw, which]) =>
      `experiment d${draw} with clean ablate heads ${which.split(" ").join(", ")} together measure loss`,
  );
  const again = await rowsOf(await ranOn(context, written.join("\n")));
  for (const [draw] of places) {
    for (const prompt of [0, 1]) {
      assert.equal(at("drawn", `${prompt} ${draw}`, "draw"), valuesOf(again, `d${draw}`).get(String(prompt)));
    }
  }
});

test("a direct path from the last MLP is its whole effect; one from nothing else is nothing", async (context) => {
  const ran = await ranOn(
    context,
    `
experiment direct patch mlp L5 to logits from corrupt into clean measure loss
experiment total patch mlp L5 from corrupt into clean measure loss
experiment same patch heads L0..1 to heads L3 from clean into clean measure loss
`,
  );
  const rows = await rowsOf(ran);
  const direct = valuesOf(rows, "direct", "layer");
  for (const [key, value] of valuesOf(rows, "total", "layer")) {
    // The stream is summed in another order: 1e-5 nats are some ulps of the logits.
    assert.ok(Math.abs((direct.get(key) ?? NaN) - value) < 1e-5, `${key}: ${direct.get(key) ?? "none"} and ${value}`);
  }
  const same = rows.filter((row) => row.experiment === "same" && row.baseline !== null);
  assert.equal(same.length, 2 * 8 * 4);
  assert.ok(same.every((row) => row.impact === 0));
});

test("what a pair does beyond its parts is its impact less those of both", async (context) => {
  const ran = await ranOn(
    context,
    `
experiment alone with clean ablate heads L0 measure loss
experiment both with clean ablate pairs of heads L0 measure loss
let parts = rename(alone.loss.impact, layer: first, head: first) + rename(alone.loss.impact, layer: second, head: second)
let excess = both.loss.impact - parts
table excess
`,
  );
  const rows = await rowsOf(ran);
  const table = ran.planned.protocol.outputs.find((output) => output.kind === "table");
  assert.ok(table?.kind === "table");
  const [column] = table.columns;
  assert.ok(column !== undefined);
  const notes: string[] = [];
  const excess = evaluateResult(column.expression, resultSetOf(ran.planned.protocol, rows), (note) => notes.push(note));
  assert.equal(excess.cells.length, 2 * 6);
  assert.deepEqual(notes, []);
  const impact = (experiment: string, ...at: readonly (readonly [string, unknown])[]): number =>
    rows.find((row) => row.experiment === experiment && at.every(([axis, level]) => row.axes[axis] === level))
      ?.impact ?? NaN;
  for (const { coordinates, value } of excess.cells) {
    const prompt = ["prompt", coordinates["prompt"]] as const;
    const [first, second] = ["first", "second"].map((axis) => Number(String(coordinates[axis]).at(-1)));
    const pair = impact("both", prompt, ["first", coordinates["first"]], ["second", coordinates["second"]]);
    const expected = pair - impact("alone", prompt, ["head", first]) - impact("alone", prompt, ["head", second]);
    assert.ok(Math.abs(value - expected) < 1e-12);
  }
});

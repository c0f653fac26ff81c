/** Texts long enough for attention in chunks and for weights that stay where they are mapped. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { unpackedFrom } from "../../src/compiler/lower/prepacking.js";
import { passNames } from "../../src/compiler/passes/names.js";
import { seeded } from "../support/random.js";
import { root } from "../support/root.js";
import {
  command,
  oneThread,
  protocolIn,
  rowsOf,
  runFile,
  spelled,
  spelledModel,
  temporaryFolder,
  type Ran,
} from "./support.js";

/** A small random Mistral, whose rotary positions have no table: any length will do. */
const source = join(root, "test", "fixtures", "models", "mistral-f32");

const lengths = { short: 40, long: unpackedFrom + 133 };

/** A protocol on texts of the named lengths, in a folder of its own. */
function project(context: TestContext, texts: readonly (keyof typeof lengths)[]): string {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), source, true);
  const path = join(folder, "model", "config.json");
  const config = JSON.parse(readFileSync(path, "utf8")) as { readonly vocab_size: number };
  writeFileSync(path, JSON.stringify({ ...config, max_position_embeddings: 2048 }));
  const promptsOf = (name: keyof typeof lengths): string => {
    const random = seeded(lengths[name]);
    const ids = Array.from({ length: lengths[name] }, () => random.below(config.vocab_size));
    return `prompts ${name} from ["${spelled(ids)}"]
experiment of_${name} with ${name}
  ablate heads L* by zero
  measure loss, norm(resid_post[L-1] at last) as size
`;
  };
  return protocolIn(folder, `model m from "./model"\n${texts.map(promptsOf).join("")}`);
}

/** Values of the rows of each experiment. */
async function valuesOf(ran: Ran): Promise<Readonly<Record<string, readonly (number | null)[]>>> {
  const values: Record<string, (number | null)[]> = {};
  for (const row of await rowsOf(ran)) (values[row.experiment] ??= []).push(row.value, row.impact);
  return values;
}

test("numbers of a text depend on its own length only, whatever is run beside it", async (context) => {
  const run = async (texts: readonly (keyof typeof lengths)[]): Promise<Ran> => {
    const path = project(context, texts);
    return await runFile(path, { runs: `${path}.runs`, engine: { ...oneThread(), prepacking: "short texts" } });
  };
  const [both, short, long] = [await run(["short", "long"]), await run(["short"]), await run(["long"])];
  const units = both.planned.plan.evaluations.flatMap((evaluation) => evaluation.units);
  assert.deepEqual(
    units.map(({ positions, prepacked }) => [positions, prepacked]),
    units.map(({ positions }) => [positions, positions === lengths.short]),
  );
  assert.ok(new Set(units.map(({ prepacked }) => prepacked)).size === 2);
  assert.deepEqual(await valuesOf(both), { ...(await valuesOf(short)), ...(await valuesOf(long)) });
});

test("attention in chunks gives the same bits, with weights rearranged or not", async (context) => {
  const path = project(context, ["long"]);
  for (const prepacking of ["always", "never"] as const) {
    const engine = { ...oneThread(), prepacking };
    const chunks = await runFile(path, { runs: `${path}.${prepacking}`, engine });
    const passes = passNames.filter((name) => name !== "chunk-attention");
    const whole = await runFile(path, { runs: `${path}.${prepacking}.whole`, engine, passes });
    assert.ok(chunks.planned.plan.graphs.every(({ settings }) => settings.chunkAttention));
    assert.ok(chunks.planned.plan.cost.flops < whole.planned.plan.cost.flops);
    assert.deepEqual(await valuesOf(chunks), await valuesOf(whole));
  }
});

test("the options decide which weights are rearranged, and the record says it", async (context) => {
  const path = project(context, ["short"]);
  for (const [options, expected] of [
    [[], "short texts"],
    [["--prepacking"], "always"],
    [["--no-prepacking"], "never"],
  ] as const) {
    const ran = await command(["run", path, "--runs", `${path}.${expected}`, "--json", ...options]);
    assert.equal(ran.code, 0, ran.stderr);
    const { record } = JSON.parse(ran.stdout) as { readonly record: string };
    const { execution } = JSON.parse(readFileSync(record, "utf8")) as {
      readonly execution: { readonly prepacking: string };
    };
    assert.equal(execution.prepacking, expected);
  }
});

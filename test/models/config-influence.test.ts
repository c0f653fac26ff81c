/**
 * Every field of every config class, set to other legal values, taken away, or null: the model follows transformers, or is
 * refused. What transformers does is in test/fixtures/config-fields (its make.py says how); what atlasc does with each is
 * kept in test/golden/config-fields, so that a setting that was followed is not refused one day unnoticed.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildModelGraph, families } from "../../src/compiler/models/family.js";
import type { ModelFacts, ModelGraph } from "../../src/compiler/models/model.js";
import { addOutput, eliminateDeadNodes } from "../../src/compiler/onnx/edit.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { expectGolden } from "../support/golden.js";
import { root } from "./fixture.js";
import { createSession, idsTensor, runSession } from "./run-graph.js";
import { codes, openIsolated } from "./temporary.js";

type Config = ModelFacts["config"];

interface Case {
  readonly set: Config;
  readonly without: readonly string[];
  /** Mean loss of each text in nats, float64; or why transformers does not load or run the model. */
  readonly gives: readonly number[] | string;
}

interface Fixture {
  readonly transformers: string;
  readonly model: string;
  /** The fields of the config class. */
  readonly fields: readonly string[];
  readonly ids: readonly (readonly number[])[];
  readonly losses: readonly number[];
  readonly cases: readonly Case[];
}

/** Float32 against float64, over 12 and 28 tokens. */
const tolerance = 2e-5;

const folder = join(root, "test", "fixtures", "config-fields");
const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Fixture);

/** Where a model lies, from the root. */
const placeOf = (model: string): string =>
  ["test/fixtures/models", "test/fixtures/families/models"]
    .map((place) => `${place}/${model}`)
    .find((place) => existsSync(join(root, place))) ?? model;

test("every family has a table of its fields", () => {
  const covered = new Set(
    fixtures.map(({ model }) => {
      const config = readFileSync(join(root, placeOf(model), "config.json"), "utf8");
      return (JSON.parse(config) as { model_type: string }).model_type;
    }),
  );
  assert.deepEqual(
    families.map(({ modelType }) => modelType).filter((type) => !covered.has(type)),
    [],
  );
});

for (const { model, fields, ids, losses, cases } of fixtures) {
  test(`${model}: every field is followed as transformers does, or refused`, async (t) => {
    const { value: opened } = await openIsolated(t, `./${placeOf(model)}`);
    assert.ok(opened !== null);
    const { facts, externalDataFolder } = opened;
    const built = buildModelGraph(facts);
    assert.ok(built.value !== null);
    const base = lossGraph(built.value);
    const run = async (graph: Graph): Promise<readonly number[]> => {
      const session = await createSession(graph, externalDataFolder, "disabled");
      const means: number[] = [];
      for (const row of ids) {
        const { nll } = await runSession(session, { input_ids: idsTensor([row]) });
        means.push((nll?.data.reduce((sum, x) => sum + x, 0) ?? NaN) / (row.length - 1));
      }
      await session.release();
      return means;
    };
    assert.equal(difference(await run(base), losses), null);

    const lines: string[] = [];
    const wrong: string[] = [];
    for (const { set, without, gives } of cases) {
      const kept = Object.entries(facts.config).filter(([name]) => !without.includes(name));
      const { value, diagnostics } = buildModelGraph({ ...facts, config: { ...Object.fromEntries(kept), ...set } });
      const name = [JSON.stringify(set), ...without.map((field) => `without ${field}`)].join(" ");
      const unknown = Object.keys(set).some((field) => !fields.includes(field));
      if (value === null) {
        lines.push(`${name}: refused ${[...new Set(codes(diagnostics))].join(" ")}`);
        continue;
      }
      const warned = diagnostics.map(({ code }) => `, warns ${code}`).join("");
      const graph = lossGraph(value);
      const isBase = JSON.stringify(graph) === JSON.stringify(base);
      if (typeof gives === "string") {
        lines.push(`${name}: ${isBase ? "as before" : "computed"}, transformers: ${gives}${warned}`);
        continue;
      }
      // A text that is longer than the model takes is refused before it runs.
      const most = value.signature.maxPositions ?? Infinity;
      const fits = (_: number, text: number): boolean => (ids[text]?.length ?? 0) <= most;
      const other = difference((isBase ? losses : await run(graph)).filter(fits), gives.filter(fits));
      if (other !== null) wrong.push(`${name}: ${other}`);
      // A field that the class knows is used or harmless; what is left over inside the rope settings is told.
      if (!unknown && !("rope_parameters" in set) && warned.includes("A8031")) wrong.push(`${name}${warned}`);
      lines.push(`${name}: ${isBase ? "no influence" : "followed"}${warned}`);
    }
    assert.deepEqual(wrong, []);
    expectGolden(`config-fields/${model}.txt`, `${lines.join("\n")}\n`);
  });
}

function lossGraph({ graph, values }: ModelGraph): Graph {
  const info = { name: "nll", type: "float32" as const, shape: ["row", "pos"] };
  return eliminateDeadNodes(addOutput(graph, values["nll"] ?? "", info));
}

/** In what losses differ from those of transformers by more than the tolerance; null where they do not. */
function difference(found: readonly number[], expected: readonly number[]): string | null {
  const isClose = expected.every((value, i) => Math.abs((found[i] ?? NaN) - value) <= tolerance);
  return isClose ? null : `${found.join()} instead of ${expected.join()}`;
}

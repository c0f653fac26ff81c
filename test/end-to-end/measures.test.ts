/**
 * Every measure of the standard library and every intervention against oracles: PyTorch and NumPy in float64 on Hugging
 * Face's modules, and TransformerLens where it has the measure (test/fixtures/oracles).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { documentedMetrics } from "../../src/compiler/docs/metrics.js";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { readStandardLibrary } from "../../src/runtime/load.js";
import { caseName, protocolOf, readOracle, toleranceOf, valuesOf, type OracleCase } from "./oracle-cases.js";
import { protocolIn, rowsOf, runFile, temporaryFolder } from "./support.js";

const models = ["gpt2-tiny", "pythia-tiny", "llama-tiny", "stories260K"];

/** Cases of the fixtures that no metric of the standard library computes, with the reason. */
const without: Readonly<Record<string, string>> = {
  R_V_unsquared: "(Σσ)² / Σσ² in place of (Σσ²)² / Σσ⁴ is no metric of the standard library",
};

/**
 * Metrics whose numbers are known elsewhere: gradients in test/autodiff and the tasks of attribution, those of texts with continuations
 * in inputs.test.ts.
 */
const elsewhere = [
  "saliency",
  "input_times_gradient",
  "attribution",
  "integrated_gradients",
  "edges_to_q",
  "edges_to_k",
  "edges_to_v",
  "continuation_logprob",
  "continuation_loss",
  "continuation_accuracy",
  "continuation_rank",
];

/** Rows of an experiment by their coordinates: only axes that the case has are looked at. */
function byCoordinates(rows: readonly ResultRow[], { axes, intervention }: OracleCase): ReadonlyMap<string, ResultRow> {
  const found = new Map<string, ResultRow>();
  for (const row of rows) {
    if ((row.baseline === null) !== (intervention === null)) continue;
    const key = axes.map((axis) => row.axes[axis]).join(" ");
    assert.ok(!found.has(key), `two rows at ${axes.join(" ")} = ${key}`);
    found.set(key, row);
  }
  return found;
}

test("every metric of the standard library has an oracle", async () => {
  const measures =
    readOracle("gpt2-tiny")
      ?.cases.map((known) => known.measure)
      .join("\n") ?? "";
  const metrics = (await readStandardLibrary()).flatMap(documentedMetrics);
  assert.deepEqual(
    metrics.map((metric) => metric.name).filter((name) => !new RegExp(`\\b${name}\\b`).test(measures)),
    elsewhere,
  );
});

for (const name of models) {
  const fixture = readOracle(name);
  test(
    `${name}: measures and interventions equal the oracles`,
    { skip: fixture === null ? `${name} is not here` : false },
    async (t) => {
      assert.ok(fixture !== null);
      const second = readOracle(`${name}.transformer-lens`);
      const cases = fixture.cases.filter(({ measure }) => without[measure.split(" ")[0] ?? ""] === undefined);
      for (const other of second?.cases ?? []) {
        assert.ok(cases.map(caseName).includes(caseName(other)), `TransformerLens alone has ${caseName(other)}`);
      }
      const folder = temporaryFolder(t);
      const path = protocolIn(folder, protocolOf(fixture, cases, folder));
      const ran = await runFile(path, { runs: `${folder}/runs` });
      assert.equal(ran.summary.status, "finished");
      const rows = await rowsOf(ran);
      for (const [i, known] of cases.entries()) {
        await t.test(caseName(known), () => {
          const at = byCoordinates(
            rows.filter((row) => row.experiment === `case${i}`),
            known,
          );
          const { absolute, relative, because } = toleranceOf(known.measure);
          const others = second?.cases.filter((other) => caseName(other) === caseName(known)) ?? [];
          for (const { axes, first, values } of [known, ...others]) {
            let count = 0;
            for (const { at: coordinates, value } of valuesOf(values, axes, first)) {
              const row = at.get(axes.map((axis) => coordinates[axis]).join(" "));
              assert.ok(row, `no row at ${JSON.stringify(coordinates)}`);
              const difference = Math.abs(row.value - value);
              assert.ok(
                difference <= absolute + relative * Math.abs(value),
                `${row.value} instead of ${value} at ${JSON.stringify(coordinates)}, off by ${difference} (${because})`,
              );
              count += 1;
            }
            assert.equal(count, at.size, "as many rows as the oracle has values");
          }
        });
      }
    },
  );
}

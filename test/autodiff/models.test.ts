/**
 * The gradient of the mean loss at every site of whole models, against PyTorch's autograd in float64
 * (test/fixtures/gradients/make.py). float32 forwards of these models are right to about 10⁻⁶ of a value, and a backward pass
 * multiplies as many factors as the forward: 10⁻⁴ of a gradient's norm is the bound, for its norm and for its products
 * with two fixed vectors.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { differentiate } from "../../src/compiler/autodiff/differentiate.js";
import { allSites, siteValueInfo } from "../../src/compiler/models/site-values.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { int } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { addOutput, appendNodes, eliminateDeadNodes } from "../../src/compiler/onnx/edit.js";
import { loadModel, randomModels, readFixture, root, trainedModels, whyAbsent } from "../models/fixture.js";
import { idsTensor, runGraph } from "../models/run-graph.js";
import { gradientSummary } from "./gradient-summary.js";

interface GradientFixture {
  /** Site → the gradient's norm, and its products with cos(i) and cos(1.7 i + 1). */
  readonly sites: Readonly<Record<string, readonly [number, number, number]>>;
}

const bound = 1e-4;

function gradientFixture(name: string): GradientFixture | null {
  const path = join(root, "test", "fixtures", "gradients", `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as GradientFixture) : null;
}

const absent = (name: string): string | false =>
  (trainedModels as readonly string[]).includes(name) ? (whyAbsent(name) ?? false) : false;

for (const name of [...trainedModels, ...randomModels]) {
  const expected = gradientFixture(name);
  if (expected === null) continue;
  test(`${name}: the gradient of the loss at every site is PyTorch's`, { skip: absent(name) }, async (t) => {
    const fixture = readFixture<{ readonly model: string; readonly ids: readonly (readonly number[])[] }>(name);
    assert.ok(fixture !== null);
    const { opened, built } = await loadModel(fixture.model);
    const builder = createGraphBuilder("loss").scope("test");
    const axes = builder.constant("int64", [1], [1]);
    const loss = builder.node("ReduceMean", [built.values["nll"] ?? "", axes], { keepdims: int(0) });
    const measured = builder.finish();
    const whole = appendNodes(built.graph, measured.nodes, measured.initializers);
    const references = allSites(built.signature).filter((site) => expected.sites[siteKey(site)] !== undefined);
    assert.equal(
      references.length,
      Object.keys(expected.sites).length,
      "every gradient of the fixture is that of a site",
    );
    const values = references.map((site) => built.values[siteKey(site)] ?? "");
    const gradients = differentiate(whole, loss, values, "gradient/");
    let graph = appendNodes(whole, gradients.nodes, gradients.constants);
    for (const [i, reference] of references.entries()) {
      const info = siteValueInfo(built.signature, reference);
      graph = addOutput(graph, gradients.of.get(values[i] ?? "") ?? "", { ...info, name: `∂ ${info.name}` });
    }
    const taps = await runGraph(eliminateDeadNodes(graph), opened.externalDataFolder, {
      input_ids: idsTensor(fixture.ids),
    });
    let worst = 0;
    for (const reference of references) {
      const key = siteKey(reference);
      const [norm = NaN, ...products] = expected.sites[key] ?? [];
      const tensor = taps[`∂ ${siteValueInfo(built.signature, reference).name}`];
      assert.ok(tensor !== undefined, key);
      const found = gradientSummary(headsFirst(reference.site, tensor));
      const errors = [norm, ...products].map((number, i) => Math.abs((found[i] ?? NaN) - number) / norm);
      worst = Math.max(worst, ...errors);
      assert.ok(
        errors.every((error) => error <= bound),
        `${key}: ${found.join(", ")} for ${[norm, ...products].join(", ")}`,
      );
    }
    t.diagnostic(`largest error ${worst.toExponential(1)} of a gradient's norm, ${references.length} sites`);
  });
}

/** The order in which PyTorch has q, k and v here: [row, head, pos, d_head]. */
function headsFirst(
  site: string,
  { shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array },
): Float32Array {
  if (!["q", "k", "v"].includes(site)) return data;
  const [rows = 0, positions = 0, heads = 0, size = 0] = shape;
  return data.map((_, i) => {
    const d = i % size;
    const pos = Math.floor(i / size) % positions;
    const head = Math.floor(i / (size * positions)) % heads;
    const row = Math.floor(i / (size * positions * heads));
    assert.ok(row < rows);
    return data[((row * positions + pos) * heads + head) * size + d] ?? NaN;
  });
}

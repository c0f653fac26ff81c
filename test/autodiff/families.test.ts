/**
 * The gradients of the mean loss and of a difference of logits at every site of every family, against PyTorch's autograd in
 * float64 through Hugging Face's implementation (test/fixtures/gradients/families.py). What float32 allows is seen in the test's own lines: the largest
 * error of all sites of all models is 5·10⁻⁶ of a gradient's norm, at queries and keys, whose gradients are differences of
 * nearly equal numbers (a softmax takes out what all keys have in common). Four times as much is the bound, for the norm and
 * for the products with two fixed vectors. A gradient that stands in other places, or at a neighbouring site, misses it by far.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { differentiate } from "../../src/compiler/autodiff/differentiate.js";
import { families } from "../../src/compiler/models/family.js";
import { allSites, siteValueInfo } from "../../src/compiler/models/site-values.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { int } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { addOutput, appendNodes, eliminateDeadNodes } from "../../src/compiler/onnx/edit.js";
import { readExpected } from "../models/family-references.js";
import { loadModel, root } from "../models/fixture.js";
import { createSession, idsTensor, runSession } from "../models/run-graph.js";
import { floatTensor } from "../support/tensors.js";
import { gradientSummary } from "./gradient-summary.js";

/** Model → site → norm and two products of the loss's gradient, and of the difference's. */
const { models: references } = JSON.parse(
  readFileSync(join(root, "test", "fixtures", "gradients", "families.json"), "utf8"),
) as { readonly models: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> };

/** As in the fixture's script. */
const [answer, distractor] = [3, 17];

/** The site that nothing is computed from: its gradient is zero. */
const readByNothing = "head_out";
const choice = "choice";
const bound = 2e-5;

for (const [name, expected] of Object.entries(references)) {
  test(`${name}: the gradients at every site are PyTorch's`, async (t) => {
    const { opened, built } = await loadModel(`test/fixtures/families/models/${name}`);
    const { signature, values } = built;
    const { ids } = readExpected(name).numbers;
    const builder = createGraphBuilder("metrics").scope("test");
    const integers = (...numbers: readonly number[]): string => builder.constant("int64", [numbers.length], numbers);
    const loss = builder.node("ReduceMean", [values["nll"] ?? "", integers(1)], { keepdims: int(0) });
    const last = builder.node("Gather", [values["logits"] ?? "", builder.constant("int64", [], [-1])], {
      axis: int(1),
    });
    const logit = (token: number): string =>
      builder.node("Gather", [last, builder.constant("int64", [], [token])], { axis: int(1) });
    const difference = builder.node("Sub", [logit(answer), logit(distractor)]);
    // The loss, or the difference, as an input chooses: one graph for both, because to open it takes longest.
    const metric = builder.node("Add", [
      builder.node("Mul", [loss, builder.node("Sub", [builder.constant("float32", [1], [1]), choice])]),
      builder.node("Mul", [difference, choice]),
    ]);
    const measured = builder.finish();

    const sites = allSites(signature);
    const kept = sites.filter(({ site }) => site !== readByNothing);
    assert.deepEqual(kept.map(siteKey).sort(), Object.keys(expected).sort(), "the fixture has every site");
    const inputs = [...built.graph.inputs, { name: choice, type: "float32" as const, shape: [1] }];
    const whole = appendNodes({ ...built.graph, inputs }, measured.nodes, measured.initializers);
    const wanted = sites.map((site) => values[siteKey(site)] ?? "");
    const gradients = differentiate(whole, metric, wanted, "gradient/");
    let graph = appendNodes(whole, gradients.nodes, gradients.constants);
    for (const [i, site] of sites.entries()) {
      const info = siteValueInfo(signature, site);
      graph = addOutput(graph, gradients.of.get(wanted[i] ?? "") ?? "", { ...info, name: `gradient ${siteKey(site)}` });
    }
    // These graphs have thousands of nodes, and to optimise them takes longer than to run them.
    const session = await createSession(eliminateDeadNodes(graph), opened.externalDataFolder, "disabled");

    let worst = { error: 0, at: "" };
    for (const [at, name] of ["loss", "difference"].entries()) {
      const taps = await runSession(session, { input_ids: idsTensor([ids]), [choice]: floatTensor([at], [1]) });
      for (const site of sites) {
        const key = siteKey(site);
        const found = gradientSummary(taps[`gradient ${key}`]?.data ?? assert.fail(key));
        const numbers = expected[key]?.slice(3 * at, 3 * at + 3) ?? [0, 0, 0];
        const [norm = NaN] = numbers;
        const errors = numbers.map((number, i) => Math.abs((found[i] ?? NaN) - number) / (norm === 0 ? 1 : norm));
        const error = Math.max(...errors);
        if (!(error <= worst.error)) worst = { error, at: `${name} ${key}` };
        assert.ok(error <= bound, `${name} ${key}: ${found.join(", ")} for ${numbers.join(", ")}`);
      }
    }
    t.diagnostic(`largest error ${worst.error.toExponential(1)} of a gradient's norm, at ${worst.at}`);
  });
}

test("every family has a fixture of gradients", () => {
  const tested = new Set(Object.keys(references).map((name) => readExpected(name).numbers.family));
  assert.deepEqual(
    families.map(({ modelType }) => modelType).filter((type) => !tested.has(type)),
    [],
  );
});

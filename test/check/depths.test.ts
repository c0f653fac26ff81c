/** Percentages of depth: which layer they are, and that it is said. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { depthSentences, layerAtDepth } from "../../src/compiler/models/depths.js";
import { compileText, fixtureFacts } from "./compiling.js";

const models = { "*": await fixtureFacts("gpt2-f32"), llama: await fixtureFacts("llama-tied-f32") };

suite("the layer whose index over the number of layers is nearest", () => {
  test("as the protocols with 32 layers write it", () => {
    const written: readonly (readonly [number, number])[] = [
      [0, 0],
      [15.6, 5],
      [25, 8],
      [50, 16],
      [84.375, 27],
      [87.5, 28],
      [90.6, 29],
      [96.9, 31],
      [100, 31],
    ];
    for (const [percent, layer] of written) assert.equal(layerAtDepth(percent, 32), layer, `L${percent}%`);
  });

  test("every layer by its own fraction, in models of any depth", () => {
    for (let layers = 1; layers <= 130; layers++) {
      for (let layer = 0; layer < layers; layer++) {
        const exact = (100 * layer) / layers;
        assert.equal(layerAtDepth(exact, layers), layer, `${layer} of ${layers}`);
        // As people write it: one decimal.
        assert.equal(layerAtDepth(Number(exact.toFixed(1)), layers), layer, `${layer} of ${layers}, one decimal`);
      }
    }
  });

  test("of two equally near the first, as int() gives it; never beyond the last", () => {
    assert.deepEqual(
      [25, 50, 75, 100].map((percent) => layerAtDepth(percent, 6)),
      [1, 3, 4, 5],
    );
    assert.equal(layerAtDepth(50, 3), 1);
    assert.equal(layerAtDepth(29, 50), 14);
    assert.equal(layerAtDepth(99.9, 6), 5);
    assert.equal(layerAtDepth(0.01, 1), 0);
  });
});

suite("what is said", () => {
  test("a sentence for each percentage and size, few models by name", () => {
    const depth = (place: string, model: string, layer: number, layers: number) => ({ place, model, layer, layers });
    assert.deepEqual(
      depthSentences([
        depth("L87.5%", "small", 5, 6),
        depth("L87.5%", "large", 28, 32),
        depth("L87.5%", "other", 28, 32),
        depth("L0%", "flat", 0, 1),
      ]),
      [
        "L87.5% is L5 of the 6 layers of small",
        "L87.5% is L28 of the 32 layers of large and other",
        "L0% is L0 of the one layer of flat",
      ],
    );
    const steps = Array.from({ length: 12 }, (_, i) => depth("L50%", `step${i}`, 3, 6));
    assert.deepEqual(depthSentences(steps), ["L50% is L3 of the 6 layers of 12 models (step0 to step11)"]);
  });

  const depthsOf = (text: string): readonly string[] =>
    depthSentences(
      compileText(`model gpt2 from "gpt2"\nprompts p from ["the cat sat"]\n${text}`, { models }).value.depths,
    );

  test("wherever a percentage may stand", () => {
    const deep = ["L87.5% is L2 of the 3 layers of gpt2"];
    assert.deepEqual(depthsOf("ablate mlp L87.5% measure loss"), deep);
    assert.deepEqual(depthsOf("ablate heads L87.5%.H0..1 measure loss"), deep);
    assert.deepEqual(depthsOf("measure norm(resid_post[L87.5%] at last) as x"), deep);
    assert.deepEqual(depthsOf("set mlp_out[L87.5%] to 0 measure loss"), deep);
    assert.deepEqual(depthsOf("ablate mlp L0.5%..87.5% measure loss"), [
      "L0.5% is L0 of the 3 layers of gpt2",
      ...deep,
    ]);
    const metric = "metric m(l: layer = L87.5%) = norm(resid_post[l] at last)\n";
    assert.deepEqual(depthsOf(`${metric}measure m`), deep);
    assert.deepEqual(depthsOf(`${metric}measure m l L0`), []);
    assert.deepEqual(depthsOf(`param deep = L87.5%\n${metric}measure m l deep`), deep);
    assert.deepEqual(depthsOf(`${metric}measure m l [L0%, L87.5%]`), ["L0% is L0 of the 3 layers of gpt2", ...deep]);
  });

  test("only of models that it is used with", () => {
    const text = 'model llama from "llama"\nexperiment e on gpt2 ablate mlp L50% measure loss';
    assert.deepEqual(depthsOf(text), ["L50% is L1 of the 3 layers of gpt2"]);
  });

  test("beyond the model there is no percentage", () => {
    for (const place of ["L100.1%", "L-50%", "L1000%"]) {
      const { diagnostics } = compileText(
        `model gpt2 from "gpt2"\nprompts p from ["the cat sat"]\nablate mlp ${place} measure loss`,
        { models },
      );
      assert.deepEqual(
        diagnostics.map((d) => [d.code, d.expected]),
        [["A4201", "a depth from L0% to L100%"]],
      );
    }
  });
});

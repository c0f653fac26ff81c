/** How metrics become expressions over sites: each test is a rule of the language with the smallest example of it. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import type { Measure } from "../../src/compiler/ir/protocol.js";
import { typeText } from "../../src/compiler/ir/tensor-type.js";
import { sitesOf } from "../../src/compiler/analysis/reads.js";
import { planProtocol } from "../../src/compiler/lower/plan.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { logOfSoftmax } from "../../src/compiler/passes/log-of-softmax.js";
import {
  capabilities,
  compileText,
  fixtureFacts,
  formula,
  markedText,
  messagesOf,
  protocolOf,
  textsOf,
} from "./compiling.js";

// 3 layers, 4 heads, 96 neurons; and grouped queries: 2 layers, 6 heads, 2 key-value heads.
const around = {
  models: { "*": await fixtureFacts("gpt2-f32"), llama: await fixtureFacts("llama-tied-f32") },
};

const head = 'model gpt2 from "gpt2"\nprompts p from ["the cat sat on the mat"]\n';

function measures(text: string, set: Readonly<Record<string, string>> = {}): readonly Measure[] {
  return protocolOf(head + text, { ...around, set }).studies.flatMap((study) => study.measures);
}

const formulas = (text: string): readonly string[] => measures(text).map(formula);
const sites = (text: string): readonly string[] => sitesOf(measures(text).map((m) => m.expression)).map(siteKey);
const messages = (text: string): readonly string[] => messagesOf(head + text, around);

suite("metrics are unfolded", () => {
  test("into the expression that they stand for", () => {
    assert.deepEqual(formulas("measure loss"), ["mean(nll over=pos)"]);
    assert.deepEqual(formulas("measure perplexity"), ["exp(mean(nll over=pos))"]);
  });

  test("also inside one another, with arguments by position, by name and as pairs", () => {
    const metric = "metric size(x: [pos, *], times: scalar = 2) = norm(x) * times\n";
    const expected = ["multiply(norm(final over=), 3)"];
    assert.deepEqual(formulas(`${metric}measure size(final, 3) as s`), expected);
    assert.deepEqual(formulas(`${metric}measure size(final, times: 3) as s`), expected);
    assert.deepEqual(formulas(`${metric}metric three = size(final, times: 3)\nmeasure three`), expected);
  });

  test("equal parts are stored once", () => {
    const [measure] = measures("measure loss * 2 + loss * 3 as x");
    assert.equal(measure?.expression.nodes.filter((n) => n.kind === "site").length, 1);
  });

  test("`let` binds a value; the innermost name wins", () => {
    assert.deepEqual(formulas("measure (let loss = norm(final) in loss / 2) as x"), ["divide(norm(final over=), 2)"]);
  });

  test("arithmetic of numbers is done before anything runs, except what fails", () => {
    assert.deepEqual(formulas("measure loss * (2 + 3 * 4) as x"), ["multiply(mean(nll over=pos), 14)"]);
    assert.deepEqual(formulas("measure loss * (1 / 0) as x"), ["multiply(mean(nll over=pos), divide(1, 0))"]);
  });
});

suite("tensor parameters name axes", () => {
  const metric = "metric rows(x: [row, *]) = mean(norm(x over row))\n";

  test("a name that the argument lacks means its first free axis", () => {
    assert.deepEqual(formulas(`${metric}measure rows(v[L0] last 4) as r`), [
      "mean(norm(last(v[0] count=4) over=pos) over=)",
    ]);
  });

  test("a name that the argument has means that axis, wherever it is", () => {
    const byHead = "metric byHead(x: [head, *]) = norm(x over head)\n";
    assert.deepEqual(
      measures(`${byHead}measure byHead(z[L0]) as r`).map((m) => typeText(m.type)),
      ["[pos, d_head=6]"],
    );
  });

  test("`*` takes the rest, without it every axis has to be named", () => {
    const flat = "metric flat(x: [row]) = sum(x over row)\n";
    assert.deepEqual(messages(`${flat}measure flat(final) as r`), [
      "A3004 expected a tensor with axes [pos] for x, found [pos, d_model=24]",
    ]);
    assert.deepEqual(messages(`${metric}measure rows(loss) as r`), [
      "A3004 expected a tensor with axes [row, *] for x, found scalar in nats",
    ]);
  });

  test("one name is one axis in all parameters", () => {
    const dot = "metric overlap(x: [i], y: [i]) = sum(x * y over i)\n";
    assert.deepEqual(formulas(`${dot}measure overlap(embed at last, final at last) as r`), [
      "sum(multiply(at(embed index=-1), at(final index=-1)) over=d_model)",
    ]);
    assert.deepEqual(messages(`${dot}measure overlap(nll, final at last) as r`), [
      "A3004 expected a tensor with axes [pos] for y, found [d_model=24]",
    ]);
  });
});

suite("layers", () => {
  test("count from either end, by depth, and by arithmetic", () => {
    assert.deepEqual(sites("measure norm(resid_post[L-1]) as x"), ["resid_post[2]"]);
    assert.deepEqual(sites("measure norm(resid_post[L0%]) as x"), ["resid_post[0]"]);
    assert.deepEqual(sites("measure norm(resid_post[L50%]) as x"), ["resid_post[1]"]);
    assert.deepEqual(sites("measure norm(resid_post[L100%]) as x"), ["resid_post[2]"]);
    assert.deepEqual(sites("measure gain"), ["resid_post[2]", "resid_post[1]"]);
    const step = "metric step(layer: layer = L0) = norm(resid_post[1 + layer])\n";
    assert.deepEqual(sites(`${step}measure step`), ["resid_post[1]"]);
  });

  test("that lie before the first one are said to, at the use of the metric", () => {
    const compiled = compileText(`${head}measure gain layer L0`, around);
    const [d] = compiled.diagnostics;
    assert.equal(d?.message, "layer - 1 (layer number -1) is beyond gpt2, which has 3 layers (the last is L2)");
    assert.equal(markedText(compiled), "gain layer L0");
    assert.deepEqual(
      d.related.map((r) => [r.span.file, r.text]),
      [["@stdlib/geometry.atlas", "in the definition of gain"]],
    );
  });

  test("ranges may end at the end", () => {
    const { studies } = protocolOf(`${head}ablate mlp L-2..-1 measure loss`, around);
    assert.deepEqual(
      studies[0]?.conditions.map((c) => c.coordinates),
      [{}, { layer: 1 }, { layer: 2 }],
    );
    assert.deepEqual(messages("ablate mlp L2..-2 measure loss"), ["A3012 the range L2..-2 is empty"]);
  });

  test("take no other arithmetic", () => {
    assert.deepEqual(messages("measure norm(resid_post[L1 * 2]) as x"), [
      "A3004 expected a layer plus or minus a whole number, or two layers compared, found L1 * 2",
    ]);
  });
});

suite("sweeps", () => {
  const points = (text: string): readonly unknown[] => measures(text).map((m) => m.coordinates);

  test("a list, a range and a place with several layers are axes called after the parameter", () => {
    assert.deepEqual(points("measure R_V early L0 late L2 window [2, 4]"), [{ window: 2 }, { window: 4 }]);
    assert.deepEqual(points("measure R_V early L0 late L2 window 2..4"), [{ window: 2 }, { window: 3 }, { window: 4 }]);
    assert.deepEqual(points("measure gain layer L1..2"), [{ layer: 1 }, { layer: 2 }]);
    assert.deepEqual(points("measure gain layer [L2, L1]"), [{ layer: 2 }, { layer: 1 }]);
  });

  test("two axes make their product, the last one fastest", () => {
    assert.deepEqual(points("measure R_V early [L0, L1] late L2 window [2, 3]"), [
      { early: 0, window: 2 },
      { early: 0, window: 3 },
      { early: 1, window: 2 },
      { early: 1, window: 3 },
    ]);
  });

  test("axes of one name move together, and have to agree", () => {
    const both = "metric both = mean(norm(z[L0..1.H0] over d_head) - norm(q[L0..1.H0] over d_head))\n";
    assert.deepEqual(points(`${both}measure both`), [{ layer: 0 }, { layer: 1 }]);
    const disagree = "metric both = norm(z[L0..1.H0]) - norm(q[L1..2.H0])\n";
    assert.deepEqual(messages(`${disagree}measure both`), ["A3006 two sweeps of the axis layer have different values"]);
  });

  test("`param` and --set can hold one", () => {
    const text = "param w = 2\nmeasure R_V early L0 late L2 window w";
    assert.deepEqual(
      measures(text, { w: "[3, 4]" }).map((m) => m.coordinates),
      [{ window: 3 }, { window: 4 }],
    );
    const layers = "param l = L1\nmeasure gain layer l";
    assert.deepEqual(
      measures(layers, { l: "L1..2" }).map((m) => m.coordinates),
      [{ layer: 1 }, { layer: 2 }],
    );
  });

  test("a value stands once, and an axis of the value is not swept as well", () => {
    assert.deepEqual(messages("measure R_V early L0 late L2 window [2, 2]"), [
      "A1003 the value 2 of window is given twice",
    ]);
  });

  test("a metric's axis that the intervention has too gets another name", () => {
    assert.deepEqual(messages("ablate heads L0 measure self_attention layer L1..2"), [
      "A8003 self_attention has the axis layer, which the intervention also has: the metric's is called measured_layer",
      "A8003 self_attention has the axis head, which the intervention also has: the metric's is called measured_head",
    ]);
    const { studies } = protocolOf(`${head}ablate heads L0 measure self_attention layer L1..2`, around);
    assert.deepEqual(
      studies[0]?.measures.map((m) => m.coordinates),
      [{ measured_layer: 1 }, { measured_layer: 2 }],
    );
  });
});

suite("units", () => {
  const unit = (text: string): string | undefined => measures(text)[0]?.type.unit;

  test("information is in nats, and what was divided by nats is not", () => {
    assert.equal(unit("measure loss"), "nats");
    assert.equal(unit("measure entropy"), "nats");
    assert.equal(unit("measure perplexity"), "none");
    assert.equal(unit("measure loss / entropy as x"), "none");
    assert.equal(unit("measure bits_per_byte"), "none");
  });

  test("a number takes the unit of what it is added to or compared with", () => {
    assert.equal(unit("measure loss - 0.5 as x"), "nats");
    assert.equal(unit("measure mean(nll > 1) as x"), "none");
    assert.equal(unit("measure (loss where loss < 10) as x"), "nats");
  });

  test("mixing them is an error that names both", () => {
    assert.deepEqual(messages("measure loss + perplexity as x"), ["A3001 `+` mixes units: nats and no unit"]);
    assert.deepEqual(messages("measure loss * entropy as x"), ["A3001 `*`: the unit nats · nats is not supported"]);
  });
});

suite("axes that do not fit", () => {
  test("both types are shown, with the axis in which they differ between « and »", () => {
    const compiled = compileText(`${head}measure sum(resid_post[L0] - final last 4) as x`, around);
    const [d] = compiled.diagnostics;
    assert.equal(d?.message, "`-`: the axis pos has different lengths");
    assert.equal(d.expected, "[«pos», d_model=24]");
    assert.equal(d.found, "[«pos=min(4, n)», d_model=24]");
    assert.equal(markedText(compiled), "resid_post[L0] - final last 4");
  });

  test("an axis that is not there is marked where it is named", () => {
    const compiled = compileText(`${head}measure mean(final over head) as x`, around);
    assert.equal(compiled.diagnostics[0]?.expected, "an axis of [pos, d_model=24]");
    assert.equal(markedText(compiled), "head");
  });
});

suite("reasons", () => {
  const reasons = (text: string): readonly string[] =>
    measures(text).flatMap((m) => m.expression.nodes.flatMap((n) => (n.kind === "operation" ? (n.reason ?? []) : [])));

  test("quote what was written", () => {
    assert.deepEqual(reasons("measure (norm(final) where norm(embed) > 1e-3) as x"), ["requires norm(embed) > 1e-3"]);
    assert.deepEqual(reasons("measure norm(final) / norm(embed) as x"), ["the divisor norm(embed) is 0"]);
    assert.deepEqual(reasons("measure sum(log(final)) as x"), [
      "the logarithm needs a positive number, and final is not",
    ]);
    assert.deepEqual(reasons("measure nll at 3 as x"), ["the text has no position 3"]);
  });
});

test("log(softmax(x)) becomes log_softmax(x), with the same type and without a reason", () => {
  const [measure] = measures("measure sum(log(softmax(logits at last over vocab))) as x");
  assert.ok(measure !== undefined);
  const expression = logOfSoftmax(measure.expression);
  assert.equal(formula({ expression }), "sum(log_softmax(at(logits index=-1) over=vocab) over=)");
  assert.deepEqual(expression.nodes[expression.result]?.type, measure.type);
  assert.deepEqual(logOfSoftmax(expression), expression);
});

test("conditions that cannot reach what is measured are not run", () => {
  const text = `${head}ablate heads L*.H0 measure norm(resid_post[L0] at last) as size`;
  const compiled = compileText(text, around);
  assert.ok(compiled.value.protocol !== null);
  const numerics = {
    onnxruntime: "",
    device: "cpu",
    graphOptimization: "disabled",
    prepacking: "never",
    tf32: false,
  } as const;
  const { value } = planProtocol(compiled.value.protocol, compiled.value.models, {
    memoryBudget: 2 ** 30,
    numerics,
    capabilities,
  });
  assert.deepEqual(value.evaluations[0]?.unaffected, [2, 3]);
  assert.deepEqual(
    value.graphs[0]?.gates.map((gate) => gate.key),
    ["z[0]"],
  );
  assert.equal(value.cost.layerRuns, 2);
});

test("a key-value head is removed with every query head that reads it", () => {
  const text = 'model llama from "llama"\nprompts p from ["a b"]\nablate kv_heads L0.H1 measure loss';
  const [study] = protocolOf(text, around).studies;
  assert.deepEqual(
    study?.conditions[1]?.writes.map((w) => w.unit),
    [3, 4, 5],
  );
});

// The numbers were made by a second implementation of splitmix32, in Python.
suite("random prompts", () => {
  const probes = (text: string): readonly (readonly number[])[] =>
    textsOf(protocolOf(`model gpt2 from "gpt2"\nprompts p ${text}\nmeasure loss`, around), "p").prompts.map(
      (x) => x.ids,
    );

  test("are [BOS, r, r], the same for a seed on every machine", () => {
    assert.deepEqual(probes("random tokens 4 repeat 2 count 2 seed 7"), [
      [0, 50, 14, 7, 48, 50, 14, 7, 48],
      [0, 17, 10, 53, 11, 17, 10, 53, 11],
    ]);
    assert.deepEqual(
      probes("random tokens 4 repeat 2 count 2 seed 7"),
      probes("random tokens 4 repeat 2 count 2 seed 7"),
    );
    assert.notDeepEqual(probes("random tokens 4 seed 7"), probes("random tokens 4 seed 8"));
  });

  test("more of them begin with the same ones, and have no special tokens", () => {
    assert.deepEqual(probes("random tokens 4 count 5 seed 1").slice(0, 2), probes("random tokens 4 count 2 seed 1"));
    const [ids = []] = probes("random tokens 30 seed 3");
    assert.equal(ids[0], 0);
    assert.ok(ids.slice(1).every((id) => id > 0 && id < 61));
    assert.equal(probes("random tokens 30 bos off")[0]?.length, 30);
  });

  test("have a period only when something repeats", () => {
    const period = (text: string): number | null =>
      textsOf(protocolOf(`model gpt2 from "gpt2"\nprompts p ${text}\nmeasure loss`, around), "p").period;
    assert.equal(period("random tokens 4 repeat 2"), 4);
    assert.equal(period("random tokens 4"), null);
  });

  test("are drawn from the tokenizer's ids, not from unused rows of the model", async () => {
    const { wordTokenizer } = await import("./compiling.js");
    const few = { ...around.models["*"], tokenizer: { ...wordTokenizer, size: 5, digest: "few" } };
    const text = 'model gpt2 from "gpt2"\nprompts p random tokens 20\nmeasure loss';
    const [prompt] = textsOf(protocolOf(text, { models: { "*": few } }), "p").prompts;
    assert.ok(prompt?.ids.every((id) => id < 5));
  });
});

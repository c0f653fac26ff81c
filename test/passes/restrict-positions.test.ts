/**
 * Graphs that compute only the positions that are read give what whole graphs give: the same bits, since every product
 * keeps two rows or more and the widths of these models are whole cache lines (see the pass).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Tensor } from "onnxruntime-node";
import type { ModelGraph } from "../../src/compiler/models/model.js";
import type { SiteReference } from "../../src/compiler/models/sites.js";
import { int, ints } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder, type GraphBuilder } from "../../src/compiler/onnx/builder.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { verifyGraph } from "../../src/compiler/onnx/verify.js";
import { restrictPositions, type RestrictedGraph } from "../../src/compiler/passes/restrict-positions.js";
import { streamLoss } from "../../src/compiler/passes/stream-loss.js";
import { loadModel } from "../models/fixture.js";
import { createSession, runSession, type RunTensor } from "../models/run-graph.js";
import { expressionsOf, feedsFor, measuredGraph, takingSite } from "./measured-graph.js";

type Loaded = Awaited<ReturnType<typeof loadModel>>;

/** Numbers of tokens: one, two (all that is ever left), a few, windows of 16 exactly and nearly, more. */
const lengths = [1, 2, 3, 16, 17, 40];

/** Rows of tokens that differ from each other. */
function rowsOf(count: number, length: number): readonly (readonly number[])[] {
  return Array.from({ length: count }, (_, row) => Array.from({ length }, (_x, i) => (7 * i * i + 13 * row + 11) % 61));
}

/** The sites among the values that are computed at fewer positions. */
function sitesOf(model: ModelGraph, restricted: RestrictedGraph["restricted"]): readonly string[] {
  const sites = new Map(Object.entries(model.values).map(([key, value]) => [value, key]));
  return [...restricted.keys()].flatMap((name) => sites.get(name) ?? []);
}

function assertSame(
  found: Readonly<Record<string, RunTensor>>,
  expected: Readonly<Record<string, RunTensor>>,
  what: string,
): void {
  assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
  for (const [name, { shape, data }] of Object.entries(expected)) {
    assert.deepEqual(found[name]?.shape, shape, `${what}: ${name}`);
    // deepEqual compares numbers by Object.is: NaN is NaN, and −0 is not 0.
    assert.deepEqual(found[name].data, data, `${what}: ${name}`);
  }
}

/** Runs both graphs on texts of every length, alone and three at a time. */
async function assertEquivalent(
  { opened }: Loaded,
  whole: Graph,
  restricted: Graph,
  what: string,
  more: (rows: number, length: number) => Readonly<Record<string, Tensor>> = () => ({}),
): Promise<void> {
  const sessions = await Promise.all(
    [whole, restricted].map((graph) => createSession(graph, opened.externalDataFolder)),
  );
  const [one, other] = sessions;
  assert.ok(one !== undefined && other !== undefined);
  for (const length of lengths) {
    for (const count of [1, 3]) {
      const feeds = { ...feedsFor(whole, rowsOf(count, length)), ...more(count, length) };
      assertSame(
        await runSession(other, feeds),
        await runSession(one, feeds),
        `${what}, ${count} texts of ${length} tokens`,
      );
    }
  }
  await Promise.all(sessions.map((session) => session.release()));
}

/** The layer's sites after its attention scores, and of the layers' end. */
function endOf(layer: number, parallel: boolean): readonly string[] {
  const sites = ["q", "scores", "pattern", "z", "attn_out", ...(parallel ? [] : ["resid_mid"])];
  return [...sites, "mlp_pre", "mlp_act", "mlp_out", "resid_post"].map((site) => `${site}[${layer}]`);
}

/** Measures, and the sites that are restricted for them in models of six layers. */
const cases: readonly (readonly [measures: string, expected: (parallel: boolean) => readonly string[]])[] = [
  ["logit_diff", (parallel) => [...endOf(5, parallel), "final", "logits"]],
  ["max(logits at last) as largest, entropy, rank", (parallel) => [...endOf(5, parallel), "final", "logits"]],
  ["prob", (parallel) => [...endOf(5, parallel), "final", "logits", "logprobs"]],
  ["nll at last as last_nll", (parallel) => [...endOf(5, parallel), "final", "logits", "logprobs", "nll"]],
  ["logits[target] at last as last_target", (parallel) => [...endOf(5, parallel), "final", "logits"]],
  ["max(logits at 3) as third, max(logits at 0..2) as begin", (parallel) => [...endOf(5, parallel), "final", "logits"]],
  ["norm(resid_post[L5] at -3..-2) as norms", (parallel) => endOf(5, parallel)],
  ["R_V early L0 late L4 window 16", (parallel) => [...endOf(3, parallel), "resid_pre[4]", "v[4]"]],
  ["R_V early L4 late L5 window 16", (parallel) => [...endOf(4, parallel), "resid_pre[5]", "v[5]"]],
  [
    "head_norm",
    () =>
      [0, 1, 2, 3, 4, 5].flatMap((layer) => [
        ...(layer < 5 ? [] : ["q[5]", "scores[5]", "pattern[5]", "z[5]"]),
        `head_out[${layer}]`,
      ]),
  ],
  // Something reads every position, or both ends.
  ["loss", () => []],
  ["logit_diff, loss", () => []],
  ["max(logits at last) as end, max(logits at 0) as begin", () => []],
  ["mean(max(logits over vocab) over pos) as mean_logit", () => []],
  ["pattern_entropy layer L5", () => []],
  // The window of values goes on to the last layer, whose end is needed at the last position only.
  ["logit_diff, R_V early L0 late L4 window 16", (parallel) => [...endOf(5, parallel), "final", "logits"]],
  [
    "logit_diff, mean(norm(mlp_act[L5] over neuron) over pos) as size",
    (parallel) => {
      const attention = endOf(5, parallel).slice(0, 5);
      return [...(parallel ? attention : []), "mlp_out[5]", "resid_post[5]", "final", "logits"];
    },
  ],
];

for (const name of ["gpt2-tiny", "pythia-tiny", "llama-tiny"]) {
  test(`${name}: what is restricted, and the same bits`, async () => {
    const loaded = await loadModel(`@stdlib/models/${name}`);
    const { built, opened } = loaded;
    assert.equal(built.signature.layers, 6);
    assert.equal(built.signature.dModel % 16, 0);
    for (const [measures, expected] of cases) {
      const whole = measuredGraph(built, expressionsOf(opened.facts, measures));
      const { graph, restricted } = restrictPositions(whole, built);
      assert.deepEqual(verifyGraph(graph), [], measures);
      assert.deepEqual(
        [...sitesOf(built, restricted)].sort(),
        [...expected(built.signature.parallelResidual)].sort(),
        measures,
      );
      if (restricted.size === 0) assert.equal(graph, whole);
      else await assertEquivalent(loaded, whole, graph, measures);
    }
  });
}

/** Sites with a gate, and the sites that are restricted all the same when logit_diff is measured. */
const gated: readonly (readonly [gates: readonly SiteReference[], expected: readonly string[]])[] = [
  [[{ site: "z", layer: 2 }], [...endOf(5, false), "final", "logits"]],
  [[{ site: "v", layer: 5 }], [...endOf(5, false), "final", "logits"]],
  [[{ site: "z", layer: 5 }], [...endOf(5, false).slice(4), "final", "logits"]],
  [[{ site: "mlp_out", layer: 5 }], ["resid_post[5]", "final", "logits"]],
  [
    [
      { site: "attn_out", layer: 5 },
      { site: "mlp_act", layer: 5 },
    ],
    ["mlp_out[5]", "resid_post[5]", "final", "logits"],
  ],
  [[{ site: "final", layer: null }], ["logits"]],
  [[{ site: "logits", layer: null }], []],
];

test("nothing is restricted that a gate changes or that comes before it", async () => {
  const loaded = await loadModel("@stdlib/models/gpt2-tiny");
  const { built, opened } = loaded;
  const expressions = expressionsOf(opened.facts, "logit_diff, nll at last as last_nll");
  for (const [gates, expected] of gated) {
    const what = gates.map(({ site, layer }) => `${site}[${layer}]`).join(" and ");
    const whole = measuredGraph(built, expressions, gates);
    const { graph, restricted } = restrictPositions(whole, built);
    assert.deepEqual(verifyGraph(graph), []);
    const found = sitesOf(built, restricted).filter((site) => site !== "logprobs" && site !== "nll");
    assert.deepEqual([...found].sort(), [...expected].sort(), what);
    await assertEquivalent(loaded, whole, graph, what);
  }
});

test("rows that begin at a later layer", async () => {
  const loaded = await loadModel("@stdlib/models/gpt2-tiny");
  const { built, opened } = loaded;
  const begun = takingSite(built, { site: "resid_pre", layer: 4 });
  const whole = measuredGraph(begun, expressionsOf(opened.facts, "R_V early L4 late L5 window 16, gain"));
  const { graph, restricted } = restrictPositions(whole, built);
  assert.deepEqual(verifyGraph(graph), []);
  // `gain` reads resid_post[5] at the end, for which layer 5 needs keys and values of all positions.
  assert.deepEqual([...sitesOf(built, restricted)].sort(), [...endOf(5, false)].sort());
  const { dModel } = built.signature;
  await assertEquivalent(loaded, whole, graph, "from layer 4 on", (rows, length) => {
    const stream = Float32Array.from({ length: rows * length * dModel }, (_, i) => Math.sin(i * i));
    return {
      "start/resid_pre[4]": new Tensor("float32", stream, [rows, length, dModel]),
      "start/rows": new Tensor(
        "int64",
        BigInt64Array.from({ length: rows }, (_, i) => BigInt(i)),
        [rows],
      ),
    };
  });
});

test("weights that are cast, and three query heads to a key", async () => {
  const loaded = await loadModel("test/fixtures/models/llama-rope3-bf16");
  const { built, opened } = loaded;
  assert.equal(built.signature.heads, 3 * built.signature.kvHeads);
  const whole = measuredGraph(built, expressionsOf(opened.facts, "head_norm"));
  const { graph, restricted } = restrictPositions(whole, built);
  const expected = ["head_out[0]", "q[1]", "scores[1]", "pattern[1]", "z[1]", "head_out[1]"];
  assert.deepEqual(sitesOf(built, restricted), expected);
  await assertEquivalent(loaded, whole, graph, "head_norm");
});

test("a text has the same bits alone as in company", async () => {
  const { built, opened } = await loadModel("@stdlib/models/llama-tiny");
  const expressions = expressionsOf(
    opened.facts,
    "logit_diff, max(logits at last) as largest, R_V early L0 late L4 window 2",
  );
  const { graph, restricted } = restrictPositions(measuredGraph(built, expressions), built);
  assert.ok(restricted.has("logits"));
  const session = await createSession(graph, opened.externalDataFolder);
  const rows = rowsOf(5, 20);
  const together = await runSession(session, feedsFor(graph, rows));
  for (const [i, row] of rows.entries()) {
    const alone = await runSession(session, feedsFor(graph, [row]));
    for (const [name, { data }] of Object.entries(alone)) assert.deepEqual(data, together[name]?.data.slice(i, i + 1));
  }
  await session.release();
});

test("a second time it finds nothing more, and the loss of the last token can be streamed after it", async () => {
  const loaded = await loadModel("@stdlib/models/gpt2-tiny");
  const whole = measuredGraph(loaded.built, expressionsOf(loaded.opened.facts, "nll at last as last_nll"));
  const { graph } = restrictPositions(whole, loaded.built);
  const again = restrictPositions(graph, loaded.built);
  assert.deepEqual(again, { graph, restricted: new Map() });
  const streamed = streamLoss(graph, loaded.built);
  assert.notEqual(streamed, graph);
  await assertEquivalent(loaded, whole, streamed, "streamed");
});

/**
 * A graph of one's own: tokens modulo 8, negated, as numbers [row, pos, 1] in `x`, and what `add` makes of them. Every sum
 * and product of these few small integers is exact, so that the bits do not depend on how onnxruntime adds.
 */
function smallGraph(add: (builder: GraphBuilder, x: string) => string): Graph {
  const builder = createGraphBuilder("small");
  const ids = builder.input("input_ids", "int64", ["row", "pos"]);
  const digits = builder.node("Mod", [ids, builder.constant("int64", [], [8])]);
  const tokens = builder.node("Cast", [digits], { to: int(1) });
  const column = builder.node("Unsqueeze", [tokens, builder.constant("int64", [1], [2])]);
  const x = builder.node("Neg", [column], {}, "x");
  const made = add(builder, x);
  return builder.finish([{ name: made, type: "float32", shape: ["a", "b", "c"] }]);
}

const list = (builder: GraphBuilder, ...values: number[]): string => builder.constant("int64", [values.length], values);
const slice = (builder: GraphBuilder, value: string, start: number, end: number): string =>
  builder.node("Slice", [value, list(builder, start), list(builder, end), list(builder, 1)]);

/** Which of the values `x` and `square` (its square) are restricted for what is made of them. */
const small: readonly (readonly [
  what: string,
  add: (builder: GraphBuilder, square: string, x: string) => string,
  expected: readonly string[],
])[] = [
  ["the last", (b, square) => slice(b, square, -1, 2 ** 31 - 1), ["x", "square"]],
  [
    "two windows",
    (b, square, x) => b.node("Add", [b.node("ReduceSum", [slice(b, square, -3, 2 ** 31 - 1)]), slice(b, x, -5, -4)]),
    ["x", "square"],
  ],
  ["the first", (b, square) => slice(b, square, 1, 4), ["x", "square"]],
  ["from one end to the other", (b, square) => slice(b, square, 2, -2), []],
  ["by steps", (b, square) => b.node("Slice", [square, list(b, -4), list(b, 2 ** 31 - 1), list(b, 1), list(b, 2)]), []],
  [
    "the length beside it",
    (b, square) =>
      b.node("Div", [
        slice(b, square, -1, 2 ** 31 - 1),
        b.node("Cast", [b.node("Shape", [square], { start: int(1), end: int(2) })], { to: int(1) }),
      ]),
    [],
  ],
  [
    "the number of rows beside it",
    (b, square) =>
      b.node("Div", [
        slice(b, square, -1, 2 ** 31 - 1),
        b.node("Cast", [b.node("Shape", [square], { start: int(0), end: int(1) })], { to: int(1) }),
      ]),
    ["x", "square"],
  ],
  [
    "after a sum over the positions",
    (b, square) => slice(b, b.node("Add", [square, b.node("ReduceSum", [square, list(b, 1)])]), -1, 2 ** 31 - 1),
    [],
  ],
  [
    "after a softmax over the positions",
    (b, square) => slice(b, b.node("Softmax", [square], { axis: int(1) }), -1, 2 ** 31 - 1),
    [],
  ],
  [
    "after a reshape by its own shape",
    (b, square) =>
      slice(b, b.node("Reshape", [square, b.node("Shape", [square])], { allowzero: int(1) }), -1, 2 ** 31 - 1),
    ["x", "square"],
  ],
  [
    "after a reshape that is read twice",
    (b, square) => {
      const shape = b.node("Shape", [square]);
      const same = slice(b, b.node("Reshape", [square, shape], { allowzero: int(1) }), -1, 2 ** 31 - 1);
      return b.node("Add", [same, b.node("ReduceSum", [b.node("Cast", [shape], { to: int(1) })])]);
    },
    [],
  ],
  [
    "after a transpose and back",
    (b, square) => {
      const turned = b.node("Transpose", [square], { perm: ints([1, 0, 2]) });
      return slice(b, b.node("Transpose", [turned], { perm: ints([1, 0, 2]) }), -2, 2 ** 31 - 1);
    },
    ["x", "square"],
  ],
  [
    "a product with the positions of another",
    (b, square, x) =>
      slice(
        b,
        b.node("MatMul", [b.node("MatMul", [square, b.node("Transpose", [x], { perm: ints([0, 2, 1]) })]), x]),
        -1,
        2 ** 31 - 1,
      ),
    ["square"],
  ],
];

for (const [what, add, expected] of small) {
  test(`small graphs: ${what}`, async () => {
    const { built, opened } = await loadModel("test/fixtures/models/gpt2-f32");
    const graph = smallGraph((b, x) => add(b, b.node("Mul", [x, x], {}, "square"), x));
    const { graph: fewer, restricted } = restrictPositions(graph, built);
    assert.deepEqual(verifyGraph(fewer), []);
    assert.deepEqual(
      [...restricted.keys()].filter((name) => name === "x" || name === "square"),
      expected,
    );
    await assertEquivalent({ built, opened }, graph, fewer, what);
  });
}

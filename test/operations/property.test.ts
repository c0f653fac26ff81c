/** Random well-typed expressions: the graph agrees with the float64 reference, faults included, for every row. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { neededNodes, type MeasureExpression, type OperationAttributes } from "../../src/compiler/ir/expression.js";
import { extentSize, type TensorType } from "../../src/compiler/ir/tensor-type.js";
import { siteKey, type SiteReference } from "../../src/compiler/models/sites.js";
import { graphOperationNames as operationNames, operationNamed } from "../../src/compiler/operations/index.js";
import type { ReferenceTensor } from "../../src/compiler/operations/operation.js";
import { referenceTensor } from "../../src/compiler/operations/reference-tensor.js";
import { evaluateReference } from "../../src/compiler/operations/reference.js";
import { causesOf } from "../../src/compiler/operations/causes.js";
import { createExpression, openMeasures, type MeasuredRow, type SiteRow } from "./expressions.js";
import {
  addNoise,
  assertSameBits,
  axes,
  createRandom,
  drawTensor,
  epsilon,
  lengths,
  real,
  type Values,
} from "./support.js";

const depthLimit = 6;
const elementLimit = 5000;
const rows = 3;

/** Leaves of the expressions, small stand-ins for a model's sites. */
const leaves = [
  { site: "resid_post", layer: 0, type: real(axes("pos", ["d_model", 5])), values: "normal" },
  { site: "z", layer: 1, type: real(axes("pos", ["head", 3], ["d_head", 4])), values: "someZeros" },
  { site: "pattern", layer: 1, type: real(axes(["head", 3], "query", "key")), values: "positive" },
  { site: "nll", layer: null, type: real(axes(["pos", { kind: "positions", minus: 1 }]), "nats"), values: "positive" },
  { site: "mlp_act", layer: 0, type: real(axes("pos", ["neuron", 6])), values: "integers" },
  { site: "logits", layer: null, type: real(axes("pos", ["vocab", 7])), values: "normal" },
  // As wide as an unembedding: no site of a model has these axes.
  { site: "embed", layer: null, type: real(axes(["d_model", 5], ["vocab", 7])), values: "normal" },
] as const satisfies readonly { site: string; layer: number | null; type: TensorType; values: Values }[];
const constants = [0, 1, 2, 0.5, -1, 3];

/** One step of the construction: numbers from which an operation, its inputs and its attributes are chosen. */
const step = fc.record({
  operation: fc.nat({ max: operationNames.length - 1 }),
  inputs: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
  choice: fc.nat({ max: 2 ** 16 - 1 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Attributes of every kind from one number; most of them fit the input, and a type fault skips the step. */
function attributesFor(operation: string, type: TensorType, choice: number): OperationAttributes {
  const names = type.axes.map((axis) => axis.name);
  const pick = (shift: number): string => names[(choice >> shift) % Math.max(1, names.length)] ?? "pos";
  const integer = ((choice >> 4) % 9) - 4;
  const values: Readonly<Record<string, OperationAttributes[string] | null>> = {
    over: names.filter((_, i) => ((choice >> i) & 1) === 1),
    row: pick(0),
    axis: operation === "at" && choice % 2 === 0 ? null : pick(0),
    between: pick(4),
    size: 1 + (choice % 6),
    seed: choice,
    from: pick(0),
    to: ["pos", "query", "key", "renamed"][(choice >> 8) % 4] ?? "renamed",
    count: 1 + (choice % 5),
    index: integer,
    offset: integer,
    first: operation === "trace" ? null : integer,
    last: integer + ((choice >> 8) % 3),
    second: null,
  };
  const accepted = Object.keys(operationNamed(operation).attributes);
  return Object.fromEntries(
    accepted.flatMap((name) => {
      const value = values[name] ?? null;
      return value === null ? [] : [[name, value]];
    }),
  );
}

function elements(type: TensorType): number {
  return type.axes.reduce((product, axis) => product * extentSize(axis.extent, Math.max(...lengths)), 1);
}

/** The expression of a list of steps: every step adds the first operation from its choice on that is well typed. */
function build(steps: readonly Step[]): MeasureExpression {
  const expression = createExpression();
  const depths: number[] = [];
  for (const leaf of leaves) depths[expression.site(leaf.site, leaf.layer, leaf.type)] = 0;
  depths[expression.ids()] = 0;
  for (const value of constants) depths[expression.constant(value)] = 0;
  let result = 0;
  for (const { operation, inputs, choice } of steps) {
    for (let tried = 0; tried < operationNames.length; tried++) {
      const name = operationNames[(operation + tried) % operationNames.length] ?? "";
      const made = addOperation(expression, depths, name, inputs, choice);
      if (made === null) continue;
      result = made;
      break;
    }
  }
  return expression.finish(result);
}

/** How many choices of inputs are tried until an operation is given up: most pairs of tensors fit few operations. */
const attempts = 24;

/** Adds an operation on nodes that fit it; null when none of the choices does. Newer nodes come first, for depth. */
function addOperation(
  expression: ReturnType<typeof createExpression>,
  depths: number[],
  name: string,
  inputs: readonly number[],
  choice: number,
): number | null {
  const usable = depths.flatMap((depth, node) => (depth < depthLimit ? [node] : []));
  const { arity } = operationNamed(name);
  for (let attempt = 0; attempt < (arity === 0 ? 1 : attempts); attempt++) {
    const chosen = inputs.slice(0, arity).map((number, i) => {
      const moved = (number + attempt * (i === 0 ? 17 : 29)) % 64;
      return usable[usable.length - 1 - Math.floor((moved ** 2 / 64 / 64) * usable.length)] ?? 0;
    });
    const type = expression.nodes[chosen[0] ?? 0]?.type;
    if (type === undefined) continue;
    const made = expression.tryOperation(name, chosen, attributesFor(name, type, choice + attempt));
    if (typeof made !== "number") continue;
    const madeType = expression.nodes[made]?.type;
    if (madeType === undefined || elements(madeType) > elementLimit) {
      expression.nodes.pop();
      continue;
    }
    depths[made] = 1 + Math.max(0, ...chosen.map((node) => depths[node] ?? 0));
    return made;
  }
  return null;
}

/** Every operation must come up in some expression that was compared. */
const compared = new Map<string, number>();
let places = 0;
let decided = 0;

/**
 * float32 and float64 may differ in which side of a threshold a value lies (a divisor that is 0 in one and 1e−9 in the
 * other), and by as much as rounding can move a result. Both are learned from the reference itself: it is evaluated with
 * float32-sized noise on every site and after every operation. Where the noise changes the fault, or makes a number
 * infinite, the place is not decided and not compared; elsewhere the graph must have exactly the fault of the reference,
 * and a value within a few times the spread of the noisy results. A float32 operation on n entries errs like noise of
 * √n·ε to n·ε; n ≤ 5000 here and 32 ε is the noise, with 8 times the spread of 12 samples allowed.
 */
const noise = 32 * epsilon;
const samples = 12;
const spreadFactor = 8;

function compareRow(expression: MeasureExpression, row: SiteRow, actual: MeasuredRow, random: () => number): void {
  const sitesOf = (change: (value: ReferenceTensor) => ReferenceTensor) => {
    // A site has one value wherever it is read.
    const changed = new Map(Object.entries(row).map(([key, value]) => [key, change(value)]));
    return (site: SiteReference): ReferenceTensor => {
      const value = changed.get(siteKey(site));
      assert.ok(value !== undefined);
      return value;
    };
  };
  const ids = Array.from(row["ids"]?.data ?? []);
  // The assertion: the type checker does not see that the function below assigns it.
  let overflow = false as boolean;
  const watch = (value: ReferenceTensor): ReferenceTensor => {
    // Beyond this float32 overflows or loses digits where float64 does not: every float32 above 2²³ is an integer.
    const inRange = (x: number): boolean =>
      x === 0 || !Number.isFinite(x) || (Math.abs(x) < 2 ** 22 && Math.abs(x) > 1e-15);
    overflow ||= value.data.some((x, i) => (value.fault?.[i] ?? 0) === 0 && !inRange(x));
    return value;
  };
  const expected = evaluateReference(
    expression,
    sitesOf((value) => value),
    watch,
    { ids },
  );
  assert.deepEqual(
    actual.shape,
    expected.axes.map((axis) => axis.size),
  );
  places += expected.data.length;
  if (overflow) return;
  const perturb = (value: ReferenceTensor): ReferenceTensor => addNoise(value, noise, random);
  // Σ exp(x − m) is near 1 where one x dominates, so the logarithm has an absolute error of ε there and no relative one.
  const round = (value: ReferenceTensor, operation: string): ReferenceTensor =>
    operation === "log_softmax"
      ? {
          ...value,
          data: value.data.map((x) => (Number.isFinite(x) ? x + noise * (1 + Math.abs(x)) * (2 * random() - 1) : x)),
        }
      : perturb(value);
  const noisy = Array.from({ length: samples }, () => evaluateReference(expression, sitesOf(perturb), round, { ids }));
  expected.data.forEach((value, place) => {
    const fault = expected.fault?.[place] ?? 0;
    if (noisy.some((sample) => (sample.fault?.[place] ?? 0) !== fault)) return;
    decided++;
    assert.equal(actual.fault?.[place] ?? 0, fault, `fault at place ${place}`);
    const got = actual.data[place] ?? 0;
    if (fault !== 0) {
      assert.ok(Number.isNaN(got), `place ${place} is ${got} under a fault`);
      return;
    }
    if (!Number.isFinite(value)) {
      if (noisy.some((sample) => !Object.is(sample.data[place], value))) return;
      assert.ok(Object.is(got, value), `place ${place} is ${got}, not ${value}`);
      // Nothing has left float32's range: the sites are to blame, which a result that is no site's itself is told by.
      const { checks, otherwise } = causesOf(expression);
      assert.equal((checks[actual.cause - 1] ?? otherwise).kind, "site", `cause ${actual.cause} of place ${place}`);
      return;
    }
    const spread = Math.max(...noisy.map((sample) => Math.abs((sample.data[place] ?? 0) - value)));
    const tolerance = spreadFactor * spread + 8 * epsilon * Math.abs(value);
    assert.ok(Math.abs(got - value) <= tolerance, `place ${place} is ${got}, not ${value} ± ${tolerance}`);
  });
}

/** Values of the leaves and ids for every row; `change` may put other numbers into the values. */
function drawBatch(length: number, random: () => number, change: (value: number) => number = (value) => value) {
  return Array.from({ length: rows }, () => ({
    ...Object.fromEntries(
      leaves.map(({ site, layer, type, values }) => {
        const drawn = drawTensor(type, length, values, random);
        return [siteKey({ site, layer }), { ...drawn, data: drawn.data.map(change) }];
      }),
    ),
    // Ids up to 7 of a vocabulary of 7: some stand for no token.
    ids: referenceTensor(
      [{ name: "pos", size: length }],
      Array.from({ length }, () => Math.floor(8 * random())),
    ),
  }));
}

test("random expressions agree with the reference, and rows do not depend on their batch", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(...lengths),
      fc.nat(),
      async (steps, length, seed) => {
        const expression = build(steps);
        const needed = neededNodes(expression).map((index) => expression.nodes[index]);
        fc.pre(needed.some((node) => node?.kind === "site"));
        const random = createRandom(seed);
        const batch = drawBatch(length, random);
        const measures = await openMeasures([expression]);
        const [together = []] = await measures.run(batch);
        for (const [index, row] of batch.entries()) {
          const [alone = []] = await measures.run([row]);
          const [single, batched] = [alone[0], together[index]];
          assert.ok(single !== undefined && batched !== undefined);
          assertSameBits(batched, single, `row ${index}`);
          compareRow(expression, row, single, random);
        }
        await measures.release();
        for (const node of needed) {
          if (node?.kind === "operation") compared.set(node.operation, (compared.get(node.operation) ?? 0) + 1);
        }
      },
    ),
    { seed: 20260101, numRuns: 600, endOnFailure: false },
  );
  assert.deepEqual(
    operationNames.filter((name) => !compared.has(name)),
    [],
    "operations that no random expression used",
  );
  assert.ok(decided > 0.7 * places, `only ${decided} of ${places} places were decided`);
});

test("random expressions of NaN and infinities agree too, and what is not finite is put down to the sites", async () => {
  let notFinite = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(...lengths),
      fc.nat(),
      async (steps, length, seed) => {
        const expression = build(steps);
        fc.pre(neededNodes(expression).some((index) => expression.nodes[index]?.kind === "site"));
        const random = createRandom(seed);
        const specials = [NaN, Infinity, -Infinity];
        const change = (value: number): number =>
          random() < 0.05 ? (specials[Math.floor(specials.length * random())] ?? value) : value;
        const batch = drawBatch(length, random, change);
        const measures = await openMeasures([expression]);
        const [found = []] = await measures.run(batch);
        await measures.release();
        for (const [index, row] of batch.entries()) {
          const result = found[index];
          assert.ok(result !== undefined);
          compareRow(expression, row, result, random);
          if (!result.data.every(Number.isFinite)) notFinite++;
        }
      },
    ),
    { seed: 20260102, numRuns: 500, endOnFailure: false },
  );
  assert.ok(notFinite > 200, `only ${notFinite} rows were not finite`);
});

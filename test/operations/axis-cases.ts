/** Cases of the operations that consume, choose or rename axes. */
import type { OperationAttributes } from "../../src/compiler/ir/expression.js";
import type { Extent, TensorType } from "../../src/compiler/ir/tensor-type.js";
import {
  type GoodCase,
  type FaultCase,
  type OperationCases,
  shorter,
  window4,
  scalar,
  residual,
  heads,
  pattern,
  nll,
  subsets,
  differentLengths,
  onTruth,
} from "./case-parts.js";
import { axes, real, truth, type Values } from "./support.js";

function reduction(values: readonly Values[], extra: OperationCases): OperationCases {
  const shapes = [heads, pattern, axes(["pos", shorter]), axes(["pos", window4], ["head", 3]), []];
  return {
    good: [
      ...shapes.flatMap((list) =>
        subsets(list.map((axis) => axis.name)).flatMap((over) =>
          values.map((v) => ({
            inputs: [[real(list), v]] as const,
            attributes: { over },
            result: real(over.length === 0 ? [] : list.filter((axis) => !over.includes(axis.name))),
          })),
        ),
      ),
      ...extra.good,
    ],
    faults: [
      { inputs: [real(heads)], attributes: { over: ["key"] }, fault: /no axis key/ },
      { inputs: [real(heads)], attributes: { over: ["pos", "pos"] }, fault: /named twice/ },
      ...extra.faults,
    ],
  };
}

const noTruth: FaultCase = { inputs: [truth(heads)], attributes: { over: [] }, fault: /truth values/ };
const keepsNats: GoodCase = { inputs: [[nll, "positive"]], attributes: { over: ["pos"] }, result: real([], "nats") };
const countsTruth: readonly GoodCase[] = subsets(["head", "query", "key"]).map((over) => ({
  inputs: [[truth(pattern), "truth"]],
  attributes: { over },
  result: real(over.length === 0 ? [] : pattern.filter((axis) => !over.includes(axis.name))),
}));

function normalisation(unit: "none" | "nats"): OperationCases {
  return {
    good: [heads, pattern, axes(["pos", shorter]), axes(["vocab", 37])].flatMap((list) =>
      subsets(list.map((axis) => axis.name)).flatMap((over) =>
        (["normal", "masked"] as const).map((v) => ({
          inputs: [[real(list), v]] as const,
          attributes: { over },
          result: real(list, unit),
        })),
      ),
    ),
    faults: [
      noTruth,
      { inputs: [real(heads)], attributes: { over: ["vocab"] }, fault: /no axis vocab/ },
      { inputs: [real(heads, "bits")], attributes: { over: [] }, fault: /bits/ },
    ],
  };
}

function square(name: string, extent: number | Extent): TensorType["axes"] {
  return axes([name, extent], [`${name}'`, extent]);
}

const noPositions: FaultCase = {
  inputs: [real(pattern)],
  attributes: { index: 0, count: 1, first: 0, last: 0 },
  fault: /needs the axis pos/,
};

function viewed(attributes: OperationAttributes, extent: Extent): readonly GoodCase[] {
  return [
    { inputs: [[real(heads), "normal"]], attributes, result: real(axes(["pos", extent], ["head", 3], ["d_head", 4])) },
    {
      inputs: [[truth(axes(["head", 3], "pos")), "truth"]],
      attributes,
      result: truth(axes(["head", 3], ["pos", extent])),
    },
  ];
}

const whole: Extent = { kind: "positions", minus: 0 };
function windowOf(size: number, of: Extent = whole): Extent {
  return { kind: "window", size, of };
}

/** Cases by operation name. */
export const axisCases: Readonly<Record<string, OperationCases>> = {
  sum: reduction(["normal", "masked"], { good: [keepsNats, ...countsTruth], faults: [] }),
  mean: reduction(["normal", "masked"], { good: [keepsNats, ...countsTruth], faults: [] }),
  max: reduction(["normal", "masked"], { good: [keepsNats], faults: [noTruth] }),
  min: reduction(["normal"], { good: [keepsNats], faults: [noTruth] }),
  var: reduction(["normal"], {
    good: [],
    faults: [noTruth, { inputs: [nll], attributes: { over: [] }, fault: /var is not defined for values in nats/ }],
  }),
  std: reduction(["normal"], { good: [keepsNats], faults: [noTruth] }),
  norm: reduction(["normal", "zeros"], { good: [keepsNats], faults: [noTruth] }),
  softmax: normalisation("none"),
  log_softmax: normalisation("nats"),
  gram: {
    good: [
      { inputs: [[real(heads), "normal"]], attributes: { row: "pos" }, result: real(square("pos", whole)) },
      { inputs: [[real(heads), "normal"]], attributes: { row: "head" }, result: real(square("head", 3)) },
      { inputs: [[real(heads), "someZeros"]], attributes: { row: "d_head" }, result: real(square("d_head", 4)) },
      {
        inputs: [[real(axes(["pos", shorter])), "normal"]],
        attributes: { row: "pos" },
        result: real(square("pos", shorter)),
      },
      {
        inputs: [[real(axes(["pos", shorter], ["head", 3])), "normal"]],
        attributes: { row: "head" },
        result: real(square("head", 3)),
      },
    ],
    faults: [
      { inputs: [real(heads)], attributes: { row: "key" }, fault: /no axis key/ },
      { inputs: [real(heads)], attributes: {}, fault: /gram needs an axis as row/ },
      { inputs: [nll], attributes: { row: "pos" }, fault: /in nats/ },
      { inputs: [truth(heads)], attributes: { row: "pos" }, fault: /truth values/ },
    ],
  },
  trace: {
    good: [
      { inputs: [[real(square("pos", whole)), "normal"]], result: scalar },
      { inputs: [[real(square("pos", shorter)), "normal"]], result: scalar },
      { inputs: [[real(axes("pos'", ["head", 3], "pos")), "normal"]], result: real(axes(["head", 3])) },
      { inputs: [[real(pattern), "normal"]], result: real(axes(["head", 3])) },
      { inputs: [[real(axes(["a", 4], ["b", 4])), "masked"]], result: scalar },
      {
        inputs: [[real(axes(["a", 4], ["b", 3], ["c", 4])), "normal"]],
        attributes: { first: "c", second: "a" },
        result: real(axes(["b", 3])),
      },
    ],
    faults: [
      { inputs: [real(heads)], fault: /trace needs two axes of equal length/ },
      { inputs: [real(axes(["a", 4], ["b", 3]))], fault: /not two axes of equal length/ },
      { inputs: [real(pattern)], attributes: { first: "query" }, fault: /needs an axis as second/ },
      { inputs: [real(pattern)], attributes: { first: "query", second: "query" }, fault: /not two axes/ },
      { inputs: [truth(pattern)], fault: /truth values/ },
    ],
  },
  diagonal: {
    good: [0, 1, -1, 2, -2, 5, -5, 16, -16, 17, -17, 18, -18, 40, -40].flatMap((offset) => [
      {
        inputs: [[real(pattern), "normal"]] as const,
        attributes: { offset },
        result: real(axes(["head", 3], ["pos", { kind: "positions", minus: Math.abs(offset) } as const])),
      },
      {
        inputs: [[truth(axes("key", "query", ["head", 3])), "truth"]] as const,
        attributes: { offset },
        result: truth(axes(["pos", { kind: "positions", minus: Math.abs(offset) } as const], ["head", 3])),
      },
    ]),
    faults: [
      { inputs: [real(heads)], attributes: {}, fault: /no axis query/ },
      { inputs: [real(axes("query", ["key", 3]))], attributes: {}, fault: /equal length/ },
      { inputs: [real(axes("query", "key", "pos"))], attributes: {}, fault: /has already/ },
    ],
  },
  dot: {
    good: [
      ...subsets(["pos", "d_model"]).map((over) => ({
        inputs: [
          [real(residual), "normal"],
          [real(axes(["d_model", 5], "pos")), "someZeros"],
        ] as const,
        attributes: { over },
        result: real(over.length === 0 ? [] : residual.filter((axis) => !over.includes(axis.name))),
      })),
      {
        inputs: [
          [real(heads), "normal"],
          [real(axes(["d_head", 4], ["vocab", 6])), "normal"],
        ],
        attributes: { over: ["d_head"] },
        result: real(axes("pos", ["head", 3], ["vocab", 6])),
      },
      {
        inputs: [
          [nll, "normal"],
          [real(axes(["pos", shorter])), "normal"],
        ],
        attributes: { over: ["pos"] },
        result: real([], "nats"),
      },
    ],
    faults: [
      differentLengths,
      onTruth,
      { inputs: [nll, nll], attributes: { over: ["pos"] }, fault: /products of units/ },
      { inputs: [real(heads), real(residual)], attributes: { over: ["d_head"] }, fault: /no axis d_head/ },
    ],
  },
  last: {
    good: [
      ...viewed({ count: 4 }, windowOf(4)),
      ...viewed({ count: 1 }, windowOf(1)),
      {
        inputs: [[real(axes(["pos", windowOf(9)])), "normal"]],
        attributes: { count: 4 },
        result: real(axes(["pos", windowOf(4)])),
      },
      {
        inputs: [[nll, "normal"]],
        attributes: { count: 4 },
        result: real(axes(["pos", windowOf(4, shorter)]), "nats"),
      },
    ],
    faults: [noPositions, { inputs: [real(heads)], attributes: { count: 0 }, fault: /count of at least 1/ }],
  },
  at: {
    good: [0, 1, 2, 5, 40, -1, -2, -3, -17, -18].flatMap((index) => [
      {
        inputs: [[real(heads), "normal"]] as const,
        attributes: { index },
        result: real(axes(["head", 3], ["d_head", 4])),
      },
      { inputs: [[nll, "masked"]] as const, attributes: { index }, result: real([], "nats") },
      {
        inputs: [[truth(axes(["head", 3], "pos")), "truth"]] as const,
        attributes: { index },
        result: truth(axes(["head", 3])),
      },
    ]),
    faults: [noPositions, { inputs: [real(heads)], attributes: { index: 0.5 }, fault: /an integer as index/ }],
  },
  slice: {
    good: [
      ...viewed({ first: -4, last: -1 }, windowOf(4)),
      ...viewed({ first: -6, last: -3 }, windowOf(4, { kind: "positions", minus: 2 })),
      ...viewed({ first: 0, last: 3 }, windowOf(4)),
      ...viewed({ first: 1, last: 3 }, windowOf(3, shorter)),
      ...viewed({ first: 1, last: -2 }, { kind: "positions", minus: 2 }),
      ...viewed({ first: 0, last: -1 }, whole),
      {
        inputs: [[real(axes(["pos", 6])), "normal"]],
        attributes: { first: -4, last: 3 },
        result: real(axes(["pos", 2])),
      },
      {
        inputs: [[real(axes(["pos", 6])), "normal"]],
        attributes: { first: -1, last: 1 },
        result: real(axes(["pos", 0])),
      },
    ],
    faults: [
      noPositions,
      { inputs: [real(heads)], attributes: { first: 3, last: 1 }, fault: /range is empty/ },
      { inputs: [real(heads)], attributes: { first: -4, last: 3 }, fault: /depends on the text/ },
    ],
  },
  select: {
    good: [0, 2, -1].flatMap((index) => [
      {
        inputs: [[real(heads), "normal"]] as const,
        attributes: { axis: "head", index },
        result: real(axes("pos", ["d_head", 4])),
      },
      {
        inputs: [[truth(pattern), "truth"]] as const,
        attributes: { axis: "head", index },
        result: truth(axes("query", "key")),
      },
      { inputs: [[real(axes(["vocab", 9])), "masked"]] as const, attributes: { axis: "vocab", index }, result: scalar },
    ]),
    faults: [
      { inputs: [real(heads)], attributes: { axis: "head", index: 3 }, fault: /head has 3 entries/ },
      { inputs: [real(heads)], attributes: { axis: "head", index: -4 }, fault: /head has 3 entries/ },
      { inputs: [real(heads)], attributes: { axis: "pos", index: 0 }, fault: /depends on the text/ },
      { inputs: [real(heads)], attributes: { axis: "key", index: 0 }, fault: /no axis key/ },
    ],
  },
  rename: {
    good: [
      {
        inputs: [[real(heads), "normal"]],
        attributes: { from: "pos", to: "row" },
        result: real(axes("row", ["head", 3], ["d_head", 4])),
      },
      { inputs: [[truth(axes("pos")), "truth"]], attributes: { from: "pos", to: "pos" }, result: truth(axes("pos")) },
    ],
    faults: [
      { inputs: [real(heads)], attributes: { from: "key", to: "row" }, fault: /no axis key/ },
      { inputs: [real(heads)], attributes: { from: "pos", to: "head" }, fault: /head already/ },
    ],
  },
};

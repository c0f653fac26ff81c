/** Cases of the elementwise operations. */
import type { TensorType } from "../../src/compiler/ir/tensor-type.js";
import {
  type GoodCase,
  type FaultCase,
  type OperationCases,
  shorter,
  scalar,
  heads,
  nll,
  differentLengths,
  mixedUnits,
  natsAndNone,
  onTruth,
} from "./case-parts.js";
import { axes, real, truth, type Values } from "./support.js";

/** Left and right inputs that exercise broadcasting: equal axes, other order, extra axes on the right, scalars. */
function pairs(left: Values, right: Values, element: "real" | "truth" = "real"): readonly GoodCase[] {
  const make = (a: TensorType["axes"], b: TensorType["axes"], result: TensorType["axes"]): GoodCase => ({
    inputs: [
      [real(a), left],
      [real(b), right],
    ],
    result: element === "real" ? real(result) : truth(result),
  });
  const swapped = axes(["d_head", 4], "pos", ["head", 3]);
  return [
    make(heads, heads, heads),
    make(heads, swapped, heads),
    make(axes(["head", 3]), swapped, axes(["head", 3], ["d_head", 4], "pos")),
    make(heads, [], heads),
    make([], heads, heads),
    make([], [], []),
    make(axes(["pos", shorter]), axes(["head", 3]), axes(["pos", shorter], ["head", 3])),
  ];
}

function additive(): OperationCases {
  return {
    good: [
      ...pairs("normal", "someZeros"),
      {
        inputs: [
          [nll, "normal"],
          [nll, "normal"],
        ],
        result: nll,
      },
    ],
    faults: [differentLengths, mixedUnits, natsAndNone, onTruth, onTokens],
  };
}

function comparison(): OperationCases {
  return {
    good: [...pairs("integers", "integers", "truth"), ...pairs("normal", "masked", "truth")],
    faults: [differentLengths, mixedUnits, natsAndNone, onTruth, onTokens],
  };
}

function unary(
  values: readonly Values[],
  from: TensorType["unit"][],
  to: TensorType["unit"],
  bad: FaultCase[],
): OperationCases {
  return {
    good: values.flatMap((v) =>
      from.flatMap((unit) =>
        [heads, [], axes(["pos", shorter])].map((list) => ({
          inputs: [[real(list, unit), v]] as const,
          result: real(list, to === "none" ? "none" : to),
        })),
      ),
    ),
    faults: [{ inputs: [truth([])], fault: /truth values/ }, ...bad],
  };
}

/** Conditions that are joined: equal axes, others on either side. */
const conditions: readonly GoodCase[] = [
  [heads, heads, heads],
  [heads, axes(["head", 3]), heads],
  [[], axes(["pos", shorter]), axes(["pos", shorter])],
].map(([left = [], right = [], result = []]) => ({
  inputs: [
    [truth(left), "truth"],
    [truth(right), "truth"],
  ],
  result: truth(result),
}));
const onNumbers: FaultCase = { inputs: [truth([]), scalar], fault: /joins truth values/ };
const onTokens: FaultCase = { inputs: [real([], "token"), real([], "token")], fault: /does not apply to tokens/ };

function conversion(from: TensorType["unit"], to: TensorType["unit"]): OperationCases {
  return unary(["normal", "masked"], [from], to, [
    { inputs: [scalar], fault: /converts from/ },
    { inputs: [real([], to)], fault: /converts from/ },
    onTokens,
  ]);
}

/** Elementwise cases by operation name. */
export const elementwiseCases: Readonly<Record<string, OperationCases>> = {
  add: additive(),
  subtract: additive(),
  multiply: {
    good: [
      ...pairs("normal", "someZeros"),
      {
        inputs: [
          [nll, "normal"],
          [scalar, "normal"],
        ],
        result: nll,
      },
    ],
    faults: [differentLengths, onTruth, onTokens, { inputs: [nll, nll], fault: /nats · nats/ }],
  },
  divide: {
    good: [
      ...pairs("normal", "someZeros"),
      ...pairs("zeros", "zeros"),
      {
        inputs: [
          [nll, "normal"],
          [scalar, "normal"],
        ],
        result: nll,
      },
      {
        inputs: [
          [nll, "normal"],
          [nll, "someZeros"],
        ],
        result: real(nll.axes),
      },
    ],
    faults: [differentLengths, onTruth, { inputs: [scalar, nll], fault: /1 \/ nats/ }],
  },
  power: {
    good: [
      ...pairs("someZeros", "integers"),
      ...pairs("positive", "integers"),
      ...pairs("positive", "normal"),
      ...pairs("normal", "normal"),
    ],
    faults: [differentLengths, onTruth, { inputs: [nll, scalar], fault: /power is not defined for values in nats/ }],
  },
  negate: unary(["normal", "masked"], ["none"], "none", []),
  abs: unary(["normal", "masked"], ["none"], "none", []),
  exp: unary(["normal", "masked"], ["none", "nats"], "none", [{ inputs: [real([], "bits")], fault: /bits/ }]),
  log: unary(["normal", "positive", "someZeros", "masked"], ["none"], "nats", [{ inputs: [nll], fault: /in nats/ }]),
  sqrt: unary(["normal", "positive", "someZeros"], ["none"], "none", [{ inputs: [nll], fault: /in nats/ }]),
  entr: unary(["normal", "positive", "someZeros"], ["none"], "nats", [{ inputs: [nll], fault: /in nats/ }]),
  less: comparison(),
  greater: comparison(),
  lessEqual: comparison(),
  greaterEqual: comparison(),
  equal: {
    good: [
      ...comparison().good,
      {
        inputs: [
          [real(axes("pos"), "token"), "integers"],
          [real([], "token"), "integers"],
        ],
        result: truth(axes("pos")),
      },
    ],
    faults: [
      differentLengths,
      onTruth,
      { inputs: [real([], "nats"), real([], "bits")], fault: /different units: nats and bits/ },
      { inputs: [real([], "token"), scalar], fault: /different units: token and no unit/ },
    ],
  },
  and: { good: conditions, faults: [onNumbers] },
  or: { good: conditions, faults: [onNumbers] },
  not: {
    good: [heads, []].map((list) => ({ inputs: [[truth(list), "truth"]], result: truth(list) })),
    faults: [{ inputs: [scalar], fault: /joins truth values/ }],
  },
  bits: conversion("nats", "bits"),
  nats: conversion("bits", "nats"),
  where: {
    good: [
      {
        inputs: [
          [real(heads), "normal"],
          [truth(heads), "truth"],
        ],
        result: real(heads),
      },
      {
        inputs: [
          [nll, "normal"],
          [truth(axes(["head", 3])), "truth"],
        ],
        result: real([...nll.axes, ...axes(["head", 3])], "nats"),
      },
      {
        inputs: [
          [scalar, "normal"],
          [truth(heads), "truth"],
        ],
        result: real(heads),
      },
    ],
    faults: [
      { inputs: [scalar, scalar], fault: /needs a condition/ },
      { inputs: [truth([]), truth([])], fault: /truth values/ },
    ],
  },
};

/** Cases of the operations that compare two tensors, or the entries of one axis with one another. */
import type { OperationCases } from "./case-parts.js";
import {
  differentLengths,
  heads,
  nll,
  onTruth,
  pattern,
  residual,
  scalar,
  shorter,
  subsets,
  type GoodCase,
} from "./case-parts.js";
import { axes, real, truth, type Values } from "./support.js";

const swapped = axes(["d_head", 4], "pos", ["head", 3]);

/** Two tensors with the same axes in another order, over every choice of axes, and one that lacks an axis. */
function pairOfTensors(values: readonly (readonly [Values, Values])[], unit: "none" | "nats"): readonly GoodCase[] {
  return values.flatMap(([left, right]) => [
    ...subsets(["pos", "head", "d_head"]).map((over) => ({
      inputs: [
        [real(heads), left],
        [real(swapped), right],
      ] as const,
      attributes: { over },
      result: real(over.length === 0 ? [] : heads.filter((axis) => !over.includes(axis.name)), unit),
    })),
    {
      inputs: [
        [real(axes(["pos", shorter], ["head", 3])), left],
        [real(axes(["vocab", 6], ["pos", shorter])), right],
      ] as const,
      attributes: { over: ["pos"] },
      result: real(axes(["head", 3], ["vocab", 6]), unit),
    },
  ]);
}

const wrongPair = [
  differentLengths,
  onTruth,
  { inputs: [real(heads), real(residual)], attributes: { over: ["d_head"] }, fault: /no axis d_head/ },
  { inputs: [real([], "token"), real([], "token")], fault: /does not apply to tokens/ },
];

function betweenEntries(values: readonly Values[]): OperationCases {
  return {
    good: values.flatMap((v): readonly GoodCase[] => [
      ...[["query", "key"], ["key", "query"], []].map((over) => ({
        inputs: [[real(pattern), v]] as const,
        attributes: { over, between: "head" },
        result: real(axes(["pair", 3])),
      })),
      {
        inputs: [[real(pattern), v]],
        attributes: { over: ["key"], between: "head" },
        result: real(axes("query", ["pair", 3])),
      },
      {
        inputs: [[real(axes(["d_head", 5], ["pos", shorter], ["head", 4])), v]],
        attributes: { over: ["d_head"], between: "head" },
        result: real(axes(["pos", shorter], ["pair", 6])),
      },
      {
        inputs: [[real(axes(["a", 1], "pos")), v]],
        attributes: { over: ["pos"], between: "a" },
        result: real(axes(["pair", 0])),
      },
      { inputs: [[real(axes(["a", 3])), v]], attributes: { over: [], between: "a" }, result: real(axes(["pair", 3])) },
    ]),
    faults: [
      { inputs: [real(pattern)], attributes: { over: ["key"], between: "query" }, fault: /depends on the text/ },
      {
        inputs: [real(pattern)],
        attributes: { over: ["head"], between: "head" },
        fault: /after over and after between/,
      },
      { inputs: [real(pattern)], attributes: { over: ["pos"], between: "head" }, fault: /no axis pos/ },
      { inputs: [real(pattern)], attributes: { over: [], between: "pos" }, fault: /no axis pos/ },
      { inputs: [real(pattern)], attributes: { over: [] }, fault: /needs an axis as between/ },
      {
        inputs: [real(axes(["pair", 3], "pos", ["head", 3]))],
        attributes: { over: ["pos"], between: "head" },
        fault: /has already/,
      },
      { inputs: [truth(pattern)], attributes: { over: [], between: "head" }, fault: /truth values/ },
    ],
  };
}

/** Cases by operation name. */
export const likenessCases: Readonly<Record<string, OperationCases>> = {
  pearson: {
    good: pairOfTensors(
      [
        ["normal", "normal"],
        ["integers", "someZeros"],
        ["zeros", "normal"],
      ],
      "none",
    ),
    faults: wrongPair,
  },
  cosine: {
    good: [
      ...pairOfTensors(
        [
          ["normal", "someZeros"],
          ["normal", "zeros"],
        ],
        "none",
      ),
      {
        inputs: [
          [nll, "positive"],
          [nll, "positive"],
        ],
        attributes: { over: ["pos"] },
        result: scalar,
      },
    ],
    faults: wrongPair,
  },
  pearson_between: betweenEntries(["normal", "integers", "zeros"]),
  cosine_between: betweenEntries(["normal", "zeros"]),
  kl: {
    good: pairOfTensors(
      [
        ["positive", "positive"],
        ["zeros", "positive"],
        ["positive", "zeros"],
        ["zeros", "zeros"],
        ["someZeros", "someZeros"],
        ["truth", "positive"],
      ],
      "nats",
    ),
    faults: [
      ...wrongPair,
      { inputs: [nll, nll], attributes: { over: ["pos"] }, fault: /kl is not defined for values in nats/ },
    ],
  },
};

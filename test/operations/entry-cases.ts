/** Cases of the operations that choose entries by size or number, merge axes, or need no tensor at all. */
import type { Extent } from "../../src/compiler/ir/tensor-type.js";
import {
  heads,
  nll,
  pattern,
  residual,
  scalar,
  shorter,
  window4,
  type GoodCase,
  type OperationCases,
} from "./case-parts.js";
import { axes, positions, real, truth, type Values } from "./support.js";

const triangle: Extent = { kind: "triangle", of: positions };
const logits = axes("pos", ["vocab", 7]);
const token = real([], "token");

function flattened(over: readonly string[], result: ReturnType<typeof axes>): readonly GoodCase[] {
  return [
    { inputs: [[real(heads), "normal"]], attributes: { over }, result: real(result) },
    { inputs: [[truth(heads), "truth"]], attributes: { over }, result: truth(result) },
  ];
}

function product(...of: readonly Extent[]): Extent {
  return { kind: "product", of };
}
const fixed = (size: number): Extent => ({ kind: "fixed", size });

function looked(values: Values): readonly GoodCase[] {
  return [
    {
      inputs: [
        [real(heads), "normal"],
        [scalar, values],
      ],
      attributes: { axis: "head" },
      result: real(axes("pos", ["d_head", 4])),
    },
    {
      inputs: [
        [real(heads), "normal"],
        [scalar, values],
      ],
      attributes: { axis: "pos" },
      result: real(axes(["head", 3], ["d_head", 4])),
    },
    {
      inputs: [
        [nll, "positive"],
        [scalar, values],
      ],
      attributes: { axis: "pos" },
      result: real([], "nats"),
    },
    {
      inputs: [
        [real(residual), "normal"],
        [real(axes("pos")), values],
      ],
      attributes: { axis: "d_model" },
      result: real(axes("pos")),
    },
    {
      inputs: [
        [real(axes(["head", 3])), "masked"],
        [real(axes("pos", ["row", 2])), values],
      ],
      attributes: { axis: "head" },
      result: real(axes("pos", ["row", 2])),
    },
    {
      inputs: [
        [truth(pattern), "truth"],
        [real(axes("query")), values],
      ],
      attributes: { axis: "head" },
      result: truth(axes("query", "key")),
    },
    {
      inputs: [
        [real(axes(["pos", shorter], ["vocab", 7])), "normal"],
        [real(axes(["pos", shorter]), "token"), values],
      ],
      attributes: { axis: "vocab" },
      result: real(axes(["pos", shorter])),
    },
    {
      inputs: [
        [real(logits, "nats"), "normal"],
        [token, values],
      ],
      attributes: { axis: "vocab" },
      result: real(axes("pos"), "nats"),
    },
  ];
}

/** Cases by operation name. */
export const entryCases: Readonly<Record<string, OperationCases>> = {
  argmax: {
    good: (["normal", "integers", "masked", "zeros"] as const).flatMap((v): readonly GoodCase[] => [
      { inputs: [[real(logits), v]], attributes: { over: ["vocab"] }, result: real(axes("pos"), "token") },
      { inputs: [[real(pattern), v]], attributes: { over: ["key"] }, result: real(axes(["head", 3], "query")) },
      { inputs: [[real(pattern), v]], attributes: { over: ["head"] }, result: real(axes("query", "key")) },
      { inputs: [[nll, v]], attributes: { over: ["pos"] }, result: scalar },
      { inputs: [[nll, v]], attributes: { over: [] }, result: scalar },
      {
        inputs: [[real(axes(["pos", shorter], ["head", 3])), v]],
        attributes: { over: ["pos"] },
        result: real(axes(["head", 3])),
      },
    ]),
    faults: [
      { inputs: [real(pattern)], attributes: { over: ["query", "key"] }, fault: /along one axis/ },
      { inputs: [real(pattern)], attributes: { over: [] }, fault: /along one axis/ },
      { inputs: [real(pattern)], attributes: { over: ["pos"] }, fault: /no axis pos/ },
      { inputs: [truth(pattern)], attributes: { over: ["key"] }, fault: /truth values/ },
      { inputs: [real(axes("pos"), "token")], attributes: { over: ["pos"] }, fault: /does not apply to tokens/ },
    ],
  },
  top: {
    good: (["normal", "integers", "masked"] as const).flatMap((v): readonly GoodCase[] => [
      {
        inputs: [[real(logits), v]],
        attributes: { over: ["vocab"], count: 3 },
        result: real(axes("pos", ["rank", 3])),
      },
      {
        inputs: [[real(logits), v]],
        attributes: { over: ["vocab"], count: 9 },
        result: real(axes("pos", ["rank", 7])),
      },
      {
        inputs: [[real(pattern), v]],
        attributes: { over: ["query"], count: 4 },
        result: real(axes(["head", 3], ["rank", window4], "key")),
      },
      {
        inputs: [[nll, v]],
        attributes: { over: [], count: 2 },
        result: real(axes(["rank", { kind: "window", size: 2, of: shorter }]), "nats"),
      },
    ]),
    faults: [
      { inputs: [real(pattern)], attributes: { over: ["key"], count: 0 }, fault: /count of at least 1/ },
      { inputs: [real(pattern)], attributes: { over: ["query", "key"], count: 1 }, fault: /along one axis/ },
      { inputs: [real(axes(["rank", 3], "pos"))], attributes: { over: ["pos"], count: 1 }, fault: /has already/ },
      { inputs: [truth(pattern)], attributes: { over: ["key"], count: 1 }, fault: /truth values/ },
    ],
  },
  argtop: {
    good: (["normal", "integers", "masked"] as const).flatMap((v): readonly GoodCase[] => [
      {
        inputs: [[real(logits), v]],
        attributes: { over: ["vocab"], count: 3 },
        result: real(axes("pos", ["rank", 3]), "token"),
      },
      {
        inputs: [[real(logits), v]],
        attributes: { over: ["vocab"], count: 9 },
        result: real(axes("pos", ["rank", 7]), "token"),
      },
      {
        inputs: [[real(pattern), v]],
        attributes: { over: ["query"], count: 4 },
        result: real(axes(["head", 3], ["rank", window4], "key")),
      },
      {
        inputs: [[nll, v]],
        attributes: { over: [], count: 2 },
        result: real(axes(["rank", { kind: "window", size: 2, of: shorter }])),
      },
    ]),
    faults: [
      { inputs: [real(pattern)], attributes: { over: ["key"], count: 0 }, fault: /count of at least 1/ },
      { inputs: [real(pattern)], attributes: { over: ["query", "key"], count: 1 }, fault: /along one axis/ },
      { inputs: [real(axes(["rank", 3], "pos"))], attributes: { over: ["pos"], count: 1 }, fault: /has already/ },
      { inputs: [truth(pattern)], attributes: { over: ["key"], count: 1 }, fault: /truth values/ },
    ],
  },
  flatten: {
    good: [
      ...flattened(["head", "d_head"], axes("pos", ["entry", 12])),
      ...flattened(["d_head", "head"], axes("pos", ["entry", 12])),
      ...flattened(["pos", "head"], axes(["d_head", 4], ["entry", product(fixed(3), positions)])),
      ...flattened(["pos"], axes(["head", 3], ["d_head", 4], ["entry", positions])),
      ...flattened([], axes(["entry", product(fixed(12), positions)])),
      {
        inputs: [[real(pattern), "masked"]],
        attributes: { over: ["key", "query"] },
        result: real(axes(["head", 3], ["entry", product(positions, positions)])),
      },
      { inputs: [[scalar, "normal"]], attributes: { over: [] }, result: real(axes(["entry", 1])) },
    ],
    faults: [
      { inputs: [real(heads)], attributes: { over: ["key"] }, fault: /no axis key/ },
      { inputs: [real(axes("pos", ["entry", 3]))], attributes: { over: ["pos"] }, fault: /has already/ },
    ],
  },
  causal: {
    good: [
      { inputs: [[real(pattern), "normal"]], result: real(axes(["head", 3], ["entry", triangle])) },
      {
        inputs: [[real(axes("key", ["head", 2], "query")), "masked"]],
        result: real(axes(["head", 2], ["entry", triangle])),
      },
      { inputs: [[truth(axes("query", "key")), "truth"]], result: truth(axes(["entry", triangle])) },
      { inputs: [[real(axes(["query", 4], ["key", 4])), "normal"]], result: real(axes(["entry", 10])) },
      {
        inputs: [[real(axes(["query", shorter], ["key", shorter])), "normal"]],
        result: real(axes(["entry", { kind: "triangle", of: shorter }])),
      },
    ],
    faults: [
      { inputs: [real(heads)], fault: /no axis query/ },
      { inputs: [real(axes("query"))], fault: /no axis key/ },
      { inputs: [real(axes("query", ["key", 3]))], fault: /not equally long/ },
      { inputs: [real(axes("query", "key", ["entry", 3]))], fault: /has already/ },
    ],
  },
  pick: {
    good: [...looked("integers"), ...looked("truth"), ...looked("normal")],
    faults: [
      { inputs: [real(heads), scalar], attributes: { axis: "key" }, fault: /no axis key/ },
      { inputs: [real(heads), scalar], attributes: {}, fault: /needs an axis as axis/ },
      { inputs: [real(logits), scalar], attributes: { axis: "vocab" }, fault: /vocab is not looked up with that/ },
      { inputs: [real(heads), token], attributes: { axis: "head" }, fault: /head is not looked up with that/ },
      { inputs: [real(heads), truth([])], attributes: { axis: "head" }, fault: /head is not looked up with that/ },
      {
        inputs: [real(heads), real(axes(["head", 3]))],
        attributes: { axis: "head" },
        fault: /has the axis head itself/,
      },
      { inputs: [real(heads), real(axes(["pos", shorter]))], attributes: { axis: "head" }, fault: /different lengths/ },
    ],
  },
  random_direction: {
    good: [1, 2, 5, 24].map((size) => ({
      inputs: [],
      attributes: { size, seed: 7 },
      result: real(axes(["d_model", size])),
    })),
    faults: [
      { inputs: [], attributes: { size: 0, seed: 1 }, fault: /count of at least 1 as size/ },
      { inputs: [], attributes: { size: 3 }, fault: /as seed/ },
    ],
  },
};

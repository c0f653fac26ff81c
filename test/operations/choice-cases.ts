/** Cases of operations in which a condition chooses, and of those on whole matrices. */
import type { GoodCase, OperationCases } from "./case-parts.js";
import { heads, nll, pattern, residual, scalar, shorter } from "./case-parts.js";
import { axes, real, truth } from "./support.js";

const tokens = real(axes("pos"), "token");
const onHeads = truth(axes("pos", ["head", 3]));
const choosesHeads = ["normal", "masked"] as const;

export const choiceCases: Readonly<Record<string, OperationCases>> = {
  if: {
    good: [
      {
        inputs: [
          [truth(heads), "truth"],
          [real(heads), "normal"],
          [real(heads), "masked"],
        ],
        result: real(heads),
      },
      // The branches say the order of axes, and the condition adds its own.
      {
        inputs: [
          [onHeads, "truth"],
          [real(axes("pos")), "normal"],
          [scalar, "normal"],
        ],
        result: real(axes("pos", ["head", 3])),
      },
      {
        inputs: [
          [truth([]), "truth"],
          [nll, "positive"],
          [nll, "positive"],
        ],
        result: nll,
      },
      {
        inputs: [
          [truth(axes("pos")), "truth"],
          [onHeads, "truth"],
          [truth([]), "truth"],
        ],
        result: onHeads,
      },
      {
        inputs: [
          [truth(axes("pos")), "truth"],
          [tokens, "integers"],
          [tokens, "integers"],
        ],
        result: tokens,
      },
    ],
    faults: [
      { inputs: [scalar, scalar, scalar], fault: /needs a condition/ },
      { inputs: [truth([]), truth([]), scalar], fault: /between a number and a truth value/ },
      { inputs: [truth([]), nll, scalar], fault: /mixes units: nats and no unit/ },
      { inputs: [truth([]), real([], "label"), real([], "label")], fault: /between labels/ },
      { inputs: [truth([]), real(axes("pos")), real(axes(["pos", shorter]))], fault: /different lengths/ },
    ],
  },
  kept: {
    good: [{}, { sought: 1 }, { sought: -1 }].flatMap((attributes): readonly GoodCase[] => [
      ...choosesHeads.map((values): GoodCase => ({
        inputs: [
          [real(heads), values],
          [onHeads, "truth"],
        ],
        attributes,
        result: real(heads),
      })),
      {
        inputs: [
          [nll, "positive"],
          [truth(axes(["head", 3])), "truth"],
        ],
        attributes,
        result: real([...nll.axes, ...axes(["head", 3])], "nats"),
      },
    ]),
    faults: [
      { inputs: [scalar, scalar], fault: /needs a condition/ },
      { inputs: [truth([]), truth([])], fault: /needs numbers/ },
      { inputs: [real(axes("pos")), truth(axes(["pos", shorter]))], fault: /different lengths/ },
    ],
  },
  chosen: {
    good: [
      {
        inputs: [
          [real(heads), "normal"],
          [onHeads, "truth"],
        ],
        result: truth(heads),
      },
      {
        inputs: [
          [nll, "positive"],
          [truth(axes(["head", 3])), "truth"],
        ],
        result: truth([...nll.axes, ...axes(["head", 3])]),
      },
      {
        inputs: [
          [scalar, "normal"],
          [onHeads, "truth"],
        ],
        result: onHeads,
      },
    ],
    faults: [
      { inputs: [scalar, scalar], fault: /needs a condition/ },
      { inputs: [real(axes("pos")), truth(axes(["pos", shorter]))], fault: /different lengths/ },
    ],
  },
  count: {
    good: [["pos"], ["pos", "head"], []].map((over) => ({
      inputs: [[onHeads, "truth"]] as const,
      attributes: { over },
      result: real(axes("pos", ["head", 3]).filter(({ name }) => over.length > 0 && !over.includes(name))),
    })),
    faults: [
      { inputs: [real(residual)], attributes: { over: ["pos"] }, fault: /counts where a condition holds/ },
      { inputs: [tokens], attributes: { over: ["pos"] }, fault: /does not apply to tokens/ },
      { inputs: [onHeads], attributes: { over: ["query"] }, fault: /no axis query/ },
    ],
  },
  singular_values: {
    good: [
      {
        inputs: [[real(residual), "normal"]],
        attributes: { over: ["pos", "d_model"] },
        result: real(axes(["component", { kind: "window", size: 5, of: { kind: "positions", minus: 0 } }])),
      },
      {
        inputs: [[real(heads), "normal"]],
        attributes: { over: ["head", "d_head"] },
        result: real(axes("pos", ["component", 3])),
      },
      {
        inputs: [[real(pattern), "positive"]],
        attributes: { over: ["query", "key"] },
        result: real(axes(["head", 3], "component")),
      },
      {
        inputs: [[real(axes(["head", 3], ["d_head", 4])), "someZeros"]],
        attributes: { over: [] },
        result: real(axes(["component", 3])),
      },
    ],
    faults: [
      { inputs: [real(heads)], attributes: { over: [] }, fault: /two axes of a matrix/ },
      { inputs: [real(heads)], attributes: { over: ["pos"] }, fault: /two axes of a matrix/ },
      { inputs: [real(heads)], attributes: { over: ["pos", "query"] }, fault: /no axis query/ },
      { inputs: [truth(residual)], attributes: { over: [] }, fault: /truth values/ },
      {
        inputs: [real(axes("pos", "component", ["head", 3]))],
        attributes: { over: ["pos", "head"] },
        fault: /has already/,
      },
    ],
  },
  eigenvalues: {
    good: [
      {
        inputs: [[real(axes(["head", 3], ["head'", 3])), "normal"]],
        result: real(axes(["component", 3])),
      },
      {
        inputs: [[real(pattern), "positive"]],
        result: real(axes(["head", 3], "component")),
      },
    ],
    faults: [
      { inputs: [real(heads)], fault: /two axes of equal length/ },
      { inputs: [real(residual)], fault: /not two axes of equal length/ },
      { inputs: [truth(axes(["head", 3], ["head'", 3]))], fault: /truth values/ },
    ],
  },
};

/** Cases of what windows of a corpus are made of. */
import type { OperationCases } from "./case-parts.js";
import { heads, nll, pattern, residual, scalar, shorter } from "./case-parts.js";
import { axes, real, truth } from "./support.js";

const shapes = [residual, heads, axes(["pos", shorter]), axes(["head", 3], ["pos", shorter]), axes("pos")];

export const windowCases: Readonly<Record<string, OperationCases>> = {
  scored: {
    good: [
      ...shapes.flatMap((list) =>
        [{}, { sought: 1 }, { sought: -1 }].flatMap((attributes) =>
          (["normal", "masked"] as const).map((values) => ({
            inputs: [
              [real(list), values],
              [scalar, "integers"],
            ] as const,
            attributes,
            result: real(list),
          })),
        ),
      ),
      {
        inputs: [
          [nll, "positive"],
          [scalar, "integers"],
        ],
        result: nll,
      },
      {
        inputs: [
          [truth(heads), "truth"],
          [scalar, "integers"],
        ],
        result: truth(heads),
      },
    ],
    faults: [
      { inputs: [real(pattern), scalar], fault: /needs the axis pos/ },
      { inputs: [real(residual), real(residual)], fault: /needs a count/ },
      { inputs: [real(residual), real([], "nats")], fault: /needs a count/ },
    ],
  },
};

/** Cases of the gradient. */
import type { OperationCases } from "./case-parts.js";
import { heads, scalar } from "./case-parts.js";
import { axes, real, truth } from "./support.js";

export const gradientCases: Readonly<Record<string, OperationCases>> = {
  grad: {
    good: [
      {
        inputs: [
          [real([], "nats"), "normal"],
          [real(heads), "normal"],
        ],
        result: real(heads, "nats"),
      },
      {
        inputs: [
          [scalar, "normal"],
          [real(heads), "normal"],
        ],
        result: real(heads),
      },
    ],
    faults: [
      { inputs: [real(axes("pos")), real(heads)], fault: /the gradient is that of one number/ },
      { inputs: [truth([]), real(heads)], fault: /does not apply to truth values/ },
    ],
  },
};

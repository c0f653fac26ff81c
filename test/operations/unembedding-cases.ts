/** Cases of the operations that lead from the residual stream to logits. */
import { nll, onTruth, residual, scalar, type OperationCases } from "./case-parts.js";
import { axes, real } from "./support.js";

/** W_U as models store it, and turned. */
const matrix = real(axes(["vocab", 7], ["d_model", 5]));
const turned = real(axes(["d_model", 5], ["vocab", 7]));
const token = real([], "token");

export const unembeddingCases: Readonly<Record<string, OperationCases>> = {
  project: {
    good: [matrix, turned].flatMap((weights) =>
      [
        { of: real(residual), result: real(axes("pos", ["vocab", 7])) },
        { of: real(axes(["d_model", 5])), result: real(axes(["vocab", 7])) },
        { of: real(axes(["d_model", 5], "pos", ["head", 3])), result: real(axes("pos", ["head", 3], ["vocab", 7])) },
      ].map(({ of, result }) => ({
        inputs: [[of, "normal"] as const, [weights, "normal"] as const],
        result,
      })),
    ),
    faults: [
      { inputs: [nll, matrix], fault: /project is not defined for values in nats/ },
      { inputs: [real(axes("pos")), matrix], fault: /no axis d_model/ },
      { inputs: [real(residual), real(residual)], fault: /no unembedding/ },
      { inputs: [real(axes(["d_model", 5], ["vocab", 7])), matrix], fault: /an axis vocab already/ },
      { inputs: [...onTruth.inputs.slice(0, 1), matrix], fault: /truth values/ },
    ],
  },
  unembedding: {
    good: [matrix, turned].flatMap((weights) =>
      (["integers", "normal"] as const).flatMap((values) =>
        [
          { of: token, result: real(axes(["d_model", 5])) },
          { of: real(axes("pos"), "token"), result: real(axes("pos", ["d_model", 5])) },
        ].map(({ of, result }) => ({ inputs: [[weights, "normal"] as const, [of, values] as const], result })),
      ),
    ),
    faults: [
      { inputs: [matrix, scalar], fault: /no token/ },
      { inputs: [real(residual), token], fault: /no unembedding/ },
      { inputs: [matrix, real(axes(["d_model", 5]), "token")], fault: /d_model/ },
    ],
  },
};

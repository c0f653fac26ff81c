/** Eigenvectors of a curvature as tensors: what a `.safetensors` file of a run holds. */
import type { CurvaturePlan } from "../compiler/ir/plan.js";
import type { Protocol } from "../compiler/ir/protocol.js";
import { eigenvectorsSaved } from "../compiler/lower/curvature-plan.js";
import type { BlockOutcome } from "../compiler/results/curvature.js";
import type { MemoryTensor } from "./models/safetensors.js";

export interface EigenvectorFile {
  readonly tensors: Readonly<Record<string, MemoryTensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The files of the experiments whose eigenvectors are saved. A tensor is called `WEIGHT/RANK`, with `AXIS=VALUE/` in front for
 * each axis of models and texts; blocks that have no eigenvectors are named with the reason in the metadata.
 */
export function eigenvectorFiles(
  { studies, outputs }: Pick<Protocol, "studies" | "outputs">,
  plans: readonly CurvaturePlan[],
  outcomes: ReadonlyMap<CurvaturePlan, BlockOutcome>,
): ReadonlyMap<string, EigenvectorFile> {
  const saved = [...eigenvectorsSaved(outputs)];
  return new Map(
    saved.map((experiment) => {
      const own = plans.filter((plan) => plan.asked.top !== null && studies[plan.study]?.experiment === experiment);
      const tensors = new Map<string, MemoryTensor>();
      const eigenvalues: [string, unknown][] = [];
      for (const plan of own) {
        const outcome = outcomes.get(plan);
        if (outcome === undefined) continue;
        const coordinates = Object.entries(studies[plan.study]?.coordinates ?? {});
        const place = coordinates.map(([axis, value]) => `${axis}=${value}/`).join("");
        if (typeof outcome === "string") {
          for (const { name } of plan.weights) eigenvalues.push([`${place}${name}`, { reason: outcome }]);
          continue;
        }
        for (const [i, { value, residual, vector }] of outcome.eigenvalues.entries()) {
          let start = 0;
          for (const { name, shape } of plan.weights) {
            const size = shape.reduce((product, length) => product * length, 1);
            const data = vector?.slice(start, start + size) ?? new Float32Array(size).fill(NaN);
            tensors.set(`${place}${name}/${i + 1}`, { type: "float32", shape, data });
            eigenvalues.push([`${place}${name}/${i + 1}`, { eigenvalue: value, residual }]);
            start += size;
          }
        }
      }
      const metadata = {
        "atlasc.format": "atlasc-eigenvectors-1",
        experiment,
        sign: "of each eigenvector, the entry of largest absolute value is positive",
        // From entries: names of weights come from outside.
        eigenvalues: JSON.stringify(Object.fromEntries(eigenvalues)),
      };
      return [experiment, { tensors: Object.fromEntries(tensors), metadata }];
    }),
  );
}

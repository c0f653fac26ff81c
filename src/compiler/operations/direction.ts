/** Directions that depend on nothing but a seed: controls for directions that mean something. */
import type { OperationAttributes } from "../ir/expression.js";
import { seededIntegers } from "../base/random.js";
import type { TensorType } from "../ir/tensor-type.js";
import type { Operation, TypeFault } from "./operation.js";
import { attributeFault } from "./typing.js";

/** Two independent numbers of the standard normal distribution, by Box and Muller's transform. */
function normalPair(next: (bound: number) => number): readonly [number, number] {
  // Halves keep the logarithm away from 0.
  const uniform = (): number => (next(2 ** 32) + 0.5) / 2 ** 32;
  const radius = Math.sqrt(-2 * Math.log(uniform()));
  const angle = 2 * Math.PI * uniform();
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** A vector of length 1 whose direction is uniformly distributed: `size` normal numbers divided by their norm. */
function randomDirection(attributes: OperationAttributes): readonly number[] {
  const size = Number(attributes["size"]);
  const next = seededIntegers(Number(attributes["seed"]));
  const drawn = Array.from({ length: Math.ceil(size / 2) }, () => normalPair(next))
    .flat()
    .slice(0, size);
  const norm = Math.sqrt(drawn.reduce((sum, entry) => sum + entry ** 2, 0));
  return drawn.map((entry) => Math.fround(entry / norm));
}

const randomDirectionOperation: Operation = {
  name: "random_direction",
  documentation:
    "A vector of length 1 over d_model in a direction drawn uniformly with the seed: the same for every prompt and every layer.",
  arity: 0,
  attributes: { size: "count", seed: "count" },
  written: { form: "random_direction(seed: n)", call: { kind: "seed" }, operator: null },
  failure: null,
  range: { kind: "bounded" },
  decides: false,
  gradient: "it is constant",
  type: (_inputs, attributes): TensorType | TypeFault => {
    const { size, seed } = attributes;
    if (typeof size !== "number" || !Number.isInteger(size) || size < 1) {
      return attributeFault("random_direction", "size", "a count of at least 1", size);
    }
    if (typeof seed !== "number" || !Number.isInteger(seed) || seed < 0) {
      return attributeFault("random_direction", "seed", "a whole number that is not negative", seed);
    }
    return { axes: [{ name: "d_model", extent: { kind: "fixed", size } }], unit: "none", element: "real" };
  },
  lower: ({ builder }, _inputs, attributes, type) => {
    const entries = randomDirection(attributes);
    return { value: builder.constant("float32", [1, entries.length], entries), fault: null, type };
  },
  reference: (_inputs, attributes) => {
    const entries = randomDirection(attributes);
    return { axes: [{ name: "d_model", size: entries.length }], data: Float64Array.from(entries), fault: null };
  },
};

/** The operations without inputs. */
export const directionOperations: readonly Operation[] = [randomDirectionOperation];

/** Which values the functions take that results have beside the operations of the measurement language. */
import type { TensorType } from "../../ir/tensor-type.js";
import type { TypeFault } from "../../operations/operation.js";
import { mixedUnitsFault, numberFault, real } from "../../operations/typing.js";

/** Functions that results have, and `measure` does not have so: `max` and `min` are those of two values. */
export type OwnFunction = "count" | "median" | "quantile" | "argmax" | "argmin" | "rank" | "max" | "min";

/** Unit and element of one of the functions of results, or why it does not apply. */
export function typeOfOwnFunction(
  name: OwnFunction,
  inputs: readonly TensorType[],
): Pick<TensorType, "unit" | "element"> | TypeFault {
  const unit = inputs[0]?.unit ?? "none";
  switch (name) {
    case "count":
      return real("none");
    case "median":
    case "quantile":
      return numberFault(name, inputs) ?? real(unit);
    case "argmax":
    case "argmin":
    case "rank":
      return numberFault(name, inputs) ?? real("none");
    case "max":
    case "min":
      return mixedUnitsFault(name, inputs) ?? real(unit);
  }
}

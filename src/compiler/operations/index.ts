/** The operation table of the measurement language. */
import type { OperationAttributes } from "../ir/expression.js";
import type { TensorType } from "../ir/tensor-type.js";
import { arithmeticOperations } from "./arithmetic.js";
import { choices } from "./choice.js";
import { correlations } from "./correlation.js";
import { directionOperations } from "./direction.js";
import { elementwiseOperations } from "./elementwise.js";
import { entryOperations } from "./entries.js";
import { gradients } from "./gradient.js";
import { informationOperations } from "./information.js";
import { linearAlgebra } from "./linear-algebra.js";
import { logicOperations } from "./logic.js";
import { normalisations } from "./normalise.js";
import type { Operation, TypeFault } from "./operation.js";
import { orderOperations } from "./order.js";
import { positionOperations } from "./positions.js";
import { reductions } from "./reduce.js";
import { scored } from "./scored.js";
import { unembeddings } from "./unembedding.js";
import { spectra } from "./spectrum.js";
import { attributeFault, typeFault } from "./typing.js";

/** Every operation by name, in the order of the language reference. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  [
    arithmeticOperations,
    elementwiseOperations,
    logicOperations,
    choices,
    informationOperations,
    reductions,
    orderOperations,
    normalisations,
    linearAlgebra,
    spectra,
    correlations,
    positionOperations,
    entryOperations,
    directionOperations,
    unembeddings,
    gradients,
    [scored],
  ]
    .flat()
    .map((operation) => [operation.name, operation]),
);

/** The names of the operation table, for suggestions and completion. */
export const operationNames: readonly string[] = [...operations.keys()];

/** Those that a graph computes from their inputs. */
export const graphOperationNames: readonly string[] = operationNames.filter(
  (name) => operations.get(name)?.outside !== true && operations.get(name)?.ofGraph !== true,
);

/** The operation of a name that was checked. @throws RangeError (a fault of ours) for any other. */
export function operationNamed(name: string): Operation {
  const operation = operations.get(name);
  if (operation === undefined) throw new RangeError(`operationNamed: there is no operation ${name}`);
  return operation;
}

/** An input of an operation to be typed. A literal is a number written in the protocol: it fits any unit. */
export interface OperationArgument {
  readonly type: TensorType;
  readonly literal: boolean;
}

/**
 * The type of an operation for the checker: arity and attribute names first, then the operation's own rule. A literal
 * on one side of an addition or comparison takes the unit of the other side (`nll - 1`, `entropy > 0.5`).
 *
 * @throws RangeError (a fault of ours) when the name is not in the table.
 */
export function typeOperation(
  name: string,
  inputs: readonly OperationArgument[],
  attributes: OperationAttributes,
): TensorType | TypeFault {
  const operation = operationNamed(name);
  if (inputs.length !== operation.arity) {
    return typeFault(`${name} takes ${operation.arity} values`, String(operation.arity), String(inputs.length));
  }
  const known = Object.keys(operation.attributes);
  for (const [attribute, value] of Object.entries(attributes)) {
    const kind = operation.attributes[attribute];
    if (kind === undefined) {
      const expected = known.length === 0 ? "no attributes" : `one of: ${known.join(", ")}`;
      return typeFault(`${name} has no attribute ${attribute}`, expected, attribute);
    }
    const fits = {
      axes: Array.isArray(value),
      axis: typeof value === "string",
      count: Number.isInteger(value) && Number(value) >= 0,
      integer: Number.isInteger(value),
    }[kind];
    if (!fits)
      return attributeFault(name, attribute, kind === "axes" ? "a list of axes" : `a value of kind ${kind}`, value);
  }
  // A condition has no unit to give.
  const unit = inputs.find(({ literal, type }) => !literal && type.element !== "truth")?.type.unit ?? "none";
  const adopts = operation.sameUnit === true;
  return operation.type(
    inputs.map(({ type, literal }) => (adopts && literal ? { ...type, unit } : type)),
    attributes,
  );
}

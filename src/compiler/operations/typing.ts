/** What the type rules of several operations share: faults, units, attributes and extents. */
import type { OperationAttributes } from "../ir/expression.js";
import { extentSize, typeText, type Axis, type Extent, type TensorType, type Unit } from "../ir/tensor-type.js";
import type { TypeFault } from "./operation.js";

/** A type fault; the hint is left out when there is none. */
export function typeFault(fault: string, expected: string, found: string, hint?: string): TypeFault {
  return hint === undefined ? { fault, expected, found } : { fault, expected, found, hint };
}

/** The fault of an attribute that is missing or of another kind. */
export function attributeFault(operation: string, attribute: string, expected: string, found: unknown): TypeFault {
  const shown = found === undefined ? "nothing" : JSON.stringify(found);
  return typeFault(`${operation} needs ${expected} as ${attribute}`, expected, shown);
}

/** `pos, head, d_head`, or `no axes`. */
export function axisNames(type: TensorType): string {
  return type.axes.length === 0 ? "no axes" : type.axes.map((axis) => axis.name).join(", ");
}

/** The fault of an operation that needs numbers and got truth values; null when the inputs are numbers. */
export function truthFault(operation: string, inputs: readonly TensorType[]): TypeFault | null {
  const found = inputs.find((input) => input.element === "truth");
  if (found === undefined) return null;
  return typeFault(
    `${operation} does not apply to truth values`,
    "numbers",
    typeText(found),
    "sum and mean count where a comparison holds",
  );
}

/** The fault of an operation that computes with numbers and got ids of tokens, or labels; null when no input is one. */
export function tokenFault(operation: string, inputs: readonly TensorType[]): TypeFault | null {
  const found = inputs.find(({ unit }) => unit === "token" || unit === "label");
  if (found === undefined) return null;
  return typeFault(
    `${operation} does not apply to ${found.unit}s`,
    "numbers",
    typeText(found),
    found.unit === "token"
      ? "a token can be compared with `is`, and selects an entry, as in logits[answer]"
      : "a label is the name of a group, a model or another entry of an axis: it can be compared with `is` and `in`",
  );
}

/** The fault of an operation that computes with numbers and got truth values or tokens; null otherwise. */
export function numberFault(operation: string, inputs: readonly TensorType[]): TypeFault | null {
  return truthFault(operation, inputs) ?? tokenFault(operation, inputs);
}

/** The fault of an operation that is not defined for values with a unit; null when no input has one. */
export function unitFault(operation: string, inputs: readonly TensorType[], hint: string): TypeFault | null {
  const found = inputs.find((input) => input.unit !== "none");
  if (found === undefined) return null;
  return typeFault(`${operation} is not defined for values in ${found.unit}`, "no unit", typeText(found), hint);
}

/**
 * The fault of two values that are added or compared and have different units; null when the units agree. A literal has
 * been given the other side's unit before.
 */
export function mixedUnitsFault(operation: string, inputs: readonly TensorType[]): TypeFault | null {
  const truth = numberFault(operation, inputs);
  if (truth !== null) return truth;
  const [left, right] = inputs;
  if (left === undefined || right === undefined || left.unit === right.unit) return null;
  const units = [left.unit, right.unit].map((unit) => (unit === "none" ? "no unit" : unit));
  return typeFault(
    `${operation} mixes units: ${units.join(" and ")}`,
    "the same unit on both sides",
    `${typeText(left)} and ${typeText(right)}`,
    "divide by a value in the same unit to get a number without one",
  );
}

/** The fault of naming an axis that a tensor lacks. */
export function missingAxisFault(operation: string, name: string, input: TensorType): TypeFault {
  return typeFault(
    `${operation}: the tensor has no axis ${name}`,
    `an axis among: ${axisNames(input)}`,
    name,
    `the tensor is ${typeText(input)}`,
  );
}

/** A real result in a unit. */
export function real(unit: Unit): Pick<TensorType, "element" | "unit"> {
  return { element: "real", unit };
}

/** A real result of an operation on numbers without units, or the fault; `hint` says what to do about a unit. */
export function unitless(operation: string, inputs: readonly TensorType[], hint: string, unit: Unit = "none") {
  return numberFault(operation, inputs) ?? unitFault(operation, inputs, hint) ?? real(unit);
}

/** The axis of that name, or null. */
export function findAxis(type: TensorType, name: string): Axis | null {
  return type.axes.find((axis) => axis.name === name) ?? null;
}

/** Layout position of an axis (row = 0). @throws RangeError (a fault of ours) when the type lacks it. */
export function layoutPosition(type: TensorType, name: string): number {
  const position = type.axes.findIndex((axis) => axis.name === name);
  if (position < 0) throw new RangeError(`layoutPosition: ${typeText(type)} has no axis ${name}`);
  return position + 1;
}

/** The axes that `over` names, all of the tensor's axes when it is empty or absent. */
export function consumedNames(names: readonly string[], attributes: OperationAttributes): readonly string[] {
  const over = attributes["over"];
  return Array.isArray(over) && over.length > 0 ? over : names;
}

/** Checks `over`: a list of different axes that the tensor has. */
export function consumedAxes(
  operation: string,
  input: TensorType,
  attributes: OperationAttributes,
): readonly string[] | TypeFault {
  const over = attributes["over"] ?? [];
  if (!Array.isArray(over)) return attributeFault(operation, "over", "a list of axes", over);
  const names: readonly string[] = over;
  for (const [position, name] of names.entries()) {
    if (findAxis(input, name) === null) return missingAxisFault(operation, name, input);
    if (names.indexOf(name) !== position) {
      return typeFault(`${operation}: the axis ${name} is named twice`, "every axis once", names.join(", "));
    }
  }
  return consumedNames(
    input.axes.map((axis) => axis.name),
    attributes,
  );
}

/**
 * The extent with `count` entries fewer (none where it is shorter): min(s, n) − c is min(s − c, n − c). Null where no
 * extent says it.
 */
export function shrinkExtent(extent: Extent, count: number): Extent | null {
  switch (extent.kind) {
    case "fixed":
      return { kind: "fixed", size: Math.max(0, extent.size - count) };
    case "positions":
      return { kind: "positions", minus: extent.minus + count };
    case "window": {
      const of = shrinkExtent(extent.of, count);
      return of === null ? null : { kind: "window", size: Math.max(0, extent.size - count), of };
    }
    case "product":
    case "triangle":
      return count === 0 ? extent : null;
  }
}

/** At most `count` entries of an extent. Nested windows become one, so that equal lengths have equal extents. */
export function limitExtent(extent: Extent, count: number): Extent {
  if (extent.kind === "fixed") return { kind: "fixed", size: Math.min(count, extent.size) };
  if (extent.kind === "window") return { kind: "window", size: Math.min(count, extent.size), of: extent.of };
  return { kind: "window", size: count, of: extent };
}

/** The fewest entries that an axis can have (a text has at least one token). */
export function smallestSize(extent: Extent): number {
  // Every extent grows with the text.
  return extentSize(extent, 1);
}

/** The axes of `list` in the order of `names`. */
export function inOrder<T extends { readonly name: string }>(
  list: readonly T[],
  names: readonly string[],
): readonly T[] {
  return names.flatMap((name) => list.filter((axis) => axis.name === name));
}

import { digestOf } from "../base/digest.js";
import type { ElementType, Initializer } from "./graph.js";

/** Constants with at most this many elements carry their values in their name. */
const readableLength = 6;

/**
 * An inline constant whose name says its content (`constant/int64[2]=0,-1`), so that equal constants are one
 * initializer whoever makes them. float32 values are rounded here, so that protobuf gives back equal values.
 *
 * @throws RangeError (a fault of ours) when the values do not fill the shape, or are not finite: graphs are JSON, which
 * has no infinities (write −∞ as Log(0)).
 */
export function inlineConstant(type: ElementType, shape: readonly number[], values: readonly number[]): Initializer {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (size !== values.length) {
    throw new RangeError(`inlineConstant: ${values.length} values for shape [${shape.join(", ")}]`);
  }
  if (type === "float16" || type === "bfloat16") {
    throw new RangeError(`inlineConstant: constants of type ${type} are not emitted`);
  }
  const rounded = type === "float32" ? values.map((value) => Math.fround(value) + 0) : [...values];
  if (!rounded.every(Number.isFinite)) throw new RangeError("inlineConstant: values must be finite");
  const content = rounded.length <= readableLength ? rounded.join(",") : digestOf(rounded).slice(0, 12);
  return {
    name: `constant/${type}[${shape.join(",")}]=${content}`,
    type,
    shape: [...shape],
    data: { kind: "inline", values: rounded },
  };
}

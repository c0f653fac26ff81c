import type { ElementType } from "./graph.js";

/** TensorProto.DataType numbers. */
export const dataTypes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  float16: 10,
  bfloat16: 16,
};

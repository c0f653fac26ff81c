import { Tensor } from "onnxruntime-node";

/** Feeds of a graph that runs in this process. */
export function boolTensor(values: readonly boolean[], shape: readonly number[]): Tensor {
  return new Tensor("bool", Uint8Array.from(values, Number), shape);
}

export function floatTensor(values: readonly number[], shape: readonly number[]): Tensor {
  return new Tensor("float32", Float32Array.from(values), shape);
}

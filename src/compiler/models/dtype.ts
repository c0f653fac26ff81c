/** The `dtype` of a model declaration: how the weights are rounded before they are used. */
import { digestOf } from "../base/digest.js";
import type { ElementType } from "../onnx/graph.js";
import type { ModelFacts } from "./model.js";

export const dtypes = ["f32", "bf16", "f16"] as const;

export type Dtype = (typeof dtypes)[number];

/** The element type that ONNX and safetensors call it. */
export const elementOf: Readonly<Record<Dtype, ElementType>> = { f32: "float32", bf16: "bfloat16", f16: "float16" };

/**
 * The same model with its weights rounded to `dtype` (to the nearest, ties to even) and computed with in float32. Weights
 * that are stored in that type, or in float32 for `f32`, are used as they are. The facts themselves when nothing is
 * rounded: the digest says which numbers come out, and those are the same.
 */
export function withDtype(facts: ModelFacts, dtype: Dtype | null): ModelFacts {
  if (dtype === null || dtype === "f32") return facts;
  const stored = elementOf[dtype];
  if (Object.values(facts.tensors).every((tensor) => tensor.type === stored)) return facts;
  const known = rounded.get(facts)?.[dtype];
  if (known !== undefined) return known;
  const made: ModelFacts = { ...facts, dtype, digest: digestOf([facts.digest, dtype]) };
  rounded.set(facts, { ...rounded.get(facts), [dtype]: made });
  return made;
}

/** One object for each model and dtype, so that what is built from it is built once. */
const rounded = new WeakMap<ModelFacts, Partial<Record<Dtype, ModelFacts>>>();

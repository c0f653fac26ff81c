import type { EngineTensor, EngineValue } from "./messages.js";

/** The arrays that hold the values of each element type that crosses the border. */
export const arrayTypes = { float32: Float32Array, int64: BigInt64Array, int32: Int32Array, bool: Uint8Array } as const;

/** What an input must fit: its element type and the sizes of its axes. */
export interface TensorShape {
  readonly type: string;
  readonly dims: readonly number[];
}

/** Null when the tensor is what it says it is, otherwise a sentence about what is wrong. */
export function tensorProblem(name: string, tensor: EngineTensor): string | null {
  const expected = arrayTypes[tensor.type] as (typeof arrayTypes)[keyof typeof arrayTypes] | undefined;
  if (expected === undefined) return `${name} has the element type ${tensor.type}, which engines do not take`;
  if (!(tensor.data instanceof expected)) {
    return `${name} is ${tensor.type}, which needs a ${expected.name}, and carries another array`;
  }
  if (!tensor.dims.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    return `${name} has a size that is no number of entries: [${tensor.dims.join(", ")}]`;
  }
  const entries = tensor.dims.reduce((product, size) => product * size, 1);
  return entries === tensor.data.length
    ? null
    : `${name} has the shape [${tensor.dims.join(", ")}] = ${entries} values and carries ${tensor.data.length}`;
}

/** Null when the tensor fits the declared input. `sizes` collects what each symbolic dimension stands for. */
function shapeProblem(input: EngineValue, tensor: TensorShape, sizes: Map<string, [number, string]>): string | null {
  const { name, shape } = input;
  if (tensor.type !== input.type) return `${name} is ${input.type} in the graph, and ${tensor.type} was fed`;
  const fits = shape.length === tensor.dims.length;
  if (!fits || shape.some((size, i) => typeof size === "number" && size !== tensor.dims[i])) {
    return `${name} has the shape [${shape.join(", ")}] in the graph, and [${tensor.dims.join(", ")}] was fed`;
  }
  for (const [i, symbol] of shape.entries()) {
    // A dimension without a name is its own; equal names must mean equal sizes.
    if (typeof symbol === "number" || symbol === "") continue;
    const size = tensor.dims[i] ?? 0;
    const [known, from] = sizes.get(symbol) ?? [size, name];
    if (known !== size) return `dimension ${symbol} is ${known} in ${from} and ${size} in ${name}`;
    sizes.set(symbol, [known, from]);
  }
  return null;
}

/**
 * What is wrong with the values that a graph is given, as a sentence, or null. Inputs that `values` lacks are passed
 * over: they may come later.
 */
export function inputsProblem(
  inputs: readonly EngineValue[],
  values: (name: string) => TensorShape | undefined,
): string | null {
  const sizes = new Map<string, [number, string]>();
  for (const input of inputs) {
    const tensor = values(input.name);
    const problem = tensor === undefined ? null : shapeProblem(input, tensor, sizes);
    if (problem !== null) return problem;
  }
  return null;
}

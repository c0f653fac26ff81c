/** The operations by how they are written: the functions that a call can name, and the signs. */
import { operations } from "./index.js";
import type { CallForm } from "./notation.js";
import type { Operation } from "./operation.js";

/** A function that stands for several operations on weights of the model. */
export interface CompoundFunction {
  readonly name: string;
  readonly form: string;
  readonly meaning: string;
  /** Axes of the value. */
  readonly axes: string;
  readonly call: CallForm;
}

export const compoundFunctions: readonly CompoundFunction[] = [
  {
    name: "final_norm",
    form: "final_norm(x), final_norm(x, scale: y)",
    meaning:
      "The model's final norm of a vector of the residual stream. With `scale: y` its linear part alone, divided by the scale " +
      "that y has: what a summand x of y contributes.",
    axes: "those of x, among them d_model",
    call: { kind: "unembedding", to: "normed" },
  },
  {
    name: "unembed",
    form: "unembed(x), unembed(x, scale: y)",
    meaning: "Logits of a vector of the residual stream: final_norm, with `scale` as there, times the unembedding.",
    axes: "those of x with vocab in place of d_model",
    call: { kind: "unembedding", to: "logits" },
  },
];

/** Every function that a call may name, with the form of its calls. */
export const functions: ReadonlyMap<string, CallForm> = new Map([
  ...[...operations.values()].flatMap(({ name, written: { call } }) => (call === null ? [] : [[name, call] as const])),
  ...compoundFunctions.map(({ name, call }) => [name, call] as const),
]);

function bySign(kind: "infix" | "prefix"): ReadonlyMap<string, Operation> {
  const signed = [...operations.values()].flatMap((operation) => {
    const { operator } = operation.written;
    return operator?.kind === kind ? [[operator.sign, operation] as const] : [];
  });
  return new Map(signed);
}

/** Operations by the sign or word between their operands. */
export const infixOperations = bySign("infix");

/** Operations by the sign or word before their operand. */
export const prefixOperations = bySign("prefix");

/** The name of the operation with this sign between its operands. @throws RangeError (a fault of ours) if there is none. */
export function infixName(sign: string): string {
  const operation = infixOperations.get(sign);
  if (operation === undefined) throw new RangeError(`infixName: no operation is written ${sign}`);
  return operation.name;
}

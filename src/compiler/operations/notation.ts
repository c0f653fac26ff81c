/** How protocols write operations. The checker, the printer of expressions and the reference all go by these values. */
import type { OperationAttributes } from "../ir/expression.js";

/**
 * How the words of a call become inputs and attributes of the operation that has the call's name. The rules of each form
 * (how many arguments, which words) are in `check/expressions/call-forms.ts`.
 */
export type CallForm =
  /** `f(x)`, `f(x, y)`: tensors alone, as many as the operation takes. */
  | { readonly kind: "tensors" }
  /**
   * `f(x over AXES)`: the consumed axes as the attribute `over`, empty when none is named. `ofRuns`: what a call of
   * another run's value (`f(x of TEXTS)`) takes of it instead of applying the operation.
   */
  | { readonly kind: "over"; readonly ofRuns?: "mean" }
  /** `f(x over AXIS)`: one axis as an attribute. */
  | { readonly kind: "axis"; readonly attribute: string }
  /** `f(x, n over AXES)`: the axes as for `over`, and n ≥ 1 as the attribute `count`. */
  | { readonly kind: "count" }
  /** `f(x, NAME: n)`: a whole number as the attribute of that name; `absent` stands for one that is not written. */
  | { readonly kind: "integer"; readonly attribute: string; readonly absent: number }
  /** `f(x, y over AXES)`; `f(x over AXES between AXIS)` is the operation `between`, with that axis as an attribute. */
  | { readonly kind: "pair"; readonly between: string }
  /** `f(seed: n)`: no input; the attribute `seed`, and the model's d_model as `size`. */
  | { readonly kind: "seed" }
  /** `f(x, AXIS: n, …)`: one entry of each axis, as `select`, or as `at` where the length depends on the text. */
  | { readonly kind: "entries" }
  /** `f(x, AXIS: NAME, …)`: new names of axes, one operation for each. */
  | { readonly kind: "names" }
  /** `f(token)`: the inputs are the unembedding matrix and the token. */
  | { readonly kind: "token" }
  /** `f(x, site)`: a number, and a site of the model. */
  | { readonly kind: "gradient" }
  /** `f(x)`, `f(x, scale: y)`: the operations of the model's final norm, and after them those of its unembedding. */
  | { readonly kind: "unembedding"; readonly to: "normed" | "logits" };

/** How an operation is written without a call. */
export type Operator =
  /** `x + y`, `x where condition`. */
  | { readonly kind: "infix"; readonly sign: string }
  /** `-x`, `not x`. */
  | { readonly kind: "prefix"; readonly sign: string }
  /** `x last 4`: a word and what the attributes say after it. */
  | { readonly kind: "postfix"; readonly sign: string; readonly after: (attributes: OperationAttributes) => string };

/** Texts of an operation's inputs by their numbers. */
export interface OperandTexts {
  /** As it is written inside a call. */
  readonly plain: (input: number) => string;
  /** In parentheses where an operator beside it would take it apart. */
  readonly closed: (input: number) => string;
}

/** Everything about how an operation is written. */
export interface Notation {
  /** Its forms, for the reference and `atlasc doc`; null for what the compiler alone makes. */
  readonly form: string | null;
  /** Null for what no call names. */
  readonly call: CallForm | null;
  /** Null for what is not written by a sign or a word beside its operands. */
  readonly operator: Operator | null;
  /** How messages call it, if it is neither by its name nor by its operator. */
  readonly spelling?: string;
  /** An application of it in reasons and headers; absent where its operator or its call says it all. */
  readonly text?: (operands: OperandTexts, attributes: OperationAttributes) => string;
}

/** ` over pos, head`: the axes in the attribute `over`; empty when none is named. */
export function overText({ over }: OperationAttributes): string {
  return Array.isArray(over) && over.length > 0 ? ` over ${(over as readonly string[]).join(", ")}` : "";
}

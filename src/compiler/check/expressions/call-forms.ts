/** The words that calls of each form take, and the attributes that they become. */
import type { OperationAttributes } from "../../ir/expression.js";
import { operationNamed } from "../../operations/index.js";
import type { CallForm } from "../../operations/notation.js";
import type { CallExpression, Name } from "../../syntax/ast.js";
import { reportError, wrongKind, type ErrorDetails } from "../faults.js";
import { elaborateCount } from "./literals.js";
import type { Elaboration, Environment } from "./values.js";

/** Forms of calls whose tensors are the operation's inputs, in order. */
export type TensorForm = Extract<
  CallForm,
  { readonly kind: "tensors" | "over" | "axis" | "count" | "integer" | "pair" }
>;

/** What may stand in a call's parentheses. */
interface CallWords {
  /** Number of arguments without a name. */
  readonly positional: number;
  /** The one argument with a name; null: none. */
  readonly named: string | null;
  /** True when any number of arguments are named by axes instead. */
  readonly namesAxes: boolean;
  readonly over: boolean;
  readonly between: boolean;
}

/** The words that a call of this form takes. */
function wordsOf(form: CallForm, call: CallExpression): CallWords {
  const none = { named: null, namesAxes: false, over: false, between: false };
  switch (form.kind) {
    case "tensors":
      return { ...none, positional: operationNamed(call.callee.text).arity };
    case "over":
      return { ...none, positional: operationNamed(call.callee.text).arity, over: true };
    case "axis":
      return { ...none, positional: 1, over: true };
    case "count":
      return { ...none, positional: 2, over: true };
    case "integer":
      return { ...none, positional: 1, named: form.attribute };
    case "pair":
      return { ...none, positional: call.between.length > 0 ? 1 : 2, over: true, between: true };
    case "seed":
      return { ...none, positional: 0, named: "seed" };
    case "entries":
    case "names":
      return { ...none, positional: 1, namesAxes: true };
    case "token":
      return { ...none, positional: 1 };
    case "gradient":
      return { ...none, positional: 2 };
    case "unembedding":
      return { ...none, positional: 1, named: "scale" };
  }
}

/** Reports words of a call that its form does not have: arguments, names of arguments, `over`, `between`. */
export function checkWords(cx: Elaboration, call: CallExpression, form: CallForm): boolean {
  const name = call.callee.text;
  const words = wordsOf(form, call);
  const count = call.positional.length;
  const source = cx.sourceOf(call.span);
  if (count !== words.positional) {
    const s = words.positional === 1 ? "" : "s";
    const forms = words.between ? `: ${name}(x, y over AXIS) or ${name}(x over AXIS between AXIS)` : "";
    const parameters = {
      expected: `${words.positional} argument${s} to ${name}${forms}`,
      found: `${count}: ${source}`,
    };
    reportError(cx, "A3004", call.span, parameters, argumentHint(cx, call, form));
    return false;
  }
  const twice = call.named.find((a, i) => call.named.findIndex((b) => b.name.text === a.name.text) < i);
  if (twice !== undefined) {
    reportError(cx, "A1003", twice.name.span, { what: `the argument ${twice.name.text}` });
    return false;
  }
  const unknown = words.namesAxes ? undefined : call.named.find((a) => a.name.text !== words.named);
  if (unknown !== undefined) {
    const axes = words.over ? `; axes follow \`over\`: ${name}(x over pos)` : "";
    const hint =
      words.named === null ? `${name} has no named parameters${axes}` : `${name} has the parameter ${words.named}`;
    reportError(cx, "A2005", unknown.name.span, { name: unknown.name.text, metric: name }, { hint });
    return false;
  }
  if (call.between.length > (words.between ? 1 : 0)) {
    const expected = words.between ? "one axis after `between`" : `${name}(…) without \`between\``;
    wrongKind(cx, call.span, expected, source);
    return false;
  }
  if (call.over.length > 0 && !words.over) {
    wrongKind(cx, call.span, `${name}(…) without \`over\``, source);
    return false;
  }
  return true;
}

/** What was meant by too many arguments: a seed without its name, or axes as in `mean(nll, pos)`. */
function argumentHint(cx: Elaboration, call: CallExpression, form: CallForm): ErrorDetails {
  if (form.kind === "seed") return { hint: `the seed is named: ${call.callee.text}(seed: 1)` };
  const [first, ...others] = call.positional;
  const axes = others.filter((argument) => argument.kind === "name").map(({ span }) => cx.sourceOf(span));
  const takesAxes = form.kind === "over" || form.kind === "axis";
  if (!takesAxes || first === undefined || axes.length === 0 || axes.length < others.length) return {};
  return { hint: `axes follow \`over\`: ${call.callee.text}(${cx.sourceOf(first.span)} over ${axes.join(", ")})` };
}

/** What the operation is told beside its tensors by the words of a checked call; null after an error. */
export function attributesOf(
  cx: Elaboration,
  environment: Environment,
  call: CallExpression,
  form: TensorForm,
): OperationAttributes | null {
  const over = call.over.map((axis) => axisName(environment, axis));
  const [named] = call.named;
  const [between] = call.between;
  switch (form.kind) {
    case "tensors":
      return {};
    case "over":
      return { over };
    case "pair":
      return between === undefined ? { over } : { over, between: axisName(environment, between) };
    case "axis": {
      const [only] = over;
      if (only !== undefined && over.length === 1) return { [form.attribute]: only };
      const expected = `${call.callee.text}(x over ${form.attribute.toUpperCase()}) with one axis`;
      wrongKind(cx, call.span, expected, cx.sourceOf(call.span));
      return null;
    }
    case "count": {
      const written = call.positional[1];
      const count = written === undefined ? null : elaborateCount(cx, environment, written);
      if (written === undefined || count === null) return null;
      if (count >= 1) return { over, count };
      reportError(cx, "A3005", written.span, { value: count, expected: "a count of at least 1" });
      return null;
    }
    case "integer": {
      const value = named === undefined ? form.absent : elaborateCount(cx, environment, named.value);
      return value === null ? null : { [form.attribute]: value };
    }
  }
}

/** The real name of an axis: tensor parameters give axes names of their own. */
export function axisName(environment: Environment, axis: Name): string {
  return environment.axes.get(axis.text) ?? axis.text;
}

/** Calls of functions: the words of a call become an operation's inputs and attributes. */
import { addBehind } from "../../diagnostics/create.js";
import { nearestNames } from "../../base/suggest.js";
import { extentSize, typeText } from "../../ir/tensor-type.js";
import { operationNamed } from "../../operations/index.js";
import type { CallForm } from "../../operations/notation.js";
import { reasonInWords } from "../../operations/reasons.js";
import type { CallExpression, Name } from "../../syntax/ast.js";
import { applyOperation, reportError, tooMany, wrongKind } from "../faults.js";
import { limits } from "../limits.js";
import { attributesOf, axisName, checkWords, type TensorForm } from "./call-forms.js";
import { elaborateChosen } from "./chosen-entries.js";
import { elaborateGradient } from "./gradient.js";
import { guardedAxis } from "./guarded.js";
import { elaborateCount } from "./literals.js";
import { elaborateOf, outermostOf } from "./other-runs.js";
import { elaborateSelect } from "./selection.js";
import { elaborateToken, elaborateUnembedding } from "./unembedding.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/** The value of a call of a function whose calls have this form. */
export function elaborateFunction(
  cx: Elaboration,
  environment: Environment,
  call: CallExpression,
  form: CallForm,
): Value {
  if (!checkWords(cx, call, form)) return errorValue;
  switch (form.kind) {
    case "entries":
      return elaborateSelect(cx, environment, call);
    case "seed":
      return randomDirection(cx, environment, call);
    case "names":
      return elaborateRename(cx, environment, call);
    case "token":
      return elaborateToken(cx, environment, call);
    case "unembedding":
      return elaborateUnembedding(cx, environment, call, form.to);
    case "gradient":
      return elaborateGradient(cx, environment, call);
    case "over": {
      const average = form.ofRuns === undefined ? null : ofRuns(cx, environment, call, form.ofRuns);
      return average ?? elaborateChosen(cx, environment, call) ?? elaborateTensors(cx, environment, call, form);
    }
    case "tensors":
    case "axis":
    case "count":
    case "integer":
    case "pair":
      return elaborateTensors(cx, environment, call, form);
  }
}

/** A call whose tensors are the operation's inputs, in order. */
function elaborateTensors(cx: Elaboration, environment: Environment, call: CallExpression, form: TensorForm): Value {
  const name = call.callee.text;
  const tensors = form.kind === "count" ? call.positional.slice(0, 1) : call.positional;
  const inputs = tensors.map((argument) => cx.elaborate(cx, environment, argument));
  if (inputs.some((input) => input.kind === "error")) return errorValue;
  for (const axis of [...call.over, ...call.between]) {
    if (!hasAxis(cx, name, axisName(environment, axis), axis, inputs)) return errorValue;
  }
  const attributes = attributesOf(cx, environment, call, form);
  if (attributes === null) return errorValue;
  const operation = operationNamed(form.kind === "pair" && call.between.length > 0 ? form.between : name);
  const operands = call.positional.map((argument) => cx.sourceOf(argument.span));
  const reason = reasonInWords(operation.name, operands, attributes);
  const result = applyOperation(cx, operation.name, inputs, attributes, call, reason);
  if (operation.outside === true && !isSmallMatrix(cx, call, inputs, result)) return errorValue;
  // softmax and others keep the axis along which they take all entries together.
  const { over } = attributes;
  const mixed = operation.range.kind !== "view" && Array.isArray(over) ? over.map(String) : null;
  // A view only puts entries in another order: nothing meets a NaN there.
  return operation.range.kind === "view" || reducesWhole(cx, call, inputs, result, mixed) ? result : errorValue;
}

/** Reports A3009 for a matrix of the longest text that is too large to take apart. */
function isSmallMatrix(cx: Elaboration, call: CallExpression, inputs: readonly Value[], result: Value): boolean {
  const [input] = inputs;
  if (input?.kind !== "tensor" || result.kind !== "tensor") return true;
  const left = new Set(cx.builder.typeOf(result.node).axes.map(({ name }) => name));
  const longest = (cx.texts?.prompts ?? []).reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const gone = cx.builder.typeOf(input.node).axes.filter(({ name }) => !left.has(name));
  const entries = gone.reduce((product, { extent }) => product * extentSize(extent, longest), 1);
  if (entries <= limits.matrix) return true;
  const hint = "take fewer positions, as in `resid_post[L3] last 256`, or the eigenvalues of the smaller Gram matrix";
  tooMany(cx, call.span, "matrix", entries, `the matrix of ${call.callee.text}`, "entries", hint);
  return false;
}

/** Reports A3022 for a call that takes all entries of an axis together, along which a `where` inside it decides entry by entry. */
function reducesWhole(
  cx: Elaboration,
  call: CallExpression,
  inputs: readonly Value[],
  result: Value,
  mixed: readonly string[] | null,
): boolean {
  if (result.kind !== "tensor") return true;
  const left = new Set(cx.builder.typeOf(result.node).axes.map((axis) => axis.name));
  // No axes after `over` are all of them.
  const mixes = (name: string): boolean => mixed !== null && (mixed.length === 0 || mixed.includes(name));
  for (const input of inputs) {
    if (input.kind !== "tensor") continue;
    const gone = cx.builder
      .typeOf(input.node)
      .axes.flatMap(({ name }) => (left.has(name) && !mixes(name) ? [] : [name]));
    const axis = gone.length === 0 ? null : guardedAxis(cx.builder, input.node, gone);
    if (axis === null) continue;
    const name = call.callee.text;
    const chooses = operationNamed(name).chosen !== undefined;
    const hint = left.has(axis)
      ? `\`${name}\` takes all entries along ${axis}: guard its result, ${name}(VALUE over ${axis}) where CONDITION, or choose entries in a reduction, mean(VALUE where CONDITION over ${axis})`
      : chooses
        ? `\`where\` chooses entries as the last word of the argument: ${name}(VALUE where CONDITION over ${axis})`
        : "measure the value and its condition as two columns, and select in results: mean(e.value where e.condition)";
    reportError(cx, "A3022", call.span, { operation: call.callee.text, axis }, { hint });
    return false;
  }
  return true;
}

/** `rename(x, pos: other)`: the same tensor with the axis `pos` called `other`, so that it can meet itself. */
function elaborateRename(cx: Elaboration, environment: Environment, call: CallExpression): Value {
  const [argument] = call.positional;
  const [first, ...more] = call.named;
  if (argument === undefined) return errorValue;
  if (first === undefined) {
    return wrongKind(cx, call.span, `${call.callee.text}(x, AXIS: NAME) with an axis of x`, cx.sourceOf(call.span));
  }
  let value = cx.elaborate(cx, environment, argument);
  for (const { name, value: to } of [first, ...more]) {
    if (value.kind === "error") return errorValue;
    if (to.kind !== "name") return wrongKind(cx, to.span, "a name for the axis", cx.sourceOf(to.span));
    const from = axisName(environment, name);
    if (!hasAxis(cx, call.callee.text, from, name, [value])) return errorValue;
    value = applyOperation(cx, call.callee.text, [value], { from, to: to.text }, call);
  }
  return value;
}

/** `random_direction(seed: 7)`. */
function randomDirection(cx: Elaboration, environment: Environment, call: CallExpression): Value {
  const [argument] = call.named;
  if (argument === undefined) {
    const hint = `write ${call.callee.text}(seed: 1)`;
    // Before the closing bracket, where nothing else stands.
    const within = { ...call.span, end: call.span.end - 1 };
    const fixes = call.positional.length === 0 ? [addBehind(within, "seed: 1")] : [];
    return reportError(cx, "A2007", call.span, { name: "seed", metric: call.callee.text }, { hint, fixes });
  }
  const seed = elaborateCount(cx, environment, argument.value);
  if (seed === null) return errorValue;
  if (seed < 0 || seed >= 2 ** 32) {
    // Generators take 32 bits: a larger seed would draw what a smaller one draws.
    const expected = seed < 0 ? "a whole number that is not negative" : "a seed: a whole number below 4294967296";
    return reportError(cx, "A3005", argument.value.span, { value: seed, expected });
  }
  const attributes = { size: cx.model.signature.dModel, seed };
  return applyOperation(cx, call.callee.text, [], attributes, call);
}

/** `mean(E of TEXTS)` and `mean(E of TEXTS over prompt)`: the average over prompts and positions; null for any other. */
function ofRuns(cx: Elaboration, environment: Environment, call: CallExpression, take: "mean"): Value | null {
  const [argument] = call.positional;
  const other = argument === undefined ? null : outermostOf(argument);
  const axes = call.over.map((axis) => axisName(environment, axis));
  if (other === null || (axes.length > 0 && !axes.includes("prompt"))) return null;
  const odd = call.over.find((axis) => axis.text !== "prompt" && axis.text !== "pos");
  if (odd === undefined) return elaborateOf(cx, environment, other, take);
  const expected = `a mean over prompts and positions: take the mean over ${odd.text} inside, before \`of\``;
  return wrongKind(cx, odd.span, expected, cx.sourceOf(call.span));
}

/** Reports an axis after `over` that no input has, at the axis itself. */
function hasAxis(cx: Elaboration, operation: string, axis: string, written: Name, inputs: readonly Value[]): boolean {
  const types = inputs.flatMap((input) => (input.kind === "tensor" ? [cx.builder.typeOf(input.node)] : []));
  if (types.length < inputs.length) return true;
  const names = types.map((type) => type.axes.map((a) => a.name));
  if (names.some((list) => list.includes(axis))) return true;
  const valid = [...new Set(names.flat())];
  reportError(
    cx,
    "A3001",
    written.span,
    { fault: `${operation}: the tensor has no axis ${axis}` },
    {
      expected: valid.length === 0 ? "a tensor with axes" : `an axis of ${types.map(typeText).join(" or ")}`,
      found: axis,
      suggestions: nearestNames(axis, valid),
    },
  );
  return false;
}

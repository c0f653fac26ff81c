/** Calls of functions: the words of a call become an operation's inputs and attributes. */
import { nearestNames } from "../../base/suggest.js";
import type { OperationAttributes } from "../../ir/expression.js";
import { typeText } from "../../ir/tensor-type.js";
import type { CallExpression, Name } from "../../syntax/ast.js";
import { applyOperation, reportError, wrongKind, type ErrorDetails } from "../faults.js";
import type { FunctionShape } from "../names/functions.js";
import { guardedAxis } from "./guarded.js";
import { elaborateCount } from "./literals.js";
import { elaborateOf, outermostOf } from "./other-runs.js";
import { elaborateSelect } from "./selection.js";
import { elaborateUnembedding } from "./unembedding.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/** Sentences that become the reason of a NaN, made with the arguments as they were written. */
const failureReasons: Readonly<Record<string, (argument: string) => string>> = {
  log: (argument) => `the logarithm needs a positive number, and ${argument} is not`,
  sqrt: (argument) => `the square root needs a number that is not negative, and ${argument} is`,
  entr: (argument) => `the entropy needs probabilities, and ${argument} is negative`,
  kl: (argument) => `the divergence needs probabilities, of which the second is 0 only where the first is: ${argument}`,
  pearson: (argument) => `a correlation needs values that vary, and one side of ${argument} does not`,
  cosine: (argument) => `a cosine needs vectors that are not 0, and one side of ${argument} is`,
};

/** How many tensors a function of each shape takes, where the shape decides. */
function arityOf(shape: FunctionShape, call: CallExpression): number {
  if (shape === "seed") return 0;
  if (shape === "pair") return call.between.length > 0 ? 1 : 2;
  return shape === "count" || call.callee.text === "dot" || call.callee.text === "kl" ? 2 : 1;
}

/** The named argument that functions of a shape take, if any. */
const namedArgument: Partial<Record<FunctionShape, string>> = { offset: "offset", seed: "seed", unembedding: "scale" };

export function elaborateFunction(
  cx: Elaboration,
  environment: Environment,
  call: CallExpression,
  shape: FunctionShape,
): Value {
  const name = call.callee.text;
  if (!checkWords(cx, call, shape)) return errorValue;
  if (shape === "select") return elaborateSelect(cx, environment, call);
  if (shape === "seed") return randomDirection(cx, environment, call);
  if (shape === "rename") return elaborateRename(cx, environment, call);
  if (shape === "unembedding") return elaborateUnembedding(cx, environment, call);
  const average = name === "mean" ? averageOf(cx, environment, call) : null;
  if (average !== null) return average;

  const over = call.over.map((axis) => axisName(environment, axis));
  const tensors = shape === "count" ? call.positional.slice(0, 1) : call.positional;
  const inputs = tensors.map((argument) => cx.elaborate(cx, environment, argument));
  if (inputs.some((input) => input.kind === "error")) return errorValue;
  for (const axis of [...call.over, ...call.between]) {
    if (!hasAxis(cx, name, axisName(environment, axis), axis, inputs)) return errorValue;
  }
  const [between] = call.between;
  const operation = between === undefined ? name : `${name}_between`;
  const attributes = attributesOf(cx, environment, call, shape, over);
  if (attributes === null) return errorValue;
  const argumentText = call.positional.map((a) => cx.sourceOf(a.span)).join(", ");
  const reason = failureReasons[name]?.(argumentText) ?? `there is nothing to take ${name} of`;
  const result = applyOperation(cx, operation, inputs, attributes, call, reason);
  return rearranging.has(name) || reducesWhole(cx, call, inputs, result) ? result : errorValue;
}

/** Functions that only put entries in another order: nothing meets a NaN there. */
const rearranging: ReadonlySet<string> = new Set(["flatten", "causal", "diagonal"]);

/** Reports A3022 for a reduction over an axis along which a `where` inside it decides entry by entry. */
function reducesWhole(cx: Elaboration, call: CallExpression, inputs: readonly Value[], result: Value): boolean {
  if (result.kind !== "tensor") return true;
  const left = new Set(cx.builder.typeOf(result.node).axes.map((axis) => axis.name));
  for (const input of inputs) {
    if (input.kind !== "tensor") continue;
    const gone = cx.builder.typeOf(input.node).axes.flatMap(({ name }) => (left.has(name) ? [] : [name]));
    const axis = gone.length === 0 ? null : guardedAxis(cx.builder, input.node, gone);
    if (axis === null) continue;
    const hint =
      "measure the value and its condition as two columns, and select in results: mean(e.value where e.condition)";
    reportError(cx, "A3022", call.span, { operation: call.callee.text, axis }, { hint });
    return false;
  }
  return true;
}

/** Reports words of a call that functions of this shape do not have: arguments, names of arguments, `over`, `between`. */
function checkWords(cx: Elaboration, call: CallExpression, shape: FunctionShape): boolean {
  const name = call.callee.text;
  const arity = arityOf(shape, call);
  const count = call.positional.length;
  const source = cx.sourceOf(call.span);
  if (count !== arity) {
    const s = arity === 1 ? "" : "s";
    const form = shape === "pair" ? `: ${name}(x, y over AXIS) or ${name}(x over AXIS between AXIS)` : "";
    const parameters = { expected: `${arity} argument${s} to ${name}${form}`, found: `${count}: ${source}` };
    reportError(cx, "A3004", call.span, parameters, axesHint(cx, call, shape));
    return false;
  }
  const accepted = name === "unembedding" ? undefined : namedArgument[shape];
  const twice = call.named.find((a, i) => call.named.findIndex((b) => b.name.text === a.name.text) < i);
  if (twice !== undefined) {
    reportError(cx, "A1003", twice.name.span, { what: `the argument ${twice.name.text}` });
    return false;
  }
  const unknown =
    shape === "select" || shape === "rename" ? undefined : call.named.find((a) => a.name.text !== accepted);
  if (unknown !== undefined) {
    const axes = shape === "over" || shape === "pair" ? `; axes follow \`over\`: ${name}(x over pos)` : "";
    const hint =
      accepted === undefined ? `${name} has no named parameters${axes}` : `${name} has the parameter ${accepted}`;
    reportError(cx, "A2005", unknown.name.span, { name: unknown.name.text, metric: name }, { hint });
    return false;
  }
  if (call.between.length > 0 && (shape !== "pair" || call.between.length > 1)) {
    const expected = shape === "pair" ? "one axis after `between`" : `${name}(…) without \`between\``;
    wrongKind(cx, call.span, expected, source);
    return false;
  }
  if (call.over.length > 0 && !["over", "row", "pair", "count"].includes(shape)) {
    wrongKind(cx, call.span, `${name}(…) without \`over\``, source);
    return false;
  }
  return true;
}

/** `mean(nll, pos)`: axes that are written like arguments. */
function axesHint(cx: Elaboration, call: CallExpression, shape: FunctionShape): ErrorDetails {
  if (shape === "seed") return { hint: `the seed is named: ${call.callee.text}(seed: 1)` };
  const [first, ...others] = call.positional;
  const axes = others.filter((argument) => argument.kind === "name").map(({ span }) => cx.sourceOf(span));
  if (!["over", "row"].includes(shape) || first === undefined || axes.length === 0 || axes.length < others.length)
    return {};
  return { hint: `axes follow \`over\`: ${call.callee.text}(${cx.sourceOf(first.span)} over ${axes.join(", ")})` };
}

/** What the operation is told beside its tensors; null after an error. */
function attributesOf(
  cx: Elaboration,
  environment: Environment,
  call: CallExpression,
  shape: FunctionShape,
  over: readonly string[],
): OperationAttributes | null {
  const [first] = call.named;
  const [between] = call.between;
  switch (shape) {
    case "over":
      return { over };
    case "pair":
      return between === undefined ? { over } : { over, between: axisName(environment, between) };
    case "row": {
      const [row] = over;
      if (row !== undefined && over.length === 1) return { row };
      wrongKind(cx, call.span, `${call.callee.text}(x over ROW) with one axis`, cx.sourceOf(call.span));
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
    case "offset": {
      const offset = first === undefined ? 0 : elaborateCount(cx, environment, first.value);
      return offset === null ? null : { offset };
    }
    default:
      return {};
  }
}

/** `rename(x, pos: other)`: the same tensor with the axis `pos` called `other`, so that it can meet itself. */
function elaborateRename(cx: Elaboration, environment: Environment, call: CallExpression): Value {
  const [argument] = call.positional;
  const [first, ...more] = call.named;
  if (argument === undefined) return errorValue;
  if (first === undefined) {
    return wrongKind(cx, call.span, "rename(x, AXIS: NAME) with an axis of x", cx.sourceOf(call.span));
  }
  let value = cx.elaborate(cx, environment, argument);
  for (const { name, value: to } of [first, ...more]) {
    if (value.kind === "error") return errorValue;
    if (to.kind !== "name") return wrongKind(cx, to.span, "a name for the axis", cx.sourceOf(to.span));
    const from = axisName(environment, name);
    if (!hasAxis(cx, "rename", from, name, [value])) return errorValue;
    value = applyOperation(cx, "rename", [value], { from, to: to.text }, call);
  }
  return value;
}

/** `random_direction(seed: 7)`. */
function randomDirection(cx: Elaboration, environment: Environment, call: CallExpression): Value {
  const [argument] = call.named;
  if (argument === undefined) {
    const hint = "write random_direction(seed: 1)";
    return reportError(cx, "A2007", call.span, { name: "seed", metric: call.callee.text }, { hint });
  }
  const seed = elaborateCount(cx, environment, argument.value);
  if (seed === null) return errorValue;
  if (seed < 0 || seed >= 2 ** 32) {
    // Generators take 32 bits: a larger seed would draw what a smaller one draws.
    const expected = seed < 0 ? "a whole number that is not negative" : "a seed: a whole number below 4294967296";
    return reportError(cx, "A3005", argument.value.span, { value: seed, expected });
  }
  const attributes = { size: cx.model.signature.dModel, seed };
  return applyOperation(cx, "random_direction", [], attributes, call);
}

/** `mean(E of TEXTS)` and `mean(E of TEXTS over prompt)`: the average over prompts and positions; null for any other. */
function averageOf(cx: Elaboration, environment: Environment, call: CallExpression): Value | null {
  const [argument] = call.positional;
  const other = argument === undefined ? null : outermostOf(argument);
  const axes = call.over.map((axis) => axisName(environment, axis));
  if (other === null || (axes.length > 0 && !axes.includes("prompt"))) return null;
  const odd = call.over.find((axis) => axis.text !== "prompt" && axis.text !== "pos");
  if (odd === undefined) return elaborateOf(cx, environment, other, "mean");
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

/** The real name of an axis: tensor parameters give axes names of their own. */
function axisName(environment: Environment, axis: Name): string {
  return environment.axes.get(axis.text) ?? axis.text;
}

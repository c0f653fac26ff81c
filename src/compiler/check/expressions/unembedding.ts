/** Functions that lead from the residual stream to logits: `final_norm`, `unembed`, `unembedding`. */
import type { Span } from "../../base/span.js";
import type { TensorType } from "../../ir/tensor-type.js";
import { scalar } from "../../ir/tensor-type.js";
import { reasonInWords } from "../../operations/reasons.js";
import type { CallExpression } from "../../syntax/ast.js";
import { applyOperation } from "../faults.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/** Weights of the model's end by the name that its graph has for them. */
function parameter(cx: Elaboration, name: string, type: TensorType, { span }: { readonly span: Span }): Value {
  return { kind: "tensor", node: cx.builder.parameter(name, type, span) };
}

function vectorType(cx: Elaboration): TensorType {
  return { ...scalar, axes: [{ name: "d_model", extent: { kind: "fixed", size: cx.model.signature.dModel } }] };
}

/** W_U as {@link storedMatrix}, times the factor of the model's logits: its columns are the tokens' directions in the stream. */
export function unembeddingMatrix(cx: Elaboration, call: { readonly span: Span }): Value {
  return scaledAsLogits(cx, storedMatrix(cx, call.span), call);
}

/** A value that is linear in W_U, times the factor that some models (Cohere, Granite) give to their logits. */
function scaledAsLogits(cx: Elaboration, value: Value, call: { readonly span: Span }): Value {
  const { scale } = cx.model.signature.unembedding;
  if (scale === 1 || value.kind === "error") return value;
  return applyOperation(cx, "multiply", [value, { kind: "number", value: scale }], {}, call);
}

/** W_U [vocab, d_model] as it is stored, with the projection to the width of the vocabulary's vectors where there is one. */
function storedMatrix(cx: Elaboration, span: Span): Value {
  const { dModel, vocab } = cx.model.signature;
  const axes = [
    { name: "vocab", extent: { kind: "fixed", size: vocab } as const },
    { name: "d_model", extent: { kind: "fixed", size: dModel } as const },
  ];
  return parameter(cx, "W_U", { ...scalar, axes }, { span });
}

/**
 * The model's last norm of x [.., d_model]. With a `scale`, x is divided by the norm's divisor of that vector instead of
 * its own, and the norm's bias is left out: then it is linear in x, so that the parts of a residual stream add up.
 */
function finalNorm(cx: Elaboration, x: Value, scale: Value | null, call: CallExpression): Value {
  const apply = (name: string, ...inputs: readonly Value[]): Value =>
    inputs.some((input) => input.kind === "error") ? errorValue : applyOperation(cx, name, inputs, {}, call);
  const average = (value: Value): Value =>
    value.kind === "error" ? errorValue : applyOperation(cx, "mean", [value], { over: ["d_model"] }, call);
  const layer = cx.model.signature.norm === "layer";
  const centred = (value: Value): Value => (layer ? apply("subtract", value, average(value)) : value);
  const numerator = centred(x);
  const measured = scale === null ? numerator : centred(scale);
  const variance = average(apply("multiply", measured, measured));
  const divisor = apply("sqrt", apply("add", variance, parameter(cx, "final_norm.epsilon", scalar, call)));
  const weight = parameter(cx, "final_norm.weight", vectorType(cx), call);
  const normed = apply("multiply", apply("divide", numerator, divisor), weight);
  if (!layer || scale !== null) return normed;
  return apply("add", normed, parameter(cx, "final_norm.bias", vectorType(cx), call));
}

/** `unembedding(token)`. The words of the call have been checked: one argument. */
export function elaborateToken(cx: Elaboration, environment: Environment, call: CallExpression): Value {
  const [argument] = call.positional;
  if (argument === undefined) return errorValue;
  const token = cx.elaborate(cx, environment, argument);
  if (token.kind === "error") return errorValue;
  const reason = reasonInWords(call.callee.text, [cx.sourceOf(argument.span)]);
  const row = applyOperation(cx, call.callee.text, [storedMatrix(cx, call.span), token], {}, call, reason);
  return scaledAsLogits(cx, row, call);
}

/**
 * `final_norm(x)`, and `unembed(x)` which goes on to logits, each also with `scale: y`: then without what is not linear, the
 * norm's bias, the bias of the logits and their soft cap. The words of the call have been
 * checked: one argument, and no named one but `scale`.
 */
export function elaborateUnembedding(
  cx: Elaboration,
  environment: Environment,
  call: CallExpression,
  to: "normed" | "logits",
): Value {
  const [argument] = call.positional;
  const [named] = call.named;
  if (argument === undefined) return errorValue;
  const x = cx.elaborate(cx, environment, argument);
  const scale = named === undefined ? null : cx.elaborate(cx, environment, named.value);
  if (x.kind === "error" || scale?.kind === "error") return errorValue;
  const matrix = storedMatrix(cx, call.span);
  const normed = finalNorm(cx, x, scale, call);
  if (normed.kind === "error" || to === "normed") return normed;
  const product = scaledAsLogits(cx, applyOperation(cx, "project", [normed, matrix], {}, call), call);
  return scale === null ? endOfLogits(cx, product, call) : product;
}

/** What a model does to its logits beside their factor and what is not linear: its bias and its soft cap. */
function endOfLogits(cx: Elaboration, logits: Value, call: CallExpression): Value {
  const { vocab, unembedding } = cx.model.signature;
  const apply = (name: string, ...inputs: readonly Value[]): Value =>
    inputs.some((input) => input.kind === "error") ? errorValue : applyOperation(cx, name, inputs, {}, call);
  const number = (value: number): Value => ({ kind: "number", value });
  const axes = [{ name: "vocab", extent: { kind: "fixed", size: vocab } as const }];
  const biased = unembedding.bias ? apply("add", logits, parameter(cx, "b_U", { ...scalar, axes }, call)) : logits;
  const { softcap } = unembedding;
  if (softcap === null) return biased;
  // cap · tanh(x / cap), with tanh u = 1 − 2 / (e^2u + 1).
  const grown = apply("exp", apply("multiply", biased, number(2 / softcap)));
  const bent = apply("subtract", number(1), apply("divide", number(2), apply("add", grown, number(1))));
  return apply("multiply", bent, number(softcap));
}

/** `E of TEXTS`: the value that an expression has in the unmodified run of other texts, or of the same ones. */
import type { Span } from "../../base/span.js";
import { resultType, type GivenSource } from "../../ir/expression.js";
import { wholeName, type TokenizedTexts } from "../../ir/protocol.js";
import { dependsOnText, extentSize, typeText, type TensorType } from "../../ir/tensor-type.js";
import type { Expression, Name } from "../../syntax/ast.js";
import { otherRunPrefix } from "../../operations/causes.js";
import { ownReason } from "../../operations/reasons.js";
import { outsideInputs, tailInputs } from "../../operations/tail.js";
import type { ExpressionBuilder } from "./expression-builder.js";
import { asTensor, reportError, wrongKind } from "../faults.js";
import { baselineName } from "../names/functions.js";
import { checkCounts, checkEqualLengths } from "../texts/pairs.js";
import { resolveTexts } from "../texts/text-names.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

type OfExpression = Extract<Expression, { kind: "of" }>;

/**
 * What is written after `of TEXTS` belongs to the other run as well: `x of clean at last` is `(x at last) of clean`.
 * Null for an expression that has no `of` there.
 */
export function outermostOf(expression: Expression): OfExpression | null {
  if (expression.kind === "of") return expression;
  if (expression.kind !== "at" && expression.kind !== "last") return null;
  const inner = outermostOf(expression.base);
  if (inner === null) return null;
  return { ...inner, base: { ...expression, base: inner.base }, span: expression.span };
}

/** Elaborates `E of TEXTS`, prompt by prompt, or averaged over prompts and positions. */
export function elaborateOf(
  cx: Elaboration,
  environment: Environment,
  expression: OfExpression,
  take: GivenSource["take"],
): Value {
  const run = otherRun(cx, expression.texts, take);
  if (run === null) return errorValue;
  const value = cx.elaborate(run.cx, environment, expression.base);
  if (value.kind === "error" || value.kind === "number") return value;
  const node = asTensor(cx, value, expression.base.span);
  return node === null ? errorValue : givenValue(cx, node, run, take, expression.span);
}

/** A run whose values an expression takes. */
export interface OtherRun {
  /** Name of the texts, in the form of `TokenizedTexts.name`. */
  readonly name: string;
  /** Null when they could not be read. */
  readonly texts: TokenizedTexts | null;
}

/** The run that a name after `of` means, with what expressions know in it; null after an error. */
function otherRun(
  cx: Elaboration,
  name: Name,
  take: GivenSource["take"],
): (OtherRun & { readonly cx: Elaboration }) | null {
  const own = cx.texts?.name ?? cx.textsName;
  const resolved =
    name.text === baselineName
      ? cx.besideOwn(wholeName(own), take)
      : resolveTexts(cx, cx.textsName, name, take);
  if (resolved === null) return null;
  if (resolved === own && name.text === baselineName) return { name: own, texts: cx.texts, cx };
  const texts = cx.otherTexts(resolved);
  if (texts !== null && texts.documents !== null) {
    reportError(cx, "A4308", name.span, { what: "`of`", texts: resolved });
    return null;
  }
  // Unknown texts have been reported: they get a period, so that nothing more is said about them.
  const period = texts === null ? 1 : texts.period;
  return { name: resolved, texts, cx: { ...cx, texts, textsName: resolved, period } };
}

/** The value of another run that is given to the graph in place of a node's. */
export function givenValue(cx: Elaboration, node: number, run: OtherRun, take: GivenSource["take"], span: Span): Value {
  const expression = cx.builder.finish(node);
  if (expression.nodes.some((inner) => inner.kind === "given")) {
    return wrongKind(cx, span, "an expression of one run", "`of` inside `of`");
  }
  const type = cx.builder.typeOf(node);
  if (type.element === "truth") {
    return wrongKind(
      cx,
      span,
      "numbers of the other run, which are compared outside: (x of TEXTS) > 0",
      typeText(type),
    );
  }
  const fits = take === "mean" ? averages(cx, type, span) : pairs(cx, run, type, span);
  if (!fits) return errorValue;
  if (take === "mean" && outsideInputs(expression) !== null) {
    const expected = "a value that the model's graph can compute: average what is measured instead, in results";
    return wrongKind(cx, span, expected, cx.sourceOf(span));
  }
  const source = { texts: run.name, take, expression };
  const own = take === "paired" ? finishedHere(cx.builder, source, span) : null;
  if (own !== null) return { kind: "tensor", node: own };
  const axes = take === "mean" ? type.axes.filter((axis) => axis.name !== "pos") : type.axes;
  return { kind: "tensor", node: cx.builder.given(source, { ...type, axes }, span) };
}

/**
 * A value of another run of which only the beginning is taken from there, and the end is computed here: values are handed
 * over as float32, and the end of `perplexity of TEXTS` can be too large for that (see `tail.ts`). The same operations on
 * the same numbers give the same bits. Null for a value without such an end.
 */
function finishedHere(builder: ExpressionBuilder, { expression, ...run }: GivenSource, span: Span): number | null {
  const inputs = outsideInputs(expression) ?? tailInputs(expression);
  if (inputs === null || inputs.some((input) => resultType(input.expression).element === "truth")) return null;
  const made = new Map<number, number>();
  for (const { node, expression: own } of inputs) {
    made.set(node, builder.given({ ...run, expression: own }, resultType(own), span));
  }
  const build = (index: number): number => {
    const known = made.get(index);
    if (known !== undefined) return known;
    const node = expression.nodes[index];
    if (node?.kind === "constant") return builder.constant(node.value, node.span, node.type.unit);
    if (node?.kind !== "operation")
      throw new RangeError("finishedHere: the end of an expression is made of operations");
    const reason = ownReason(node);
    const told = reason === null ? undefined : otherRunPrefix(run.texts) + reason;
    const result = builder.operation(node.operation, node.inputs.map(build), node.attributes, node.span, told);
    if (typeof result !== "number") throw new RangeError(`finishedHere: ${result.fault}`);
    made.set(index, result);
    return result;
  };
  return build(expression.result);
}

/** Reports a value that has no average over prompts: its axes are not the same for all of them, or it is a token. */
function averages(cx: Elaboration, type: TensorType, span: Span): boolean {
  const odd = type.axes.find((axis) => axis.name !== "pos" && dependsOnText(axis.extent));
  if (odd === undefined && type.unit !== "token") return true;
  const fault =
    odd === undefined
      ? "mean does not apply to tokens"
      : `mean over prompts: the length of ${odd.name} differs from prompt to prompt`;
  const hint = odd === undefined ? {} : { hint: `reduce ${odd.name} first` };
  reportError(
    cx,
    "A3001",
    span,
    { fault },
    { expected: "the same axes in every prompt", found: typeText(type), ...hint },
  );
  return false;
}

/** Reports texts that cannot stand beside the experiment's own, prompt by prompt. */
function pairs(cx: Elaboration, run: OtherRun, type: TensorType, span: Span): boolean {
  const [own, other] = [cx.texts, run.texts];
  if (own !== null && own.documents !== null) {
    reportError(cx, "A4308", span, { what: `\`of ${run.name}\``, texts: own.name });
    return false;
  }
  if (own === null || other === null || own === other) return true;
  if (!checkCounts(cx, other, own, span)) return false;
  const sameShape = own.prompts.every((prompt, i) =>
    type.axes.every(({ extent }) => {
      const partner = other.prompts[i]?.ids.length ?? 0;
      return extentSize(extent, prompt.ids.length) === extentSize(extent, partner);
    }),
  );
  if (sameShape) return true;
  const hint = "take what both have first, such as (x at last) of …, (x last 4) of … or mean(x over pos) of …";
  return checkEqualLengths(cx, other, own, span, hint);
}

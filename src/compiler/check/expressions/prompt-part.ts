/** What expressions see of a row that has a continuation behind its prompt: the prompt, unless they ask for more. */
import type { Span } from "../../base/span.js";
import { typeText } from "../../ir/tensor-type.js";
import { operationNamed } from "../../operations/index.js";
import type { Expression, Positions } from "../../syntax/ast.js";
import { applyOperation, reportError, wrongKind } from "../faults.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/** How many of a row's tokens an expression does not see. */
export function hiddenTokens(cx: Pick<Elaboration, "texts" | "wholeRows">): number {
  return cx.wholeRows ? 0 : (cx.texts?.continuation ?? 0);
}

/**
 * A node's value at the positions of the prompt. A model reads from left to right, so that these are what they would be
 * without the continuation.
 */
export function promptPart(cx: Elaboration, node: number, span: Span): Value {
  const hidden = hiddenTokens(cx);
  let value: Value = { kind: "tensor", node };
  if (hidden === 0) return value;
  for (const { name, extent } of cx.builder.typeOf(node).axes) {
    if (extent.kind !== "positions") continue;
    // The axis is written out, by which these slices are known from those of the protocol.
    value = applyOperation(cx, "slice", [value], { axis: name, first: 0, last: -1 - hidden }, { span });
  }
  return value;
}

/**
 * `x at continuation`: x where the continuation's tokens are predicted, which is at the prompt's last token and at each of
 * the continuation but its last. What is said of a token and not of its prediction (nll, target) has these tokens there.
 */
export function elaborateAtContinuation(
  cx: Elaboration,
  environment: Environment,
  expression: Extract<Expression, { kind: "at" }>,
  { span }: Positions,
): Value {
  const tokens = cx.texts === null ? 1 : cx.texts.continuation;
  if (tokens === 0) {
    const hint = 'declare it: prompts … continuation "FIELD", or give every record a field called continuation';
    const name = cx.texts?.name ?? cx.textsName;
    return reportError(cx, "A4125", span, { what: "`at continuation`", texts: name }, { hint });
  }
  const base = cx.elaborate({ ...cx, wholeRows: true }, environment, expression.base);
  if (base.kind === "error") return errorValue;
  const type = base.kind === "tensor" ? cx.builder.typeOf(base.node) : null;
  const extent = type?.axes.find(({ name }) => name === "pos")?.extent;
  const fits = extent?.kind === "positions" && extent.minus <= 1;
  if (base.kind !== "tensor" || !fits || seesPromptOnly(cx, base.node)) {
    const expected = "a value with every position of the text: write `at continuation` directly behind a site";
    return wrongKind(cx, expression.base.span, expected, typeText(type ?? { axes: [], unit: "none", element: "real" }));
  }
  const first = extent.minus - tokens - 1;
  return applyOperation(cx, "slice", [base], { first, last: extent.minus - 2 }, expression);
}

/** True for a value that was named, by `let` or as an argument, where the continuation was out of sight. */
function seesPromptOnly(cx: Elaboration, node: number): boolean {
  const pending = [node];
  const seen = new Set<number>();
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    const found = cx.builder.nodeAt(index);
    if (seen.has(index) || found.kind !== "operation") continue;
    seen.add(index);
    // Only the slices of `promptPart` name an axis beside both ends.
    if ("axis" in found.attributes && "first" in found.attributes) return true;
    // A gradient has the positions of its site, whatever the metric sees.
    const isGradient = operationNamed(found.operation).written.call?.kind === "gradient";
    pending.push(...(isGradient ? found.inputs.slice(1) : found.inputs));
  }
  return false;
}

/** True for a value that some site reaches with the positions of the continuation. */
export function readsWholeRows(cx: Elaboration, node: number): boolean {
  const pending = [node];
  const seen = new Set<number>();
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    const found = cx.builder.nodeAt(index);
    if (seen.has(index)) continue;
    seen.add(index);
    if (found.kind === "site" && cx.builder.typeOf(index).axes.some(({ extent }) => extent.kind === "positions"))
      return true;
    // Only the slices of `promptPart` name an axis beside both ends.
    if (found.kind !== "operation" || ("axis" in found.attributes && "first" in found.attributes)) continue;
    pending.push(...found.inputs);
  }
  return false;
}

/** What expressions may know of texts: counts, tokens of answers, the tokens that come next, and tokens by their text. */
import type { Span } from "../../base/span.js";
import type { TextQuantity } from "../../ir/expression.js";
import type { StringLiteral } from "../../syntax/ast.js";
import { applyOperation, reportError } from "../faults.js";
import type { QuantityName } from "../names/functions.js";
import { promptPart } from "./prompt-part.js";
import { idWithoutRow } from "../texts/rows-of-ids.js";
import { unembeddingMatrix } from "./unembedding.js";
import { errorValue, type Elaboration, type Value } from "./values.js";

/** The value of a quantity's name; reports what the texts lack. */
export function elaborateQuantity(cx: Elaboration, name: QuantityName, span: Span): Value {
  switch (name) {
    case "period": {
      if (cx.period !== null) return { kind: "number", value: cx.period };
      const hint = "declare the prompts with `random tokens 50 repeat 2`, or give the period as a parameter";
      return reportError(cx, "A3007", span, { texts: cx.textsName }, { hint });
    }
    case "bytes":
    case "words":
      if (!everyPromptHas(cx, name, span, "the model has no tokenizer that says what text its ids are"))
        return errorValue;
      return { kind: "tensor", node: cx.builder.text(name, span) };
    case "tokens":
      return { kind: "tensor", node: cx.builder.text(name, span) };
    case "answer":
    case "distractor": {
      const hint = `name the field that holds it: prompts … from "FILE.jsonl" text "FIELD" ${name} "FIELD"`;
      if (!everyPromptHas(cx, name, span, hint)) return errorValue;
      return { kind: "tensor", node: cx.builder.text(name, span) };
    }
    case "target":
      return nextTokens(cx, span);
    case "W_U":
      return unembeddingMatrix(cx, { span });
  }
}

/** The token that follows each position but the last, aligned to it: [pos], one position fewer than the text, like nll. */
export function nextTokens(cx: Elaboration, span: Span): Value {
  const ids = promptPart(cx, cx.builder.ids(span), span);
  return applyOperation(cx, "slice", [ids], { first: 1, last: -1 }, { span });
}

/** Reports A3013 for the first prompt that lacks a quantity, or A4306 for one that lacks a named token. */
export function everyPromptHas(cx: Elaboration, quantity: TextQuantity, span: Span, hint: string): boolean {
  const { texts } = cx;
  const lacking = texts?.prompts.find((prompt) => prompt.numbers[quantity] === undefined);
  if (texts === null || lacking === undefined) return true;
  const { index, text } = lacking;
  const found = text === "" ? {} : { found: text.length > 100 ? `${text.slice(0, 100)}…` : text };
  if (quantity.startsWith("position of ")) {
    const token = JSON.stringify(quantity.slice("position of ".length));
    reportError(cx, "A4306", span, { index, texts: texts.name, token }, found);
    return false;
  }
  const isAll = texts.prompts.every((prompt) => prompt.numbers[quantity] === undefined);
  const details = isAll ? { hint } : { ...found, hint: `prompt ${index} has none` };
  reportError(cx, "A3013", span, { texts: texts.name, quantity }, details);
  return false;
}

/** A string as the one token that it is for this model, where it continues a text. */
export function elaborateToken(cx: Elaboration, literal: StringLiteral): Value {
  const encoded = cx.tokenOf(literal.value);
  if (encoded === null) {
    // What is wrong with a model that could not be opened has been said.
    if (cx.model.assumed) return { kind: "tensor", node: cx.builder.token(0, literal.span) };
    const name = JSON.stringify(literal.value);
    const hint = "put tokenizer.json beside config.json, or name the token by its id: select(logits, vocab: 12)";
    return reportError(cx, "A4107", literal.span, { model: cx.model.name, name }, { hint });
  }
  const [id, ...more] = encoded.ids;
  const outside = idWithoutRow(encoded.ids, cx.model.signature);
  if (outside !== undefined) {
    const what = `the token ${JSON.stringify(literal.value)}`;
    const parameters = { model: cx.model.name, id: outside, what, last: cx.model.signature.vocab - 1 };
    return reportError(cx, "A4007", literal.span, parameters);
  }
  if (id !== undefined && more.length === 0) return { kind: "tensor", node: cx.builder.token(id, literal.span) };
  const token = JSON.stringify(literal.value);
  const pieces = encoded.pieces.map((piece) => JSON.stringify(piece)).join(" ");
  const [first] = encoded.pieces;
  const hint =
    first === undefined
      ? "write a token of the model"
      : `a word inside a text is written with the space before it; the first token alone is ${JSON.stringify(first)}`;
  const found = pieces === "" ? "no token" : pieces;
  const parameters = { token, count: encoded.ids.length, model: cx.model.name };
  return reportError(cx, "A3014", literal.span, parameters, { expected: "one token", found, hint });
}

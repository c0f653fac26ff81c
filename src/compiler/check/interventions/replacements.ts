/** What an ablation puts in: `by zero`, `mean`, `constant`, `resample`. */
import { digestOf } from "../../base/digest.js";
import { seededIntegers } from "../../base/random.js";
import { wholeName, type ReplacementValue, type TokenizedTexts } from "../../ir/protocol.js";
import type { Replacement } from "../../syntax/ast.js";
import { fitsFloat32, reportError, wrongKind } from "../faults.js";
import { startElaboration, topLevel } from "../measures/measures.js";
import { besideContinuations, checkOneLength } from "../texts/pairs.js";
import { createSweeps } from "../expressions/sweeps.js";
import { resolveTexts } from "../texts/text-names.js";
import type { InterventionContext } from "./context.js";

/** The replacement that a clause asks for, zero without `by`; null after an error. */
export function checkReplacement(cx: InterventionContext, by: Replacement | null): ReplacementValue | null {
  switch (by?.kind) {
    case undefined:
    case "zero":
      return { kind: "zero" };
    case "constant":
      return constantReplacement(cx, by);
    case "mean":
      return meanReplacement(cx, by);
    case "resample":
      return resampleReplacement(cx, by);
  }
}

function constantReplacement(
  cx: InterventionContext,
  { value }: Extract<Replacement, { kind: "constant" }>,
): ReplacementValue | null {
  const elaboration = startElaboration(cx, createSweeps(null));
  const found = elaboration.elaborate(elaboration, topLevel, value);
  if (found.kind === "number") {
    return fitsFloat32(cx, found.value, value.span) ? { kind: "constant", value: found.value } : null;
  }
  if (found.kind !== "error") wrongKind(cx, value.span, "a number such as 0.5", cx.sourceOf(value.span));
  return null;
}

function meanReplacement(cx: InterventionContext, by: Extract<Replacement, { kind: "mean" }>): ReplacementValue | null {
  const { perPosition } = by;
  const own = cx.besideOwn(wholeName(cx.runsOn), "mean");
  const of = by.of === null ? own : resolveTexts(cx, cx.textsName, by.of, "mean");
  if (of === null) return null;
  const averaged = cx.otherTexts(of);
  if (perPosition && besideContinuations(cx, averaged, by.span, "a mean `per position`")) return null;
  if (!perPosition || averaged === null || cx.texts === null) return { kind: "mean", of, perPosition };
  const corpus = [cx.texts, averaged].find((set) => set.documents !== null);
  if (corpus !== undefined) {
    reportError(cx, "A4308", by.span, { what: "a mean `per position`", texts: corpus.name });
    return null;
  }
  const hint = "a mean `per position` needs one length for all prompts; leave `per position` out, or split the set";
  return checkOneLength(cx, averaged, cx.texts, by.span, hint) ? { kind: "mean", of, perPosition } : null;
}

function resampleReplacement(
  cx: InterventionContext,
  by: Extract<Replacement, { kind: "resample" }>,
): ReplacementValue | null {
  const seed = by.seed?.value ?? 0;
  if (by.seed !== null && !(Number.isInteger(seed) && seed < 2 ** 32)) {
    const expected = "a seed: a whole number below 4294967296";
    reportError(cx, "A3005", by.seed.span, { value: by.seed.text, expected });
    return null;
  }
  const of = resolveTexts(cx, cx.textsName, by.from);
  if (of === null) return null;
  const from = cx.otherTexts(of);
  if (from === null || cx.texts === null) return { kind: "activation", of, prompts: [] };
  if (besideContinuations(cx, from, by.span, "`resample`")) return null;
  const corpus = [cx.texts, from].find((set) => set.documents !== null);
  if (corpus !== undefined) {
    reportError(cx, "A4308", by.span, { what: "`resample`", texts: corpus.name });
    return null;
  }
  const prompts = drawPrompts(cx.texts, from, seed);
  if (typeof prompts !== "number") return { kind: "activation", of, prompts };
  const tokens = cx.texts.prompts.find(({ index }) => index === prompts)?.ids.length ?? 0;
  const hint = "values are taken from the end of a prompt that is at least as long";
  reportError(cx, "A4307", by.span, { from: from.name, tokens, index: prompts, texts: cx.texts.name }, { hint });
  return null;
}

/**
 * For each prompt of `texts` a prompt of `from` that is at least as long, drawn uniformly: never itself, unless the set
 * has no other. A number is the first prompt for which there is none. What is drawn for a prompt depends on the seed, its
 * own tokens and `from`, not on the other prompts of `texts`.
 */
export function drawPrompts(texts: TokenizedTexts, from: TokenizedTexts, seed: number): readonly number[] | number {
  const same = texts.name === from.name && from.prompts.length > 1;
  const drawn: number[] = [];
  for (const prompt of texts.prompts) {
    const possible = from.prompts.filter(
      (other) => other.ids.length >= prompt.ids.length && !(same && other.index === prompt.index),
    );
    const next = seededIntegers(Number.parseInt(digestOf([seed, prompt.ids]).slice(0, 8), 16));
    const chosen = possible.length === 0 ? undefined : possible[next(possible.length)];
    if (chosen === undefined) return prompt.index;
    drawn.push(from.prompts.indexOf(chosen));
  }
  return drawn;
}

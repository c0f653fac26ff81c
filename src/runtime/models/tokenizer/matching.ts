/** Where a pattern matches a text, and how texts are split there. */
import type { JsonObject } from "../model-json.js";
import { fieldsOf, refuse, shown, text as textOf } from "./fields.js";
import { javaScriptSource } from "./regex-reader.js";

/**
 * A text as stretches that match a pattern or do not: start, end and 1 or 0 for each, in one list. Together they are the
 * text; a match may be empty.
 */
export type Stretches = readonly number[];

export type Matcher = (text: string) => Stretches;

/** The stretches between the matches of a regex of tokenizer.json. */
export function regexMatcher(pattern: string): Matcher {
  const source = javaScriptSource(pattern);
  let regex: RegExp;
  try {
    regex = new RegExp(source, "gu");
  } catch {
    return refuse(`its regex ${shown(pattern)} cannot be read`);
  }
  return (text) => {
    const stretches: number[] = [];
    let previous = 0;
    let last = -1;
    regex.lastIndex = 0;
    for (;;) {
      const from = regex.lastIndex;
      const found = regex.exec(text);
      if (found === null) break;
      const start = found.index;
      const end = start + found[0].length;
      if (start === end && end === last) {
        // An empty match right behind another one is none.
        regex.lastIndex = from + ((text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1);
        if (regex.lastIndex > text.length) break;
        continue;
      }
      if (previous !== start) stretches.push(previous, start, 0);
      stretches.push(start, end, 1);
      previous = end;
      last = end;
      regex.lastIndex = end;
    }
    if (previous !== text.length) stretches.push(previous, text.length, 0);
    return stretches;
  };
}

/** The stretches between the occurrences of a text. */
export function textMatcher(pattern: string): Matcher {
  return (text) => {
    const stretches: number[] = [];
    let previous = 0;
    for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, previous)) {
      if (previous !== at) stretches.push(previous, at, 0);
      previous = at + pattern.length;
      stretches.push(at, previous, 1);
    }
    if (previous !== text.length) stretches.push(previous, text.length, 0);
    return stretches;
  };
}

/** The stretches of characters that a test takes for matches, one character each. */
export function characterMatcher(matches: (point: number) => boolean): Matcher {
  return (text) => {
    const stretches: number[] = [];
    let previous = 0;
    for (let at = 0; at < text.length;) {
      const point = text.codePointAt(at) ?? 0;
      const end = at + (point > 0xffff ? 2 : 1);
      if (matches(point)) {
        if (previous < at) stretches.push(previous, at, 0);
        stretches.push(at, end, 1);
        previous = end;
      }
      at = end;
    }
    if (previous < text.length) stretches.push(previous, text.length, 0);
    return stretches;
  };
}

/** A pattern of tokenizer.json: `{ "String": … }` or `{ "Regex": … }`. */
export function patternMatcher(component: JsonObject, what: string): Matcher {
  const pattern = fieldsOf(component["pattern"], `\`pattern\` of ${what}`, ["String", "Regex"]);
  if (pattern.of["Regex"] !== undefined) return regexMatcher(textOf(pattern, "Regex"));
  const text = textOf(pattern, "String");
  return text === "" ? refuse(`\`pattern\` of ${what} is empty`) : textMatcher(text);
}

export function inverted(matcher: Matcher): Matcher {
  return (text) => matcher(text).map((value, i) => (i % 3 === 2 ? 1 - value : value));
}

/** What becomes of the matches when a text is split. */
export const splitBehaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"] as const;
export type SplitBehavior = (typeof splitBehaviors)[number];

/**
 * Start and end of each part that a text is split into.
 *
 * @source Hugging Face tokenizers 0.23, NormalizedString::split
 */
export function splitParts(stretches: Stretches, behavior: SplitBehavior): number[] {
  const parts: number[] = [];
  let previous = 0;
  if (behavior === "MergedWithNext") {
    for (let i = stretches.length - 3; i >= 0; i -= 3) {
      const match = stretches[i + 2] ?? 0;
      const joins = match === 1 && previous === 0 && parts.length > 0;
      // Written from the end: end before start.
      if (joins) parts[parts.length - 1] = stretches[i] ?? 0;
      else parts.push(stretches[i + 1] ?? 0, stretches[i] ?? 0);
      previous = match;
    }
    return parts.reverse();
  }
  for (let i = 0; i < stretches.length; i += 3) {
    const match = stretches[i + 2] ?? 0;
    if (behavior === "Removed" && match === 1) continue;
    const joins =
      parts.length > 0 &&
      ((behavior === "Contiguous" && match === previous) ||
        (behavior === "MergedWithPrevious" && match === 1 && previous === 0));
    if (joins) parts[parts.length - 1] = stretches[i + 1] ?? 0;
    else parts.push(stretches[i] ?? 0, stretches[i + 1] ?? 0);
    previous = match;
  }
  return parts;
}

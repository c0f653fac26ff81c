/** Texts of the repository, and random changes of them. */
import { tokenize } from "../../grammar/tokens.js";
import type { Random } from "./random.js";
import { examples, protocols } from "./trees.js";

/** Every example and protocol. */
export const texts = [...examples(), ...protocols()].map((file) => file.text);
const pieces = texts.flatMap((text) => tokenize(text).tokens.map((token) => token.image));
const noise = Array.from('"#\\[](){}.,:=<>+-*/^%L0k \n\t\r\0é“…𝛼');

/** One change of a text: a token inserted, deleted, replaced, doubled or swapped with the next, or a character. */
export function mutate(text: string, random: Random): string {
  const { tokens } = tokenize(text);
  const spans = tokens.map((token) => [token.startOffset, token.startOffset + token.image.length] as const);
  if (spans.length < 2) return text + random.pick(noise);
  const index = random.below(spans.length - 1);
  const [start, end] = spans[index] ?? [0, 0];
  const [nextStart, nextEnd] = spans[index + 1] ?? [end, end];
  const before = text.slice(0, start);
  const token = text.slice(start, end);
  const behind = text.slice(end);
  switch (random.below(8)) {
    case 0:
      return `${before}${random.pick(pieces)} ${token}${behind}`;
    case 1:
      return before + behind;
    case 2:
      return before + random.pick(pieces) + behind;
    case 3:
      return `${before}${token} ${token}${behind}`;
    case 4:
      return `${before}${text.slice(nextStart, nextEnd)} ${token}${text.slice(nextEnd)}`;
    case 5: {
      const offset = random.below(text.length);
      return text.slice(0, offset) + random.pick(noise) + text.slice(offset);
    }
    case 6: {
      const offset = random.below(text.length);
      return text.slice(0, offset) + text.slice(offset + 1);
    }
    default:
      return text.slice(0, random.below(text.length));
  }
}

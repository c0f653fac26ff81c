/** What to write in place of what other languages write, where that is certain: an edit for an editor to offer. */
import type { IToken } from "chevrotain";
import type { Fix } from "../diagnostics/diagnostic.js";
import { tokenEnd } from "./build-tree.js";
import { after, before, both, finds, imageOf, inRule, isType, wants, type Situation, type Test } from "./situation.js";

interface Correction {
  readonly when: Test;
  /** The tokens that are replaced, the first and the last of them, and by what; null where that cannot be said. */
  readonly edit: (situation: Situation) => Replaced | null;
}

interface Replaced {
  readonly from: IToken | null;
  readonly to: IToken | null;
  readonly text: string;
}

const touches = (one: IToken | null, other: IToken | null): boolean =>
  one !== null && other !== null && tokenEnd(one) === other.startOffset;

/** A comma that stands before what follows without one. */
const withoutComma = ({ previous }: Situation): Replaced => ({ from: previous, to: previous, text: "" });

const corrections: readonly Correction[] = [
  {
    when: both(finds("Slash"), after("Slash"), ({ previous, found }) => touches(previous, found)),
    edit: ({ previous, found }) => ({ from: previous, to: found, text: "#" }),
  },
  {
    when: both(finds("Slash"), inRule("file"), ({ found, next }) => isType(next, "Slash") && touches(found, next)),
    edit: ({ found, next }) => ({ from: found, to: next, text: "#" }),
  },
  {
    when: both(finds("Equals"), after("Equals"), ({ previous, found }) => touches(previous, found)),
    edit: ({ previous, found }) => ({ from: previous, to: found, text: "is" }),
  },
  {
    when: both(finds("Equals"), ({ found, next }) => isType(next, "Equals") && touches(found, next)),
    edit: ({ found, next }) => ({ from: found, to: next, text: "is" }),
  },
  {
    when: both(finds("Star"), after("Star"), ({ previous, found }) => touches(previous, found)),
    edit: ({ previous, found }) => ({ from: previous, to: found, text: "^" }),
  },
  { when: both(after("Comma"), finds("Over", "Between")), edit: withoutComma },
  {
    when: both(after("Comma"), (s) => clauseWords.has(imageOf(s.found))),
    edit: withoutComma,
  },
  {
    // `L1:3`, `L1-3`, `L1 .. L3`
    when: both(inRule("file"), after("PlaceLiteral"), finds("Colon", "Minus", "DotDot")),
    edit: ({ previous, next }) => {
      const last = /^L?(\d+)$/.exec(imageOf(next))?.[1];
      if (last === undefined || !/^L\d+$/.test(imageOf(previous))) return null;
      return { from: previous, to: next, text: `${imageOf(previous)}..${last}` };
    },
  },
  {
    // `heads 5`, `heads 5.3`
    when: both(finds("NumberLiteral"), wants("PlaceLiteral")),
    edit: (s) => {
      const [, layer, unit] = /^(\d+)(?:\.(\d+))?$/.exec(imageOf(s.found)) ?? [];
      if (layer === undefined || isType(s.next, "DotDot")) return null;
      const letter = { heads: "H", kv_heads: "H", neurons: "N", experts: "E" }[before(s, 1)];
      if (unit === undefined) return { from: s.found, to: s.found, text: `L${layer}` };
      return letter === undefined ? null : { from: s.found, to: s.found, text: `L${layer}.${letter}${unit}` };
    },
  },
];

const clauseWords: ReadonlySet<string> = new Set("on with ablate patch scale steer set measure".split(" "));

/** The edit that a syntax error asks for; none where it is not certain what was meant. */
export function correctionsOf(situation: Situation, file: string): readonly Fix[] {
  const replaced = corrections.find(({ when }) => when(situation))?.edit(situation) ?? null;
  if (replaced?.from == null || replaced.to === null) return [];
  const { from, to, text } = replaced;
  const span = { file, start: from.startOffset, end: tokenEnd(to) };
  const title = text === "" ? `remove \`${from.image}\`` : `replace by ${text}`;
  return [{ title, edits: [{ span, replacement: text }] }];
}

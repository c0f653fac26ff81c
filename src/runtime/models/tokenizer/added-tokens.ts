/** Tokens that are found in a text as they are, before anything else is done to it. */
import type { Json } from "../../../compiler/base/digest.js";
import { alignedText, sliceAligned, type AlignedText } from "./aligned-text.js";
import { isRustWord, isWhiteSpace } from "./character-sets.js";
import { count, fieldsOf, flag, refuse, shown, text as textOf } from "./fields.js";
import { longestToken } from "./model.js";
import type { Normalizer } from "./normalizers.js";
import { nodeOf, trieNode, type TrieNode } from "./trie.js";

/** A token that stands for a text of its own. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly singleWord: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

/** Part of a text, normalized: one added token, or text that the pre-tokenizer and the model read. */
export interface Section {
  readonly text: AlignedText;
  /** Id of the added token; null for text. */
  readonly id: number | null;
}

const tokenFields = ["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"] as const;

/**
 * `added_tokens` of tokenizer.json. The library does not read their ids but gives them: those of the vocabulary, else the
 * next free ones. Where a file says otherwise, it is refused.
 */
export function readAddedTokens(
  value: Json | undefined,
  vocabulary: ReadonlyMap<string, number>,
): readonly AddedToken[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return refuse("`added_tokens` is no list");
  const byId = new Map<number, AddedToken>();
  const idOf = new Map<string, number>();
  let next = vocabulary.size;
  for (const entry of value as readonly Json[]) {
    const fields = fieldsOf(entry, "an added token", tokenFields);
    const content = textOf(fields, "content");
    if (content === "") continue;
    if (content.length > longestToken) refuse(`an added token has ${content.length} characters`);
    const token: AddedToken = {
      id: idOf.get(content) ?? vocabulary.get(content) ?? next++,
      content,
      singleWord: flag(fields, "single_word"),
      lstrip: flag(fields, "lstrip"),
      rstrip: flag(fields, "rstrip"),
      normalized: flag(fields, "normalized"),
      special: flag(fields, "special"),
    };
    const stated = fields.of["id"] === undefined ? token.id : count(fields, "id");
    if (stated !== token.id) {
      refuse(
        `its added token ${shown(content)} has the id ${stated}, and the tokenizers' library gives it ${token.id}`,
      );
    }
    byId.set(token.id, token);
    idOf.set(content, token.id);
  }
  return [...byId.values()];
}

/** Finds added tokens and normalizes what is between them. */
export function sectionsOf(tokens: readonly AddedToken[], normalize: Normalizer): (text: string) => readonly Section[] {
  const asWritten = finder(tokens.filter((token) => !token.normalized).map((token) => [token.content, token]));
  const normalized = finder(
    tokens
      .filter((token) => token.normalized)
      .map((token) => [normalize(alignedText(token.content)).text, token] as const),
  );
  return (text) =>
    partsOf(alignedText(text), asWritten).flatMap((section) =>
      section.id === null ? partsOf(normalize(section.text), normalized) : [section],
    );
}

/** Finds the leftmost and longest of the tokens; null for none. */
type Finder =
  | ((
      text: string,
      from: number,
    ) => { readonly start: number; readonly end: number; readonly token: AddedToken } | null)
  | null;

function finder(contents: readonly (readonly [string, AddedToken])[]): Finder {
  if (contents.length === 0) return null;
  const root = trieNode<AddedToken>();
  for (const [content, token] of contents) {
    if (content === "") refuse(`nothing is left of its added token ${shown(token.content)} when it is normalized`);
    const node = nodeOf(root, content);
    if (node.value !== null) {
      refuse(
        `its added tokens ${shown(node.value.content)} and ${shown(token.content)} are the same when they are normalized`,
      );
    }
    node.value = token;
  }
  const begins = new Uint8Array(0x10000);
  for (const unit of root.next.keys()) begins[unit] = 1;
  return (text, from) => {
    for (let start = from; start < text.length; start++) {
      if (begins[text.charCodeAt(start)] === 0) continue;
      let longest: { readonly start: number; readonly end: number; readonly token: AddedToken } | null = null;
      let node: TrieNode<AddedToken> | undefined = root;
      for (let end = start; end < text.length;) {
        node = node.next.get(text.charCodeAt(end++));
        if (node === undefined) break;
        if (node.value !== null) longest = { start, end, token: node.value };
      }
      if (longest !== null) return longest;
    }
    return null;
  };
}

/**
 * The text between added tokens, and these.
 *
 * @source Hugging Face tokenizers 0.23, AddedVocabulary::find_matches
 */
function partsOf(aligned: AlignedText, find: Finder): readonly Section[] {
  const { text } = aligned;
  if (text === "") return [];
  if (find === null) return [{ text: aligned, id: null }];
  const sections: Section[] = [];
  const push = (from: number, to: number, id: number | null): void => {
    if (from < to) sections.push({ text: sliceAligned(aligned, from, to), id });
  };
  let done = 0;
  for (let found = find(text, 0); found !== null; found = find(text, found.end)) {
    const { token } = found;
    let { start, end } = found;
    if (token.singleWord && (isWordBefore(text, start) || isWordAt(text, end))) continue;
    // White space is all below U+10000: a unit is a character.
    if (token.lstrip) {
      while (start > 0 && isWhiteSpace(text.charCodeAt(start - 1))) start--;
      start = Math.max(start, done);
    }
    while (token.rstrip && end < text.length && isWhiteSpace(text.charCodeAt(end))) end++;
    push(done, start, null);
    push(start, end, token.id);
    done = end;
  }
  push(done, text.length, null);
  return sections;
}

function isWordBefore(text: string, at: number): boolean {
  if (at === 0) return false;
  const unit = text.charCodeAt(at - 1);
  return isRustWord()(text.codePointAt(unit >= 0xdc00 && unit < 0xe000 ? at - 2 : at - 1) ?? 0);
}

function isWordAt(text: string, at: number): boolean {
  return at < text.length && isRustWord()(text.codePointAt(at) ?? 0);
}

/**
 * Regexes of tokenizer.json as JavaScript's. They are Oniguruma's, in Ruby's syntax: classes know another version of
 * Unicode, `$` is the end of a line, and groups may be atomic. What has no exact counterpart is refused by name.
 *
 * @source Oniguruma 6.9, doc/RE and doc/SYNTAX.md
 */
import {
  categorySet,
  complement,
  everything,
  intersection,
  scriptSet,
  union,
  whiteSpace,
  wordSet,
  type CharacterSet,
} from "./character-sets.js";
import { refuse } from "./fields.js";

/** A place in a pattern, and how letters count there. */
interface Reader {
  readonly pattern: string;
  at: number;
  atomic: number;
  depth: number;
}

/** Whether capital and small letters are one, and whether `.` matches line breaks. */
interface Mode {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
}

/** Groups in groups that are read: deeper ones would end the stack. */
const deepest = 200;

/** JavaScript's source (for the flags `gu`) of a pattern. */
export function javaScriptSource(pattern: string): string {
  const reader: Reader = { pattern, at: 0, atomic: 0, depth: 0 };
  const source = alternatives(reader, { ignoreCase: false, dotAll: false });
  if (reader.at < pattern.length) unreadable(reader, "a bracket that nothing opens");
  return source;
}

function unreadable({ pattern, at }: Reader, what: string): never {
  const short = pattern.length > 200 ? `${pattern.slice(0, 199)}…` : pattern;
  return refuse(`its regex ${JSON.stringify(short)} has ${what} (at character ${at + 1})`);
}

function next(reader: Reader): string {
  const point = reader.pattern.codePointAt(reader.at);
  if (point === undefined) return unreadable(reader, "no end");
  const character = String.fromCodePoint(point);
  reader.at += character.length;
  return character;
}

function take(reader: Reader, text: string): boolean {
  if (!reader.pattern.startsWith(text, reader.at)) return false;
  reader.at += text.length;
  return true;
}

/** Alternatives up to the end of their group. */
function alternatives(reader: Reader, outer: Mode): string {
  if (++reader.depth > deepest) unreadable(reader, `more than ${deepest} groups in each other`);
  let mode = outer;
  let source = "";
  while (reader.at < reader.pattern.length && reader.pattern.charAt(reader.at) !== ")") {
    if (take(reader, "|")) {
      source += "|";
      continue;
    }
    const flags = /^\(\?([imx-]*)\)/.exec(reader.pattern.slice(reader.at, reader.at + 8));
    if (flags !== null) {
      mode = modeOf(reader, flags[1] ?? "", mode);
      reader.at += flags[0].length;
      // What follows is a group of its own, alternatives included.
      source += `(?:${alternatives(reader, mode)})`;
      continue;
    }
    source += quantified(reader, atom(reader, mode));
  }
  reader.depth--;
  return source;
}

function modeOf(reader: Reader, flags: string, mode: Mode): Mode {
  const [on = "", off = ""] = flags.split("-");
  if (flags.includes("x")) unreadable(reader, "the flag x");
  const is = (letter: string, now: boolean): boolean => (off.includes(letter) ? false : now || on.includes(letter));
  return { ignoreCase: is("i", mode.ignoreCase), dotAll: is("m", mode.dotAll) };
}

/** An atom with its quantifiers. */
function quantified(reader: Reader, of: string): string {
  let source = of;
  for (;;) {
    const { pattern, at } = reader;
    const counted = /^\{(\d*)(,?)(\d*)\}/.exec(pattern.slice(at, at + 24));
    const [whole = "", least = "", comma = "", most = ""] = counted ?? [];
    const simple = /^[*+?]/.exec(pattern.charAt(at))?.[0] ?? "";
    const isCount = counted !== null && (least !== "" || (comma !== "" && most !== ""));
    if (simple === "" && !isCount) return source;
    if (source === "") unreadable(reader, "a quantifier of nothing");
    reader.at += simple === "" ? whole.length : 1;
    if (Number(least) > 100_000 || Number(most) > 100_000) unreadable(reader, "a quantifier above 100,000");
    if (most !== "" && Number(least) > Number(most)) unreadable(reader, "a quantifier whose bounds are exchanged");
    const quantifier = simple === "" ? `{${least === "" ? "0" : least}${comma}${most}}` : simple;
    const lazy = take(reader, "?");
    if (lazy && simple === "" && comma === "") unreadable(reader, "a lazy quantifier of one number");
    const possessive = !lazy && simple !== "" && take(reader, "+");
    source = `(?:${source})${quantifier}${lazy ? "?" : ""}`;
    if (possessive) source = atomicGroup(reader, source);
  }
}

/** JavaScript has no atomic groups; a lookahead is one, and what it has found is then matched. */
function atomicGroup(reader: Reader, source: string): string {
  const name = `a${reader.atomic++}`;
  return `(?:(?=(?<${name}>${source}))\\k<${name}>)`;
}

/** One character, class, group or assertion. */
function atom(reader: Reader, mode: Mode): string {
  const character = next(reader);
  if (character === "(") return group(reader, mode);
  if (character === "[") return classSource(characterClass(reader, mode));
  if (character === ".") return mode.dotAll ? "[^]" : "[^\\n]";
  if (character === "^") return "(?:(?<![^])|(?<=\\n)(?=[^]))";
  if (character === "$") return "(?=\\n|(?![^]))";
  if (character === "*" || character === "+" || character === "?") return unreadable(reader, "a quantifier of nothing");
  if (character === "\\") {
    const assertion = assertions.get(reader.pattern.charAt(reader.at));
    if (assertion !== undefined) {
      reader.at++;
      return assertion();
    }
    const set = escaped(reader, false);
    return classSource(mode.ignoreCase ? bothCases(reader, set) : set);
  }
  const set = single(character.codePointAt(0) ?? 0);
  return classSource(mode.ignoreCase ? bothCases(reader, set) : set);
}

const wordBoundary = (): string => {
  const word = classSource(wordSet());
  return `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;
};

const assertions: ReadonlyMap<string, () => string> = new Map([
  ["b", wordBoundary],
  ["B", () => `(?!${wordBoundary()})`],
  ["A", () => "(?<![^])"],
  ["z", () => "(?![^])"],
  ["Z", () => "(?=\\n?(?![^]))"],
]);

const lookarounds = ["?=", "?!", "?<=", "?<!"] as const;

/** A group after its bracket. */
function group(reader: Reader, mode: Mode): string {
  const inside = (own = mode): string => {
    const source = alternatives(reader, own);
    if (!take(reader, ")")) unreadable(reader, "a group that does not end");
    return source;
  };
  const look = lookarounds.find((start) => take(reader, start));
  if (look !== undefined) return `(${look}${inside()})`;
  if (take(reader, "?>")) return atomicGroup(reader, inside());
  if (take(reader, "?:")) return `(?:${inside()})`;
  if (take(reader, "?#")) {
    const end = reader.pattern.indexOf(")", reader.at);
    if (end < 0) unreadable(reader, "a comment that does not end");
    reader.at = end + 1;
    return "(?:)";
  }
  const flags = /^\?([imx-]+):/.exec(reader.pattern.slice(reader.at, reader.at + 8));
  if (flags !== null) {
    reader.at += flags[0].length;
    return `(?:${inside(modeOf(reader, flags[1] ?? "", mode))})`;
  }
  const named = /^\?<[A-Za-z_]\w*>/.exec(reader.pattern.slice(reader.at, reader.at + 100));
  if (named !== null) reader.at += named[0].length;
  else if (reader.pattern.charAt(reader.at) === "?") unreadable(reader, "a group of an unknown kind");
  return `(?:${inside()})`;
}

function single(point: number): CharacterSet {
  return [point, point + 1];
}

const controls: ReadonlyMap<string, number> = new Map(
  Object.entries({ t: 9, n: 10, v: 11, f: 12, r: 13, a: 7, e: 27 }),
);
const decimal = (): CharacterSet => categorySet("Nd") ?? [];
const hexadecimal: CharacterSet = [0x30, 0x3a, 0x41, 0x47, 0x61, 0x67];

/** What an escape stands for, after its backslash. */
function escaped(reader: Reader, inClass: boolean): CharacterSet {
  const letter = next(reader);
  const control = controls.get(letter);
  if (control !== undefined) return single(control);
  switch (letter) {
    case "s":
      return whiteSpace;
    case "S":
      return complement(whiteSpace);
    case "d":
      return decimal();
    case "D":
      return complement(decimal());
    case "w":
      return wordSet();
    case "W":
      return complement(wordSet());
    case "h":
      return hexadecimal;
    case "H":
      return complement(hexadecimal);
    case "p":
      return property(reader);
    case "P":
      return complement(property(reader));
    case "b":
      if (inClass) return single(8);
      break;
    case "u":
    case "x": {
      const digits = letter === "u" ? /^([0-9A-Fa-f]{4})/ : /^(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{1,2}))/;
      const found = digits.exec(reader.pattern.slice(reader.at, reader.at + 10));
      const point = Number.parseInt(found?.[1] ?? found?.[2] ?? "", 16);
      // Above the letters of ASCII, two digits are a byte of UTF-8.
      const byte = letter === "x" && found?.[1] === undefined && point > 0x7f;
      if (found === null || !(point < 0x110000) || byte) return unreadable(reader, `\\${letter} of no character`);
      reader.at += found[0].length;
      return single(point);
    }
    default:
      if (!/[A-Za-z0-9]/.test(letter)) return single(letter.codePointAt(0) ?? 0);
  }
  return unreadable(reader, `\\${letter}`);
}

/** A property after `\p`. */
function property(reader: Reader): CharacterSet {
  const found = /^\{(\^?)([A-Za-z_ -]+)\}/.exec(reader.pattern.slice(reader.at, reader.at + 60));
  if (found === null) return unreadable(reader, "\\p without a property");
  const name = (found[2] ?? "").replace(/[_ -]/g, "");
  const long = longNames.get(name.toLowerCase());
  const set = long?.() ?? (name.length <= 2 ? categorySet(name) : null) ?? scriptSet(name);
  if (set === null) return unreadable(reader, `\\p{${found[2] ?? ""}}`);
  reader.at += found[0].length;
  return found[1] === "^" ? complement(set) : set;
}

const longNames: ReadonlyMap<string, () => CharacterSet | null> = new Map<string, () => CharacterSet | null>([
  ["any", () => everything],
  ["letter", () => categorySet("L")],
  ["mark", () => categorySet("M")],
  ["number", () => categorySet("N")],
  ["punctuation", () => categorySet("P")],
  ["symbol", () => categorySet("S")],
  ["separator", () => categorySet("Z")],
  ["decimalnumber", decimal],
  ["space", () => whiteSpace],
  ["whitespace", () => whiteSpace],
]);

/** A class in brackets, after the first. */
function characterClass(reader: Reader, mode: Mode): CharacterSet {
  if (++reader.depth > deepest) unreadable(reader, `more than ${deepest} classes in each other`);
  const negated = take(reader, "^");
  let whole: CharacterSet | null = null;
  let parts: CharacterSet[] = [];
  for (let first = true; ; first = false) {
    if (!first && take(reader, "]")) break;
    if (first && reader.pattern.charAt(reader.at) === "]") unreadable(reader, "an empty class");
    if (take(reader, "&&")) {
      const left: CharacterSet = union(...parts);
      whole = whole === null ? left : intersection(whole, left);
      parts = [];
      continue;
    }
    if (reader.pattern.startsWith("[:", reader.at)) unreadable(reader, "a POSIX class");
    const isClass = take(reader, "[");
    const start = isClass ? characterClass(reader, mode) : member(reader);
    const isRange = !isClass && /^-[^\]]/.test(reader.pattern.slice(reader.at, reader.at + 2));
    if (!isRange || !isSingle(start)) {
      if (isRange) unreadable(reader, "a range that begins with a class");
      parts.push(start);
      continue;
    }
    reader.at++;
    if (reader.pattern.startsWith("[", reader.at)) unreadable(reader, "a range that ends with a class");
    const end = member(reader);
    if (!isSingle(end) || (end[0] ?? 0) < (start[0] ?? 0)) unreadable(reader, "a range without an order");
    parts.push([start[0] ?? 0, end[1] ?? 0]);
  }
  reader.depth--;
  const last = union(...parts);
  const joined = whole === null ? last : intersection(whole, last);
  const set = mode.ignoreCase ? bothCases(reader, joined) : joined;
  return negated ? complement(set) : set;
}

function member(reader: Reader): CharacterSet {
  const character = next(reader);
  return character === "\\" ? escaped(reader, true) : single(character.codePointAt(0) ?? 0);
}

function isSingle(set: CharacterSet): boolean {
  return set.length === 2 && (set[1] ?? 0) - (set[0] ?? 0) === 1;
}

/** Letters of ASCII that stand for others too when case is ignored. @source Unicode, CaseFolding.txt */
const foldedToo: ReadonlyMap<string, number> = new Map([
  ["s", 0x17f],
  ["k", 0x212a],
]);

/** A set with the letters of the other case. Beyond ASCII, letters fold in ways that JavaScript does not have. */
function bothCases(reader: Reader, set: CharacterSet): CharacterSet {
  if ((set.at(-1) ?? 0) > 0x80) unreadable(reader, "characters beyond ASCII where case is ignored");
  const more: CharacterSet[] = [];
  for (let i = 0; i + 1 < set.length; i += 2) {
    for (let point = set[i] ?? 0; point < (set[i + 1] ?? 0); point++) {
      const letter = String.fromCodePoint(point);
      const small = letter.toLowerCase();
      if (!/[a-z]/.test(small)) continue;
      const other = foldedToo.get(small);
      more.push(single(small.charCodeAt(0)), single(small.toUpperCase().charCodeAt(0)));
      if (other !== undefined) more.push(single(other));
    }
  }
  return union(set, ...more);
}

/** A set as JavaScript writes it. */
function classSource(set: CharacterSet): string {
  const [first = 0, end = 0] = set;
  const escape = (point: number): string =>
    point > 0x20 && point < 0x7f
      ? String.fromCodePoint(point).replace(/[^A-Za-z0-9]/, (sign) => `\\u{${sign.charCodeAt(0).toString(16)}}`)
      : `\\u{${point.toString(16)}}`;
  if (set.length === 2 && end === first + 1) return escape(first);
  let source = "";
  for (let i = 0; i + 1 < set.length; i += 2) {
    const start = set[i] ?? 0;
    const last = (set[i + 1] ?? 0) - 1;
    source += start === last ? escape(start) : `${escape(start)}-${escape(last)}`;
  }
  return set.length === 0 ? "(?:(?!))" : `[${source}]`;
}

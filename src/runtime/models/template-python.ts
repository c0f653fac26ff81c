/**
 * What Python makes of values in a chat template: how they are printed, compared and stripped. Where it cannot be
 * reproduced, these functions throw with the reason, so that no other text is read than transformers would give.
 */

/** A value of the template library. `type` names its kind, and `value` holds it: lists as arrays, mappings as `Map`s. */
export interface RuntimeValue {
  readonly type: string;
  value: unknown;
}

/** Thrown for what transformers does otherwise, in words for whoever wrote the template. */
export function refuse(what: string): never {
  throw new Error(`${what}, which cannot be read here as transformers does`);
}

/** What Python's `str.strip` without an argument and `str.split` take for blank. */
const blank = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

export function isText(value: RuntimeValue): value is RuntimeValue & { readonly value: string } {
  return value.type === "StringValue";
}

export function isList(value: RuntimeValue): value is RuntimeValue & { readonly value: readonly RuntimeValue[] } {
  return value.type === "ArrayValue" || value.type === "TupleValue";
}

export function isMapping(
  value: RuntimeValue,
): value is RuntimeValue & { readonly value: ReadonlyMap<string, RuntimeValue> } {
  return value.type === "ObjectValue";
}

/** The number that a value is, where truth values count as 0 and 1; null for what is no number. */
export function numberOf({ type, value }: RuntimeValue): number | null {
  return type === "IntegerValue" || type === "FloatValue" || type === "BooleanValue" ? Number(value) : null;
}

/** Values that are lists here and tuples in Python. */
type Tuples = Pick<WeakSet<RuntimeValue>, "has">;

/** `str(value)`, which `{{ value }}`, `~`, `join` and `string` write. */
export function printed(value: RuntimeValue, tuples: Tuples): string {
  if (isText(value)) return value.value;
  return value.type === "UndefinedValue" ? "" : represented(value, tuples);
}

/** `repr(value)`, which lists write of their items. */
function represented(value: RuntimeValue, tuples: Tuples): string {
  if (isText(value)) return quoted(value.value);
  if (isMapping(value)) {
    return `{${[...value.value].map(([key, item]) => `${quoted(key)}: ${represented(item, tuples)}`).join(", ")}}`;
  }
  if (isList(value)) {
    const items = value.value.map((item) => represented(item, tuples)).join(", ");
    if (value.type === "ArrayValue" && !tuples.has(value)) return `[${items}]`;
    return value.value.length === 1 ? `(${items},)` : `(${items})`;
  }
  switch (value.type) {
    case "NullValue":
      return "None";
    case "BooleanValue":
      return value.value === true ? "True" : "False";
    case "IntegerValue":
      return wholeNumber(Number(value.value));
    case "FloatValue":
      return decimal(Number(value.value));
    default:
      return refuse(`the template prints ${nameOf(value)}`);
  }
}

function wholeNumber(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : refuse("the template counts beyond 2^53");
}

/** Python and JavaScript agree on the digits of a number, and on where the exponent begins only in between. */
export function decimal(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && !(size >= 1e-4 && size < 1e16)) refuse("the template prints a very large or very small number");
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };
  const inside = Array.from(text, (character) => {
    if (character === quote) return `\\${quote}`;
    const escaped = Object.hasOwn(named, character) ? named[character] : undefined;
    if (escaped !== undefined) return escaped;
    if (character === " " || !/[\p{C}\p{Z}]/u.test(character)) return character;
    const code = character.codePointAt(0) ?? 0;
    const digits = code.toString(16);
    if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
  });
  return `${quote}${inside.join("")}${quote}`;
}

/** `left == right`: text and numbers are never equal, lists and mappings are compared item by item. */
export function areEqual(left: RuntimeValue, right: RuntimeValue): boolean {
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== null || b !== null) return a === b;
  if (isList(left) && isList(right)) {
    if (left.type !== right.type) return false;
    const others = right.value;
    return left.value.length === others.length && left.value.every((item, i) => areItems(item, others[i]));
  }
  if (isMapping(left) && isMapping(right)) {
    const others = right.value;
    return left.value.size === others.size && [...left.value].every(([key, item]) => areItems(item, others.get(key)));
  }
  return left.type === right.type && left.value === right.value;
}

function areItems(left: RuntimeValue, right: RuntimeValue | undefined): boolean {
  return right !== undefined && areEqual(left, right);
}

/** `text.strip(characters)`, or one end of it. */
export function stripped(text: string, ends: "both" | "start" | "end", characters: string | null): string {
  const all = Array.from(text);
  const isBlank = new RegExp(`^[${blank}]$`, "u");
  const among = new Set(characters ?? "");
  const goes = (character: string | undefined): boolean =>
    character !== undefined && (characters === null ? isBlank.test(character) : among.has(character));
  let [first, last] = [0, all.length];
  while (ends !== "end" && first < last && goes(all[first])) first++;
  while (ends !== "start" && last > first && goes(all[last - 1])) last--;
  return all.slice(first, last).join("");
}

/** `text.split()`: the words between blanks. */
export function wordsOf(text: string): readonly string[] {
  return text.split(new RegExp(`[${blank}]+`, "u")).filter((word) => word !== "");
}

/** Digraphs and Georgian letters, which begin a word otherwise than in capitals. */
const titleCased = /[\u01c4-\u01cc\u01f1-\u01f3\u10d0-\u10ff]/;

/** `text.capitalize()`. */
export function capitalized(text: string): string {
  const [first = "", ...rest] = Array.from(text);
  if (first.toUpperCase().length > first.length || titleCased.test(first))
    refuse(`the template capitalizes "${first}"`);
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** `text.title()`: the first letter after what is no letter is large, and all others are small. */
export function titled(text: string): string {
  return text.replace(/\p{L}+/gu, capitalized);
}

/** `text | title` of Jinja, which begins words only after blanks, dashes and brackets. */
export function titledWords(text: string): string {
  return text
    .split(new RegExp(`([-${blank}({[<]+)`, "u"))
    .map((part) => capitalized(part))
    .join("");
}

/** `json.dumps(value)` is that of the library but for a few values, which are refused. */
export function checkJson(value: RuntimeValue): void {
  if (value.type === "FloatValue") refuse("`tojson` writes a number with a decimal point");
  if (value.type === "UndefinedValue") refuse("`tojson` is given what is not defined");
  if (isList(value)) value.value.forEach(checkJson);
  if (isMapping(value)) [...value.value.values()].forEach(checkJson);
}

/** A value in words: `a list`, `a function`. */
export function nameOf({ type }: RuntimeValue): string {
  const names: Readonly<Record<string, string>> = {
    ArrayValue: "a list",
    BooleanValue: "a truth value",
    FloatValue: "a number",
    IntegerValue: "a number",
    NullValue: "none",
    ObjectValue: "a mapping",
    StringValue: "text",
    TupleValue: "a tuple",
    UndefinedValue: "what is not defined",
    FunctionValue: "a function",
    NamespaceValue: "a namespace",
  };
  return (Object.hasOwn(names, type) ? names[type] : undefined) ?? "a value";
}

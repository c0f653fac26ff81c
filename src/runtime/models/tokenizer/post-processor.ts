/** What the post-processor of tokenizer.json puts around a text. */
import type { Json } from "../../../compiler/base/digest.js";
import { fieldsOf, list, refuse, shown, text as textOf, typeOf } from "./fields.js";

/** Ids before and behind a text. */
export interface Around {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const nothingAround: Around = { before: [], after: [] };

/** @source Hugging Face tokenizers 0.23, processors/ */
export function readPostProcessor(value: Json | undefined): Around {
  if (value === undefined || value === null) return nothingAround;
  const type = typeOf(value, "a post-processor");
  const what = `the post-processor ${type}`;
  switch (type) {
    case "ByteLevel":
      return nothingAround;
    case "BertProcessing":
    case "RobertaProcessing": {
      const { of } = fieldsOf(value, what, ["sep", "cls", "trim_offsets", "add_prefix_space"]);
      return { before: [idOf(of["cls"], what)], after: [idOf(of["sep"], what)] };
    }
    case "TemplateProcessing":
      return template(value, what);
    case "Sequence": {
      const all = list(fieldsOf(value, what, ["processors"]), "processors").map(readPostProcessor);
      const adding = all.filter(({ before, after }) => before.length + after.length > 0);
      // The second would take what the first has put before a text for the text, and the text for a second one.
      if (adding.length > 1) refuse("several of its post-processors put special tokens around texts");
      return adding[0] ?? nothingAround;
    }
    default:
      return refuse(`it has the post-processor ${shown(type)}`);
  }
}

/** The id of `["[CLS]", 101]`. */
function idOf(pair: Json | undefined, what: string): number {
  const id = Array.isArray(pair) ? (pair as readonly Json[])[1] : undefined;
  return typeof id === "number" && isId(id) ? id : refuse(`a token of ${what} is ${shown(pair)}`);
}

function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < 2 ** 31;
}

/** A template says its tokens' ids itself. */
function template(value: Json, what: string): Around {
  const fields = fieldsOf(value, what, ["single", "pair", "special_tokens"]);
  const special = new Map(Object.entries(fieldsOf(fields.of["special_tokens"], `\`special_tokens\` of ${what}`).of));
  const before: number[] = [];
  const after: number[] = [];
  let texts = 0;
  for (const piece of list(fields, "single")) {
    const { of } = fieldsOf(piece, `a piece of ${what}`, ["Sequence", "SpecialToken"]);
    if (of["Sequence"] !== undefined) {
      const { of: sequence } = fieldsOf(of["Sequence"], `a piece of ${what}`);
      if (sequence["id"] !== "A") refuse(`${what} has a second text where there is only one`);
      texts++;
      continue;
    }
    const name = textOf(fieldsOf(of["SpecialToken"], `a piece of ${what}`, ["id", "type_id"]), "id");
    const token = special.get(name);
    if (token === undefined) refuse(`${what} does not say which ids ${shown(name)} has`);
    const ids = list(fieldsOf(token, `the token ${shown(name)} of ${what}`, ["id", "ids", "tokens"]), "ids");
    for (const id of ids) {
      if (typeof id !== "number" || !isId(id)) refuse(`an id of ${shown(name)} in ${what} is ${shown(id)}`);
      (texts === 0 ? before : after).push(id);
    }
  }
  if (texts !== 1) refuse(`${what} has the text ${texts === 0 ? "nowhere" : `${texts} times`}`);
  return { before, after };
}

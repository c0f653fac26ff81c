/** Sound protocols, what they are compiled against, and changes of one token that mostly break them. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { tokenize } from "../../grammar/tokens.js";
import { hasErrors } from "../../src/compiler/diagnostics/staged.js";
import { isStatementWord } from "../../src/compiler/syntax/regions.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { compileText, fixtureFacts, type Surroundings } from "../check/compiling.js";
import { stageCases } from "../check/stages.js";
import type { Random } from "../support/random.js";
import { root } from "../support/root.js";
import { atlasFiles } from "../support/trees.js";

/** Files below a folder of the repository, by the name that a protocol in `from` gives them. */
function filesBelow(folder: string, prefix: string): readonly (readonly [string, string])[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(txt|jsonl?|csv|atlas)$/.test(name) && statSync(join(root, folder, name)).isFile())
    .map((name) => [prefix + relative(".", name), readFileSync(join(root, folder, name), "utf8")] as const);
}

/** The models, prompts and imports of every protocol of the repository. */
export const around: Surroundings = {
  models: { "*": await fixtureFacts("../../../stdlib/models/gpt2-tiny") },
  files: Object.fromEntries([
    ...filesBelow("stdlib/prompts", "@stdlib/prompts/"),
    ...filesBelow("pipelines", ""),
    ...filesBelow("docs/examples", ""),
  ]),
};

/** Protocols without errors. */
export const texts = [...stageCases(), ...atlasFiles("pipelines"), ...atlasFiles("docs/examples")]
  .map(({ text }) => text)
  .filter((text) => !hasErrors(compileText(text, around).diagnostics));
const pieces = [...new Set(texts.flatMap((text) => tokenize(text).tokens.map((token) => token.image)))];
const noise = Array.from('"#[](){}.,:=<>+-*/^%L0k\0é');

export interface Changed {
  readonly text: string;
  /** The statement with the change, up to the next one. */
  readonly start: number;
  readonly end: number;
}

/** One token inserted, deleted, replaced or doubled, swapped with the next, or one character of it changed. */
export function change(text: string, random: Random): Changed {
  const { tokens } = tokenize(text);
  const at = random.below(tokens.length - 1);
  const [token, next] = [tokens[at], tokens[at + 1]];
  if (token === undefined || next === undefined) throw new Error("a text of two tokens at least");
  const start = token.startOffset;
  const { image } = token;
  const inside = random.below(image.length);
  const write = (replacement: string, until = start + image.length): Changed => {
    const starts = parse({ path: "", text }).value.statements.map((statement) => statement.span.start);
    const own = Math.max(0, ...starts.filter((offset) => offset <= start));
    const behind = starts.find((offset) => offset >= until) ?? text.length;
    const changed = text.slice(0, start) + replacement + text.slice(until);
    return { text: changed, start: own, end: behind + changed.length - text.length };
  };
  switch (random.below(8)) {
    case 0:
      return write(`${random.pick(pieces)} ${image}`);
    case 1:
      return write("");
    case 2:
      return write(random.pick(pieces));
    case 3:
      return write(`${image} ${image}`);
    case 4:
      // Two tokens of one statement.
      if (isStatementWord(next)) return write("");
      return write(`${next.image} ${image} `, next.startOffset + next.image.length);
    case 5:
      return write(image.slice(0, inside) + random.pick(noise) + image.slice(inside));
    case 6:
      return write(image.slice(0, inside) + image.slice(inside + 1));
    default:
      return write(`${image} ${random.pick(pieces)}`);
  }
}

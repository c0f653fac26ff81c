/**
 * What the grammar takes next, in all statements of all protocols, wherever they are cut: everything that Chevrotain 11 says,
 * and what does follow there. Where a text can be read in two ways, Chevrotain goes one of them only.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { IToken } from "chevrotain";
import { nextTokens } from "../../grammar/next-tokens.js";
import { AtlasGrammar } from "../../grammar/parser.js";
import { tokenMatcher } from "../../grammar/chevrotain.js";
import { tokenize, vocabulary } from "../../grammar/tokens.js";
import { createParseMemory } from "../../src/compiler/syntax/parse-memory.js";
import { splitPieces } from "../../src/compiler/syntax/pieces.js";
import { root } from "../support/root.js";

const parser = new AtlasGrammar();

function names(tokens: readonly { readonly token: string; readonly rules: readonly string[] }[]): readonly string[] {
  return [...new Set(tokens.map(({ token, rules }) => `${token} in ${rules.slice(-2).join(", ")}`))].sort();
}

function byChevrotain(tokens: readonly IToken[]): readonly string[] {
  const paths = parser.computeContentAssist("statement", [...tokens]);
  return names(paths.map(({ nextTokenType, ruleStack }) => ({ token: nextTokenType.name, rules: ruleStack })));
}

const folders = ["pipelines", "pipelines/seeds", "docs/examples", "stdlib"];
const files = folders.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".atlas"))
    .map((name) => join(root, folder, name)),
);

const types = new Map(vocabulary.map((type) => [type.name, type]));

function takes(next: readonly { readonly token: string }[], token: IToken): boolean {
  return next.some(({ token: name }) => {
    const type = types.get(name);
    return type !== undefined && tokenMatcher(token, type);
  });
}

test("behind every token of every protocol", () => {
  let compared = 0;
  let alike = 0;
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    for (const { tokens } of splitPieces(createParseMemory(), text, tokenize(text).tokens)) {
      for (let length = 0; length <= Math.min(tokens.length, 60); length++) {
        const start = tokens.slice(0, length);
        const what = start.map(({ image }) => image).join(" ");
        const next = nextTokens(start);
        const [following] = tokens.slice(length);
        if (following !== undefined) assert.ok(takes(next, following), `${following.image} behind ${what}`);
        // Chevrotain's function takes much longer the more there is.
        if (length > 12) continue;
        const [own, wanted] = [names(next), byChevrotain(start)];
        assert.deepEqual(
          wanted.filter((name) => !own.includes(name)),
          [],
          what,
        );
        compared++;
        if (own.length === wanted.length) alike++;
      }
    }
  }
  assert.ok(compared > 5000, String(compared));
  assert.ok(alike > 0.9 * compared, `${alike} of ${compared}`);
});

test("nothing is next behind what is no beginning of a statement", () => {
  for (const text of ["ablate ablate", "heads L1", "table x x", "measure )"]) {
    assert.deepEqual(nextTokens(tokenize(text).tokens), [], text);
  }
});

test("a long expression is walked through in time that grows with its length", () => {
  const long = `measure ${"mean(x * 2) + ".repeat(800)}`;
  const { tokens } = tokenize(long);
  assert.ok(tokens.length > 4000);
  assert.ok(nextTokens(tokens).some(({ token }) => token === "NumberLiteral"));
});

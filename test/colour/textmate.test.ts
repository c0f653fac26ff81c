/** The TextMate grammar colours every token as the token table says: it is made of the table, and tried on every protocol. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";
import { tokenize, tokenTable, type TokenName, type TokenRow } from "../../grammar/tokens.js";
import { textMateGrammar } from "../../grammar/textmate.js";
import { root } from "../support/root.js";

const file = "grammar/vscode/syntaxes/atlas.tmLanguage.json";

async function loadGrammar(): Promise<textmate.IGrammar> {
  const wasm = createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm");
  await oniguruma.loadWASM(readFileSync(wasm).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: () => Promise.resolve(textmate.parseRawGrammar(JSON.stringify(textMateGrammar()), "atlas.json")),
  });
  const grammar = await registry.loadGrammar("source.atlas");
  assert.ok(grammar !== null);
  return grammar;
}

const grammar = await loadGrammar();

/** The scope of every character of a text, by the TextMate grammar. */
function scopesOf(text: string): readonly string[] {
  const scopes: string[] = [];
  let state = textmate.INITIAL;
  for (const line of text.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    for (const { startIndex, endIndex, scopes: own } of tokens) {
      // An escape stands in its string.
      const scope = own.find((name) => name !== "source.atlas") ?? "";
      for (let i = startIndex; i < Math.min(endIndex, line.length); i++) scopes.push(scope);
    }
    scopes.push("");
  }
  return scopes;
}

/** What differs between the lexer and the TextMate grammar, token by token. */
function drift(text: string): readonly string[] {
  const scopes = scopesOf(text);
  const { tokens, groups } = tokenize(text);
  return [...tokens, ...(groups["comments"] ?? [])].flatMap(({ tokenType, startOffset, image }) => {
    const row: TokenRow = tokenTable[tokenType.name as TokenName];
    const wanted = `${row.scope}.atlas`;
    const found = new Set(scopes.slice(startOffset, startOffset + image.trimEnd().length));
    return found.size === 1 && found.has(wanted) ? [] : [`${image}: ${[...found].join(", ")} and not ${wanted}`];
  });
}

/** Every `.atlas` file of the repository, those with mistakes included. */
function allFiles(): readonly string[] {
  return ["pipelines", "docs", "stdlib", "test"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".atlas"))
      .map((name) => join(folder, name)),
  );
}

test("every token of every .atlas file has the scope of its row", () => {
  const files = allFiles();
  assert.ok(files.length > 150, String(files.length));
  for (const name of files) assert.deepEqual(drift(readFileSync(join(root, name), "utf8")), [], name);
});

test("what is hard to tell apart", () => {
  for (const text of [
    "to top together tokens token topmost together_now from formal",
    "L5 L5.H3 L* L15..30 L87.5% L50%..87.5% L-1 L5x Lx L5.H* L3.N7",
    "1 1.5 1e-3 16k 1..5 5x 1.2.3 12%",
    '"a \\" b" "not closed',
    "a.b .. a..b <= < >= >",
    "## documentation\n# comment ## not\nmodel # behind",
    "ablate\theads\u00a0L1",
  ]) {
    assert.deepEqual(drift(text), [], text);
  }
});

test("the file that editors read is the table's", () => {
  const written = JSON.parse(readFileSync(join(root, file), "utf8")) as unknown;
  assert.deepEqual(written, textMateGrammar(), `node scripts/textmate.mjs writes ${file}`);
});

/** What is said of a text right after a key, and what checking it says: where it is the same, and what else holds. */
import assert from "node:assert/strict";
import test from "node:test";
import { declarationsOf } from "../../src/compiler/compile.js";
import * as ide from "../../src/compiler/ide/index.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { tokenize } from "../../grammar/tokens.js";
import { compileText } from "../check/compiling.js";
import { around, change, texts } from "../fuzz/changes.js";
import { seeded, type Random } from "../support/random.js";
import { documentation } from "./editing.js";

const path = "test.atlas";
const runs = 40;

function checked(text: string): ide.Analysis {
  const { value, diagnostics, sources } = compileText(text, { ...around, sideTable: true });
  return { source: { path, text }, checked: value, diagnostics, documentation, texts: sources };
}

const moved = (before: ide.Analysis, text: string): ide.Moved =>
  ide.movedAnalysis(before, { path, text }, parse({ path, text }), declarationsOf);

const example = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts a from ["one"]

experiment sweep
  ablate heads L*
  measure loss

table sweep where loss.impact > 0.1
`;

test("a name keeps its meaning when something above it has changed", () => {
  const text = example.replace('"one"', '"one", "two"');
  const { analysis, isChecked } = moved(checked(example), text);
  assert.equal(isChecked, false);
  const target = ide.definitionAt(analysis, text.indexOf("sweep where"))?.target;
  assert.equal(text.slice(target?.start, target?.end), "sweep");
  assert.deepEqual(ide.hintsIn(analysis, 0, text.length), ide.hintsIn(checked(text), 0, text.length));
});

test("of a word that is being written nothing is said before it is checked", () => {
  const text = example.replace("loss\n", "lossy\n");
  const { analysis } = moved(checked(example), text);
  assert.equal(ide.definitionAt(analysis, text.indexOf("lossy") + 1), null);
  assert.doesNotMatch(ide.hoverAt(analysis, text.indexOf("lossy") + 1)?.text ?? "", /prompt/);
});

test("what is declared is what the text declares now", () => {
  const text = example.replace("experiment sweep", "experiment swept");
  const { analysis } = moved(checked(example), text);
  assert.deepEqual(ide.outlineOf(analysis), ide.outlineOf(checked(text)));
  // Nothing is called sweep any more: the table names nothing.
  assert.equal(ide.definitionAt(analysis, text.indexOf("sweep where")), null);
});

/** A comment or white space more between two statements. */
function betweenStatements(text: string, random: Random): string {
  const ends = parse({ path, text }).value.statements.map(({ span }) => span.end);
  const at = random.pick([0, ...ends]);
  const more = random.pick(["\n", "\n# A note.\n", "  \n\n", "\n# One.\n# Two.\n"]);
  return text.slice(0, at) + more + text.slice(at);
}

test(`${runs} texts with a comment more are not checked again: everything known of them is the same`, () => {
  let kept = 0;
  for (let seed = 0; seed < runs; seed++) {
    const random = seeded(seed);
    const before = random.pick(texts);
    const text = betweenStatements(before, random);
    const { analysis, isChecked } = moved(checked(before), text);
    if (!isChecked) continue;
    kept++;
    const fresh = checked(text);
    const about = ({ checked: known, diagnostics }: ide.Analysis): unknown => ({
      ...known,
      protocol: null,
      diagnostics,
    });
    assert.deepEqual(about(analysis), about(fresh), `seed ${seed}\n${text}`);
  }
  // A comment may end a run of documentation.
  assert.ok(kept > runs / 2, `${kept}`);
});

test(`${runs} texts after a key: statements and declarations are those of the text, and places are those of its words`, () => {
  for (let seed = 0; seed < runs; seed++) {
    const random = seeded(seed);
    let analysis = checked(random.pick(texts));
    for (let keys = 1 + random.below(3); keys > 0; keys--) {
      const { text } = change(analysis.source.text, random);
      const before = analysis;
      analysis = moved(before, text).analysis;
      const where = `seed ${seed}\n${text}`;
      // A word keeps an entry only where it stands as it stood.
      const words = (known: ide.Analysis): readonly string[] =>
        ide.coloursOf(known).map(({ start, end, type }) => `${known.source.text.slice(start, end)} ${type}`);
      const earlier = new Set(words(before));
      for (const word of words(analysis)) assert.ok(earlier.has(word), `${word}, ${where}`);
      const own = new Set(tokenize(text).tokens.map(({ startOffset }) => startOffset));
      for (const { start } of ide.coloursOf(analysis)) assert.ok(own.has(start), where);
    }
    const fresh = checked(analysis.source.text);
    for (const ask of [ide.outlineOf, ide.foldsOf, ide.lensesOf])
      assert.deepEqual(ask(analysis), ask(fresh), `seed ${seed}`);
    assert.deepEqual(ide.declarationsLike(analysis, ""), ide.declarationsLike(fresh, ""), `seed ${seed}`);
  }
});

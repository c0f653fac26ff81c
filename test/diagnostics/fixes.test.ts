/** Fixes that editors offer: each is applied, and what it makes is a protocol without errors. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Diagnostic, Fix } from "../../src/compiler/diagnostics/diagnostic.js";
import { edited } from "../../src/compiler/ide/index.js";
import { findModel } from "../../src/runtime/models/places.js";
import { openModel } from "../../src/runtime/models/open-model.js";
import { compileText, wordTokenizer } from "../check/compiling.js";

const request = { source: "@stdlib/models/gpt2-tiny", revision: null, baseFolder: ".", span: null };
const { value: opened } = await openModel(request);
assert.ok(opened);
const surroundings = { models: { "*": { ...opened.facts, tokenizer: wordTokenizer } } };

const head = `model gpt2 from "gpt2"
prompts sayings from ["Time heals all wounds", "Pride goes before a fall"]
`;
const measured = "experiment e ablate heads L* measure loss\n";

function errorsOf(text: string): readonly Diagnostic[] {
  return compileText(text, surroundings).diagnostics.filter(({ severity }) => severity === "error");
}

/** The text after the only fix of the first mistake. */
function fixedText(text: string): string {
  const [mistake] = errorsOf(text);
  assert.ok(mistake !== undefined, text);
  const [fix, ...others]: readonly Fix[] = mistake.fixes;
  assert.ok(fix !== undefined && others.length === 0, `${mistake.message}: ${mistake.fixes.length} fixes`);
  return edited(text, fix.edits);
}

const cases: readonly (readonly [wrong: string, right: string])[] = [
  // Quotes come in twos.
  [`experiment e measure loss\ntable e caption 'all of it'`, `experiment e measure loss\ntable e caption "all of it"`],
  [`experiment e measure loss\ntable e caption “all of it”`, `experiment e measure loss\ntable e caption "all of it"`],
  ["measure loss;", "measure loss"],
  // Comments and operators of other languages.
  ["// what it is\nmeasure loss", "# what it is\nmeasure loss"],
  ["measure loss // what it is", "measure loss # what it is"],
  [`${measured}table e where layer == 3`, `${measured}table e where layer is 3`],
  ["measure perplexity ** 2 as squared", "measure perplexity ^ 2 as squared"],
  // Commas that are none.
  ["measure mean(nll, over pos) as average", "measure mean(nll over pos) as average"],
  ["ablate heads L1, measure loss", "ablate heads L1 measure loss"],
  // Places.
  ["ablate heads L1:3 measure loss", "ablate heads L1..3 measure loss"],
  ["ablate heads L1-3 measure loss", "ablate heads L1..3 measure loss"],
  ["ablate heads 5.3 measure loss", "ablate heads L5.H3 measure loss"],
  ["ablate mlp 5 measure loss", "ablate mlp L5 measure loss"],
  // What a range needs.
  ["ablate mlp L1 at 1..-1 measure loss", "ablate mlp L1 at 1..-1 together measure loss"],
  // Endings of files.
  [`${measured}save e to "runs/e.cvs"`, `${measured}save e to "runs/e.csv"`],
];

for (const [wrong, right] of cases) {
  test(`${JSON.stringify(wrong)} becomes ${JSON.stringify(right)}`, () => {
    const fixed = fixedText(head + wrong).slice(head.length);
    assert.equal(fixed.trim(), right);
    assert.deepEqual(errorsOf(head + fixed), []);
  });
}

test("nothing is changed where it is not certain what was meant", () => {
  for (const wrong of [
    "ablate mlp 5.3 measure loss",
    "ablate heads L*:3 measure loss",
    "table 'e",
    "measure loss / 2 /",
  ]) {
    const fixes = errorsOf(head + wrong).flatMap((mistake) => mistake.fixes);
    assert.deepEqual(
      fixes.filter(({ title }) => /L5|L\*|#/.test(title)),
      [],
      wrong,
    );
  }
});

test("a model of the standard library that is misspelt is named", () => {
  const span = { file: "test.atlas", start: 0, end: 0 };
  const { diagnostics } = findModel(
    { ...request, source: "@stdlib/models/gpt2-tinny", span },
    { variables: {}, home: "." },
  );
  const [fix] = diagnostics[0]?.fixes ?? [];
  assert.deepEqual(fix?.edits, [{ span, replacement: '"@stdlib/models/gpt2-tiny"' }]);
});

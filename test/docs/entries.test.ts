/** `atlasc doc` answers for every word of the language, and says the same of each thing as the code that knows it. */
import assert from "node:assert/strict";
import test from "node:test";
import { wordsWithRole } from "../../grammar/tokens.js";
import { parameterTypes } from "../../src/compiler/check/expressions/arguments.js";
import { catalogue } from "../../src/compiler/diagnostics/catalogue.js";
import { docEntries } from "../../src/compiler/docs/entries.js";
import { placesLike } from "../../src/compiler/docs/results.js";
import { sites } from "../../src/compiler/models/sites.js";
import { optionWords, wordsIn } from "../../src/compiler/syntax/forms/index.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { readStandardLibrary } from "../../src/runtime/load.js";

const entries = docEntries(await readStandardLibrary());
const namesOf = (kind: string): readonly string[] => entries.filter((e) => e.kind === kind).map(({ name }) => name);

test("every keyword has an entry, with a form and with the statements that take it", () => {
  for (const word of wordsWithRole("statement", "axis", "operator", "soft")) {
    const kinds = ["statement", "clause", "plot", "operator"];
    const own = entries.filter(({ name, kind }) => name === word && kinds.includes(kind));
    assert.equal(own.length, 1, word);
    for (const { form, sentences, facts, kind } of own) {
      assert.match(form, new RegExp(`\\b${word}\\b`), word);
      assert.match(sentences, /\.$/, word);
      assert.ok(facts.some(({ name, text }) => name === "example" && text !== ""));
      if (kind === "clause")
        assert.ok(
          facts.some(({ name, text }) => name === "in" && text !== ""),
          word,
        );
    }
  }
});

test("every example of an entry parses", () => {
  for (const { kind, facts, name } of entries) {
    if (kind === "metric") continue;
    for (const { name: what, text } of facts) {
      if (what === "example") assert.deepEqual(parse({ path: name, text }).diagnostics, [], text);
    }
  }
});

test("every diagnostic says in one or two sentences what is the matter", () => {
  assert.deepEqual(namesOf("diagnostic"), Object.keys(catalogue));
  for (const [code, { explanation }] of Object.entries(catalogue)) {
    assert.match(explanation, /^[A-Z`].*\.$/, code);
    assert.ok(explanation.split(/(?<=[.:;]) (?=[A-Z`])/).length <= 3 && explanation.length < 260, code);
  }
});

test("types of parameters are those of the checker, and every axis of a site has an entry", () => {
  assert.deepEqual(namesOf("type"), parameterTypes);
  const axes = new Set(namesOf("axis"));
  for (const site of Object.values(sites)) for (const axis of site.axes) assert.ok(axes.has(axis), axis);
});

test("a place is explained by its layers and by its heads or neurons", () => {
  const all = {
    L5: ["L5"],
    "L-1": ["L5"],
    "L*": ["L*"],
    "L87.5%": ["L87.5%"],
    "L15..30": ["L15..30"],
    "L-3..-1": ["L15..30"],
  };
  for (const [place, like] of Object.entries(all)) assert.deepEqual(placesLike(place), like, place);
  assert.deepEqual(placesLike("L5.H3"), ["L5", "L5.H3"]);
  assert.deepEqual(placesLike("L9..10.N0..3"), ["L15..30", "L3.N7"]);
  for (const word of ["loss", "Loss", "L", "let"]) assert.deepEqual(placesLike(word), [], word);
  for (const name of Object.values(all).flat()) assert.ok(namesOf("place").includes(name));
});

test("what may follow is read off the forms", () => {
  assert.deepEqual(optionWords("model"), ["from", "revision", "dtype", "tokenizer", "facts"]);
  assert.deepEqual(optionWords("table"), ["as", "top", "where", "by", "across", "with", "off", "seed", "caption", "winner", "of"]); // prettier-ignore
  assert.deepEqual(optionWords("classify"), ["as"]);
  assert.deepEqual(optionWords("nothing"), []);
  for (const word of ["at", "together", "by", "top", "per", "seed", "measure"])
    assert.ok(optionWords("ablate").includes(word), word);
  for (const word of ["on", "with", "ablate", "set", "measure", "curvature"])
    assert.ok(optionWords("experiment").includes(word), word);
});

test("words of a form include those of its parts, and none of other statements", () => {
  const words = wordsIn(["experiment NAME [INTERVENTION …] measure MEASURE, …"]);
  assert.deepEqual([...words].sort(), ["as", "experiment", "measure", "of", "recovery"]);
});

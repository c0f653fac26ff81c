/** The prompt packs that ship with atlasc are what their README says. */
import type { FileFact } from "../../src/compiler/base/file-fact.js";
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { draftTexts } from "../../src/compiler/check/texts/texts.js";
import { corruptName } from "../../src/compiler/ir/protocol.js";
import { loadProtocol } from "../../src/runtime/load.js";
import type { Diagnostic } from "../../src/compiler/diagnostics/diagnostic.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { print } from "../../src/compiler/syntax/print.js";
import { root } from "../support/root.js";
import { clausesOf, meanWordLengthOf, wordsOf } from "./complexity.js";

type Item = Readonly<Record<string, string | number>>;

const folder = join(root, "stdlib", "prompts");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const linesOf = (name: string): readonly string[] => read(name).slice(0, -1).split("\n");

const paired = ["clean", "corrupt", "answer", "distractor", "template"];
const packs: Readonly<Record<string, { readonly items: number; readonly fields: readonly string[] }>> = {
  "agreement.jsonl": { items: 32, fields: paired },
  "behaviours.jsonl": { items: 60, fields: ["text", "answer", "behaviour"] },
  "categories.jsonl": { items: 100, fields: ["text", "category", "words", "clauses", "mean_word_length"] },
  "indirect-object.jsonl": { items: 32, fields: paired },
  "induction.jsonl": { items: 24, fields: paired },
  "recursive-factual.jsonl": { items: 80, fields: ["text", "group", "item"] },
};
const numbers = new Set(["item", "words", "clauses", "mean_word_length"]);

const itemsOf = (name: string): readonly Item[] => linesOf(name).map((line) => JSON.parse(line) as Item);
const pairsOf = (name: string): readonly Pair[] => itemsOf(name) as unknown as readonly Pair[];

interface Pair {
  readonly clean: string;
  readonly corrupt: string;
  readonly answer: string;
  readonly distractor: string;
  readonly template: string;
}

function countsOf(values: Iterable<string | number | undefined>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}

/** How often a word stands in a text. */
const occurrences = (text: string, word: string): number =>
  text.split(/[^A-Za-z]+/).filter((part) => part === word.trim()).length;

/** The words of a pair that differ, with their place. */
function differences({ clean, corrupt }: Pair): readonly { at: number; clean: string; corrupt: string }[] {
  const [a, b] = [wordsOf(clean), wordsOf(corrupt)];
  assert.equal(a.length, b.length, clean);
  return a.flatMap((word, at) => (word === b[at] ? [] : [{ at, clean: word, corrupt: b[at] ?? "" }]));
}

test("the folder holds the packs and nothing else", () => {
  const declarations = [...Object.keys(packs).map((name) => name.replace(".jsonl", ".atlas")), "held-out.atlas"];
  const expected = ["README.md", ...Object.keys(packs), ...declarations, "held-out"];
  assert.deepEqual(readdirSync(folder).sort(), expected.sort());
});

test("held-out: twelve passages for each public-domain text, with their line breaks, and none twice", () => {
  const domains = ["dialect", "drama", "poetry", "prose", "spanish", "spanish_verse", "technical"];
  const heldOut = join(folder, "held-out");
  assert.deepEqual(
    readdirSync(heldOut).sort(),
    domains.map((domain) => `${domain}.jsonl`),
  );
  const texts = domains.flatMap((domain) => {
    const lines = readFileSync(join(heldOut, `${domain}.jsonl`), "utf8")
      .trimEnd()
      .split("\n");
    assert.equal(lines.length, 12, domain);
    return lines.map((line) => (JSON.parse(line) as { text: string }).text);
  });
  assert.equal(new Set(texts).size, texts.length);
  for (const text of texts) assert.ok(text.includes("\n") && text === text.trim(), text);
});

for (const [name, { items, fields }] of Object.entries(packs)) {
  describe(name, () => {
    test("has its items, each with its fields in order", () => {
      assert.equal(itemsOf(name).length, items);
      for (const item of itemsOf(name)) {
        assert.deepEqual(Object.keys(item), fields);
        for (const [field, value] of Object.entries(item)) {
          assert.equal(typeof value, numbers.has(field) ? "number" : "string", `${field} of ${JSON.stringify(item)}`);
        }
      }
    });
    test("is printable ASCII with single spaces, a line an item", () => {
      assert.match(read(name), /^(?:[\x20-\x7e]+\n)+$/);
      for (const item of itemsOf(name)) {
        for (const value of Object.values(item)) assert.doesNotMatch(String(value), /^$| {2}|\s$|[^\x20-\x7e]/);
      }
    });
  });
}

test("no text stands in the packs twice", () => {
  const texts = Object.keys(packs).flatMap((name) =>
    itemsOf(name).flatMap(({ text, clean }) => String(text ?? clean).toLowerCase()),
  );
  assert.deepEqual([...new Set(texts)], texts);
  const corrupt = Object.keys(packs).flatMap((name) => itemsOf(name).flatMap((item) => item["corrupt"] ?? []));
  assert.equal(new Set(corrupt).size, corrupt.length);
});

test("recursive and factual texts have partners of their length", () => {
  const items = itemsOf("recursive-factual.jsonl");
  for (let pair = 1; pair <= 40; pair++) {
    const texts = items.filter((item) => item["item"] === pair);
    assert.deepEqual(
      texts.map((item) => item["group"]),
      ["recursive", "factual"],
    );
    const lengths = texts.map((item) => wordsOf(String(item["text"])).length);
    assert.ok(Math.min(...lengths) >= 18 && Math.max(...lengths) <= 40, `pair ${pair}: ${lengths.join(", ")} words`);
    assert.ok(Math.max(...lengths) - Math.min(...lengths) <= 2, `pair ${pair}: ${lengths.join(", ")} words`);
    for (const { text } of texts) assert.match(String(text), /^[A-Z].*\.$/);
  }
});

test("categories are equally large, break off, and have the fields that are computed from them", () => {
  const items = itemsOf("categories.jsonl");
  const kinds = ["factual", "syntactic", "cliche", "novel", "nonsense"];
  assert.deepEqual(
    countsOf(items.map((item) => item["category"])),
    Object.fromEntries(kinds.map((kind) => [kind, 20])),
  );
  for (const [i, line] of linesOf("categories.jsonl").entries()) {
    const text = String(items[i]?.["text"]);
    assert.match(text, /^[A-Z].*[a-z,]$/);
    const fields = `"words":${wordsOf(text).length},"clauses":${clausesOf(text)}`;
    assert.ok(line.endsWith(`,${fields},"mean_word_length":${meanWordLengthOf(text)}}`), line);
  }
});

for (const name of ["agreement.jsonl", "indirect-object.jsonl", "induction.jsonl"]) {
  test(`${name}: a pair differs in one word, answers are single words behind a space, templates are balanced`, () => {
    const items = pairsOf(name);
    for (const item of items) {
      assert.equal(differences(item).length, 1, item.clean);
      for (const answer of [item.answer, item.distractor]) assert.match(answer, /^ [A-Za-z]+$/);
      assert.notEqual(item.answer, item.distractor);
    }
    const counts = Object.values(countsOf(items.map((item) => item.template)));
    assert.deepEqual(counts, [items.length / 2, items.length / 2]);
  });
}

test("indirect objects: the giver is named twice, the receiver once, in the order of the template", () => {
  const items = pairsOf("indirect-object.jsonl");
  for (const { clean, corrupt, answer, distractor, template } of items) {
    assert.deepEqual([occurrences(clean, answer), occurrences(clean, distractor)], [1, 2], clean);
    assert.deepEqual([occurrences(corrupt, answer), occurrences(corrupt, distractor)], [2, 1], corrupt);
    assert.equal(clean.indexOf(answer) < clean.indexOf(distractor), template === "ABBA", clean);
    assert.match(clean, / to$/);
  }
  const answers = items.map((item) => item.answer);
  assert.equal(new Set(answers).size, items.length);
  assert.deepEqual(items.map((item) => item.distractor).sort(), [...answers].sort());
});

test("agreement: verbs have the number of the subject, the noun in between has the other one", () => {
  const forms: Readonly<Record<string, string>> = { " is": " are", " was": " were", " has": " have" };
  const isPlural = (noun: string): boolean => noun.endsWith("s") || noun === "children";
  const items = pairsOf("agreement.jsonl");
  const plurals = items.map((item) => {
    const [subject] = differences(item);
    assert.ok(subject?.at === 1, item.clean);
    const plural = isPlural(subject.clean);
    assert.notEqual(isPlural(subject.corrupt), plural, item.clean);
    const [one, many] = plural ? [item.distractor, item.answer] : [item.answer, item.distractor];
    assert.equal(forms[one], many, item.clean);
    const attractor = wordsOf(item.clean).at(item.template === "relative" ? -2 : -1) ?? "";
    assert.notEqual(isPlural(attractor), plural, item.clean);
    return `${item.template} ${plural ? "plural" : "singular"}`;
  });
  assert.deepEqual(Object.values(countsOf(plurals)), [8, 8, 8, 8]);
  for (const one of Object.keys(forms)) {
    const clean = countsOf(items.map((item) => item.answer));
    assert.equal(clean[one], clean[forms[one] ?? ""], one);
  }
});

test("induction: the repetition predicts the answer, and does not once it is broken", () => {
  const predicted = (text: string): string | undefined => {
    const words = wordsOf(text);
    const before = words.slice(0, -1).lastIndexOf(words.at(-1) ?? "");
    return before < 0 ? undefined : ` ${words[before + 1]}`;
  };
  for (const { clean, corrupt, answer, distractor, template } of pairsOf("induction.jsonl")) {
    const broken = template === "broken-cue";
    assert.equal(predicted(clean), answer, clean);
    assert.equal(predicted(corrupt), broken ? undefined : distractor, corrupt);
    assert.deepEqual([occurrences(clean, answer), occurrences(corrupt, distractor)], [1, 1], clean);
    assert.deepEqual([occurrences(clean, distractor), occurrences(corrupt, answer)], broken ? [1, 1] : [0, 0], clean);
  }
});

describe("behaviours", () => {
  const items = itemsOf("behaviours.jsonl").map(({ text, answer, behaviour }) => ({
    text: String(text),
    answer: String(answer),
    behaviour: String(behaviour),
  }));
  const kind = (name: string): typeof items => items.filter((item) => item.behaviour === name);

  test("there are twelve of each, with a leading space where one is due", () => {
    const counts = { closing: 12, capital: 12, acronym: 12, repetition: 12, fact: 12 };
    assert.deepEqual(countsOf(items.map((item) => item.behaviour)), counts);
    for (const { answer, behaviour } of items) {
      assert.match(
        answer,
        behaviour === "closing" ? /^[)\]}"]$/ : behaviour === "acronym" ? /^[A-Z]+$/ : /^ [A-Za-z]+$/,
      );
    }
  });

  test("what is to be closed is open, and nothing else is", () => {
    const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
    for (const { text, answer } of kind("closing")) {
      const open: string[] = [];
      for (const mark of text.replace(/[^()[\]{}"]/g, "")) {
        const closer = closers[mark];
        if (mark === open.at(-1)) open.pop();
        else open.push(closer ?? mark);
      }
      assert.deepEqual(open, [answer], text);
    }
    assert.equal(kind("closing").filter(({ answer }) => answer === '"').length, 6);
  });

  test("capitals follow full stops, acronyms their words, repetitions what they repeat", () => {
    for (const { text, answer } of kind("capital")) assert.match(text + answer, /\. [A-Z][a-z]*$/);
    for (const { text, answer } of kind("acronym")) {
      assert.match(text, / \($/);
      const words = wordsOf(text).slice(-1 - answer.length, -1);
      assert.equal(words.map((word) => word.charAt(0).toUpperCase()).join(""), answer, text);
    }
    for (const { text, answer } of kind("repetition")) {
      const last = wordsOf(text).at(-1) ?? "";
      assert.ok(text.includes(`${last}${answer}`), text);
    }
  });
});

describe("the README", () => {
  const readme = read("README.md");

  test("names every pack with its number of items and its fields", () => {
    for (const [name, { items, fields }] of Object.entries(packs)) {
      const row = readme.split("\n").find((line) => line.startsWith(`| \`${name}\``));
      assert.ok(row !== undefined, name);
      assert.match(row, new RegExp(`\\b${items}\\b`));
      for (const field of fields) assert.ok(row.includes(`\`${field}\``), `${name}: ${field}`);
    }
  });

  const examples = [...readme.matchAll(/```atlas\n([\s\S]*?)```/g)].map(([, text = ""]) => text);

  test("shows protocols that are sound", async () => {
    assert.equal(examples.length, 2);
    for (const text of examples) {
      const { compiled } = await loadProtocol({ path: join(root, "readme.atlas"), text });
      assert.deepEqual(
        compiled.diagnostics.filter((d) => d.severity === "error"),
        [],
      );
    }
  });

  test("shows declarations that are laid out, and that read the packs", () => {
    const [imported = "", text = ""] = examples;
    assert.equal(print(parse({ path: "readme.atlas", text: imported }).value, imported), imported);
    const { value, diagnostics } = parse({ path: "readme.atlas", text });
    assert.deepEqual(diagnostics, []);
    assert.equal(print(value, text), text);
    const files = new Map<string, FileFact>(
      Object.keys(packs).map((name) => [`@stdlib/prompts/${name}`, { text: read(name) }]),
    );
    const found: Diagnostic[] = [];
    const sizes = value.statements.flatMap((statement) => {
      if (statement.kind !== "prompts") return [];
      const drafted = draftTexts(statement, files, (d) => found.push(d));
      return drafted?.kind === "texts" ? [drafted.items.length] : [];
    });
    assert.deepEqual(sizes, [80, 100, 32, 32, 60]);
    assert.deepEqual(found, []);
  });
});

describe("imported by name", () => {
  const names = [...Object.keys(packs).map((name) => name.replace(".jsonl", "")), "held-out"];
  const setOf = (name: string): string => name.replaceAll("-", "_");
  const head = 'model tiny from "@stdlib/models/gpt2-tiny"\n';

  test("every pack is declared under its name, with its groups, pairs and answers", async () => {
    const imports = names.map((name) => `import "@stdlib/prompts/${name}"\n`).join("");
    const use = `experiment e with ${names.map(setOf).join(", ")} measure loss`;
    const { compiled } = await loadProtocol({ path: join(root, "packs.atlas"), text: imports + head + use });
    const { protocol, pieces } = compiled.value;
    const counts = new Map([...pieces].map(([key, texts]) => [key.replace(/ for tiny$/, ""), texts.length]));
    for (const name of names) {
      const expected = packs[`${name}.jsonl`]?.items ?? 7 * 12;
      const set = protocol?.texts.find((texts) => texts.name === setOf(name));
      assert.equal(set?.prompts.length, expected, name);
      assert.ok(
        set.prompts.every((prompt) => prompt.group !== null),
        name,
      );
      const { clean, answer, distractor } = Object.fromEntries(
        (packs[`${name}.jsonl`]?.fields ?? []).map((field) => [field, true]),
      );
      assert.equal(counts.get(corruptName(setOf(name))), clean === true ? expected : undefined, name);
      for (const { numbers } of set.prompts) {
        assert.equal(numbers.answer !== undefined, answer === true, name);
        assert.equal(numbers.distractor !== undefined, distractor === true, name);
      }
    }
    // The tiny models' vocabulary has few whole names, which is said; nothing else is.
    assert.deepEqual([...new Set(compiled.diagnostics.map((d) => d.code))], ["A8011"]);
  });

  test("a pack that is not there is refused", async () => {
    const text = `import "@stdlib/prompts/nothing"\n${head}prompts p from ["one"]\nmeasure loss`;
    const { compiled } = await loadProtocol({ path: join(root, "packs.atlas"), text });
    assert.deepEqual(
      compiled.diagnostics.map((d) => `${d.code} ${d.message}`),
      ["A2018 cannot import @stdlib/prompts/nothing: there is no such file"],
    );
  });
});

/**
 * The table of forms is that of the grammar: every keyword that a rule takes is in the form, and every word of a form is taken
 * by the rule. What can be left out can be left out, and the formatter keeps all of it.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { AtlasGrammar } from "../../grammar/parser.js";
import { tokenTable, wordsWithRole, type TokenRow } from "../../grammar/tokens.js";
import {
  forms,
  leadingForms,
  parts,
  referenceOf,
  treeOf,
  words,
  type Form,
} from "../../src/compiler/syntax/forms/index.js";
import { nodesIn } from "../../src/compiler/syntax/forms/notation.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { print } from "../../src/compiler/syntax/print.js";
import { sentencesOf } from "../support/sentences.js";
import { withoutSpans } from "../support/trees.js";

/** A production of Chevrotain's grammar, as far as it is read here. */
interface Production {
  readonly type: string;
  readonly name?: string;
  readonly definition?: readonly Production[];
}

/** What a rule is written with. */
interface Rule {
  readonly keywords: ReadonlySet<string>;
  readonly signs: ReadonlySet<string>;
  /** Rules that it calls, and tokens that are neither keywords nor signs. */
  readonly calls: ReadonlySet<string>;
  /** The keywords one of which begins it, where several can. */
  readonly heads: readonly string[];
}

const rows: Readonly<Record<string, TokenRow>> = tokenTable;
const textOf = (token: string): string => rows[token]?.label.replaceAll("`", "") ?? token;
const isKeyword = (token: string): boolean => rows[token]?.word != null;
const isSign = (token: string): boolean => rows[token]?.word === null && /^`.*`$/.test(rows[token].label);

const grammar = new AtlasGrammar().getSerializedGastProductions() as readonly Production[];
const rules = new Map(grammar.map((rule) => [rule.name ?? "", readRule(rule)]));
const keywords = wordsWithRole("statement", "axis", "operator", "soft");

function productionsIn(production: Production): readonly Production[] {
  return [production, ...(production.definition ?? []).flatMap(productionsIn)];
}

function readRule(rule: Production): Rule {
  const all = productionsIn(rule);
  const terminals = all.flatMap(({ type, name }) => (type === "Terminal" && name !== undefined ? [name] : []));
  const separators = all.flatMap((p) => ("separator" in p ? productionsIn(p.separator as Production) : []));
  assert.deepEqual(separators, [], "separators are not read here");
  const [first] = rule.definition ?? [];
  const begun = first?.type === "Alternation" ? (first.definition ?? []).map((a) => a.definition ?? []) : [];
  const heads = begun.flatMap(([only, ...more]) =>
    only?.type === "Terminal" && more.length === 0 ? [only.name ?? ""] : [],
  );
  return {
    keywords: new Set(terminals.filter(isKeyword).map(textOf)),
    signs: new Set(terminals.filter(isSign).map(textOf)),
    calls: new Set([
      ...all.flatMap(({ type, name }) => (type === "NonTerminal" && name !== undefined ? [name] : [])),
      ...terminals.filter((token) => !isKeyword(token) && !isSign(token)),
    ]),
    heads: heads.length === begun.length && heads.every(isKeyword) ? heads.map(textOf) : [],
  };
}

function ruleOf(name: string): Rule {
  const rule = rules.get(name);
  assert.ok(rule !== undefined, `the grammar has no rule ${name}`);
  return rule;
}

const union = <T>(sets: Iterable<Iterable<T>>): Set<T> => new Set([...sets].flatMap((set) => [...set]));
const without = <T>(one: Iterable<T>, other: Iterable<T>): readonly T[] => {
  const taken = new Set(other);
  return [...one].filter((item) => !taken.has(item));
};

/** What lines are written with, and the parts that they name; words of a part without a rule are theirs. */
function readLines(lines: readonly string[]): {
  words: Set<string>;
  signs: Set<string>;
  names: Set<string>;
  strings: boolean;
} {
  const words = new Set<string>();
  const signs = new Set<string>();
  const names = new Set<string>();
  let strings = false;
  const add = (line: string): void => {
    for (const node of nodesIn(treeOf(line))) {
      if (node.kind === "word") words.add(node.text);
      else if (node.kind === "sign") signs.add(node.text);
      else if (node.kind === "string") strings = true;
      else if (node.kind === "repeated" && node.commas) signs.add(",");
      else if (node.kind === "part") {
        const part = parts.get(node.name);
        names.add(node.name);
        if (part?.rules.length === 0) part.lines.forEach(add);
      }
    }
  };
  lines.forEach(add);
  return { words, signs, names, strings };
}

/** Everything that has lines and rules, by a name for messages. */
const described = [
  ...forms.filter(({ group }) => group !== "Plots").map((form) => ({ borrows: [], ...form, title: form.name })),
  ...[...parts]
    .filter(([, part]) => part.lines.length > 0 && part.rules.length > 0)
    .map(([name, part]) => ({ ...part, name, title: name, group: "Parts", borrows: [] as readonly string[] })),
];

/** Rules and tokens that the parts which lines name stand for. */
function standsFor(names: Iterable<string>): ReadonlySet<string> {
  return union(
    [...names].map((name) => {
      const reference = referenceOf(name);
      return "group" in reference ? reference.rules.slice(0, 1) : reference.rules;
    }),
  );
}

test("every word of a form is taken by its rules", () => {
  for (const { title, lines, rules: own, borrows } of described) {
    const taken = union([...own, ...borrows].map((rule) => ruleOf(rule).keywords));
    assert.deepEqual(without(readLines(lines).words, taken).filter(isReserved), [], title);
  }
});

/** Operators show names beside words: `x of baseline`. */
const isReserved = (word: string): boolean => keywords.includes(word);

test("every keyword and sign that a rule takes is in each form that spells the rule out", () => {
  for (const { title, name, lines, rules: own, group } of described) {
    if (group === "Operators") continue;
    const others = own.flatMap((rule) => ruleOf(rule).heads).filter((head) => head !== name && leadingForms.has(head));
    const { words, signs } = readLines(lines);
    const taken = union(own.map((rule) => ruleOf(rule).keywords));
    assert.deepEqual(without(taken, [...words, ...others]), [], `words of ${title}`);
    assert.deepEqual(without(union(own.map((rule) => ruleOf(rule).signs)), signs), [], `signs of ${title}`);
  }
});

test("every rule that a form's rules call is spelt out, or one of the parts that the form names stands for it", () => {
  for (const { title, lines, rules: own, group } of described) {
    if (group === "Operators") continue;
    const { names, strings } = readLines(lines);
    const known = [...own, ...standsFor(names), ...(strings ? ["StringLiteral"] : [])];
    const called = union(own.map((rule) => ruleOf(rule).calls));
    assert.deepEqual(without(called, known), [], title);
    const composed = [...names].filter((name) => "group" in referenceOf(name) || referenceOf(name).lines.length > 0);
    const missing = composed.filter((name) => {
      const stands = standsFor([name]);
      return stands.size > 0 && ![...stands].some((rule) => called.has(rule) || ["suffix", "clause"].includes(rule));
    });
    if (group !== "Interventions") assert.deepEqual(missing, [], title);
  }
});

test("every rule of the grammar belongs to a form or a part, and operators have all words of expressions", () => {
  const spelt = union<string>(described.map((form) => form.rules));
  const opaque = union<string>([...parts.values()].filter((part) => part.lines.length === 0).map((part) => part.rules));
  const structure = ["file", "statement"];
  assert.deepEqual(without(rules.keys(), [...spelt, ...opaque, ...structure]), []);
  const ofOperators = forms.filter(({ group }) => group === "Operators");
  const shown = union(ofOperators.map(({ lines }) => readLines(lines).words));
  for (const rule of [...union<string>(ofOperators.map((form) => form.rules)), ...without<string>(opaque, spelt)]) {
    const taken = rules.get(rule)?.keywords ?? [];
    const belongs = described.filter((form) => form.rules.includes(rule) && form.group !== "Operators");
    if (belongs.length === 0) assert.deepEqual(without(taken, shown), [], rule);
  }
});

test("the statements and clauses that the grammar can begin have forms, and no others", () => {
  const begun = (rule: string): readonly string[] => [...ruleOf(rule).calls].filter((name) => rules.has(name));
  const owners = [...leadingForms.values()].map((form) => form.rules[0]);
  assert.deepEqual(
    new Set(owners),
    new Set([...begun("statement"), ...begun("clause")].filter((name) => name !== "clauses")),
  );
  for (const form of leadingForms.values())
    for (const line of form.lines) assert.match(line, new RegExp(`^${form.name} `));
});

test("every keyword is the name of a form or has an entry of its own, and every entry is a keyword", () => {
  const named = new Set([...forms.map(({ name }) => name), ...Object.keys(words)]);
  assert.deepEqual(without(keywords, named), []);
  assert.deepEqual(
    Object.keys(words).filter((word) => !isReserved(word) || forms.some(({ name }) => name === word)),
    [],
  );
});

function parsed(text: string): ReturnType<typeof parse>["value"] {
  const { value, diagnostics } = parse({ path: "test.atlas", text });
  assert.deepEqual(diagnostics, [], text);
  return value;
}

function roundTrips(text: string): void {
  const file = parsed(text);
  assert.ok(file.statements.length > 0, `nothing is built of ${text}`);
  const printed = print(file, text);
  const again = parsed(printed);
  assert.deepEqual(withoutSpans(again), withoutSpans(file), printed);
  assert.equal(print(again, printed), printed);
}

test("examples and outlines parse, have their word, and are the same after formatting", () => {
  const examples = [...forms.map(({ name, example }) => [name, example] as const)];
  for (const [name, example] of [
    ...examples,
    ...Object.entries(words).map(([n, { example }]) => [n, example] as const),
  ]) {
    const shown = name === "[]" ? "[" : name;
    assert.ok(
      /\w/.test(shown) ? new RegExp(`\\b${shown}\\b`).test(example) : example.includes(shown),
      `${name}: ${example}`,
    );
    roundTrips(example);
  }
  for (const { outline } of forms) if (outline !== undefined) roundTrips(outline);
});

test("each form parses with everything that can be left out, without it, and with each of it alone", () => {
  for (const form of forms) {
    for (const text of form.lines.flatMap((line) => sentencesOf(line))) roundTrips(asFile(form, text));
  }
});

/** An operator's form is a value, which only a statement can hold. */
function asFile({ group, lines }: Form, text: string): string {
  if (group !== "Operators") return text;
  assert.ok(lines.length > 0);
  return `let value = ${text}`;
}

/** Conversations as ids: the same as transformers gives, and templates that fail or do not end. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "../../src/compiler/base/digest.js";
import type { EncodedText } from "../../src/compiler/ir/encodings.js";
import { answerRequest, renderTemplate } from "../../src/runtime/models/chat-texts.js";
import { digestOfJson } from "../../src/runtime/models/digest-cache.js";
import { createTokenizer, type Tokenizer } from "../../src/runtime/models/tokenizer.js";
import { root } from "../support/root.js";

type JsonObject = Readonly<Record<string, Json>>;

/** A style of `test/fixtures/chat/make.py`. */
interface Style {
  readonly template: string;
  readonly bos: string;
  readonly eos: string;
  readonly added: readonly { readonly id: number; readonly content: string }[];
  readonly cases: readonly {
    readonly messages: readonly JsonObject[];
    readonly opened: boolean;
    readonly text?: string;
    readonly ids?: readonly number[];
    readonly refused?: string;
  }[];
}

const styles = JSON.parse(readFileSync(join(root, "test/fixtures/chat/conversations.json"), "utf8")) as Readonly<
  Record<string, Style>
>;
const definition = JSON.parse(readFileSync(join(root, "stdlib/models/gpt2-tiny/tokenizer.json"), "utf8")) as JsonObject;

function tokenizerOf({ added, bos, eos }: Pick<Style, "added" | "bos" | "eos">, template: Json): Tokenizer {
  const flags = { special: true, lstrip: false, rstrip: false, normalized: false, single_word: false };
  const known = (definition["added_tokens"] ?? []) as readonly Json[];
  const own = [...added].sort((a, b) => a.id - b.id).map((token) => ({ ...token, ...flags }));
  const config = { bos_token: bos, eos_token: eos, add_bos_token: true, chat_template: template };
  const outcome = createTokenizer({ ...definition, added_tokens: [...known, ...own] }, config, digestOfJson);
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.value;
}

async function encode(tokenizer: Tokenizer, messages: readonly JsonObject[], opened = true): Promise<EncodedText> {
  const [encoded] = await answerRequest(tokenizer, {
    key: "",
    model: "",
    texts: [JSON.stringify(messages)],
    as: "chat",
    turn: opened ? "opened" : "closed",
    limit: null,
  });
  assert.ok(encoded !== undefined);
  return encoded;
}

for (const [name, style] of Object.entries(styles)) {
  test(`${name}: texts and ids are those of transformers' apply_chat_template`, async () => {
    const tokenizer = tokenizerOf(style, style.template);
    for (const { messages, opened, text, ids, refused } of style.cases) {
      const encoded = await encode(tokenizer, messages, opened);
      if (refused !== undefined) {
        assert.equal(encoded.problem, refused);
        continue;
      }
      assert.equal(encoded.text, text);
      assert.deepEqual(encoded.ids, ids);
      assert.equal(encoded.pieces.length, ids?.length);
      // The template has written BOS: none is added, though the tokenizer's convention is to add it.
      const bos = tokenizer.facts.bosTokenId;
      assert.ok(name === "chatml" || ids?.filter((id) => id === bos).length === 1);
    }
  });
}

const plain = { added: [], bos: "<|endoftext|>", eos: "<|endoftext|>" };
const said = [{ role: "user", content: "So." }];

test("a tokenizer without a template says where one would be", async () => {
  const { problem = "" } = await encode(tokenizerOf(plain, null), said);
  assert.match(problem, /none in tokenizer_config\.json/);
});

for (const [template, expected] of [
  [7, /`chat_template` in tokenizer_config\.json is no text/],
  [[{ name: "tool_use", template: "tools" }], /a list without one that is called default/],
  [[{ name: "default", template: 7 }], /the template called default in tokenizer_config\.json is no text/],
] as const) {
  test(`the chat template ${JSON.stringify(template)} is said to be none`, async () => {
    const { problem = "" } = await encode(tokenizerOf(plain, template), said);
    assert.match(problem, expected);
  });
}

test("of several templates the one called default is used", async () => {
  const several = [
    { name: "tool_use", template: "tools" },
    { name: "default", template: "[{{ messages[0].content }}]" },
  ];
  assert.equal((await encode(tokenizerOf(plain, several), said)).text, "[So.]");
});

for (const [what, template, expected] of [
  ["is no Jinja", "{% for %}", /^it is no template: /],
  ["refuses the messages", "{{ raise_exception('no such role') }}", /^no such role$/],
  ["asks for what is not there", "{{ messages[3].content.upper() }}", /./],
  ["counts too far", "{% for i in range(1000000000) %}x{% endfor %}", /range\(…\) has 1000000000 numbers/],
  ["writes too much", "{% for i in range(100) %}{{ 'x' * 100000 }}{% endfor %}", /./],
] as const) {
  test(`a template that ${what} is a reason`, async () => {
    const { problem = "", ids } = await encode(tokenizerOf(plain, template), said);
    assert.match(problem, expected);
    assert.deepEqual(ids, []);
  });
}

test("a template that does not end is ended, and what was made before stays", async () => {
  const loop = "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}";
  const template = `{% if messages[0].content == 'loop' %}${loop}{% endif %}{{ messages[0].content }}`;
  const conversations = ["fine", "loop", "later"].map((content) => JSON.stringify([{ role: "user", content }]));
  const begun = Date.now();
  const made = await renderTemplate({ template, variables: {}, conversations, opened: true, longest: 1_000_000 }, 1500);
  assert.ok(Date.now() - begun < 10_000);
  const reason = "it does not end within 1.5 seconds";
  assert.deepEqual(made, [
    { index: 0, text: "fine" },
    { index: 1, problem: reason },
    { index: 2, problem: reason },
  ]);
});

test("a template that fills the memory is ended", async () => {
  const template =
    "{% set ns = namespace(all=[messages]) %}{% for i in range(60) %}{% set ns.all = ns.all + ns.all %}{% endfor %}";
  const conversations = [JSON.stringify(said)];
  const [made] = await renderTemplate({ template, variables: {}, conversations, opened: true, longest: 1000 }, 20_000);
  assert.ok(made !== undefined && "problem" in made, JSON.stringify(made));
});

test("a template finds no clock", async () => {
  const template = "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}no date{% endif %}";
  assert.equal((await encode(tokenizerOf(plain, template), said)).text, "no date");
});

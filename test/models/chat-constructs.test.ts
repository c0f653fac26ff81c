/** Constructs of chat templates: the text is that of transformers, or there is none and a reason. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "../../src/compiler/base/digest.js";
import { renderTemplate } from "../../src/runtime/models/chat-texts.js";
import { root } from "../support/root.js";

/** `test/fixtures/chat/make-constructs.py`: null where transformers fails. */
interface Constructs {
  readonly conversations: readonly Json[];
  readonly templates: readonly { readonly template: string; readonly texts: readonly (string | null)[] }[];
}

const { conversations, templates } = JSON.parse(
  readFileSync(join(root, "test/fixtures/chat/constructs.json"), "utf8"),
) as Constructs;

/** Templates that transformers renders for every conversation and this project refuses. */
const refused: ReadonlyMap<string, RegExp> = new Map([
  ["{{ [1.0, 2]|tojson }}", /`tojson` writes a number with a decimal point/],
  ["{{ {'b': 1, 'a': [2]}|tojson(sort_keys=true) }}", /`sort_keys`/],
  ["{{ messages[0].items() }}", /prints what Python gives item by item/],
  ["{{ messages|map(attribute='role') }}", /prints what Python gives item by item/],
  ["{{ '12a'|int }}", /a text that is not digits alone/],
  ["{{ 10.0 ** 20 }}", /a very large or very small number/],
  ["{{ ['a', 'A']|unique|list }}", /`unique`/],
  ["{{ 'ǆ'|capitalize }}{{ 'ﬁn'.title() }}", /capitalizes "ǆ"/],
  ["{{ 1 < 2 < 3 }}", /compares several values in a chain/],
  ["{{ 2 == 2 == 1 }}", /compares several values in a chain/],
  ["{{ '%s-%s'|format('a', 1) }}", /Unknown StringValue filter: format/],
  ["{{ 'a' * 2 }}", /Unknown operator/],
  ["{{ messages[0].items }}{{ 'x'.isdigit() }}", /prints a function/],
]);

for (const { template, texts } of templates) {
  test(`${JSON.stringify(template)} gives what transformers gives`, async () => {
    const made = await renderTemplate({
      template,
      variables: {},
      conversations: conversations.map((messages) => JSON.stringify(messages)),
      opened: true,
      longest: 100_000,
    });
    for (const [i, answer] of made.entries()) {
      const reason = refused.get(template);
      if ("text" in answer) assert.equal(answer.text, texts[i]);
      // An ordinary template is not refused where transformers gives a text.
      else if (texts[i] !== null) assert.match(answer.problem, reason ?? /^$/);
    }
    assert.ok(!refused.has(template) || made.some((answer) => "problem" in answer), "it is refused no more");
  });
}

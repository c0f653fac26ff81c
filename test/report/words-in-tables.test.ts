/** Tables that say something in words: winners, tokens in their text, ids of tokens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { tableHtml } from "../../src/runtime/report/html-table.js";
import { buildTable } from "../../src/runtime/report/tables.js";
import { renderTextTable } from "../../src/runtime/report/text-table.js";
import { noTokenTexts, type TokenTexts } from "../../src/runtime/report/token-texts.js";
import { buildWinnerTable, type WinnerOutput } from "../../src/runtime/report/winner-table.js";
import { expectGolden } from "../support/golden.js";
import { abs, column, row, tableOf, resultsOf, named } from "./samples.js";

const span = { file: "sample.atlas", start: 0, end: 0 };

/** `table relay winner lowest of attn_pr, mlp_pr by layer` unless told otherwise. */
function winnerOf(more: Partial<WinnerOutput>): WinnerOutput {
  const among = ["attn_pr", "mlp_pr"].map((label) => named(label, column("relay", label)));
  const title = "relay: lowest of attn_pr, mlp_pr";
  return {
    kind: "winner",
    title,
    experiment: "relay",
    among,
    which: "lowest",
    where: null,
    by: ["layer"],
    span,
    ...more,
  };
}

/** Two prompts: attention is lower in layer 0, the MLP in layer 1, both are equal in layer 2, one is NaN in layer 3. */
const relay: readonly ResultRow[] = [0, 1].flatMap((prompt) =>
  [
    [1, 4],
    [5, 2],
    [3, 3],
    [2, NaN],
  ].flatMap(([attention = NaN, mlp = NaN], layer) => [
    row("relay", "attn_pr", { prompt, layer }, attention + prompt),
    row("relay", "mlp_pr", { prompt, layer }, mlp + prompt, Number.isNaN(mlp) ? { reason: "division by 0" } : {}),
  ]),
);

test("a winner is named at each place, with ties and what cannot be decided", () => {
  const table = buildWinnerTable(winnerOf({}), resultsOf(relay));
  assert.deepEqual(
    table.rows.map((cells) => cells.map((cell) => cell.value)),
    [
      [0, 1.5, 4.5, "attn_pr"],
      [1, 5.5, 2.5, "mlp_pr"],
      [2, 3.5, 3.5, "tie: attn_pr, mlp_pr"],
      [3, 2.5, NaN, "undecided: mlp_pr is NaN"],
    ],
  );
  assert.equal(table.rows[3]?.[2]?.reason, "2 of 2 values are NaN: division by 0");
  assert.equal(table.note, "mean over 2 prompts; lowest at 4 places: attn_pr 1, mlp_pr 1, ties 1, undecided 1");
  expectGolden("report/winner.txt", `${renderTextTable(table, { width: 80 })}\n`);
});

test("the highest wins where that is asked for, among the places that a condition keeps", () => {
  const where = { kind: "axis", axis: "layer", among: [0, 1] } as const;
  const table = buildWinnerTable(winnerOf({ which: "highest", where }), resultsOf(relay));
  assert.deepEqual(
    table.rows.map((cells) => cells.at(-1)?.value),
    ["mlp_pr", "attn_pr"],
  );
});

test("a metric that a place lacks leaves it undecided", () => {
  const rows = [...relay, row("relay", "attn_pr", { prompt: 0, layer: 9 }, 1)];
  const table = buildWinnerTable(winnerOf({}), resultsOf(rows));
  const last = table.rows.at(-1);
  assert.deepEqual([last?.[0]?.value, last?.at(-1)?.value], [9, "undecided: mlp_pr is missing"]);
});

const pieces = [
  ["The", " cat", " sat", " on", " the", " mat", ".", "\n", "It", " slept", "."],
  ["A", " dog", " ran"],
];
const known: TokenTexts = {
  textAt: (_experiment, place) => {
    const text = pieces[Number(place["prompt"])];
    return text === undefined ? null : { pieces: text, first: 0 };
  },
  promptAt: () => null,
  tokenAt: (_experiment, _place, id) => (id === 7 ? " Mary" : null),
};
/** A value for each token but the first, as nll has. */
const perToken = pieces.flatMap((text, prompt) =>
  text
    .slice(1)
    .map((_, i) => row("tokens", "nll", { prompt, position: i + 1 }, ((i * 7 + prompt) % 5) - 1, { unit: "nats" })),
);
const nll = named("difference", column("tokens", "nll"), "nats");

test("tokens are shown in the text around them, the row's own marked", () => {
  const by = named("abs(difference)", abs(nll.expression), "nats");
  const output = tableOf({ title: "difference", experiment: "tokens", columns: [nll], by, top: 4, context: 6 });
  const table = buildTable(output, resultsOf(perToken), known);
  assert.deepEqual(
    table.columns.map(({ name }) => name),
    ["prompt", "position", "difference", "in its text"],
  );
  const text = table.rows[0]?.at(-1);
  const [start = 0, end = 0] = text?.mark ?? [];
  assert.deepEqual([table.rows[0]?.[1]?.value, text?.value], [3, "The cat sat on the mat…"]);
  assert.equal(String(text?.value).slice(start, end), " on");
  expectGolden("report/context.txt", `${renderTextTable(table, { width: 80 })}\n`);
  assert.match(tableHtml(table, 0), /The cat sat<mark> on<\/mark> the mat…/);
});

test("the context begins and ends with the text, and a narrow table keeps the token", () => {
  const output = tableOf({ title: "difference", experiment: "tokens", columns: [nll], context: 5 });
  const table = buildTable(output, resultsOf(perToken), known);
  const texts = table.rows.map((cells) => String(cells.at(-1)?.value));
  assert.equal(texts[0], "The cat sat on the…", "the second of eleven tokens");
  assert.equal(texts[9], "….⏎It slept.", "the last of eleven tokens");
  assert.equal(texts[11], "A dog ran", "a text that is shorter than the context");
  for (const line of renderTextTable(table, { width: 44 }).split("\n")) assert.ok(line.length <= 44, line);
  assert.match(renderTextTable(table, { width: 44 }), /« slept»/);
});

test("without a text the row stays and its text is empty", () => {
  const output = tableOf({ title: "difference", experiment: "tokens", columns: [nll], context: 5 });
  const table = buildTable(output, resultsOf(perToken), noTokenTexts);
  assert.equal(table.rows.length, perToken.length);
  assert.equal(table.rows[0]?.at(-1)?.value, null);
});

test("an id of a token is shown with what it stands for, and different tokens have no mean", () => {
  const ids = [
    row("top", "top_token", { prompt: 0, layer: 0 }, 7, { unit: "token" }),
    row("top", "top_token", { prompt: 1, layer: 0 }, 7, { unit: "token" }),
    row("top", "top_token", { prompt: 0, layer: 1 }, 7, { unit: "token" }),
    row("top", "top_token", { prompt: 1, layer: 1 }, 8, { unit: "token" }),
  ];
  const top = named("top_token", column("top", "top_token"), "token");
  const table = buildTable(tableOf({ title: "top", experiment: "top", columns: [top] }), resultsOf(ids), known);
  assert.deepEqual(table.rows[0]?.[1], { value: 7, reason: null, shown: '" Mary" (7)' });
  assert.equal(
    table.rows[1]?.[1]?.reason,
    "2 different tokens, which have no mean; `by prompt` keeps prompts apart, `where prompt is 0` shows one",
  );
  const text = renderTextTable(table, { width: 60 });
  assert.match(text, /" Mary" \(7\)/);
  assert.match(tableHtml(table, 0), /&quot; Mary&quot; \(7\)/);
});

test("a page shows the first rows of a long table and says how many there are", () => {
  const rows = Array.from({ length: 5000 }, (_, position) => row("tokens", "nll", { prompt: 0, position }, position));
  const html = tableHtml(buildTable(tableOf({ title: "t", experiment: "tokens", columns: [nll] }), resultsOf(rows)), 0);
  assert.equal(html.match(/<tr>/g)?.length, 101);
  assert.match(html, /The first 100 of 5000 rows; with scripts the page shows all of them/);
  assert.match(html, /<table class="data" aria-rowcount="5001">/);
});

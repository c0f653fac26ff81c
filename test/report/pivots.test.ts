/** Tables whose rows and columns the protocol names: means, their standard errors, notations, ranks; as text and as files. */
import assert from "node:assert/strict";
import test from "node:test";
import { escapeLatex, latexTable } from "../../src/runtime/report/latex-table.js";
import { escapeMarkdown, markdownTable } from "../../src/runtime/report/markdown-table.js";
import { standardErrors } from "../../src/runtime/report/standard-errors.js";
import { buildTable, type TableData, type TableOutput } from "../../src/runtime/report/tables.js";
import { renderTextTable } from "../../src/runtime/report/text-table.js";
import { columnsOf as widthOf } from "../../src/compiler/base/printable.js";
import { evaluateResult } from "../../src/compiler/results/evaluate.js";
import { column, named, resultsOf, row, tableOf } from "./samples.js";

/** Impact of two layers on three prompts of two groups; the third prompt has no counterpart in the other group. */
const values = [
  ["prose", 0, 0, 1], ["prose", 0, 1, 5], ["prose", 1, 0, 2], ["prose", 1, 1, 8],
  ["drama", 2, 0, -3], ["drama", 2, 1, 4],
] as const; // prettier-ignore
const results = resultsOf(
  values.map(([group, prompt, layer, value]) => row("e", "m", { group, prompt, layer }, value + 10, { baseline: 10 })),
);
const impact = named("e.impact", column("e", "m", "impact"));
const value = named("e.m", column("e", "m"));

function built(more: Partial<TableOutput>): TableData {
  const columns = more.columns ?? [impact];
  return buildTable(
    tableOf({ title: "t", experiment: "e", columns, notations: columns.map(() => null), ...more }),
    results,
  );
}

const numbers = (table: TableData): unknown =>
  table.rows.map((cells) => cells.map(({ value: own, error }) => (error === undefined ? own : [own, error])));

test("rows are the levels of the axes after `by`, with n and the standard error over prompts", () => {
  const table = built({ rows: ["layer"] });
  assert.deepEqual(table.columns.map(({ name }) => name), ["layer", "e.impact", "n"]); // prettier-ignore
  // Of 1, 2, −3 and of 5, 8, 4: s/√3 with n − 1 below the root.
  assert.deepEqual(numbers(table), [
    [0, [0, Math.sqrt((1 + 4 + 9) / 2 / 3)], 3],
    [1, [17 / 3, Math.sqrt(((5 - 17 / 3) ** 2 + (8 - 17 / 3) ** 2 + (4 - 17 / 3) ** 2) / 2 / 3)], 3],
  ]);
  assert.match(table.note ?? "", /± is the standard error of the mean over n prompts/);
});

test("a mean of a single prompt has no standard error", () => {
  const table = built({ rows: ["group"] });
  assert.deepEqual(numbers(table), [["prose", [4, 1], 2], ["drama", 0.5, 1]]); // prettier-ignore
});

test("the standard error of texts of unequal length is that of a ratio estimate", () => {
  // Two texts of 1 and 3 tokens. Mean 5; residual sums 3 and −3; √(2/1 · (9 + 9) / 16) = 1.5.
  const rows = [[0, 0, 8], [1, 0, 3], [1, 1, 4], [1, 2, 5]].map(([prompt = 0, position = 0, x = 0]) => row("e", "m", { prompt, position }, x)); // prettier-ignore
  const array = evaluateResult(column("e", "m"), resultsOf(rows));
  assert.deepEqual(standardErrors(array, [])?.at({}), { n: 2, error: 1.5 });
  assert.equal(standardErrors(array, ["prompt"]), null, "tokens of one text are no sample");
});

test("levels after `across` are columns under the name of their axis, or of their value", () => {
  const one = built({ rows: ["layer"], across: ["group"] });
  assert.deepEqual(one.columns.map(({ name, heading }) => [name, heading]), [["layer", undefined], ["prose", "group"], ["drama", "group"]]); // prettier-ignore
  assert.deepEqual(numbers(one), [[0, [1.5, 0.5], -3], [1, [6.5, 1.5], 4]]); // prettier-ignore
  assert.match(one.note ?? "", /over 1 to 2 prompts/);
  const two = built({ columns: [value, impact], across: ["layer"], rows: ["group"] });
  assert.deepEqual(two.columns.map(({ name, heading }) => [name, heading]).slice(1, 5), [["layer 0", "e.m"], ["layer 1", "e.m"], ["layer 0", "e.impact"], ["layer 1", "e.impact"]]); // prettier-ignore
  // Rows that are not named are all that is left, and a place without a value is empty.
  assert.deepEqual(numbers(built({ across: ["prompt"] })), [
    ["prose", 0, 1, 2, null], ["prose", 1, 5, 8, null], ["drama", 0, null, null, -3], ["drama", 1, null, null, 4],
  ]); // prettier-ignore
});

test("percent multiplies value and error, ratio only says so", () => {
  const table = built({ columns: [impact, impact], notations: ["percent", "ratio"], rows: ["layer"] });
  assert.deepEqual(table.columns.map(({ unit }) => unit), [null, "%", "×", null]); // prettier-ignore
  const [, percent, ratio] = table.rows[1] ?? [];
  assert.equal(percent?.value, (17 / 3) * 100);
  assert.equal(percent.error, (ratio?.error ?? NaN) * 100);
});

test("ranks follow what rows are sorted by: equal ones share one, NaN has none", () => {
  const rows = [2, 5, NaN, 5].map((x, layer) => row("e", "m", { layer }, x));
  const table = buildTable(
    tableOf({ experiment: "e", columns: [value], notations: [null], by: value, ranked: true }),
    resultsOf(rows),
  );
  assert.deepEqual(table.rows.map((cells) => cells.slice(0, 2).map((cell) => cell.value)), [[1, 1], [1, 3], [3, 0], [null, 2]]); // prettier-ignore
});

test("a pivot fits the terminal: columns go on below, under their heading again", () => {
  const rows = Array.from({ length: 60 }, (_, i) => row("e", "m", { layer: i % 3, head: Math.floor(i / 3) }, i / 7));
  const table = buildTable(
    tableOf({ title: "wide", experiment: "e", columns: [value], notations: [null], rows: ["layer"], across: ["head"] }),
    resultsOf(rows),
  );
  const lines = renderTextTable(table, { width: 60 }).split("\n");
  assert.deepEqual(lines.filter((line) => widthOf(line) > 60), []); // prettier-ignore
  assert.ok(lines.filter((line) => /^ +head$/.test(line)).length > 1);
});

const awkward: TableData = {
  title: "t",
  caption: "50% & more_or_less {of} $x$ ~ C:\\ #1 ^ \u202e",
  columns: [
    { name: "a_b", kind: "axis", unit: null, signed: false, quantity: null },
    { name: "gain", kind: "value", unit: "%", signed: true, quantity: null, heading: "by |layer|" },
  ],
  rows: [
    [{ value: "x|y", reason: null }, { value: -1.5, reason: null, error: 0.25 }],
    [{ value: "<z>", reason: null }, { value: NaN, reason: "log of 0" }],
  ], // prettier-ignore
  note: "mean over 3_000 prompts",
  warnings: [],
};

test("LaTeX: booktabs, everything escaped, a caption and a label", () => {
  assert.equal(
    latexTable(awkward, "my table"),
    String.raw`% Needs \usepackage{booktabs}.
\begin{table}[t]
  \centering
  \caption{50\% \& more\_or\_less \{of\} \$x\$ \textasciitilde{} C:\textbackslash{} \#1 \textasciicircum{} \textbackslash{}u202e}
  \label{tab:my-table}
  \begin{tabular}{@{}lr@{}}
    \toprule
    \multicolumn{1}{c}{} & \multicolumn{1}{c}{by \textbar{}layer\textbar{}} \\
    \cmidrule(lr){2-2}
    a\_b                      &          gain (\%) \\
    \midrule
    x\textbar{}y              & $-1.500 \pm 0.250$ \\
    \textless{}z\textgreater{} &       NaN$^{a}$ \\
    \bottomrule
  \end{tabular}
  \par\smallskip{\footnotesize mean over 3\_000 prompts}
  \par\smallskip{\footnotesize a NaN: log of 0}
\end{table}
`.replace("a\\_b                      &", "a\\_b                       &").replace("x\\textbar{}y              &", "x\\textbar{}y               &").replace("&       NaN", "&          NaN"), // prettier-ignore
  );
  assert.equal(escapeLatex("a\nb"), String.raw`a\textbackslash{}nb`);
});

test("Markdown: aligned, escaped, one line a row", () => {
  assert.equal(
    markdownTable({ ...awkward, caption: "a *b*" }),
    [
      "**a \\*b\\***", "",
      "| a\\_b  | by \\|layer\\|: gain (%) |",
      "| ----- | ---------------------: |",
      "| x\\|y  |         −1.500 ± 0.250 |",
      "| \\<z\\> |              NaN \\[1\\] |",
      "", "mean over 3\\_000 prompts", "", "\\[1\\] NaN: log of 0", "",
    ].join("\n"), // prettier-ignore
  );
  assert.equal(escapeMarkdown("a\n|b"), "a\\\\n\\|b");
});

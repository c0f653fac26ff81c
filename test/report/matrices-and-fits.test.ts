/** What people see of matrices and fitted curves: tables with a bound for the terminal, figures that Vega draws without a word. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "../../src/compiler/decide/decide.js";
import type { ResultSet } from "../../src/compiler/ir/results.js";
import type { Decision } from "../../src/compiler/ir/decisions.js";
import { decisionFigures } from "../../src/runtime/report/decision-figures.js";
import { decisionView } from "../../src/runtime/report/decision-view.js";
import { renderFigureSvg } from "../../src/runtime/report/render-figure.js";
import { renderTextTable } from "../../src/runtime/report/text-table.js";
import { between, byPrompt, column, fit, resultsOf, type Made } from "../decide/results.js";

const values = [0.2, 0.5, 0.1, 0.9, 0.4, 0.6, 0.3];

function models(names: readonly string[]): ResultSet {
  return resultsOf({
    e: names.flatMap((model, m) =>
      byPrompt(
        values.map((value, i) => value + ((i * (m + 1)) % 5)),
        { model },
      ),
    ),
  });
}

function shown(decision: Decision, results: ResultSet): { readonly terminal: string; readonly rows: number } {
  const view = decisionView(decide(decision, results));
  const tables = view.terminal ?? [view.table];
  return {
    terminal: tables.map((table) => renderTextTable(table, { width: 200 })).join("\n"),
    rows: view.table.rows.length,
  };
}

async function svgs(decision: Decision, results: ResultSet): Promise<readonly string[]> {
  const said: string[] = [];
  const drawn: string[] = [];
  for (const { figure } of decisionFigures(decision, decide(decision, results), results)) {
    drawn.push(await renderFigureSvg(figure.spec, { warn: (message) => said.push(message) }));
  }
  assert.deepEqual(said, []);
  return drawn;
}

test("a matrix is a table on the terminal, both triangles, and the pairs stand below it", () => {
  const { terminal, rows } = shown(between(column("e"), ["model"], ["pearson"]), models(["x", "y", "z"]));
  assert.match(terminal, /r \(pearson\) between levels of model/);
  const [line] = /^x +.*$/m.exec(terminal) ?? [];
  assert.match(line ?? "", /^x +· +-?\d\.\d\d +-?\d\.\d\d$/);
  assert.equal(rows, 3);
  assert.match(terminal, /x with y/);
});

test("beyond twelve levels the terminal has the strongest and weakest pairs, and the report all of them", () => {
  const names = Array.from({ length: 13 }, (_, i) => `m${i}`);
  const { terminal, rows } = shown(between(column("e"), ["model"], ["pearson"]), models(names));
  assert.equal(rows, 78);
  assert.doesNotMatch(terminal, /between levels of/);
  assert.equal(terminal.match(/ with /g)?.length, 10);
  assert.match(terminal, /the 5 strongest and the 5 weakest of 78 correlations/);
  assert.match(terminal.replace(/\s+/g, " "), /more than 12 levels is in the report/);
});

test("the figure of a matrix has both triangles and the range −1 to 1, whatever levels are called", async () => {
  const names = ["constructor", "__proto__", "<b>&\u001b[31m"];
  const decision = between(column("e"), ["model"], ["pearson"]);
  const [{ figure } = { figure: null }] = decisionFigures(decision, decide(decision, models(names)), models(names));
  const text = JSON.stringify(figure?.spec);
  assert.match(text, /"domain":\[-1,/);
  assert.match(figure?.description ?? "", /Correlation matrix of 3 levels/);
  const [svg = ""] = await svgs(decision, models(names));
  assert.doesNotMatch(svg, /<b>|\u001b/);
  // Each pair twice: nothing on the diagonal.
  const cells = /"values":(\[[^\]]*\])/.exec(text)?.[1] ?? "[]";
  assert.equal((JSON.parse(cells) as readonly unknown[]).length, 6);
});

test("a fit is drawn with its points and its curve inside of them, on the scale of the fit", async () => {
  const made = ["x", "y"].flatMap((model, m) =>
    [1, 2, 4, 8].map((layer): Made => ({ axes: { model, layer }, value: (m + 1) / layer })),
  );
  const decision = fit("power_law", column("e"), "layer", ["model"]);
  const [{ figure } = { figure: null }] = decisionFigures(
    decision,
    decide(decision, resultsOf({ e: made })),
    resultsOf({ e: made }),
  );
  const { layer } = figure?.spec as {
    readonly layer: readonly { readonly data: { readonly values: readonly { x: number; y: number }[] } }[];
  };
  const [line, points] = layer.map(({ data }) => data.values);
  assert.equal(points?.length, 8);
  const xs = (line ?? []).map(({ x }) => x);
  assert.ok(Math.abs(Math.min(...xs) - 1) < 1e-12 && Math.abs(Math.max(...xs) - 8) < 1e-12);
  assert.match(JSON.stringify(figure?.spec), /"type":"log"/);
  assert.equal((await svgs(decision, resultsOf({ e: made }))).length, 1);
});

test("a fit is said in a sentence with its numbers; without a curve the points are drawn all the same", async () => {
  const made = [1, 2, 3, 4].map((layer): Made => ({ axes: { layer }, value: 1 + 2 * layer + (layer % 2) / 10 }));
  const view = decisionView(decide(fit("linear", column("e"), "layer"), resultsOf({ e: made })));
  assert.equal(view.sentence, "y = 1.100 + 1.980·x: R² = 0.9996 (y over x), n = 4.");
  assert.deepEqual(
    view.table.rows.map(([name]) => name?.value),
    ["a", "b"],
  );
  const crossing = [1, 2, 3].map((layer): Made => ({ axes: { layer }, value: layer - 2 }));
  const law = fit("power_law", column("e"), "layer");
  const undecided = decisionView(decide(law, resultsOf({ e: crossing })));
  assert.match(undecided.sentence, /^No curve: a power law needs coordinates and values above 0, and 2 are not\.$/);
  assert.equal((await svgs(law, resultsOf({ e: crossing }))).length, 1);
});

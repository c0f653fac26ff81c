/** Decisions, tables and figures of a run as the page shows them: what the report shows, as plain data. */
import { printable } from "../../src/compiler/base/printable.js";
import type { Protocol } from "../../src/compiler/ir/protocol.js";
import { experimentsIn } from "../../src/compiler/ir/result-expression.js";
import { experimentsWithRows } from "../../src/compiler/ir/result-table.js";
import type { ResultSet } from "../../src/compiler/ir/results.js";
import { unstableMeans } from "../../src/compiler/results/unstable.js";
import { experimentsOf, outputName, tableOf } from "../../src/runtime/output-tables.js";
import { decisionFigures } from "../../src/runtime/report/decision-figures.js";
import { decisionView } from "../../src/runtime/report/decision-view.js";
import { buildFigure, type Figure } from "../../src/runtime/report/figures.js";
import { renderFigureSvg } from "../../src/runtime/report/render-figure.js";
import {
  cellText,
  isNumericColumn,
  notationOfColumn,
  type TableCell,
  type TableData,
} from "../../src/runtime/report/table-data.js";
import type { TokenTexts } from "../../src/runtime/report/token-texts.js";
import type { RecordedDecision } from "../../src/runtime/store/record-types.js";
import type { ShownCell, ShownDecision, ShownFigure, ShownTable } from "./messages.js";

/** Rows of a table that a page shows. */
const mostRows = 500;

export interface ShownResults {
  readonly decisions: readonly ShownDecision[];
  readonly tables: readonly ShownTable[];
  readonly figures: readonly ShownFigure[];
  readonly notes: readonly string[];
}

/** Everything that a protocol shows of its results. Files are not written: `save` is a note. */
export async function shownResults(
  protocol: Protocol,
  results: ResultSet,
  decided: readonly RecordedDecision[],
  tokens: TokenTexts,
): Promise<ShownResults> {
  const notes = new Set(unstableMeans(results));
  const warn = (title: string, sentences: readonly string[]): void => {
    for (const sentence of sentences) notes.add(`${title}: ${sentence}`);
  };
  const tables: ShownTable[] = [];
  const figures: ShownFigure[] = [];
  const present = experimentsWithRows(results.rows);
  for (const output of protocol.outputs) {
    if (!experimentsOf(output).every((experiment) => present.has(experiment))) {
      notes.add(`${outputName(output)} has nothing to show`);
    } else if (output.kind === "save") {
      notes.add(`${outputName(output)} is left out: a page writes no files`);
    } else if (output.kind === "table" || output.kind === "winner") {
      const table = tableOf(output, results, tokens);
      warn(table.title, table.warnings);
      tables.push(shownTable(table));
    } else {
      const figure = buildFigure(output, results, tokens);
      warn(figure.title, figure.warnings);
      figures.push(await shownFigure(figure));
    }
  }
  const decisions: ShownDecision[] = [];
  for (const [i, { outcome }] of decided.entries()) {
    const decision = protocol.decisions[i];
    if (outcome === null || decision === undefined) continue;
    const experiments = decision.kind === "pca" ? experimentsIn(decision.value.expression) : [];
    const { verdict, title, statement, sentence, table, loadings } = decisionView(outcome, { tokens, experiments });
    const own: ShownFigure[] = [];
    for (const { figure } of decisionFigures(decision, outcome, results)) own.push(await shownFigure(figure));
    const shown = [table, ...(loadings === null ? [] : [loadings])].map(shownTable);
    decisions.push({ verdict, title, statement, sentence, tables: shown, figures: own });
  }
  return { decisions, tables, figures, notes: [...notes] };
}

async function shownFigure(figure: Figure): Promise<ShownFigure> {
  const { title, description, caption, spec } = figure;
  return { title, description, caption, svg: await renderFigureSvg(spec), specification: JSON.stringify(spec) };
}

function shownTable(table: TableData): ShownTable {
  const notations = table.columns.map((_, at) => notationOfColumn(table, at));
  return {
    title: table.title,
    caption: table.caption ?? null,
    columns: table.columns.map(({ name, unit, heading }, at) => ({
      name: heading === undefined ? name : `${heading} ${name}`,
      unit,
      numeric: isNumericColumn(table, at),
    })),
    rows: table.rows.slice(0, mostRows).map((row) =>
      table.columns.map((column, at): ShownCell => {
        const cell = row[at];
        const text = cellText(column, cell, notations[at] ?? notationOfColumn(table, at));
        return shownCell(text, cell);
      }),
    ),
    total: table.rows.length,
    note: table.note,
  };
}

function shownCell(text: string, cell: TableCell | undefined): ShownCell {
  const value = typeof cell?.value === "number" ? cell.value : null;
  const mark = cell?.mark ?? null;
  const reason = cell?.reason ?? null;
  if (mark === null) return { text: printable(text), value, reason, mark };
  const [before, marked] = [printable(text.slice(0, mark[0])), printable(text.slice(...mark))];
  const whole = before + marked + printable(text.slice(mark[1]));
  return { text: whole, value, reason, mark: [before.length, before.length + marked.length] };
}

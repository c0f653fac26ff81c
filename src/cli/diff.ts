/** `atlasc diff`. */
import {
  diffRuns,
  type Difference,
  type LargestDifference,
  type MetricDifference,
  type RunDifferences,
} from "../runtime/diff-runs.js";
import { formatNumber } from "../runtime/report/format.js";
import { axisColumn, textColumn, type TableData } from "../runtime/report/table-data.js";
import { renderTextTable, wrapWords } from "../runtime/report/text-table.js";
import { printableLine } from "../compiler/base/printable.js";
import { exitCodes } from "./exit-codes.js";
import { output } from "./screen.js";
import { printRejection } from "./source.js";
import { tableOptions } from "./terminal.js";

export async function diffCommand(
  left: string,
  right: string,
  { runs, json }: { readonly runs: string; readonly json: boolean },
): Promise<number> {
  const outcome = await diffRuns(left, right, runs);
  if (outcome.kind === "missing") {
    printRejection(outcome.diagnostics, new Map(), json);
    return exitCodes.wrongInput;
  }
  if (json) output.json({ ...outcome, kind: undefined, left: outcome.left.folder, right: outcome.right.folder });
  else output.text(diffText(outcome));
  return outcome.same ? exitCodes.done : exitCodes.wrongInput;
}

/** Lines of the protocols that are shown; --json has all of them. */
const shownLines = 40;

function diffText({ left, right, same, request, text, results, decisions, reasons }: RunDifferences): string {
  const options = tableOptions();
  const wrapped = (line: string): string => wrapWords(line, options.width).join("\n");
  const table = (title: string, names: readonly string[], rows: readonly (readonly string[])[]): string =>
    renderTextTable(tableOf(title, names, rows), options);
  const lines = text.slice(0, shownLines).map(({ kind, line, text: own }) => {
    const sign = kind === "removed" ? "-" : "+";
    return `${sign} ${String(line).padStart(4)}  ${printableLine(own)}`;
  });
  const more = text.length > shownLines ? [`… and ${text.length - shownLines} more lines`] : [];
  const [a, b] = ["left", "right"];
  const verdict = same ? "Results and decisions are the same." : "The runs differ.";
  return [
    `left   ${printableLine(left.folder)}\nright  ${printableLine(right.folder)}`,
    ...(request.length === 0 ? ["The same was asked for, of the same models, on the same machine."] : []),
    ...(request.length === 0
      ? []
      : [table("What was asked for, and where it was computed", ["what", a, b], request.map(requestRow))]),
    ...(lines.length === 0 ? [] : [["Text of the protocol", ...lines, ...more].join("\n")]),
    table(
      "Results",
      ["experiment", "metric", "rows", "differ", "largest difference", "relative", `only in ${a}, ${b}`],
      results.map(resultRow),
    ),
    ...results.flatMap((own) => placeLines(own).map(wrapped)),
    ...(decisions.length === 0
      ? []
      : [
          table(
            "Decisions",
            ["statement", a, b],
            decisions.map((own) => [own.statement, own.left ?? "not there", own.right ?? "not there"]),
          ),
        ]),
    ...(reasons.length === 0
      ? []
      : [["Why they can differ", ...reasons.map((reason) => wrapped(`- ${reason}`))].join("\n")]),
    verdict,
  ].join("\n\n");
}

function tableOf(title: string, names: readonly string[], rows: readonly (readonly string[])[]): TableData {
  return {
    title,
    columns: names.map((name, i) => (i === 0 ? axisColumn(name) : textColumn(name))),
    rows: rows.map((row) => row.map((value) => ({ value, reason: null }))),
    note: null,
    warnings: [],
  };
}

function requestRow({ what, left, right }: Difference): readonly string[] {
  return [what, short(left), short(right)];
}

/** Digests are known by their first digits; --json has all of them. */
function short(text: string): string {
  return text.replace(/\b[0-9a-f]{64}\b/g, (digest) => `${digest.slice(0, 12)}…`);
}

function resultRow(own: MetricDifference): readonly string[] {
  const { experiment, metric, compared, differing, absolute, relative, onlyLeft, onlyRight } = own;
  const size = (largest: LargestDifference | null): string => (largest === null ? "·" : formatNumber(largest.size));
  const alone = onlyLeft + onlyRight === 0 ? "·" : `${onlyLeft}, ${onlyRight}`;
  return [experiment, metric, String(compared), String(differing), size(absolute), size(relative), alone];
}

/** Where the largest differences are, and what the table has no room for. */
function placeLines(own: MetricDifference): readonly string[] {
  const { experiment, metric, absolute, relative, notFinite, otherReasons, example } = own;
  const name = `${experiment}.${metric}`;
  const at = (largest: LargestDifference): string =>
    `${placeText(largest.axes)}: ${String(largest.left)} and ${String(largest.right)}`;
  return [
    ...(absolute === null
      ? []
      : [`${name}: the largest difference, ${formatNumber(absolute.size)}, is at ${at(absolute)}`]),
    ...(relative === null || relative.axes === absolute?.axes
      ? []
      : [`${name}: the largest relative difference, ${formatNumber(relative.size)}, is at ${at(relative)}`]),
    ...(notFinite === 0
      ? []
      : [`${name}: ${notFinite} of the values that differ are NaN or infinite in one of the runs`]),
    ...(otherReasons === 0 ? [] : [`${name}: ${otherReasons} values are NaN for another reason`]),
    ...(example === null ? [] : [`${name}: only ${example.side} has, for example, ${placeText(example.axes)}`]),
  ];
}

function placeText(axes: LargestDifference["axes"]): string {
  const words = Object.entries(axes).map(([axis, value]) => `${axis} ${String(value)}`);
  return words.length === 0 ? "its only value" : words.join(", ");
}

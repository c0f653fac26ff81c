/** Decisions as people read them: a headline with the verdict, a table, and what a reader needs to know. */
import type { DecisionOutcome, FoundPart, TestedPart, Verdict } from "../../compiler/ir/decision-outcome.js";
import type { Coordinates } from "../../compiler/ir/result-expression.js";
import { componentsView } from "./components-view.js";
import { matrixTables } from "./correlation-matrix.js";
import { fitSentence, fitTable } from "./fit-view.js";
import { formatNumber } from "./format.js";
import { probeSentence, probeTable } from "./probe-view.js";
import type { ReportStatus } from "./status.js";
import { axisColumn, textColumn, valueColumn, type TableCell, type TableColumn, type TableData } from "./table-data.js";
import { noTokenTexts, type TokenTexts } from "./token-texts.js";

/** A decision ready to be shown. */
export interface DecisionView {
  /** Null for what gives numbers and no verdict. */
  readonly verdict: { readonly label: Verdict; readonly tone: ReportStatus["tone"] } | null;
  /** What a hypothesis says, or the statement itself. */
  readonly title: string;
  /** The statement, where the title is something else. */
  readonly statement: string | null;
  /** What it came to, a sentence. */
  readonly sentence: string;
  readonly table: TableData;
  /** The largest loadings of principal components; null for everything else. */
  readonly loadings: TableData | null;
  /** What a terminal shows instead of the table, where it has no room for it; null for the table itself. */
  readonly terminal: readonly TableData[] | null;
}

const tones: Readonly<Record<Verdict, ReportStatus["tone"]>> = {
  CONFIRMED: "good",
  PARTIAL: "warning",
  "NOT SIGNIFICANT": "warning",
  REJECTED: "bad",
  "NOT SUPPORTED": "bad",
  UNDECIDED: "warning",
};

/** How a verdict is coloured. */
export function toneOf(verdict: Verdict): ReportStatus["tone"] {
  return tones[verdict];
}

/** Where the tokens behind an outcome are read: the texts of the experiments that its value reads. */
export interface TokensBehind {
  readonly tokens: TokenTexts;
  readonly experiments: readonly string[];
}

const nothingKnown: TokensBehind = { tokens: noTokenTexts, experiments: [] };

export function decisionView(outcome: DecisionOutcome, behind: TokensBehind = nothingKnown): DecisionView {
  if (outcome.kind !== "pca") return { ...plainView(outcome), loadings: null };
  const { statement } = outcome;
  return {
    verdict: null,
    title: statement,
    statement: null,
    ...componentsView(outcome, behind.tokens, behind.experiments),
    terminal: null,
  };
}

function plainView(outcome: Exclude<DecisionOutcome, { kind: "pca" }>): Omit<DecisionView, "loadings"> {
  const { statement } = outcome;
  switch (outcome.kind) {
    case "hypothesis": {
      const { verdict, title, parts, unit, reason, alpha } = outcome;
      const because = reason === "" ? "" : `: ${reason}`;
      const sentence = `${verdict} at alpha ${alpha}${because}. ${unitSentence(unit, parts)}`;
      return {
        verdict: { label: verdict, tone: tones[verdict] },
        title,
        statement,
        sentence: sentence.trim(),
        table: testTable(parts, outcome.notes, true),
        terminal: null,
      };
    }
    case "compare":
    case "correlate": {
      const table = testTable(outcome.parts, outcome.notes, false);
      return {
        verdict: null,
        title: statement,
        statement: null,
        sentence: unitSentence(outcome.unit, outcome.parts),
        table,
        terminal: outcome.kind === "correlate" ? matrixTables(outcome, table) : null,
      };
    }
    case "fit":
      return {
        verdict: null,
        title: statement,
        statement: null,
        sentence: fitSentence(outcome),
        table: fitTable(outcome, pText),
        terminal: null,
      };
    case "probe":
      return {
        verdict: null,
        title: statement,
        statement: null,
        sentence: probeSentence(outcome),
        table: probeTable(outcome, pText),
        terminal: null,
      };
    case "find":
      return {
        verdict: null,
        title: statement,
        statement: null,
        sentence: foundSentence(outcome.what, outcome.over, outcome.parts),
        table: foundTable(outcome.what, outcome.over, outcome.parts, outcome.notes),
        terminal: null,
      };
    case "classify": {
      const axes = axesOf(outcome.parts);
      return {
        verdict: null,
        title: statement,
        statement: null,
        sentence: "",
        table: {
          title: "",
          columns: [...axes.map(axisColumn), valueColumn("value", null, false), textColumn("class")],
          rows: outcome.parts.map(({ coordinates, value, name, reason }) => [
            ...axes.map((axis) => cell(coordinates[axis] ?? null)),
            number(value, reason),
            cell(name ?? `none: ${reason ?? ""}`),
          ]),
          note: noteOf(outcome.notes),
          warnings: [],
        },
        terminal: null,
      };
    }
  }
}

function cell(value: TableCell["value"]): TableCell {
  return { value, reason: null };
}

function number(value: number | null, reason: string | null): TableCell {
  return value === null ? { value: reason === null ? null : Number.NaN, reason } : { value, reason: null };
}

function noteOf(notes: readonly string[]): string | null {
  return notes.length === 0 ? null : notes.join("; ");
}

function axesOf(parts: readonly { readonly coordinates: Coordinates }[]): readonly string[] {
  return [...new Set(parts.flatMap(({ coordinates }) => Object.keys(coordinates)))];
}

/** Tests of two samples that have no pairs. Tests beside one of them are of the same samples. */
const ofTwoSamples: ReadonlySet<string> = new Set(["t_test", "welch_t", "mann_whitney"]);

/** `The unit of analysis is the prompt (n = 12 in each group).` */
function unitSentence(unit: string, parts: readonly TestedPart[]): string {
  const apart = parts.some(({ test, n, reason }) => ofTwoSamples.has(test) && n[1] > 0 && reason === null);
  const counts = [
    ...new Set(
      parts
        .filter(({ n }) => n[0] > 0)
        .map(({ n }) => {
          if (n[1] === 0) return `${n[0]}`;
          return n[1] === n[0] ? `${n[0]}${apart ? " in each group" : ""}` : `${n[0]} and ${n[1]}`;
        }),
    ),
  ];
  if (unit === "" || counts.length === 0) return "";
  return `The unit of analysis is the ${unit} (n = ${counts.slice(0, 4).join("; ")}${counts.length > 4 ? " …" : ""}).`;
}

function testTable(parts: readonly TestedPart[], notes: readonly string[], judged: boolean): TableData {
  const axes = axesOf(parts);
  const compared = (part: TestedPart): string => part.claim ?? part.sides.join(" with ");
  const several = new Set(parts.map(compared)).size > 1;
  const corrected = parts.some(({ adjusted }) => adjusted !== null);
  const levels = [...new Set(parts.flatMap(({ interval }) => (interval === null ? [] : [levelText(interval.level)])))];
  const columns: TableColumn[] = [
    ...axes.map(axisColumn),
    ...(several ? [axisColumn(judged ? "expected" : "compared")] : []),
    textColumn("test"),
    textColumn(levels.length === 1 ? `estimate [${levels.join()}]` : "estimate"),
    textColumn("statistic"),
    textColumn(corrected ? "p (corrected)" : "p"),
    textColumn("n"),
    ...(judged && parts.length > 1 ? [textColumn("verdict")] : []),
  ];
  const rows = parts.map((part) => [
    ...axes.map((axis) => cell(part.coordinates[axis] ?? null)),
    ...(several ? [cell(compared(part))] : []),
    cell(part.test),
    cell(part.reason === null ? estimateText(part, levels.length > 1) : "undecided"),
    cell(part.statistic === null ? "·" : statisticText(part)),
    cell(corrected && part.adjusted !== null ? `${pText(part.pValue)} (${pText(part.adjusted)})` : pText(part.pValue)),
    cell(
      part.n[0] === 0
        ? "·"
        : part.n[1] === 0 || part.n[0] === part.n[1]
          ? String(part.n[0])
          : `${part.n[0]}, ${part.n[1]}`,
    ),
    ...(judged && parts.length > 1 ? [cell(part.verdict ?? "·")] : []),
  ]);
  const reasons = [
    ...new Set(parts.flatMap(({ test, reason }) => (reason === null ? [] : [`${test} is undecided: ${reason}`]))),
  ];
  return { title: "", columns, rows, note: noteOf([...reasons, ...notes]), warnings: [] };
}

function statisticText({ symbol, df, statistic }: TestedPart): string {
  const degrees = df === null ? "" : `(${formatNumber(df)})`;
  return `${symbol}${degrees} = ${formatNumber(statistic ?? Number.NaN)}`;
}

function levelText(level: number): string {
  return `${Math.round(level * 1000) / 10}%`;
}

function estimateText({ estimate, interval }: TestedPart, withLevel: boolean): string {
  if (estimate === null) return "·";
  if (interval === null) return formatNumber(estimate);
  const level = withLevel ? ` ${levelText(interval.level)}` : "";
  return `${formatNumber(estimate)} [${formatNumber(interval.low)}, ${formatNumber(interval.high)}]${level}`;
}

/** Two significant digits are what a reader can use; below 1e-4 the exponent. */
function pText(p: number | null): string {
  if (p === null) return "·";
  if (p === 0) return "0";
  return p < 1e-4 ? p.toExponential(1) : p.toPrecision(2);
}

function foundSentence(what: string, over: string, parts: readonly FoundPart[]): string {
  const [only, another] = parts;
  if (only === undefined || another !== undefined) return "";
  if (only.reason !== null) return `No ${what}: ${only.reason}.`;
  const place = `${over} ${String(only.at)}`;
  if (what !== "changepoint") return `The ${what} is at ${place}.`;
  const shape =
    only.shape === "step"
      ? "a step describes the series best"
      : `the series is best described as ${only.shape === "level" ? "level" : `a ${only.shape ?? "line"}`}`;
  return `The largest change is at ${place}, from ${formatNumber(only.expected ?? Number.NaN)} to ${formatNumber(only.value ?? Number.NaN)} (p = ${pText(only.pValue)}); ${shape}.`;
}

function foundTable(what: string, over: string, parts: readonly FoundPart[], notes: readonly string[]): TableData {
  const axes = axesOf(parts);
  const isChange = what === "changepoint";
  return {
    title: "",
    columns: [
      ...axes.map(axisColumn),
      axisColumn(over),
      valueColumn(isChange ? "before" : "value", null, false),
      valueColumn(isChange ? "after" : "expected", null, false),
      ...(isChange ? [textColumn("p"), textColumn("shape")] : []),
      valueColumn("n", null, false),
    ],
    rows: parts.map((part) => [
      ...axes.map((axis) => cell(part.coordinates[axis] ?? null)),
      cell(part.at ?? "none"),
      number(isChange ? part.expected : part.value, part.reason),
      number(isChange ? part.value : part.expected, part.reason),
      ...(isChange ? [cell(pText(part.pValue)), cell(part.shape ?? "·")] : []),
      cell(part.n),
    ]),
    note: noteOf(notes),
    warnings: [],
  };
}

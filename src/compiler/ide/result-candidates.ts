/** What can be named in statements about results: axes, columns, levels, titles. */
import { tokenize } from "../../../grammar/tokens.js";
import type { Coordinate } from "../ir/result-expression.js";
import type { ResultType } from "../ir/result-type.js";
import { interventionColumns } from "../ir/value-columns.js";
import { stringValue } from "../syntax/literals.js";
import { inQuotes } from "../syntax/literals.js";
import type { Analysis } from "./analysis.js";
import { entries, entryText, type Candidate } from "./candidate.js";
import type { Cursor } from "./cursor.js";
import { codeBlock } from "./documentation.js";

/** Rules of statements about results. What is named there are experiments and what was computed of them. */
const resultRules: ReadonlySet<string> = new Set([
  "tableStatement",
  "saveStatement",
  "plotStatement",
  "figureStatement",
  "letStatement",
  "compareStatement",
  "correlateStatement",
  "hypothesisStatement",
  "findStatement",
  "pcaStatement",
  "probeStatement",
  "fitStatement",
  "classifyStatement",
  "topSelection",
]);

/** Whether a cursor stands in such a statement. */
export function isAboutResults({ next }: Cursor): boolean {
  return next.some(({ rules }) => rules.some((rule) => resultRules.has(rule)));
}

/** `layer × head × prompt: loss, kl`. */
export function typeLine({ axes, metrics }: ResultType): string {
  return `${axes.map(({ name }) => name).join(" × ") || "one value"}: ${metrics.map(({ name }) => name).join(", ")}`;
}

/** `layer × head × prompt in nats`. */
export function measureLine({ axes, unit }: ResultType["metrics"][number]): string {
  return `${axes.join(" × ") || "one value"}${unit === "none" ? "" : ` in ${unit}`}`;
}

/** The name of results with what they are. */
export function typeMarkdown(type: ResultType): string {
  return codeBlock(`${type.experiment}  # ${typeLine(type)}`);
}

/** Results that the statement before the cursor names; all of them where it names none. */
function namedResults({ checked }: Analysis, { before }: Cursor): readonly ResultType[] {
  const images = new Set(before.map(({ image }) => image));
  const named = checked.results.filter(({ experiment }) => images.has(experiment));
  return named.length > 0 ? named : checked.results;
}

/** Axes and columns of the results that the statement names; of the language elsewhere. */
export function axisNames(analysis: Analysis, cursor: Cursor): readonly Candidate[] {
  if (!isAboutResults(cursor)) return entries(["axis"], "axis")(analysis, cursor);
  return namedResults(analysis, cursor).flatMap(({ experiment, axes, columns }) => [
    ...axes.map(({ name, levels }): Candidate => {
      return { name, kind: "axis", detail: `of ${experiment}${levelsText(levels)}`, documentation: "" };
    }),
    // A column whose name is no word, such as a field with a space in it, cannot be written.
    ...columns
      .filter(({ name }) => /^[A-Za-z_]\w*$/.test(name))
      .map(({ name, levels }): Candidate => {
        return { name, kind: "column", detail: `of ${experiment}${levelsText(levels)}`, documentation: "" };
      }),
  ]);
}

/** What a probe can predict: fields of the texts, and their group. */
export function textFields(analysis: Analysis, cursor: Cursor): readonly Candidate[] {
  const results = namedResults(analysis, cursor);
  const fields = results.flatMap(({ columns }) =>
    columns.filter(({ kind }) => kind === "field").map(({ name }) => name),
  );
  const isGrouped = results.some(({ axes }) => axes.some(({ name }) => name === "group"));
  const names = new Set([...(isGrouped ? ["group"] : []), ...fields]);
  return axisNames(analysis, cursor).filter(({ name }, i, all) => {
    return names.has(name) && all.findIndex((other) => other.name === name) === i;
  });
}

function levelsText(levels: readonly Coordinate[] | null): string {
  if (levels === null || levels.length === 0) return "";
  const shown = levels.length > 4 ? [...levels.slice(0, 3), "…", levels.at(-1)] : levels;
  return `: ${shown.map(String).join(", ")}`;
}

/** What can follow a dot: the metrics of an experiment, the columns of a metric. */
export function members(analysis: Analysis, { before }: Cursor): readonly Candidate[] {
  const owner = before.at(-2)?.image ?? "";
  const type = analysis.checked.results.find(({ experiment }) => experiment === owner);
  const fixed = interventionColumns.map((name): Candidate => {
    const entry = analysis.documentation.get(name)?.find(({ kind }) => kind === "column");
    return { name, kind: "column", detail: entry?.sentences ?? "", documentation: entryText(entry) };
  });
  const isMetric = analysis.checked.results.some(({ metrics }) => metrics.some(({ name }) => name === owner));
  if (type === undefined) return isMetric || before.at(-3)?.image === "." ? fixed : [];
  const measured = type.metrics.map((metric): Candidate => {
    return { name: metric.name, kind: "column", detail: measureLine(metric), documentation: "" };
  });
  return [...measured, ...(type.metrics.length === 1 ? fixed : [])];
}

/** Levels of the axis behind `between`, without those that are named. */
export function comparedLevels(analysis: Analysis, cursor: Cursor): readonly Candidate[] {
  const at = cursor.before.findLastIndex(({ image }) => image === "between");
  const named = new Set(cursor.before.slice(at + 2).map(({ image }) => image));
  return levelsOf(analysis, cursor, cursor.before[at + 1]?.image ?? "").filter(({ name }) => !named.has(name));
}

/** Levels of the axis that a condition compares: `where group is "…"`. */
export function conditionLevels(analysis: Analysis, cursor: Cursor): readonly Candidate[] {
  const at = cursor.before.findLastIndex(({ image }) => ["is", "in", "between"].includes(image));
  const axis = cursor.before[at]?.image === "between" ? at + 1 : at - 1;
  const levels = levelsOf(analysis, cursor, cursor.before[axis]?.image ?? "");
  return levels.map((level) => ({ ...level, insert: inQuotes(level.name) }));
}

function levelsOf(analysis: Analysis, cursor: Cursor, axis: string): readonly Candidate[] {
  return namedResults(analysis, cursor).flatMap(({ experiment, axes, columns }) => {
    const found = [...axes, ...columns].find(({ name }) => name === axis);
    return (found?.levels ?? []).map((level): Candidate => {
      return { name: String(level), kind: "level", detail: `of ${axis} in ${experiment}`, documentation: "" };
    });
  });
}

/** Titles of hypotheses. */
export function titles({ source }: Analysis): readonly Candidate[] {
  const { tokens } = tokenize(source.text);
  return tokens.flatMap((token, i): Candidate[] => {
    if (tokens[i - 1]?.image !== "hypothesis" || token.tokenType.name !== "StringLiteral") return [];
    const name = stringValue(token.image).value;
    return [{ name, kind: "level", detail: "hypothesis", documentation: "", insert: token.image.slice(1, -1) }];
  });
}

/** What a name, a string or a place can be where the grammar takes one: by the rule that it would stand in. */
import type { IToken } from "chevrotain";
import { textEndings } from "../base/text-format.js";
import { resolvePath } from "../base/paths.js";
import { isUnit } from "../base/place-units.js";
import type { SymbolKind } from "../ir/side-table.js";
import { placeNames, targetWords } from "../ir/targets.js";
import { saveFormats, tableFormats, tensorFormats } from "../ir/results.js";
import { dtypes } from "../models/dtype.js";
import { isSite, sites } from "../models/sites.js";
import type { EntryKind } from "../docs/entry.js";
import { corrections } from "../statistics/corrections.js";
import { inQuotes, quote, stringValue } from "../syntax/literals.js";
import type { Analysis } from "./analysis.js";
import { declared, entries, entryCandidate, words, type Candidate, type Find } from "./candidate.js";
import type { Cursor } from "./cursor.js";
import { declarationMarkdown } from "./documentation.js";
import { placeCandidates } from "./place-candidates.js";
import {
  axisNames,
  comparedLevels,
  conditionLevels,
  isAboutResults,
  members,
  textFields,
  titles,
  typeLine,
  typeMarkdown,
} from "./result-candidates.js";

/** What only the host can propose. */
export type PathWish =
  /** Files with these endings, and folders on the way to them. `written` is what stands there so far. */
  | { readonly kind: "files"; readonly written: string; readonly endings: readonly string[] }
  /** Folders of models, and names of models that are on the machine. */
  | { readonly kind: "models"; readonly written: string }
  /** Revisions of a model, as its source is written. */
  | { readonly kind: "revisions"; readonly model: string };

/** Names, by the innermost rule of the grammar that knows what is meant. */
const namesByRule: ReadonlyMap<string, Find> = new Map<string, Find>([
  ["onClause", declared("model")],
  ["withClause", declared("prompts", "corpus")],
  ["saveStatement", declared("experiment", "result")],
  ["topSelection", declared("experiment")],
  ["patch", patchNames],
  ["target", targetNames],
  ["curvature", targetNames],
  ["replacement", declared("prompts", "corpus")],
  ["place", declared("param")],
  ["metricPair", metricParameters],
  ["metricUse", measuredNames],
  ["parameterType", entries(["type"], "type")],
  ["tensorAxis", entries(["axis"], "axis")],
  ["axisName", axesOf],
  ["testUse", entries(["test"], "test")],
  ["correctClause", words(corrections, "correction")],
  ["oneOrMoreNames", words(dtypes, "dtype")],
  ["stringsOrName", declared("param")],
  ["compareStatement", axisNames],
  ["probeStatement", textFields],
  ["probeOption", textFields],
  ["level", comparedLevels],
  ["tableOption", declared("experiment", "result")],
  ["suffix", members],
  ["lastCount", declared("param")],
  ["nameOrCall", valueNames],
]);

/** Rules whose names are new ones: nothing is proposed for them. */
const declaring: ReadonlySet<string> = new Set([
  "modelStatement",
  "promptsStatement",
  "corpusStatement",
  "metricStatement",
  "namedExperiment",
  "paramStatement",
  "parameter",
  "classBound",
  "letExpression",
  "fact",
  "textGroup",
  "referenceField",
]);

/** Names and places that can stand at a cursor between words, the most likely first. */
export function candidatesIn(analysis: Analysis, cursor: Cursor): readonly Candidate[] {
  const places = cursor.next.some(({ token }) => token === "PlaceLiteral") ? [placeCandidates] : [];
  if (cursor.writesPlace) return places.flatMap((find) => find(analysis, cursor));
  const names = cursor.next.filter(({ token }) => nameTokens.has(token));
  if (names.length > 0 && names.every(({ rules }) => isConstant(rules))) {
    return [...places, localFinds, declared("param")].flatMap((find) => find(analysis, cursor));
  }
  const rules = [...new Set(names.map((next) => ruleOf(next.rules)))];
  const finds = rules.map((rule) => (rule === null ? undefined : namesByRule.get(rule)));
  return [...finds, ...places].flatMap((find) => find?.(analysis, cursor) ?? []);
}

/**
 * Whether what stands somewhere is known before a run: a place in the brackets behind a site, the value of a parameter or of a
 * `param`. Nothing that is measured has a meaning there.
 */
function isConstant(rules: readonly string[]): boolean {
  const pair = rules.lastIndexOf("metricPair");
  if ((pair >= 0 && pair < rules.length - 1) || rules.includes("paramStatement")) return true;
  const index = rules.lastIndexOf("suffix");
  return index > rules.lastIndexOf("argument") && rules[index + 1] === "expression";
}

const localFinds: Find = (_, cursor) => localNames(cursor);

const nameTokens: ReadonlySet<string> = new Set(["Name", "AnyWord", "AxisName", "AxisWord", "Identifier"]);

/** The innermost rule that says which names are meant; null where a new one is given. */
function ruleOf(rules: readonly string[]): string | null {
  for (const rule of [...rules].reverse()) {
    if (namesByRule.has(rule)) return rule;
    if (declaring.has(rule)) return null;
  }
  return null;
}

/** What can stand between quotes. */
export function stringsIn(
  analysis: Analysis,
  cursor: Cursor,
): { readonly candidates: readonly Candidate[]; readonly paths: PathWish | null } {
  const written = analysis.source.text.slice(cursor.word.start, cursor.word.end);
  const rules = cursor.next.filter(({ token }) => token === "StringLiteral").map((next) => next.rules);
  const stands = (rule: string): boolean => rules.some((stack) => stack.includes(rule));
  if (stands("importStatement")) return { candidates: [], paths: { kind: "files", written, endings: [".atlas"] } };
  if (stands("modelStatement")) return { candidates: [], paths: modelWish(written, cursor) };
  if (stands("fieldOption") || stands("corpusField")) return { candidates: fieldNames(analysis, cursor), paths: null };
  if (stands("textSource")) return { candidates: [], paths: { kind: "files", written, endings: textEndings } };
  if (stands("saveStatement")) return { candidates: savedNames(written, cursor), paths: null };
  if (stands("hypothesisStatement") && cursor.before.length > 2) {
    return { candidates: [...titles(analysis), ...conditionLevels(analysis, cursor)], paths: null };
  }
  return { candidates: conditionLevels(analysis, cursor), paths: null };
}

function modelWish(written: string, { before }: Cursor): PathWish | null {
  const words = before.filter(({ image }) => /^[a-z]/.test(image)).map(({ image }) => image);
  if (words.includes("revision") && words.at(-1) === "revision") {
    const source = before.find(({ tokenType }) => tokenType.name === "StringLiteral");
    return source === undefined ? null : { kind: "revisions", model: stringValue(source.image).value };
  }
  return words.at(-1) === "from" ? { kind: "models", written } : null;
}

// ---- interventions and measures ---------------------------------------------------------------------------------------

/** Sites that the protocol's models have; all of them where none is open. */
function siteNames({ checked, documentation }: Analysis): readonly Candidate[] {
  const models = [...checked.models.values()];
  return [...documentation.values()].flat().flatMap((entry) => {
    if (entry.kind !== "site" || !isSite(entry.name)) return [];
    const { name } = entry;
    if (models.length > 0 && !models.some(({ signature }) => signature.sites.includes(name))) return [];
    return [{ ...entryCandidate(entry, "site"), detail: `[${sites[name].axes.join(", ")}]` }];
  });
}

function targetNames(analysis: Analysis): readonly Candidate[] {
  const parts = [...analysis.documentation.values()].flat().filter(({ group }) => group === "Targets");
  return [...parts.map((entry) => entryCandidate(entry, "part")), ...siteNames(analysis)];
}

function patchNames(analysis: Analysis, cursor: Cursor): readonly Candidate[] {
  const halves = ["clean", "corrupt"].map((name): Candidate => {
    return { name, kind: "half", detail: `the ${name} half of a set of pairs`, documentation: "" };
  });
  return [...halves, ...declared("prompts", "corpus")(analysis, cursor)];
}

/** Axes of results; while a model runs those of the language, and before all others those of what is reduced or changed. */
function axesOf(analysis: Analysis, cursor: Cursor): readonly Candidate[] {
  const all = axisNames(analysis, cursor);
  if (isAboutResults(cursor)) return all;
  const isJoined = cursor.next.some(({ rules }) => rules.includes("togetherClause"));
  const near = isJoined ? conditionAxes(cursor) : reducedAxes(cursor);
  return [...all.filter(({ name }) => near.has(name)), ...all.filter(({ name }) => !near.has(name))];
}

/** Axes of the conditions of the intervention at the cursor. */
function conditionAxes({ before }: Cursor): ReadonlySet<string> {
  const words = before.map(({ image }) => image);
  const unit = targetWords
    .filter((word) => words.includes(word))
    .map((word) => placeNames[word].one)
    .filter(isUnit);
  return new Set(["layer", ...unit, ...(words.includes("at") ? ["position"] : [])]);
}

/** Axes of the sites that stand in the brackets around the cursor. */
function reducedAxes({ before }: Cursor): ReadonlySet<string> {
  const axes = new Set<string>();
  let depth = 0;
  for (const { image } of [...before].reverse()) {
    if (image === ")" || image === "]") depth++;
    if (image === "(" || image === "[") depth--;
    if (depth < 0) break;
    if (isSite(image)) for (const axis of sites[image].axes) axes.add(axis);
  }
  return axes;
}

/** What has a value while a model runs. */
function measuredNames(analysis: Analysis, cursor: Cursor): readonly Candidate[] {
  const { documentation } = analysis;
  const described = (kind: EntryKind, as: SymbolKind): readonly Candidate[] =>
    [...documentation.values()]
      .flat()
      .filter((entry) => entry.kind === kind && isWord(entry.name))
      .map((entry) => entryCandidate(entry, as));
  return [
    ...localNames(cursor),
    ...declared("metric", "param")(analysis, cursor),
    ...siteNames(analysis),
    ...described("operation", "function"),
    ...described("quantity", "quantity"),
  ];
}

const isWord = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name);

/** Parameters of the metric that is being declared, and its `let` names before the cursor. */
function localNames({ before }: Cursor): readonly Candidate[] {
  const end = before[0]?.image === "metric" ? bodyStart(before) : 0;
  let depth = 0;
  return before.flatMap((token, i): Candidate[] => {
    if (token.image === "(" || token.image === "[") depth++;
    if (token.image === ")" || token.image === "]") depth--;
    const previous = before[i - 1]?.image ?? "";
    const isParameter = i < end && depth === 1 && (previous === "(" || previous === ",");
    const isLet = i > 1 && previous === "let" && before[i - 2] !== undefined;
    if (!isWord(token.image) || (!isParameter && !isLet)) return [];
    return [{ name: token.image, kind: isLet ? "local" : "parameter", detail: "", documentation: "" }];
  });
}

/** The `=` behind a metric's parameters. */
function bodyStart(tokens: readonly IToken[]): number {
  let depth = 0;
  const at = tokens.findIndex(({ image }) => {
    depth += image === "(" || image === "[" ? 1 : image === ")" || image === "]" ? -1 : 0;
    return image === "=" && depth === 0;
  });
  return at < 0 ? tokens.length : at;
}

/** Parameters of the metric that is measured at the cursor, without those that are given already. */
function metricParameters({ checked }: Analysis, { before }: Cursor): readonly Candidate[] {
  const start = before.findLastIndex(({ image }) => image === "measure" || image === "," || image === "of");
  const [metric, ...given] = before.slice(start + 1).map(({ image }) => image);
  const declaration = checked.scope.find(({ kind, name }) => kind === "metric" && name === metric);
  const parameters = declaration?.parameters.filter(({ name }) => !given.includes(name)) ?? [];
  return parameters.map(({ name, type, default: value }) => ({
    name,
    kind: "parameter",
    detail: [type ?? "", value === null ? "must be given" : `= ${value}`].filter((part) => part !== "").join(" "),
    documentation: declaration === undefined ? "" : declarationMarkdown(declaration),
  }));
}

// ---- results ------------------------------------------------------------------------------------------------------------

/** Words behind which axes stand among other values. */
const byAxes: ReadonlySet<string> = new Set(["where", "by", "across"]);

/** What has a value at the cursor: names of results in statements about them, else what a run can measure. */
function valueNames(analysis: Analysis, cursor: Cursor): readonly Candidate[] {
  if (!isAboutResults(cursor)) return measuredNames(analysis, cursor);
  const levels = wantsLevel(cursor) ? conditionLevels(analysis, cursor).map(outsideQuotes) : [];
  const axes = cursor.before.some(({ image }) => byAxes.has(image)) ? axisNames(analysis, cursor) : [];
  const named = declared(
    "experiment",
    "result",
    "param",
  )(analysis, cursor).map((candidate) => {
    const type = analysis.checked.results.find(({ experiment }) => experiment === candidate.name);
    return type === undefined ? candidate : { ...candidate, detail: typeLine(type), documentation: typeMarkdown(type) };
  });
  return [...levels, ...axes, ...named, ...entries(["function"], "function")(analysis, cursor)];
}

/** Whether a condition wants a level at the cursor: behind `is`, or in the list behind `in`. */
function wantsLevel({ before }: Cursor): boolean {
  const words = before.map(({ image }) => image);
  if (words.at(-1) === "is") return true;
  const at = words.lastIndexOf("in");
  return at >= 0 && words[at + 1] === "[" && /^[[,]$/.test(words.at(-1) ?? "") && !words.slice(at).includes("]");
}

/** A level as it is written where no quotes stand around the cursor: numbers as they are, texts in quotes. */
function outsideQuotes(level: Candidate): Candidate {
  return { ...level, insert: /^-?\d+(?:\.\d+)?$/.test(level.name) ? level.name : quote(level.name) };
}

// ---- files ----------------------------------------------------------------------------------------------------------------

/** What a file of results can be called: by what it holds, with each of the endings. */
function savedNames(written: string, { before }: Cursor): readonly Candidate[] {
  const stem =
    /^[^.]+/.exec(written)?.[0] ?? (before[1] !== undefined && isWord(before[1].image) ? before[1].image : "results");
  return [...saveFormats, ...tableFormats, ...tensorFormats].map((format) => {
    return { name: `${stem}.${format}`, kind: "level", detail: "file", documentation: "" };
  });
}

/** Fields of the files that the prompts before the cursor are from, as far as they were read. */
function fieldNames({ source, checked }: Analysis, { before }: Cursor): readonly Candidate[] {
  const strings = before.filter(({ tokenType }) => tokenType.name === "StringLiteral");
  const files = strings.map(({ image }) => stringValue(image).value);
  const names = new Map<string, string>();
  for (const file of files) {
    for (const name of checked.fields.get(resolvePath(source.path, file)) ?? []) {
      if (!names.has(name)) names.set(name, file);
    }
  }
  return [...names].map(([name, file]) => {
    return { name, kind: "field", detail: `of ${file}`, documentation: "", insert: inQuotes(name) };
  });
}

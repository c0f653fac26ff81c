/**
 * What every name of the sound statements means, for editors. Types are noted where expressions are checked; what a name
 * means does not depend on whether the expression around it is sound, or is computed at all.
 */
import { resolvePath } from "../../base/paths.js";
import type {
  InlineValue,
  Expected,
  Expression,
  FileSyntax,
  Name,
  PlotStatement,
  Statement,
  StringLiteral,
  TableStatement,
  TestUse,
  TextSource,
} from "../../syntax/ast.js";
import { soundStatements } from "../../syntax/sound-statements.js";
import { importedPath } from "../names/imports.js";
import { isDeclaration } from "../names/scope.js";
import { memberPath, resultMeaning, type ExperimentShape } from "../results/result-scope.js";
import { partsOf } from "../expressions/value-notes.js";
import { filesOf } from "../texts/texts.js";
import { groupsOf } from "./columns.js";
import { nameExperiment } from "./experiment-names.js";
import { nameExpression, nameMetric } from "./expression-names.js";
import { noteDefinition, noteParam, noteWords, statedSymbol, type Naming } from "./naming.js";
import { languageAxes, outerAxes } from "../../ir/axes.js";
import { nameResult, nameLevel, noteAxes, noteColumn } from "./result-names.js";

/** Notes every name of the protocol, of its imports, and of the standard library: of these, those in declarations. */
export function noteSymbols(cx: Naming, main: FileSyntax, others: readonly FileSyntax[]): void {
  for (const statement of soundStatements(main)) nameStatement(cx, statement);
  for (const file of others) for (const s of soundStatements(file)) if (isDeclaration(s)) nameStatement(cx, s);
}

function nameStatement(cx: Naming, statement: Statement): void {
  const { notes } = cx;
  switch (statement.kind) {
    case "import":
      noteFile(cx, statement.path, importedPath(statement));
      return;
    case "model":
      noteDefinition(cx, "model", statement.name);
      for (const param of [statement.sourcesParam, statement.revisionsParam]) if (param !== null) noteParam(cx, param);
      noteWords(cx, "dtype", statement.dtypes);
      for (const { name } of statement.facts) noteStated(cx, name);
      return;
    case "reference":
      for (const { name } of statement.fields) noteStated(cx, name);
      return;
    case "prompts":
      noteDefinition(cx, "prompts", statement.name);
      nameSource(cx, statement.source);
      for (const { field } of statement.fields) {
        notes.name(field.span, "field", { kind: "field", name: field.value, at: null });
      }
      return;
    case "corpus":
      noteDefinition(cx, "corpus", statement.name);
      nameSource(cx, statement.source);
      if (statement.limit !== null) noteWords(cx, "unit", [statement.limit.unit]);
      return;
    case "param":
      noteDefinition(cx, "param", statement.name);
      nameExpression(cx, { values: new Map(), axes: new Map(), texts: [] }, statement.value);
      return;
    case "metric":
      nameMetric(cx, statement);
      return;
    case "experiment":
      nameExperiment(cx, statement);
      return;
    case "letResult":
      noteDefinition(cx, "result", statement.name);
      nameResult(cx, null, statement.value);
      return;
    case "compare":
      nameResult(cx, null, statement.value);
      noteAxes(cx, [statement.axis, ...statement.by]);
      for (const level of statement.levels) nameLevel(cx, statement.axis.text, level);
      noteTests(cx, statement.using);
      if (statement.correct !== null) noteWords(cx, "correction", [statement.correct]);
      return;
    case "correlate":
      nameResult(cx, null, statement.left);
      if (statement.right !== null) nameCorrelated(cx, statement.right);
      noteAxes(cx, [...statement.between, ...statement.by]);
      noteTests(cx, statement.using);
      if (statement.correct !== null) noteWords(cx, "correction", [statement.correct]);
      return;
    case "hypothesis":
      for (const member of statement.expect.members) nameExpected(cx, member);
      noteAxes(cx, statement.by);
      noteTests(cx, statement.using);
      return;
    case "find":
    case "fit":
      nameResult(cx, null, statement.of);
      noteAxes(cx, [statement.over, ...statement.by]);
      return;
    case "probe":
      nameResult(cx, null, statement.from);
      noteAxes(cx, [statement.field, ...statement.over, ...statement.by]);
      if (statement.together !== null) noteAxes(cx, [statement.together]);
      if (statement.as !== null) noteDefinition(cx, "result", statement.as);
      noteTests(cx, statement.using);
      return;
    case "pca":
      nameResult(cx, null, statement.of);
      noteAxes(cx, [statement.over]);
      return;
    case "classify":
      nameResult(cx, null, statement.value);
      for (const { name } of statement.classes) noteDefinition(cx, "class", name);
      return;
    case "table":
      nameTable(cx, statement);
      noteInterval(cx, statement);
      return;
    case "plot":
      namePlot(cx, statement);
      return;
    case "figure":
      for (const plot of statement.plots) namePlot(cx, plot);
      return;
    case "save":
      nameTable(cx, statement.table);
      noteInterval(cx, statement.table);
  }
}

/** What stands after `with`: a value, or an axis of the other one. */
function nameCorrelated(cx: Naming, right: Expression): void {
  const isAxis = right.kind === "name" && resultMeaning(cx.results, null, right.text) === null;
  if (isAxis) noteAxes(cx, [{ text: right.text, span: right.span }]);
  else nameResult(cx, null, right);
}

function noteTests(cx: Naming, using: readonly TestUse[]): void {
  for (const { name } of using) noteWords(cx, "test", [name]);
}

function noteInterval(cx: Naming, { ci }: TableStatement | PlotStatement): void {
  if (ci?.draws != null) noteTests(cx, [ci.draws]);
}

function noteFile({ notes }: Naming, { value, span }: StringLiteral, file: string): void {
  notes.name(span, "file", { kind: "file", name: value, at: { file, start: 0, end: 0 } });
}

function nameSource(cx: Naming, source: TextSource): void {
  for (const path of filesOf(source)) noteFile(cx, path, resolvePath(path.span.file, path.value));
  for (const { name, source: own } of groupsOf(source)) {
    noteDefinition(cx, "group", name);
    nameItems(cx, own);
  }
  nameItems(cx, source);
}

/** The fields of records in the protocol. */
function nameItems({ notes }: Naming, source: TextSource): void {
  const pending: InlineValue[] = source.kind === "list" ? [...source.items] : [];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (value.kind === "values") pending.push(...value.items);
    if (value.kind !== "record") continue;
    for (const { name, value: own } of value.fields) {
      notes.name(name.span, "field", { kind: "field", name: name.text, at: null });
      pending.push(own);
    }
  }
}

function nameResults(cx: Naming, expressions: readonly Expression[]): void {
  for (const expression of expressions) nameResult(cx, null, expression);
}

function namePlot(cx: Naming, statement: PlotStatement): void {
  const { of, against, looks } = statement;
  nameResults(
    cx,
    [...of, against, looks.text].filter((value) => value !== null),
  );
  noteAxes(cx, [...statement.over, ...statement.by]);
  noteInterval(cx, statement);
}

function nameTable(cx: Naming, statement: TableStatement): void {
  const { of, winner, where, by, across } = statement;
  nameResults(
    cx,
    of.map(({ value }) => value),
  );
  const [first] = of.map(({ value }) => subjectOf(cx, value, new Set())).filter((shape) => shape !== null);
  const subject = first ?? null;
  if (winner !== null && subject !== null) for (const name of winner.among) noteColumn(cx, subject, name);
  else for (const { span } of winner?.among ?? []) cx.notes.name(span, "column", null);
  if (where !== null) nameResult(cx, subject, where);
  for (const key of by) {
    const isAxis = key.kind === "name" && (winner !== null || resultMeaning(cx.results, subject, key.text) === null);
    if (isAxis) noteAxes(cx, [{ text: key.text, span: key.span }]);
    else nameResult(cx, subject, key);
  }
  noteAxes(cx, across);
}

/** The experiment whose columns a table's clauses name: the first one that its value reads. Null where there is none. */
function subjectOf(cx: Naming, expression: Expression, followed: ReadonlySet<string>): ExperimentShape | null {
  const [first] = memberPath(expression) ?? [];
  if (first === undefined) {
    for (const part of partsOf(expression)) {
      const subject = subjectOf(cx, part, followed);
      if (subject !== null) return subject;
    }
    return null;
  }
  const meaning = resultMeaning(cx.results, null, first.text);
  if (meaning?.kind === "experiment") return meaning.shape;
  if (meaning?.kind !== "let" || followed.has(first.text)) return null;
  return subjectOf(cx, meaning.statement.value, new Set([...followed, first.text]));
}

function nameExpected(cx: Naming, expected: Expected): void {
  if (expected.kind === "titled") return;
  nameResults(cx, [expected.left, expected.right]);
  if (expected.kind === "equivalence") nameResult(cx, null, expected.within);
}

/** A fact or a field of a reference: what the first statement that has it calls it, or a coordinate. */
function noteStated(cx: Naming, name: Name): void {
  if (languageAxes.has(name.text) || outerAxes.includes(name.text)) {
    noteAxes(cx, [name]);
    return;
  }
  const symbol = statedSymbol(cx, name.text);
  cx.notes.name(name.span, symbol?.at === name.span ? "definition" : "column", symbol);
}

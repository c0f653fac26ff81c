/** `probe FIELD from VALUE over AXIS, …`: whether texts have the field, and the value the axes. */
import type { Decision } from "../../ir/protocol.js";
import type { Name, NumberLiteral, ProbeStatement } from "../../syntax/ast.js";
import { nearestNames } from "../../base/suggest.js";
import { reportError, wrongKind } from "../faults.js";
import { axisNames, measuredNumbers } from "./named-results.js";
import { axesOf, checkAxis, type ResultAxes } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";
import { checkTests, isWhole } from "./statistics.js";

type Probe = Extract<Decision, { kind: "probe" }>;

const defaults = { folds: 5, penalty: 1, seed: 0 } as const;

const textAxes: readonly string[] = ["prompt", "document"];

/** The probe that a statement asks for; null after an error, which has been reported. */
export function checkProbe(cx: ResultContext, statement: ProbeStatement): Omit<Probe, "text" | "span"> | null {
  const { field, over, by, folds, penalty, seed, together } = statement;
  const tests = checkTests(cx, statement.using, "probe");
  const wholes = [folds === null || isWhole(cx, folds, 2), seed === null || isWhole(cx, seed, 0)];
  const isPenalty = penalty === null || isAboveZero(cx, penalty);
  const value = measuredNumbers(cx, statement.from, "`probe`");
  if (value === null) return null;
  const axes = axisNames(cx, [...over, ...by], [value]);
  const of = axesOf(cx.results, value.expression);
  if (axes === null || !haveTexts(cx, statement, of)) return null;
  const texts = [...over, ...by].find(({ text }) => textAxes.includes(text) || text === field.text);
  if (texts !== undefined) {
    wrongKind(
      cx,
      texts.span,
      "an axis of the features or of separate probes",
      `${texts.text}, which tells texts apart`,
    );
    return null;
  }
  const columns = [field, ...(together === null ? [] : [together])];
  if (!columns.every((column) => isOfTexts(cx, column, of)) || !hasTwoValues(cx, field, of)) return null;
  if (tests === null || wholes.includes(false) || !isPenalty) return null;
  return {
    kind: "probe",
    name: statement.as?.text ?? null,
    field: field.text,
    value,
    over: axes.slice(0, over.length),
    by: axes.slice(over.length),
    classes: statement.classes,
    folds: folds?.value ?? defaults.folds,
    together: together?.text ?? null,
    penalty: penalty?.value ?? defaults.penalty,
    seed: seed?.value ?? defaults.seed,
    tests,
  };
}

function isAboveZero(cx: ResultContext, literal: NumberLiteral): boolean {
  if (literal.value > 0) return true;
  const hint = "without a penalty, a probe of more features than texts has no single solution";
  reportError(cx, "A3005", literal.span, { value: literal.text, expected: "a penalty above 0" }, { hint });
  return false;
}

/** Whether there is a value for each text: texts are what a probe learns from. */
function haveTexts(cx: ResultContext, { from }: ProbeStatement, of: ResultAxes): boolean {
  if (!of.complete || textAxes.some((axis) => of.axes.has(axis))) return true;
  const found = of.axes.size === 0 ? "a single number" : `values over ${[...of.axes.keys()].join(", ")}`;
  wrongKind(cx, from.span, "a value of each text, which a probe learns from", found);
  return false;
}

/** Whether each text has one value of the column; reports A2013 or A3001 otherwise. */
function isOfTexts(cx: ResultContext, column: Name, of: ResultAxes): boolean {
  const known = fieldsOf(of);
  if (!of.complete || known.includes(column.text)) return true;
  const listed = known.length === 0 ? "the texts have no fields: `group`, or those of a .jsonl file" : `fields are ${known.join(", ")}`; // prettier-ignore
  if (!of.axes.has(column.text)) {
    const suggestions = nearestNames(column.text, known);
    reportError(cx, "A2013", column.span, { experiment: of.label, name: column.text }, { suggestions, hint: listed });
    return false;
  }
  if (!checkAxis(cx, column, of)) return false;
  wrongKind(cx, column.span, `a field of the texts (${listed})`, `${column.text}, which no text decides`);
  return false;
}

/** Columns that follow from the text, and its group. */
function fieldsOf({ axes, decided }: ResultAxes): readonly string[] {
  const own = decided.filter(({ name, isColumn, of }) => isColumn && axes.has(name) && of.some((axis) => textAxes.includes(axis))); // prettier-ignore
  return [...(axes.has("group") ? ["group"] : []), ...own.map(({ name }) => name)];
}

function hasTwoValues(cx: ResultContext, field: Name, of: ResultAxes): boolean {
  const levels = of.axes.get(field.text) ?? null;
  if (levels === null || !of.complete || levels.size > 1) return true;
  const only = [...levels].join();
  wrongKind(cx, field.span, "a field with two values or more to tell apart", `${field.text} with ${only || "none"}`);
  return false;
}

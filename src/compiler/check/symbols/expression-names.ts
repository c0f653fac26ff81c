/** What the names in an expression of the measurement language mean, whether or not the expression is sound. */
import type { SymbolReference } from "../../ir/side-table.js";
import type { CallExpression, Expression, MetricStatement, Name, NamedArgument, Positions } from "../../syntax/ast.js";
import { partsOf } from "../expressions/value-notes.js";
import { baselineName } from "../names/functions.js";
import { calleeMeaning } from "../names/meaning.js";
import { languageSymbol } from "../notes.js";
import { declared, nameSymbol, noteDefinition, noteWords, textsSymbol, type Naming } from "./naming.js";
import { languageAxes } from "../../ir/axes.js";

/** Names that are bound around an expression. */
export interface Bound {
  /** Parameters of the metric and `let` names. */
  readonly values: ReadonlyMap<string, SymbolReference>;
  /** Axes that tensor parameters name. */
  readonly axes: ReadonlyMap<string, SymbolReference>;
  /** Declared sets that the expression may be taken on: those that `clean` and `corrupt` can mean halves of. */
  readonly texts: readonly string[];
}

/** Notes every name in an expression. */
export function nameExpression(cx: Naming, bound: Bound, expression: Expression): void {
  const { notes } = cx;
  const { span } = expression;
  switch (expression.kind) {
    case "name":
      noteName(cx, bound, { text: expression.text, span });
      return;
    case "string":
      notes.name(span, "token", null);
      return;
    case "place":
      notes.name(span, "place", null);
      return;
    case "call":
    case "metricUse":
      nameCall(cx, bound, expression);
      return;
    case "let": {
      nameExpression(cx, bound, expression.value);
      noteDefinition(cx, "local", expression.name);
      const values = new Map(bound.values).set(expression.name.text, declared("local", expression.name));
      nameExpression(cx, { ...bound, values }, expression.body);
      return;
    }
    case "of": {
      nameExpression(cx, bound, expression.base);
      const { text, span: at } = expression.texts;
      if (text === baselineName) notes.name(at, "word", languageSymbol("run", text));
      else noteTexts(cx, bound.texts, expression.texts);
      return;
    }
    case "at":
      nameExpression(cx, bound, expression.base);
      namePositions(cx, expression.positions);
      return;
    case "member":
      nameExpression(cx, bound, expression.base);
      notes.name(expression.member.span, "reference", null);
      return;
    default:
      for (const part of partsOf(expression)) nameExpression(cx, bound, part);
  }
}

function noteName(cx: Naming, bound: Bound, { text, span }: Name): void {
  const symbol = bound.values.get(text) ?? nameSymbol(cx, text);
  const kind = symbol?.kind === "site" ? "site" : symbol?.kind === "quantity" ? "word" : "reference";
  cx.notes.name(span, kind, symbol);
}

/** Notes a name of prompts or a corpus. */
export function noteTexts(cx: Naming, own: readonly string[], { text, span }: Name): void {
  cx.notes.name(span, "reference", textsSymbol(cx, text, own));
}

/** Notes the token that positions name, if they name one. */
export function namePositions({ notes, sourceOf }: Naming, positions: Positions | null): void {
  if (positions?.at.kind !== "token") return;
  const { span } = positions;
  // The string is what follows the word `token`.
  notes.name({ ...span, start: span.start + sourceOf(span).indexOf('"') }, "token", null);
}

function nameCall(cx: Naming, bound: Bound, call: Extract<Expression, { kind: "call" | "metricUse" }>): void {
  const { notes } = cx;
  const callee = call.kind === "call" ? call.callee : call.metric;
  const named = call.kind === "call" ? call.named : call.arguments;
  const meaning = calleeMeaning(cx.scope, call);
  switch (meaning?.kind) {
    case "metric":
      notes.name(callee.span, "reference", declared("metric", meaning.metric.name));
      for (const argument of named) noteArgument(cx, meaning.metric, argument);
      break;
    case "function":
      notes.name(callee.span, "word", languageSymbol("function", callee.text));
      for (const { name } of named) {
        const isAxis = meaning.shape.kind === "entries" || meaning.shape.kind === "names";
        if (isAxis) noteAxis(cx, bound, name);
        else noteWords(cx, "option", [name]);
      }
      break;
    case "site":
      notes.name(callee.span, "site", languageSymbol("site", callee.text));
      break;
    case undefined:
      notes.name(callee.span, "reference", null);
  }
  for (const { name, value } of named) {
    // Where nothing is known of what is called, nothing is known of its parameters.
    if (meaning === null || meaning.kind === "site") notes.name(name.span, "reference", null);
    if (callee.text === "rename" && value.kind === "name") noteAxis(cx, bound, { text: value.text, span: value.span });
    else nameExpression(cx, bound, value);
  }
  if (call.kind === "metricUse") return;
  for (const argument of call.positional) nameExpression(cx, bound, argument);
  for (const axis of axesOf(call)) noteAxis(cx, bound, axis);
}

function axesOf({ over, between }: CallExpression): readonly Name[] {
  return [...over, ...between];
}

function noteArgument({ notes }: Naming, { parameters }: MetricStatement, { name }: NamedArgument): void {
  const parameter = parameters.find((own) => own.name.text === name.text);
  notes.name(name.span, "reference", parameter === undefined ? null : declared("parameter", parameter.name));
}

function noteAxis({ notes }: Naming, bound: Bound, { text, span }: Name): void {
  notes.name(span, "axis", bound.axes.get(text) ?? languageSymbol("axis", text));
}

/** Notes every name in a metric's declaration. */
export function nameMetric(cx: Naming, { name, parameters, body }: MetricStatement): void {
  noteDefinition(cx, "metric", name);
  const values = new Map<string, SymbolReference>();
  const axes = new Map<string, SymbolReference>();
  const bound: Bound = { values, axes, texts: [...cx.scope.texts.keys()] };
  for (const parameter of parameters) {
    const { type } = parameter;
    noteDefinition(cx, "parameter", parameter.name);
    if (type?.kind === "named") noteWords(cx, "type", [{ text: type.name, span: type.span }]);
    for (const axis of type?.kind === "tensor" ? type.axes : []) noteParameterAxis(cx, axes, axis);
    if (parameter.default !== null) nameExpression(cx, bound, parameter.default);
    values.set(parameter.name.text, declared("parameter", parameter.name));
  }
  nameExpression(cx, bound, body);
}

/** An axis of a tensor parameter: one of the language, or one that is named here, or by a parameter before. */
function noteParameterAxis({ notes }: Naming, axes: Map<string, SymbolReference>, axis: Name): void {
  const { text, span } = axis;
  if (text === "*") return;
  if (languageAxes.has(text)) {
    notes.name(span, "axis", languageSymbol("axis", text));
    return;
  }
  const known = axes.get(text);
  const symbol = known ?? declared("axis", axis);
  axes.set(text, symbol);
  notes.name(span, known === undefined ? "definition" : "axis", symbol);
}

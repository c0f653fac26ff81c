/** Columns, axes and levels of results as symbols: each is called after something that is declared elsewhere. */
import { languageAxes } from "../../ir/axes.js";
import { referencesName } from "../../ir/references.js";
import type { SymbolReference } from "../../ir/side-table.js";
import type { Expression, MeasureItem, TextSource } from "../../syntax/ast.js";
import { columnName, rootName } from "../measures/measures.js";
import { calleeMeaning } from "../names/meaning.js";
import { languageSymbol } from "../notes.js";
import { isValueColumn } from "../results/result-scope.js";
import { declared, modelSymbol, nameSymbol, statedSymbol, textsSymbol, type Naming } from "./naming.js";

/** What a column of an experiment is called after: the name behind `as`, or the metric, site or function measured. */
export function columnSymbol(cx: Naming, experiment: string, column: string): SymbolReference | null {
  const statement = cx.scope.experiments.get(experiment);
  if (statement === undefined && experiment === referencesName) return statedSymbol(cx, column);
  if (cx.scope.probes.has(experiment)) return languageSymbol("column", column);
  const item = statement?.measures.find((other) => columnName(other) === column);
  if (item !== undefined) return symbolOfItem(cx, item);
  return isValueColumn(column) || statement?.curvature != null ? languageSymbol("column", column) : null;
}

function symbolOfItem(cx: Naming, item: MeasureItem): SymbolReference | null {
  if (item.as !== null) return declared("column", item.as);
  if (!item.recovery) return rootSymbol(cx, item.expression);
  const at = { ...item.span, end: item.span.start + "recovery".length };
  return { kind: "column", name: "recovery", at };
}

function rootSymbol(cx: Naming, expression: Expression): SymbolReference | null {
  switch (expression.kind) {
    case "call":
    case "metricUse": {
      const meaning = calleeMeaning(cx.scope, expression);
      if (meaning?.kind === "metric") return declared("metric", meaning.metric.name);
      return languageSymbol("function", rootName(expression)?.text ?? "");
    }
    case "index":
    case "last":
    case "at":
    case "where":
    case "of":
      return rootSymbol(cx, expression.base);
    default: {
      const name = rootName(expression);
      return name === null ? null : nameSymbol(cx, name.text);
    }
  }
}

/**
 * The axis or column of results with that name. A swept axis is called after a metric's parameter: that is its symbol where
 * one parameter alone gives the axis in all experiments.
 */
export function axisSymbol(cx: Naming, name: string): SymbolReference {
  const symbol = cx.axes.get(name) ?? findAxis(cx, name);
  cx.axes.set(name, symbol);
  return symbol;
}

function findAxis(cx: Naming, name: string): SymbolReference {
  const parameters: SymbolReference[] = [];
  let isSwept = true;
  let field: string | null = null;
  for (const [experiment, { type }] of cx.results.experiments) {
    const axis = type.axes.find((own) => own.name === name);
    const column = type.columns.find((own) => own.name === name);
    if (column?.kind === "field") field = column.field;
    if (axis === undefined) continue;
    if (axis.kind !== "sweep") isSwept = false;
    else parameters.push(...parametersOf(cx, experiment, name));
  }
  if (field !== null) return { kind: "field", name: field, at: null };
  const stated = languageAxes.has(name) ? null : statedSymbol(cx, name);
  if (stated !== null) return stated;
  const [first] = parameters;
  const isOne = first !== undefined && parameters.every(({ at }) => at === first.at);
  return isSwept && isOne ? first : languageSymbol("axis", name);
}

/** The parameters of that name of the metrics that an experiment measures. */
function parametersOf({ scope }: Naming, experiment: string, name: string): readonly SymbolReference[] {
  const items = scope.experiments.get(experiment)?.measures ?? [];
  return items.flatMap(({ expression }) => {
    const metric = scope.metrics.get(rootName(expression)?.text ?? "");
    const parameter = metric?.parameters.find((own) => own.name.text === name);
    return parameter === undefined ? [] : [declared("parameter", parameter.name)];
  });
}

/** What an element of an axis is called after: a model, prompts, a group of prompts; null for anything else. */
export function levelSymbol(cx: Naming, axis: string, level: string): SymbolReference | null {
  switch (axis) {
    case "model": {
      // One of a list of sources goes by the name of its source.
      const isList = cx.scope.models.get(level)?.sourcesAreList === true;
      return isList ? null : modelSymbol(cx, level);
    }
    case "prompts":
      return cx.scope.texts.has(level) ? textsSymbol(cx, level, []) : null;
    case "group": {
      const groups = [...cx.scope.texts.values()].flatMap(({ source }) => groupsOf(source));
      const [only, ...more] = groups.filter(({ name }) => name.text === level);
      if (only === undefined) return null;
      return more.length === 0 ? declared("group", only.name) : languageSymbol("group", level);
    }
    default:
      return null;
  }
}

/** The groups that a source is written in. */
export function groupsOf(source: TextSource): Extract<TextSource, { kind: "groups" }>["groups"] {
  return source.kind === "groups" ? source.groups : [];
}

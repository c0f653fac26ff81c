/** Side tables as text: one line for each entry, `line:column text kind → symbol : types`. */
import { lineColumn, lineStarts, type Span } from "../../src/compiler/base/span.js";
import type { Coordinates } from "../../src/compiler/ir/result-expression.js";
import type { Entry, SideTable, SymbolReference, TypeFact } from "../../src/compiler/ir/side-table.js";
import { siteKey } from "../../src/compiler/models/sites.js";

type Sources = ReadonlyMap<string, string>;

/** The entries of one file as lines, in the order of the table. */
export function tableText({ entries }: SideTable, file: string, sources: Sources): string {
  return entries
    .filter(({ span }) => span.file === file)
    .map((entry) => `${entryText(entry, file, sources)}\n`)
    .join("");
}

export function entryText(entry: Entry, file: string, sources: Sources): string {
  const { span, kind, symbol, types, places } = entry;
  const text = (sources.get(span.file) ?? "").slice(span.start, span.end).replace(/\s+/g, " ");
  const facts = [...(types.length === 0 ? [] : [shortened(types.map(typeFactText), " | ")]), ...places.map(placeText)];
  return [
    `${placeOf(span, sources)} ${text.length > 60 ? `${text.slice(0, 59)}…` : text} ${kind}`,
    ...(symbol === null ? [] : [` → ${symbolText(symbol, file, sources)}`]),
    ...(facts.length === 0 ? [] : [` : ${[...new Set(facts)].join(" | ")}`]),
  ].join("");
}

function placeText({ model, layers, units }: Entry["places"][number]): string {
  const range = (letter: string, all: readonly number[]): string =>
    all.length === 1 ? `${letter}${all[0]}` : `${letter}${all[0]}..${all.at(-1)}`;
  return `${range("L", layers)}${units === null ? "" : range(".", units)} of ${model}`;
}

function typeFactText({ type, model, site, value, points }: TypeFact): string {
  const at = shortened(
    points.map(pointText).filter((text) => text !== ""),
    "; ",
  );
  return [
    type,
    ...(value === null ? [] : [String(value)]),
    ...(site === null ? [] : [siteKey(site)]),
    ...(model === null ? [] : [`of ${model}`]),
    ...(at === "" ? [] : [`at ${at}`]),
  ].join(" ");
}

/** All of a few; of many the first one, the last one, and how many there are. */
function shortened(texts: readonly string[], between: string): string {
  const [first = ""] = texts;
  return texts.length <= 3
    ? texts.join(between)
    : `${first}${between}…${between}${texts.at(-1) ?? ""} (${texts.length})`;
}

function pointText(point: Coordinates): string {
  return Object.entries(point)
    .map(([axis, value]) => `${axis} ${value}`)
    .join(", ");
}

/** `metric spread 3:8`, with the file where it is another one. */
export function symbolText({ kind, name, at }: SymbolReference, file: string, sources: Sources): string {
  if (at === null) return `${kind} ${name}`;
  return `${kind} ${name} ${at.file === file ? "" : `${at.file}:`}${placeOf(at, sources)}`;
}

function placeOf(span: Span, sources: Sources): string {
  const { line, column } = lineColumn(lineStarts(sources.get(span.file) ?? ""), span.start);
  return `${line}:${column}`;
}

/** What the compiler adds to a text in an editor: hints between words, and actions above statements. */
import type { Span } from "../base/span.js";
import type { PlaceFact } from "../ir/side-table.js";
import { tableOf, textOf, type Analysis } from "./analysis.js";
import { typeLine } from "./result-candidates.js";

export interface Hint {
  /** Where it is shown. */
  readonly offset: number;
  readonly text: string;
  readonly kind: "layers" | "results";
}

/** Layers behind places that do not say them (`L*`, `L50%`, `L-1`), and the axes of results behind names of experiments. */
export function hintsIn(analysis: Analysis, start: number, end: number): readonly Hint[] {
  const { path } = analysis.source;
  const inRange = (offset: number): boolean => start <= offset && offset <= end;
  const layers = tableOf(analysis).entries.flatMap((entry): Hint[] => {
    if (entry.kind !== "place" || entry.span.file !== path || !inRange(entry.span.end)) return [];
    const written = textOf(analysis, entry.span);
    if (!/^L(\*|-|.*%)/.test(written) || entry.places.length === 0) return [];
    return [{ offset: entry.span.end, text: layersText(entry.places), kind: "layers" }];
  });
  const results = analysis.checked.scope.flatMap((declaration): Hint[] => {
    const { kind, name, nameSpan, file } = declaration;
    if (kind !== "experiment" || nameSpan === null || file !== path || !inRange(nameSpan.end)) return [];
    const type = analysis.checked.results.find(({ experiment }) => experiment === name);
    return type === undefined ? [] : [{ offset: nameSpan.end, text: typeLine(type), kind: "results" }];
  });
  return [...layers, ...results].sort((a, b) => a.offset - b.offset);
}

/** `0–11`, or for models that differ `0–11 | 0–5`. */
function layersText(places: readonly PlaceFact[]): string {
  const texts = [...new Set(places.map(({ layers }) => rangesText(layers)))];
  return texts.length > 3 ? `${texts.slice(0, 2).join(" | ")} | …` : texts.join(" | ");
}

function rangesText(layers: readonly number[]): string {
  const [first = 0] = layers;
  const last = layers.at(-1) ?? first;
  const isRun = layers.every((layer, i) => layer === first + i);
  return layers.length > 1 && isRun ? `${first}–${last}` : layers.join(", ");
}

export interface Lens {
  readonly span: Span;
  readonly action: "run" | "explain" | "report";
  readonly title: string;
}

/** What can be done with the whole protocol, above its first statement. Nothing for a file that only declares. */
export function lensesOf({ source, checked }: Analysis): readonly Lens[] {
  const first = checked.scope.find(({ kind, file }) => kind === "experiment" && file === source.path);
  if (first === undefined) return [];
  const { start } = first.span;
  const span = { file: source.path, start, end: start };
  return [
    { span, action: "run", title: "Run" },
    { span, action: "explain", title: "Explain" },
    { span, action: "report", title: "Open last report" },
  ];
}

/** Colours that need meanings: what the names of a text are. Words of the language have those of the token table. */
import type { EntryKind, SymbolKind } from "../ir/side-table.js";
import { tableOf, type Analysis } from "./analysis.js";

/** Token types of the Language Server Protocol, in the order of the legend. */
export const colourTypes = [
  "namespace",
  "class",
  "variable",
  "parameter",
  "function",
  "property",
  "enumMember",
  "type",
  "macro",
] as const;

export const colourModifiers = ["declaration", "defaultLibrary"] as const;

export type ColourType = (typeof colourTypes)[number];

export interface Colour {
  readonly start: number;
  readonly end: number;
  readonly type: ColourType;
  readonly modifiers: readonly (typeof colourModifiers)[number][];
}

const typeOfSymbol: Readonly<Record<SymbolKind, ColourType | null>> = {
  model: "class",
  prompts: "namespace",
  corpus: "namespace",
  param: "parameter",
  metric: "function",
  experiment: "variable",
  result: "variable",
  parameter: "parameter",
  local: "parameter",
  group: "enumMember",
  column: "property",
  class: "enumMember",
  axis: "property",
  half: "namespace",
  field: null,
  file: null,
  site: "macro",
  part: null,
  function: "function",
  option: null,
  quantity: "macro",
  run: "namespace",
  type: "type",
  dtype: "type",
  unit: "type",
  test: "function",
  correction: "function",
};

/** Entries that are whole expressions are coloured by what stands in them. */
const coloured: ReadonlySet<EntryKind> = new Set([
  "definition",
  "reference",
  "word",
  "site",
  "axis",
  "column",
  "level",
]);

/** The colours of the protocol's own text, in order, none over another. */
export function coloursOf(analysis: Analysis): readonly Colour[] {
  const { path, text } = analysis.source;
  const colours: Colour[] = [];
  for (const { kind, span, symbol } of tableOf(analysis).entries) {
    if (span.file !== path || symbol === null || !coloured.has(kind)) continue;
    const type = typeOfSymbol[symbol.kind];
    // `z[layer]` is a site, too; its name has an entry of its own. Levels in quotes stay strings.
    const isName = /^\w+$/.test(text.slice(span.start, span.end));
    if (type === null || !isName || (colours.at(-1)?.end ?? 0) > span.start) continue;
    const modifiers = [
      ...(kind === "definition" ? (["declaration"] as const) : []),
      ...(symbol.at === null || symbol.at.file.startsWith("@stdlib/") ? (["defaultLibrary"] as const) : []),
    ];
    colours.push({ start: span.start, end: span.end, type, modifiers });
  }
  return colours;
}

/** Collects what checking finds out about pieces of the text: always percentages of depth, and on request everything. */
import type { Span } from "../base/span.js";
import type { DepthPlace } from "../models/depths.js";
import type { Coordinates } from "../ir/result-expression.js";
import type { Entry, EntryKind, PlaceFact, SideTable, SymbolReference, TypeFact } from "../ir/side-table.js";
import { sameType, typeText, type TensorType } from "../ir/tensor-type.js";
import { siteKey } from "../models/sites.js";

/** A place as one model resolves it. */
export interface PlaceNote extends PlaceFact {
  readonly span: Span;
  /** The percentage as written and the layers that the model has; null for a place that is no percentage. */
  readonly depth: { readonly place: string; readonly of: number } | null;
}

/** A value as one elaboration finds it. Its point is asked for when the elaboration is over, which then knows all axes. */
export interface ValueNote extends Pick<TypeFact, "model" | "site" | "value"> {
  readonly type: TensorType | "number" | "layer";
  readonly point: () => Coordinates;
}

export interface Notes {
  /** Whether a side table is wanted. Where it is not, only places are told; nobody computes anything for the others. */
  readonly collecting: boolean;
  readonly place: (note: PlaceNote) => void;
  readonly value: (span: Span, note: ValueNote) => void;
  /** What stands at a span. Of several notes the first one counts. */
  readonly name: (span: Span, kind: EntryKind, symbol: SymbolReference | null) => void;
  /** Percentages of depth, each once for a model, in the order in which they were met. */
  readonly depths: () => readonly DepthPlace[];
  readonly table: () => SideTable;
}

interface ValueVariant extends Omit<ValueNote, "point"> {
  readonly points: Set<ValueNote["point"]>;
}

/** Everything that was noted of one span. Syntax trees share spans, so that the same one comes again and again. */
interface Noted {
  readonly variants: ValueVariant[];
  readonly places: PlaceFact[];
  named: { readonly kind: EntryKind; readonly symbol: SymbolReference | null } | null;
}

export function createNotes(collecting: boolean): Notes {
  const depths = new Map<string, DepthPlace>();
  const bySpan = new Map<Span, Noted>();
  const at = (span: Span): Noted => {
    const existing = bySpan.get(span);
    if (existing !== undefined) return existing;
    const noted: Noted = { variants: [], places: [], named: null };
    bySpan.set(span, noted);
    return noted;
  };
  return {
    collecting,
    place({ span, depth, ...fact }) {
      const { model, layers } = fact;
      const [layer] = layers;
      if (depth !== null && layer !== undefined) {
        depths.set(`${depth.place} ${model}`, { place: depth.place, model, layer, layers: depth.of });
      }
      if (!collecting) return;
      const { places } = at(span);
      if (!places.some((other) => samePlace(other, fact))) places.push(fact);
    },
    value(span, { point, ...note }) {
      if (!collecting) return;
      const { variants } = at(span);
      const existing = variants.find((other) => sameValue(other, note));
      if (existing === undefined) variants.push({ ...note, points: new Set([point]) });
      else existing.points.add(point);
    },
    name(span, kind, symbol) {
      if (collecting) at(span).named ??= { kind, symbol };
    },
    depths: () => [...depths.values()],
    table: () => ({ entries: entriesOf(bySpan) }),
  };
}

type Unpointed = Omit<ValueNote, "point">;

function sameValue(a: Unpointed, b: Unpointed): boolean {
  if (a.model !== b.model || a.value !== b.value) return false;
  if (a.site?.site !== b.site?.site || a.site?.layer !== b.site?.layer) return false;
  if (typeof a.type === "string" || typeof b.type === "string") return a.type === b.type;
  return sameType(a.type, b.type);
}

function samePlace(a: PlaceFact, b: PlaceFact): boolean {
  const same = (left: readonly number[] | null, right: readonly number[] | null): boolean =>
    left?.length === right?.length && left?.[0] === right?.[0] && left?.at(-1) === right?.at(-1);
  return a.model === b.model && same(a.layers, b.layers) && same(a.units, b.units);
}

/** The entries of all spans that are not empty, in the order of a {@link SideTable}; equal spans make one entry. */
function entriesOf(bySpan: ReadonlyMap<Span, Noted>): readonly Entry[] {
  const sorted = [...bySpan]
    .filter(([span]) => span.end > span.start)
    .sort(([a], [b]) => (a.file === b.file ? a.start - b.start || b.end - a.end : a.file < b.file ? -1 : 1));
  const entries: Entry[] = [];
  let group: Noted[] = [];
  sorted.forEach(([span, noted], i) => {
    group.push(noted);
    const next = sorted[i + 1]?.[0];
    if (next?.start === span.start && next.end === span.end && next.file === span.file) return;
    entries.push(entryOf(span, group));
    group = [];
  });
  return entries;
}

function entryOf(span: Span, group: readonly Noted[]): Entry {
  const types = new Map<string, TypeFact & { readonly points: Coordinates[] }>();
  const pointsSeen = new Set<string>();
  for (const { model, site, value, type, points } of group.flatMap(({ variants }) => variants)) {
    const text = typeof type === "string" ? type : typeText(type);
    const key = JSON.stringify([model, text, site === null ? null : siteKey(site), value]);
    const fact = types.get(key) ?? { type: text, model, site, value, points: [] };
    types.set(key, fact);
    for (const point of points) {
      const coordinates = point();
      const pointKey = `${key} ${JSON.stringify(coordinates)}`;
      if (!pointsSeen.has(pointKey)) fact.points.push(coordinates);
      pointsSeen.add(pointKey);
    }
  }
  const places: PlaceFact[] = [];
  for (const place of group.flatMap((noted) => noted.places)) {
    if (!places.some((other) => samePlace(other, place))) places.push(place);
  }
  const named = group.find((noted) => noted.named !== null)?.named ?? null;
  const all = [...types.values()];
  const isSite = all.length > 0 && all.every(({ site }) => site !== null);
  const kind = named?.kind ?? (places.length > 0 ? "place" : isSite ? "site" : "expression");
  return { span, kind, symbol: named?.symbol ?? null, types: all, places };
}

/** The symbol of a word that the language has without a declaration. */
export function languageSymbol(kind: SymbolReference["kind"], name: string): SymbolReference {
  return { kind, name, at: null };
}

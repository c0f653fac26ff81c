/** Collects what checking finds out about pieces of the text: always percentages of depth, and on request everything. */
import type { Span } from "../base/span.js";
import type { DepthPlace } from "../models/depths.js";
import type { Coordinates } from "../ir/result-expression.js";
import type { Entry, EntryKind, PlaceFact, SideTable, SymbolReference, TypeFact } from "../ir/side-table.js";
import { sameType, typeText, type TensorType } from "../ir/tensor-type.js";
import type { SiteReference } from "../models/sites.js";

/** A place as one model resolves it. */
export interface PlaceNote extends PlaceFact {
  readonly span: Span;
  /** What each percentage in the place is in this model; none in a place that has no percentages. */
  readonly depths: readonly Omit<DepthPlace, "model">[];
}

/** Gives the point of a sweep; asked when the elaboration is over, which then knows all axes. */
export type PointOf = () => Coordinates;

export interface Notes {
  /** Whether a side table is wanted. Where it is not, only places are told; nobody computes anything for the others. */
  readonly collecting: boolean;
  readonly place: (note: PlaceNote) => void;
  /** What an expression is in one elaboration: see {@link TypeFact}. Arguments in a row, for it is told very often. */
  readonly value: (
    span: Span,
    type: ValueType,
    model: string | null,
    site: SiteReference | null,
    value: number | null,
    point: PointOf,
  ) => void;
  /** What stands at a span. Of several notes the first one counts. */
  readonly name: (span: Span, kind: EntryKind, symbol: SymbolReference | null) => void;
  /** Percentages of depth, each once for a model, in the order in which they were met. */
  readonly depths: () => readonly DepthPlace[];
  readonly table: () => SideTable;
}

export type ValueType = TensorType | "number" | "layer";

interface ValueVariant extends Pick<TypeFact, "model" | "site" | "value"> {
  readonly type: ValueType;
  /** Of each elaboration that found it; one may stand here several times. */
  readonly points: PointOf[];
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
    place({ span, depths: written, ...fact }) {
      const { model } = fact;
      for (const depth of written) depths.set(`${depth.place} ${model}`, { ...depth, model });
      if (!collecting) return;
      const { places } = at(span);
      if (!places.some((other) => samePlace(other, fact))) places.push(fact);
    },
    value(span, type, model, site, value, point) {
      if (!collecting) return;
      const { variants } = at(span);
      const existing = variants.find((other) => sameValue(other, type, model, site, value));
      if (existing === undefined) variants.push({ type, model, site, value, points: [point] });
      else if (existing.points.at(-1) !== point) existing.points.push(point);
    },
    name(span, kind, symbol) {
      if (collecting) at(span).named ??= { kind, symbol };
    },
    depths: () => [...depths.values()],
    table: () => ({ entries: entriesOf(bySpan) }),
  };
}

function sameValue(
  a: ValueVariant,
  type: ValueType,
  model: string | null,
  site: SiteReference | null,
  value: number | null,
): boolean {
  if (a.model !== model || a.value !== value || a.site?.site !== site?.site || a.site?.layer !== site?.layer)
    return false;
  if (typeof a.type === "string" || typeof type === "string") return a.type === type;
  return sameType(a.type, type);
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
  const pointsOf = pointReader();
  let group: Noted[] = [];
  sorted.forEach(([span, noted], i) => {
    group.push(noted);
    const next = sorted[i + 1]?.[0];
    if (next?.start === span.start && next.end === span.end && next.file === span.file) return;
    entries.push(entryOf(span, group, pointsOf));
    group = [];
  });
  return entries;
}

/** The different points of some elaborations. Each elaboration is asked once. */
function pointReader(): (points: readonly PointOf[]) => readonly Coordinates[] {
  const known = new Map<PointOf, Coordinates>();
  const byText = new Map<string, Coordinates>();
  const read = (point: PointOf): Coordinates => {
    const coordinates = point();
    const text = JSON.stringify(coordinates);
    const shared = byText.get(text) ?? coordinates;
    byText.set(text, shared);
    known.set(point, shared);
    return shared;
  };
  return (points) => {
    const [only, second] = points;
    if (only !== undefined && second === undefined) return [known.get(only) ?? read(only)];
    const different = new Set<Coordinates>();
    for (const point of points) different.add(known.get(point) ?? read(point));
    return [...different];
  };
}

function entryOf(span: Span, group: readonly Noted[], pointsOf: ReturnType<typeof pointReader>): Entry {
  const { variants, places, named } = group.length === 1 && group[0] !== undefined ? group[0] : merged(group);
  const types = variants.map(({ type, model, site, value, points }): TypeFact => {
    const text = typeof type === "string" ? type : typeText(type);
    return { type: text, model, site, value, points: pointsOf(points) };
  });
  const isSite = types.length > 0 && types.every(({ site }) => site !== null);
  const kind = named?.kind ?? (places.length > 0 ? "place" : isSite ? "site" : "expression");
  return { span, kind, symbol: named?.symbol ?? null, types, places };
}

/** What was noted of several spans that are equal. */
function merged(group: readonly Noted[]): Noted {
  const variants: ValueVariant[] = [];
  for (const own of group.flatMap((noted) => noted.variants)) {
    const existing = variants.find((other) => sameValue(other, own.type, own.model, own.site, own.value));
    if (existing === undefined) variants.push({ ...own, points: [...own.points] });
    else for (const point of own.points) existing.points.push(point);
  }
  const places: PlaceFact[] = [];
  for (const place of group.flatMap((noted) => noted.places)) {
    if (!places.some((other) => samePlace(other, place))) places.push(place);
  }
  return { variants, places, named: group.find((noted) => noted.named !== null)?.named ?? null };
}

/** The symbol of a word that the language has without a declaration. */
export function languageSymbol(kind: SymbolReference["kind"], name: string): SymbolReference {
  return { kind, name, at: null };
}

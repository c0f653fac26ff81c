/** Places (`L15..30.H0..3`, `L-1`, `L87.5%`, `L50%..75%`) as indices of the model at hand. */
import { unitLetters, type UnitName } from "../../base/place-units.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { ModelSignature } from "../../models/model.js";
import { signatureOf } from "../../models/parts/signature.js";
import type { IndexRange, PlaceLiteral } from "../../syntax/ast.js";
import { layerAtDepth, type DepthPlace } from "../../models/depths.js";
import type { Notes } from "../notes.js";

/** A model as checking sees it: its sizes and the name that messages use. */
export interface CheckedModel {
  readonly name: string;
  readonly signature: ModelSignature;
  /** True when no such model could be opened: sizes are made up, and nothing is said about them. */
  readonly assumed: boolean;
  /** Told what places and expressions are in this model; absent where nobody will ask. */
  readonly notes?: Notes;
}

/**
 * Sizes to check names and types with while the real model is unknown (not yet opened, or its folder is broken), so
 * that one mistake does not hide the others.
 */
export const assumedSignature: ModelSignature = {
  ...signatureOf({
    family: "unknown",
    layers: 4,
    heads: 4,
    kvHeads: 4,
    dHead: 4,
    dModel: 16,
    neurons: 64,
    vocab: 16,
    maxPositions: null,
    parallelResidual: false,
    gatedMlp: false,
    norm: "layer",
  }),
  sites: [],
};

/** First and last index that a range names. */
interface Bounds {
  readonly first: number;
  readonly last: number;
}

/** Bounds as the model has them: negative ends count from the last. Ends outside [0, size) are kept as they are. */
function boundsOf(range: IndexRange, size: number): Bounds {
  const fromEnd = (index: number): number => (index < 0 ? size + index : index);
  switch (range.kind) {
    case "all":
      return { first: 0, last: size - 1 };
    case "depth":
      return { first: layerAtDepth(range.first, size), last: layerAtDepth(range.last, size) };
    case "one":
      return { first: fromEnd(range.index), last: fromEnd(range.index) };
    case "range":
      return { first: fromEnd(range.first), last: fromEnd(range.last) };
  }
}

function indicesIn({ first, last }: Bounds): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Layers and units (heads, kv heads, neurons or experts) that a place names; `units` is null when it names none. */
export interface ResolvedPlace {
  readonly layers: readonly number[];
  readonly units: readonly number[] | null;
}

/**
 * Resolves a place against a model. Reports A4201 (layer beyond the model), A4202 (head, neuron or expert beyond the model) or
 * A3012 (a range from large to small) and returns null. `unitName` says what the place's `.H`, `.N` or `.E` counts. Of an
 * assumed model nothing is said but A3012.
 */
export function resolvePlace(
  place: PlaceLiteral,
  model: CheckedModel,
  unitName: UnitName,
  report: (d: Diagnostic) => void,
): ResolvedPlace | null {
  const { signature } = model;
  const unitSize = unitCount(unitName, signature);
  const layers = boundsOf(place.layers, signature.layers);
  const units = boundsOf(place.units, unitSize);
  const reversed = (): null => {
    report(diagnostic("A3012", place.span, { range: place.text }, { hint: "write the smaller number first" }));
    return null;
  };
  if (isReversed(place.layers) || isReversed(place.units)) return reversed();
  if (model.assumed) return { layers: [0], units: place.unit === "none" ? null : [0] };
  const outside = (code: "A4201" | "A4202", size: number, letter: string, unit: string): null => {
    const parameters = { place: place.text, model: model.name, last: `${letter}${size - 1}`, count: size, unit };
    const indices =
      size === 1 ? `${letter}0` : `${letter}0..${size - 1}, or ${letter}-1 to ${letter}-${size} counted from the end`;
    const expected = code === "A4201" && place.layers.kind === "depth" ? "a depth from L0% to L100%" : indices;
    report(diagnostic(code, place.span, parameters, { expected, found: place.text }));
    return null;
  };
  const inside = (index: number, size: number): boolean => index >= 0 && index < size;
  const within = ({ first, last }: Bounds, size: number): boolean => inside(first, size) && inside(last, size);
  const { layers: range } = place;
  const isFraction = range.kind !== "depth" || (range.first >= 0 && range.last <= 100);
  if (!isFraction || !within(layers, signature.layers)) return outside("A4201", signature.layers, "L", "layers");
  if (place.unit !== "none" && !within(units, unitSize)) {
    return outside("A4202", unitSize, unitLetters[place.unit], unitWords[unitName]);
  }
  // `L2..-3`: one end from the start and the other from the end.
  if (layers.first > layers.last || units.first > units.last) return reversed();
  const resolved = { layers: indicesIn(layers), units: place.unit === "none" ? null : indicesIn(units) };
  model.notes?.place({ span: place.span, model: model.name, ...resolved, depths: depthsIn(place, layers, signature) });
  return resolved;
}

/** The layer that each percentage of a place is, as it would be written alone; none where it has no percentages. */
function depthsIn(
  { layers: { kind }, text }: PlaceLiteral,
  { first, last }: Bounds,
  signature: ModelSignature,
): readonly Omit<DepthPlace, "model">[] {
  if (kind !== "depth") return [];
  const [from = text, to] = text.match(/\d+(?:\.\d+)?%/g) ?? [];
  const depth = (percentage: string, layer: number) => ({ place: `L${percentage}`, layer, layers: signature.layers });
  return [depth(from, first), ...(to === undefined ? [] : [depth(to, last)])];
}

/** True for `L5..3`, `L-1..-3` and `L75%..50%`, whatever the model. */
function isReversed(range: IndexRange): boolean {
  if (range.kind === "depth") return range.first > range.last;
  return range.kind === "range" && range.first < 0 === range.last < 0 && range.first > range.last;
}

const unitWords = { head: "heads", kv_head: "key-value heads", neuron: "neurons", expert: "experts" } as const;

/** How many heads, key-value heads, neurons or experts a layer has. */
export function unitCount(unit: UnitName, signature: ModelSignature): number {
  switch (unit) {
    case "head":
      return signature.heads;
    case "kv_head":
      return signature.kvHeads;
    case "neuron":
      return signature.neurons;
    case "expert":
      return signature.experts?.count ?? 0;
  }
}

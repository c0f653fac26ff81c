/** Places (`L15..30.H0..3`, `L-1`, `L87.5%`) as indices of the model at hand. */
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { ModelSignature } from "../models/model.js";
import type { IndexRange, PlaceLiteral } from "../syntax/ast.js";

/** A model as checking sees it: its sizes and the name that messages use. */
export interface CheckedModel {
  readonly name: string;
  readonly signature: ModelSignature;
  /** True when no such model could be opened: sizes are made up, and nothing is said about them. */
  readonly assumed: boolean;
}

/**
 * Sizes to check names and types with while the real model is unknown (not yet opened, or its folder is broken), so
 * that one mistake does not hide the others.
 */
export const assumedSignature: ModelSignature = {
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
  sites: [],
};

/** 0-based layer of an index that may count from the end; null when the model has no such layer. */
export function resolveLayer(index: number, signature: ModelSignature): number | null {
  const resolved = index < 0 ? signature.layers + index : index;
  return resolved >= 0 && resolved < signature.layers ? resolved : null;
}

function indicesOf(range: IndexRange, size: number): readonly number[] | null {
  switch (range.kind) {
    case "all":
      return Array.from({ length: size }, (_, i) => i);
    case "depth": {
      // Rounded index of the fraction of depth: 0% is the first layer and 100% the last.
      const index = Math.round((range.percent / 100) * (size - 1));
      return index >= 0 && index < size ? [index] : null;
    }
    case "one": {
      const index = range.index < 0 ? size + range.index : range.index;
      return index >= 0 && index < size ? [index] : null;
    }
    case "range": {
      if (range.first < 0 || range.last >= size || range.first > range.last) return null;
      return Array.from({ length: range.last - range.first + 1 }, (_, i) => range.first + i);
    }
  }
}

/** Layers and units (heads, kv heads or neurons) that a place names; `units` is null when it names none. */
export interface ResolvedPlace {
  readonly layers: readonly number[];
  readonly units: readonly number[] | null;
}

/**
 * Resolves a place against a model. Reports A4201 (layer beyond the model) or A4202 (head or neuron beyond the model)
 * and returns null. `unitSize` is the number of heads, kv heads or neurons per layer, and `unitName` their name.
 */
export function resolvePlace(
  place: PlaceLiteral,
  model: CheckedModel,
  unitName: "head" | "kv_head" | "neuron",
  report: (d: Diagnostic) => void,
): ResolvedPlace | null {
  const { signature } = model;
  const unitSize =
    unitName === "head" ? signature.heads : unitName === "kv_head" ? signature.kvHeads : signature.neurons;
  const layers = indicesOf(place.layers, signature.layers);
  const units = place.unit === "none" ? null : indicesOf(place.units, unitSize);
  if (model.assumed) return { layers: layers ?? [0], units: place.unit === "none" ? null : (units ?? [0]) };
  const bad = (code: "A4201" | "A4202", size: number, what: string): null => {
    const parameters = {
      place: place.text,
      model: model.name,
      last: `${what}${size - 1}`,
      count: size,
      unit: unitName,
    };
    const empty = place.layers.kind === "range" && place.layers.first > place.layers.last;
    report(
      diagnostic(code, place.span, parameters, {
        expected: `${what}0..${size - 1}, or ${what}-1 counted from the end`,
        found: place.text,
        ...(empty ? { hint: "a range goes from the smaller number to the larger one" } : {}),
      }),
    );
    return null;
  };
  if (layers === null) return bad("A4201", signature.layers, "L");
  if (place.unit !== "none" && units === null) return bad("A4202", unitSize, place.unit === "head" ? "H" : "N");
  return { layers, units };
}

/** What an intervention can be aimed at: parts of a layer and sites, and the values that each stands for. */
import { isUnit, type UnitName } from "../base/place-units.js";
import type { ModelSignature } from "../models/model.js";
import { sites, type SiteName, type SiteReference } from "../models/sites.js";
import type { DeferredConditions } from "./protocol.js";

/** A site, or one entry of its head, key-value head, neuron or expert axis. */
export interface Spot {
  readonly site: SiteReference;
  readonly unit: number | null;
}

export interface Target {
  readonly word: string;
  readonly perLayer: boolean;
  /** The axis whose entries a place can name (`.H3`, `.N0..99`); null where it names whole layers only. */
  readonly unit: UnitName | null;
  /** A layer alone stands for each of its units in turn. Otherwise it stands for the site as a whole. */
  readonly eachUnit: boolean;
  /** What is changed at a layer; `unit` null is all of it. */
  readonly spots: (layer: number | null, unit: number | null) => readonly Spot[];
}

type Spots = Target["spots"];

type PlaceKind = DeferredConditions["target"];

/** Words for parts of a layer, beside the names of sites. */
export const targetWords = ["heads", "kv_heads", "neurons", "experts", "mlp", "attention", "layer"] as const;
export type TargetWord = (typeof targetWords)[number];

/** What a part's places are called: one of them in conditions and results, several of them for people. */
export const placeNames: Readonly<Record<TargetWord, { readonly one: PlaceKind; readonly several: string }>> = {
  heads: { one: "head", several: "heads" },
  kv_heads: { one: "kv_head", several: "key-value heads" },
  neurons: { one: "neuron", several: "neurons" },
  experts: { one: "expert", several: "experts" },
  mlp: { one: "mlp", several: "MLPs" },
  attention: { one: "attention", several: "attention layers" },
  layer: { one: "layer", several: "layers" },
};

/** The word for the part whose places are of a kind. */
export function partWord(place: PlaceKind): TargetWord {
  const word = targetWords.find((part) => placeNames[part].one === place);
  if (word === undefined) throw new RangeError(`partWord: no part has places called ${place}`);
  return word;
}

/** All of these sites, or one entry of each. */
export function whole(...names: readonly SiteName[]): Spots {
  return (layer, unit) => names.map((site) => ({ site: { site, layer }, unit }));
}

/** A part of a layer. Heads are changed at `z`, before the output projection. */
export function partTarget(word: TargetWord, signature: ModelSignature): Target {
  const part = { word, perLayer: true };
  switch (word) {
    case "heads":
      return { ...part, unit: "head", eachUnit: true, spots: whole("z") };
    case "kv_heads": {
      // Changing a key-value head changes every query head that reads it.
      const readers = signature.heads / signature.kvHeads;
      const spots: Spots = (layer, unit) =>
        Array.from({ length: readers }, (_, i) => ({
          site: { site: "z", layer },
          unit: unit === null ? null : unit * readers + i,
        }));
      return { ...part, unit: "kv_head", eachUnit: true, spots };
    }
    case "neurons":
      return { ...part, unit: "neuron", eachUnit: true, spots: whole("mlp_act") };
    case "experts":
      return { ...part, unit: "expert", eachUnit: true, spots: whole("expert_out") };
    case "mlp":
      return { ...part, unit: null, eachUnit: false, spots: whole("mlp_out") };
    case "attention":
      return { ...part, unit: null, eachUnit: false, spots: whole("attn_out") };
    case "layer":
      return { ...part, unit: null, eachUnit: false, spots: whole("attn_out", "mlp_out") };
  }
}

/** The axis of a site whose entries can be changed one at a time. */
export function unitOf(site: SiteName): UnitName | null {
  return sites[site].axes.find(isUnit) ?? null;
}

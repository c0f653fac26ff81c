/** Which layers see only the last keys: sliding windows as configs spell them. */
import type { ConfigReader } from "./config.js";

/** How many keys a query of each layer sees, its own among them; null: all up to its own. */
export type Windows = (layer: number) => number | null;

/**
 * The window of the layers that `layer_types` calls sliding; where there is no such field, of those that `isSliding` names.
 * `window` null: the config has none, and no layer may slide. One that is at least as long as the longest text masks
 * nothing and is none.
 */
export function readWindows(
  config: ConfigReader,
  { layers, maxPositions }: { readonly layers: number; readonly maxPositions: number | null },
  window: number | null,
  isSliding: (layer: number) => boolean,
): Windows {
  const sliding = readSlidingLayers(config, layers, isSliding);
  if (window === null && config.texts("layer_types")?.includes("sliding_attention") === true) {
    config.refuse("layer_types", "sliding_attention", "full_attention in every layer: there is no sliding window");
  }
  const masks = window !== null && window < (maxPositions ?? Infinity);
  return (layer) => (masks && sliding(layer) ? window : null);
}

/** The window of all layers of a family that does not read `layer_types`, which may say nothing else. */
export function readWindow(
  config: ConfigReader,
  sizes: Parameters<typeof readWindows>[1],
  window: number | null,
): Windows {
  const windows = readWindows(config, sizes, window, () => true);
  const masks = window !== null && window < (sizes.maxPositions ?? Infinity);
  if (masks && Array.from({ length: sizes.layers }, (_, layer) => windows(layer)).includes(null)) {
    config.refuse("layer_types", "full_attention", "sliding_attention in every layer: the window is that of all");
  }
  return windows;
}

/** Whether `layer_types`, or else the family, says that a layer's attention slides. */
export function readSlidingLayers(
  config: ConfigReader,
  layers: number,
  isSliding: (layer: number) => boolean,
): (layer: number) => boolean {
  const types = config.texts("layer_types");
  if (types === null) return isSliding;
  const unknown = types.find((type) => type !== "full_attention" && type !== "sliding_attention");
  if (unknown !== undefined) config.refuse("layer_types", unknown, "full_attention or sliding_attention in each layer");
  if (types.length !== layers) config.refuse("layer_types", `${types.length} layers`, `${layers} layers`);
  return (layer) => types[layer] === "sliding_attention";
}

/** Refuses `layer_types` with a layer that is not full attention, for families without windows. */
export function refuseSliding(config: ConfigReader, layers: number): void {
  readWindows(config, { layers, maxPositions: null }, null, () => false);
}

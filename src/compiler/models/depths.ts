/** Which layer each percentage of depth became, model by model: what a reader of the protocol cannot see. */

/** One percentage in one model. */
export interface DepthPlace {
  /** As written: `L87.5%`. */
  readonly place: string;
  readonly model: string;
  readonly layer: number;
  /** Of the model. */
  readonly layers: number;
}

/**
 * The layer at `percent` of the depth of a model with `layers` layers: the one whose index, over the number of layers, is
 * nearest; of two that are equally near the first, as `int(0.5 * layers)` gives it. 0% is the first layer. There is no
 * layer with the index `layers`, so 100% is the last one.
 */
export function layerAtDepth(percent: number, layers: number): number {
  // A little less than the half, because products such as 0.29 · 50 are not exact.
  const nearest = Math.ceil((percent * layers) / 100 - 0.5 - 1e-9);
  return Math.min(Math.max(nearest, 0), layers - 1);
}

const namedModels = 3;

/** `L87.5% is L28 of the 32 layers of pythia`: a sentence without its full stop for each percentage and layer. */
export function depthSentences(depths: readonly DepthPlace[]): readonly string[] {
  const groups = new Map<string, DepthPlace[]>();
  for (const depth of depths) {
    const key = `${depth.place} ${depth.layer} ${depth.layers}`;
    groups.set(key, [...(groups.get(key) ?? []), depth]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const names = group.map(({ model }) => model);
    const models =
      names.length <= namedModels
        ? names.join(", ").replace(/, ([^,]*)$/, " and $1")
        : `${names.length} models (${names[0] ?? ""} to ${names.at(-1) ?? ""})`;
    const size = first.layers === 1 ? "one layer" : `${first.layers} layers`;
    return [`${first.place} is L${first.layer} of the ${size} of ${models}`];
  });
}

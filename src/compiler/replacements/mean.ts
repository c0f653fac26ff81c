import type { ReplacementKind, ReplacementOf } from "./kind.js";

/** The site's average over the texts that it names. */
export const mean: ReplacementKind<ReplacementOf<"mean">> = {
  written: "mean",
  carrier: ({ of, perPosition }) => ({ gate: "replace", fed: { kind: "average", texts: of, perPosition } }),
  reasons: ({ of }, site) => [`the mean of ${site} over ${of}, which is put in, is not finite`],
  key: (replacement) => replacement,
};

import type { ReplacementKind, ReplacementOf } from "./kind.js";

/** The site's value in the run of another prompt: drawn by `resample`, the other text of the pair for `patch`. */
export const activation: ReplacementKind<ReplacementOf<"activation">> = {
  written: "resample from PROMPTS",
  carrier: ({ of, prompts }) => ({ gate: "replace", fed: { kind: "captured", texts: of, prompts } }),
  reasons: ({ of }, site) => [`${site} of ${of}, which is put in, is not finite`],
  key: (replacement) => replacement,
};

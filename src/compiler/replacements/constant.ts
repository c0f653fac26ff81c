import type { ReplacementKind, ReplacementOf } from "./kind.js";

/** One number in every entry. */
export const constant: ReplacementKind<ReplacementOf<"constant">> = {
  written: "constant X",
  carrier: ({ value }) => ({ gate: "replace", fed: { kind: "number", value } }),
  reasons: (_replacement, site) => [`what is put in as ${site} is not finite`],
  key: (replacement) => replacement,
};

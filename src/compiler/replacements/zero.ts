import type { ReplacementKind, ReplacementOf } from "./kind.js";

/** Nothing is left: 0 in every entry. */
export const zero: ReplacementKind<ReplacementOf<"zero">> = {
  written: "zero",
  carrier: () => ({ gate: "replace", fed: { kind: "number", value: 0 } }),
  reasons: (_replacement, site) => [`what is put in as ${site} is not finite`],
  key: (replacement) => replacement,
};

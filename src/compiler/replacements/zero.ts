import type { ReplacementKind, ReplacementOf } from "./kind.js";

export const zero: ReplacementKind<ReplacementOf<"zero">> = {
  written: "zero",
  carrier: () => ({ gate: "replace", fed: { kind: "number", value: 0 } }),
  reasons: (_replacement, site) => [`what is put in as ${site} is not finite`],
  key: (replacement) => replacement,
};

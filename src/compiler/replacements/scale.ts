import type { ReplacementKind, ReplacementOf } from "./kind.js";

/** The site's value times a factor. */
export const scale: ReplacementKind<ReplacementOf<"scale">> = {
  written: null,
  carrier: ({ factor }) => ({ gate: "scale", fed: { kind: "number", value: factor } }),
  reasons: ({ factor }, site) => [`${site} times ${factor} is not finite`],
  key: (replacement) => replacement,
};

import { expressionKey } from "../ir/expression-key.js";
import { causesOf } from "../operations/causes.js";
import { reasonsOf } from "../operations/reasons.js";
import type { ReplacementKind, ReplacementOf } from "./kind.js";

/** What the graph computes: put in by `set`, added by `steer`. */
export const expression: ReplacementKind<ReplacementOf<"expression">> = {
  written: null,
  carrier: ({ expression: computed, add }) => ({ gate: "compute", expression: computed, add, through: null }),
  reasons: ({ expression: computed, add }, site) => {
    const { checks, otherwise } = causesOf(computed);
    const reasons = [...reasonsOf(computed), ...[...checks, otherwise].map((cause) => cause.reason)];
    return reasons.map((reason) => `the value that is ${add ? "added to" : "put in as"} ${site}: ${reason}`);
  },
  key: (replacement) => ({ ...replacement, expression: expressionKey(replacement.expression) }),
};

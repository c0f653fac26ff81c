import { causesOf } from "../operations/causes.js";
import { expressionKey } from "../ir/expression-key.js";
import { reasonsOf } from "../operations/reasons.js";
import { siteText } from "../operations/text.js";
import type { ReplacementKind, ReplacementOf } from "./kind.js";

/** The site as the model computes it from another residual stream: put in by `patch … to …`. */
export const path: ReplacementKind<ReplacementOf<"path">> = {
  written: null,
  carrier: ({ expression, through }) => ({ gate: "compute", expression, add: false, through }),
  reasons: ({ expression, through }, site) => {
    const { checks, otherwise } = causesOf(expression);
    const read = `${siteText(through)} along the path into ${site}`;
    return [...reasonsOf(expression), ...[...checks, otherwise].map((cause) => cause.reason)].map(
      (reason) => `${read}: ${reason}`,
    );
  },
  key: (replacement) => ({ ...replacement, expression: expressionKey(replacement.expression) }),
};

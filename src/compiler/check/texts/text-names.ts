/** Names of prompts inside an experiment: a declared set, or `clean` and `corrupt`, the halves of the experiment's own. */
import { nearestNames } from "../../base/suggest.js";
import { corruptName } from "../../ir/protocol.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Name } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import type { Scope } from "../names/scope.js";

/** True for sets that are declared with `clean` and `corrupt` fields. */
export function isPaired({ texts }: Pick<Scope, "texts">, set: string): boolean {
  const statement = texts.get(set);
  return statement?.kind === "prompts" && statement.fields.some((option) => option.part === "corrupt");
}

/** True for a name that means one half of a set of pairs; a set that is declared with that name comes first. */
export function isHalf({ texts }: Pick<Scope, "texts">, name: string): boolean {
  return (name === "clean" || name === "corrupt") && !texts.has(name);
}

/**
 * The texts that a name means in an experiment with the declared set `own`, in the form of `TokenizedTexts.name`.
 * Reports A2010 and returns null for a name that means none. `take`: prompt by prompt, or averaged.
 */
export function resolveTexts(
  cx: {
    readonly scope: Scope;
    readonly besideOwn: (name: string, take: "paired" | "mean") => string;
    readonly report: (d: Diagnostic) => void;
  },
  own: string,
  name: Name,
  take: "paired" | "mean" = "paired",
): string | null {
  const { texts } = cx.scope;
  if (texts.has(name.text)) return cx.besideOwn(name.text, take);
  if (isHalf(cx.scope, name.text) && isPaired(cx.scope, own)) {
    return cx.besideOwn(name.text === "clean" ? own : corruptName(own), take);
  }
  const hint = isHalf(cx.scope, name.text)
    ? `${own === "" ? "the experiment's prompt set" : own} has no such field: declare it with \`clean "…" corrupt "…"\``
    : `the file has ${[...texts.keys()].join(", ") || "none"}`;
  const suggestions = isHalf(cx.scope, name.text) ? [] : nearestNames(name.text, texts.keys());
  reportError(cx, "A2010", name.span, { name: name.text }, { suggestions, hint });
  return null;
}

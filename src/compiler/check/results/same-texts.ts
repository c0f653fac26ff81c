/** Texts that occur twice in a sample: a test would count them as two. */
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { corruptName, type Decision, type TokenizedTexts } from "../../ir/protocol.js";
import { experimentsIn } from "../../ir/result-expression.js";
import type { ResultType } from "../../ir/result-type.js";

/** Warns of each comparison, correlation and hypothesis, and each prompt set of it in which a prompt is there twice. */
export function warnSameTexts(
  decisions: readonly Decision[],
  types: readonly ResultType[],
  texts: Iterable<TokenizedTexts>,
  report: (d: Diagnostic) => void,
): void {
  const sets = [...texts];
  const counts = new Map<string, number>();
  const copiesIn = (name: string): number => {
    const known = counts.get(name) ?? copies(name, sets);
    counts.set(name, known);
    return known;
  };
  for (const decision of decisions) {
    const experiments = new Set(valuesOf(decision).flatMap(({ expression }) => experimentsIn(expression)));
    const names = types.filter(({ experiment }) => experiments.has(experiment)).flatMap((type) => type.texts);
    for (const name of new Set(names)) {
      const count = copiesIn(name);
      const total = sets.find((set) => set.name === name)?.prompts.length ?? 0;
      if (count > 0) report(diagnostic("A8024", decision.span, { texts: name, count, total }));
    }
  }
}

function valuesOf(decision: Decision): readonly { readonly expression: Parameters<typeof experimentsIn>[0] }[] {
  switch (decision.kind) {
    case "compare":
      return [decision.value];
    case "correlate":
      return decision.right.kind === "value" ? [decision.left, decision.right.value] : [decision.left];
    case "hypothesis":
      return decision.members.flatMap((member) => (member.kind === "titled" ? [] : [member.left, member.right]));
    default:
      return [];
  }
}

/**
 * How many prompts have the tokens of an earlier one; of pairs, in both halves. Windows of a corpus are no sample of their
 * own, and count as none.
 */
function copies(name: string, sets: readonly TokenizedTexts[]): number {
  const set = sets.find((candidate) => candidate.name === name);
  if (set?.documents !== null) return 0;
  const other = sets.find((candidate) => candidate.name === corruptName(name) && candidate.model === set.model);
  const keys = set.prompts.map(({ ids }, i) => `${ids.join(" ")}|${other?.prompts[i]?.ids.join(" ") ?? ""}`);
  return keys.length - new Set(keys).size;
}

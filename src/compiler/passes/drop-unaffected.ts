/**
 * Drop unaffected: a condition changes nothing that is measured when nothing measured (and nothing that its own
 * replacements read) is computed from a site that it writes. Then its values are the baseline's, and it needs no rows; and
 * a write without influence needs no gate.
 * Every result is the same number.
 */
import { gatesOf, writesThatMatter } from "../analysis/gates.js";
import { beginsWithTokens, gatesMatter } from "./draft-conditions.js";
import { mapStudies, type Draft, type DraftStudy, type RowGroup } from "./draft.js";
import type { DraftPass } from "./pass.js";

export const dropUnaffectedPass = {
  kind: "draft",
  name: "drop-unaffected",
  does: "answers from the baseline what cannot depend on a condition",
  requires: [beginsWithTokens],
  ensures: [gatesMatter],
  invalidates: [],
  apply: dropUnaffected,
} as const satisfies DraftPass;

function dropUnaffected(draft: Draft): Draft {
  return mapStudies(draft, (own) => {
    const unaffected = new Set(own.groups.flatMap((group) => unaffectedOf(own, group)));
    return {
      ...own,
      unaffected: [...unaffected].sort((a, b) => a - b),
      groups: own.groups.map((group) =>
        withMatteringGates(own, { ...group, conditions: group.conditions.filter((c) => !unaffected.has(c)) }),
      ),
    };
  });
}

/** The group with gates only for writes that can influence what its graph yields. */
export function withMatteringGates({ study, model }: DraftStudy, group: RowGroup): RowGroup {
  const conditions = group.conditions.flatMap((c) => study.conditions[c] ?? []);
  const matters = writesThatMatter(model.graph, conditions, group.expressions);
  return { ...group, gates: gatesOf(conditions, matters) };
}

function unaffectedOf({ study, model }: DraftStudy, { conditions, expressions }: RowGroup): readonly number[] {
  const own = conditions.flatMap((c) => study.conditions[c] ?? []);
  const matters = writesThatMatter(model.graph, own, expressions);
  return conditions.filter((c) => {
    const writes = study.conditions[c]?.writes ?? [];
    return writes.length > 0 && !writes.some(matters);
  });
}

/**
 * Share evaluations: what several experiments ask of the same texts under the same change (of the unmodified model, above
 * all) is computed once, with everything that any of them measures; and their values of the unmodified run are captured
 * together.
 *
 * A condition that two studies of the same model and texts have in common is then in groups that yield the same and list
 * these conditions in the same order, so that their batches are one and the same. Every value is the same bits. Studies that
 * have little in common stay apart: each combination of studies is a graph of its own, and opening it must be worth the work.
 */
import { digestOf } from "../base/digest.js";
import type { MeasureExpression } from "../ir/expression.js";
import type { SiteWrite } from "../ir/protocol.js";
import { lastLayerNeeded, layerFlops } from "../analysis/reads.js";
import { expressionDigest } from "../ir/expression-key.js";
import { beginsWithTokens, hasOneGroup, sharesAlike } from "./draft-conditions.js";
import { writesDigest } from "../replacements/index.js";
import { withMatteringGates } from "./drop-unaffected.js";
import type { Draft, DraftStudy, PassContext, RowGroup } from "./draft.js";
import type { DraftPass } from "./pass.js";

export const shareEvaluationsPass = {
  kind: "draft",
  name: "share-evaluations",
  does: "computes once what several experiments ask for",
  requires: [hasOneGroup, beginsWithTokens],
  ensures: [sharesAlike],
  invalidates: [hasOneGroup],
  apply: shareEvaluations,
} as const satisfies DraftPass;

function shareEvaluations(draft: Draft, { graphWork }: PassContext): Draft {
  const families = new Map<string, DraftStudy[]>();
  for (const own of draft.studies) {
    const key = digestOf([own.study.model, own.study.texts]);
    families.set(key, [...(families.get(key) ?? []), own]);
  }
  const shared = new Map([...families.values()].flatMap((family) => shareWithin(family, graphWork)));
  return {
    ...draft,
    sharedCaptures: true,
    studies: draft.studies.map((own) => ({ ...own, groups: shared.get(own.index) ?? own.groups })),
  };
}

/** One object, whose digest is computed once. */
const noWrites: readonly SiteWrite[] = [];

/** A condition as several studies ask for it: by its writes, with the number that it has in each. */
interface Asked {
  readonly numbers: Map<number, number>;
}

/** Groups by the index of the study. */
function shareWithin(family: readonly DraftStudy[], graphWork: number): readonly [number, readonly RowGroup[]][] {
  const asked = new Map<string, Asked>();
  const alone = new Map(family.map(({ index }) => [index, [] as number[]]));
  for (const { index, study, groups } of family) {
    for (const number of groups.flatMap((group) => group.conditions)) {
      const key = writesDigest(study.conditions[number]?.writes ?? noWrites);
      const known = asked.get(key) ?? { numbers: new Map<number, number>() };
      asked.set(key, known);
      // A condition that a study has twice is batched twice, as the study says.
      if (known.numbers.has(index)) alone.get(index)?.push(number);
      else known.numbers.set(index, number);
    }
  }
  // The studies that ask for a condition, and the conditions that exactly these ask for, in the order of the first.
  const classes = new Map<string, Asked[]>();
  for (const condition of asked.values()) {
    const key = [...condition.numbers.keys()].join(" ");
    classes.set(key, [...(classes.get(key) ?? []), condition]);
  }
  const groups = new Map(family.map(({ index }) => [index, [] as RowGroup[]]));
  for (const conditions of classes.values()) {
    const members = family.filter(({ index }) => conditions[0]?.numbers.has(index) === true);
    if (members.length === 1 || !isWorthIt(members, conditions.length, graphWork)) {
      for (const { index } of members)
        for (const { numbers } of conditions) alone.get(index)?.push(numbers.get(index) ?? 0);
      continue;
    }
    const expressions = union(members.flatMap((own) => own.measured));
    for (const own of members) {
      const numbers = conditions.map((condition) => condition.numbers.get(own.index) ?? 0);
      groups.get(own.index)?.push(groupOf(own, numbers, expressions));
    }
  }
  return family.map((own) => {
    const rest = [...(alone.get(own.index) ?? [])].sort((a, b) => a - b);
    const together = groups.get(own.index) ?? [];
    return [own.index, rest.length === 0 ? together : [groupOf(own, rest, own.measured), ...together]];
  });
}

function groupOf(own: DraftStudy, conditions: readonly number[], expressions: readonly MeasureExpression[]): RowGroup {
  return withMatteringGates(own, { conditions, expressions, gates: [], inputs: [], start: 0 });
}

/** Each expression once. */
function union(expressions: readonly MeasureExpression[]): readonly MeasureExpression[] {
  return [...new Map(expressions.map((expression) => [expressionDigest(expression), expression])).values()];
}

/** Whether what is saved is more than the graph costs; studies that share everything need fewer graphs, not more. */
function isWorthIt(members: readonly DraftStudy[], conditions: number, graphWork: number): boolean {
  const counts = members.map((own) => own.groups.reduce((sum, group) => sum + group.conditions.length, 0));
  if (counts.filter((count) => count === conditions).length >= 2) return true;
  const [first] = members;
  if (first === undefined) return false;
  const { signature } = first.model;
  const depths = members.map((own) => lastLayerNeeded(own.measured, signature)).sort((a, b) => a - b);
  const layers = depths.slice(0, -1).reduce((sum, depth) => sum + depth, 0);
  const layer = first.texts.prompts.reduce((sum, { ids }) => sum + layerFlops(signature, ids.length), 0);
  return conditions * layers * layer > graphWork;
}

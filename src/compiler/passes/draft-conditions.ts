/** Conditions of drafts. */
import { expressionDigest } from "../ir/expression-key.js";
import { writesDigest } from "../replacements/index.js";
import { firstLayer, gateKey, writesThatMatter } from "../analysis/gates.js";
import { canonicalJson } from "../base/digest.js";
import type { Condition as StudyCondition } from "../ir/protocol.js";
import { siteKey } from "../models/sites.js";
import { changedValues } from "./clean-inputs.js";
import type { Condition } from "./condition.js";
import type { Draft, DraftStudy, RowGroup } from "./draft.js";

type StudyCheck = (own: DraftStudy) => readonly string[];
type GroupCheck = (group: RowGroup, own: DraftStudy) => readonly string[];

const inEachStudy =
  (check: StudyCheck) =>
  ({ studies }: Draft): readonly string[] =>
    studies.flatMap((own) => check(own).map((what) => `study ${own.index}: ${what}`));

const inEachGroup = (check: GroupCheck): ((draft: Draft) => readonly string[]) =>
  inEachStudy((own) => own.groups.flatMap((group) => check(group, own)));

function conditionsOf({ study }: DraftStudy, { conditions }: RowGroup): readonly StudyCondition[] {
  return conditions.flatMap((number) => study.conditions[number] ?? []);
}

export const answersEveryCondition: Condition<Draft> = {
  name: "answers-every-condition",
  says: "each condition is in one group or answered from the baseline, which has rows of its own",
  violations: inEachStudy(({ study, groups, unaffected }) => {
    const answers = [...unaffected, ...groups.flatMap(({ conditions }) => conditions)];
    const times = study.conditions.map((_, number) => answers.filter((answered) => answered === number).length);
    return [
      ...times.flatMap((count, number) => (count === 1 ? [] : [`condition ${number} is answered ${count} times`])),
      ...(unaffected.includes(0) ? ["the baseline is answered from itself"] : []),
    ];
  }),
};

export const yieldsMeasures: Condition<Draft> = {
  name: "yields-measures",
  says: "each group yields what its study measures",
  violations: inEachGroup(({ expressions }, { measured }) => {
    const yielded = new Set(expressions.map(expressionDigest));
    return measured.map(expressionDigest).flatMap((key) => (yielded.has(key) ? [] : [`a group does not yield ${key}`]));
  }),
};

export const writesHaveGates: Condition<Draft> = {
  name: "writes-have-gates",
  says: "each write that can influence what is measured has its gate",
  violations: inEachGroup((group, own) => {
    const gates = new Set(group.gates.map(({ key }) => key));
    const conditions = conditionsOf(own, group);
    const matters = writesThatMatter(own.model.graph, conditions, own.measured);
    const keys = conditions.flatMap(({ writes }) => writes.filter(matters).map(gateKey));
    return keys.flatMap((key) => (gates.has(key) ? [] : [`${key} has no gate`]));
  }),
};

/** What holds of every draft. */
export const ofEveryDraft: readonly Condition<Draft>[] = [answersEveryCondition, yieldsMeasures, writesHaveGates];

export const beginsWithTokens: Condition<Draft> = {
  name: "begins-with-tokens",
  says: "no group has clean inputs yet",
  violations: inEachGroup(({ inputs, start }) =>
    inputs.length === 0 && start === 0 ? [] : [`a group begins at layer ${start} with ${inputs.map(siteKey).join()}`],
  ),
};

export const hasOneGroup: Condition<Draft> = {
  name: "has-one-group",
  says: "each study has one group",
  violations: inEachStudy(({ groups }) => (groups.length === 1 ? [] : [`it has ${groups.length} groups`])),
};

export const gatesHaveWrites: Condition<Draft> = {
  name: "gates-have-writes",
  says: "each gate of a group is for a write of one of its conditions",
  violations: inEachGroup((group, own) => {
    const written = new Set(conditionsOf(own, group).flatMap(({ writes }) => writes.map(gateKey)));
    return group.gates.flatMap(({ key }) => (written.has(key) ? [] : [`nothing writes through the gate ${key}`]));
  }),
};

export const gatesMatter: Condition<Draft> = {
  name: "gates-matter",
  says: "each gate of a group can influence something that its graph yields",
  violations: inEachGroup((group, own) => {
    const conditions = conditionsOf(own, group);
    const matters = writesThatMatter(own.model.graph, conditions, group.expressions);
    const useful = new Set(conditions.flatMap(({ writes }) => writes.filter(matters).map(gateKey)));
    return group.gates.flatMap(({ key }) => (useful.has(key) ? [] : [`nothing reads what the gate ${key} changes`]));
  }),
};

export const sharesAlike: Condition<Draft> = {
  name: "shares-alike",
  says: "a group that yields what another study measures has its twin there: the same yield, gates and conditions in order",
  violations(draft) {
    const twinKey = (own: DraftStudy, group: RowGroup): string =>
      canonicalJson([
        own.study.model,
        own.study.texts,
        group.expressions.map(expressionDigest),
        group.gates.map(({ key }) => key),
        conditionsOf(own, group).map(({ writes }) => writesDigest(writes)),
      ]);
    const groups = draft.studies.flatMap((own) => own.groups.map((group) => ({ own, key: twinKey(own, group) })));
    return inEachGroup((group, own) => {
      const measured = new Set(own.measured.map(expressionDigest));
      if (group.expressions.every((expression) => measured.has(expressionDigest(expression)))) return [];
      const key = twinKey(own, group);
      const hasTwin = groups.some((other) => other.own !== own && other.key === key);
      return hasTwin ? [] : ["a group yields what no other study asks of the same rows"];
    })(draft);
  },
};

export const startsBeforeChanges: Condition<Draft> = {
  name: "starts-before-changes",
  says: "no condition changes anything before the layer at which its group begins",
  violations: inEachGroup((group, own) =>
    conditionsOf(own, group).flatMap((condition) => {
      const first = firstLayer(condition, group.gates, own.model.signature, Infinity);
      return first >= group.start ? [] : [`a group begins at layer ${group.start}, and layer ${first} is changed`];
    }),
  ),
};

export const inputsAreClean: Condition<Draft> = {
  name: "inputs-are-clean",
  says: "the inputs of a group are different sites, and none is computed from what a gate changes",
  violations: inEachGroup(({ gates, inputs }, { model }) => {
    const { graph } = model;
    const valueOf = (key: string): string => graph.values[key] ?? "";
    const changed = changedValues(graph, new Set(gates.map(({ site }) => valueOf(siteKey(site)))));
    const keys = inputs.map(siteKey);
    return keys.flatMap((key, i) => [
      ...(keys.indexOf(key) === i ? [] : [`${key} is an input twice`]),
      ...(changed.has(valueOf(key)) ? [`the input ${key} is computed from what a gate changes`] : []),
    ]);
  }),
};

/** What the naive draft ensures. */
export const ofNaiveDraft: readonly Condition<Draft>[] = [
  ...ofEveryDraft,
  beginsWithTokens,
  hasOneGroup,
  gatesHaveWrites,
];

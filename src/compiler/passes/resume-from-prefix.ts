/**
 * Resume from prefix: a condition that changes nothing before some layer sees there what the unmodified model sees, so
 * its rows can begin with values of one clean run instead of the tokens. Inside that layer, too, only what is computed from a
 * changed site is computed again ({@link cleanInputs}).
 *
 * The work estimated for the chosen starts, what they cost themselves included, is the least of all choices and not more
 * than without. Values of the clean run are kept until a study is done: where they would take more than a batch may (a long corpus),
 * its rows begin with the tokens. Every value is the same bits, because a row of a batch is computed by the same kernels
 * wherever it begins.
 */
import { computedBy, lastLayerNeeded, layerFlops, takesGradients } from "../analysis/reads.js";
import { firstLayer, gateKey } from "../analysis/gates.js";
import { siteSize } from "../models/site-values.js";
import { siteKey } from "../models/sites.js";
import { cleanInputs } from "./clean-inputs.js";
import { beginsWithTokens, gatesHaveWrites, hasOneGroup, inputsAreClean, sharesAlike, startsBeforeChanges } from "./draft-conditions.js"; // prettier-ignore
import { mapStudies, type Draft, type DraftStudy, type PassContext, type RowGroup } from "./draft.js";
import type { DraftPass } from "./pass.js";

export const resumeFromPrefixPass = {
  kind: "draft",
  name: "resume-from-prefix",
  does: "takes over from the unmodified run what lies before a change",
  requires: [beginsWithTokens, gatesHaveWrites],
  ensures: [startsBeforeChanges, inputsAreClean],
  invalidates: [beginsWithTokens, hasOneGroup, sharesAlike],
  apply: resumeFromPrefix,
} as const satisfies DraftPass;

function resumeFromPrefix(draft: Draft, { graphWork, memoryBudget }: PassContext): Draft {
  return mapStudies(draft, (own) => {
    // A gradient goes back through everything between its site and the metric: none of that can be taken over.
    if (takesGradients(own.groups.flatMap(computedBy))) return own;
    const groups = own.groups.flatMap((group) => resumedGroups(own, group, graphWork));
    return keptBytes(own, groups) > memoryBudget ? own : { ...own, groups };
  });
}

function resumedGroups({ study, model, texts }: DraftStudy, group: RowGroup, graph: number): readonly RowGroup[] {
  const { signature } = model;
  const layer = texts.prompts.reduce((sum, { ids }) => sum + layerFlops(signature, ids.length), 0);
  const end = lastLayerNeeded(group.expressions, signature);
  const conditions = group.conditions.flatMap((number) => {
    const condition = study.conditions[number];
    return condition === undefined
      ? []
      : [{ number, condition, first: firstLayer(condition, group.gates, signature, end) }];
  });
  const starts = chooseStarts({ first: conditions.map(({ first }) => first), end, layer, graph });
  if (starts.every((start) => start === 0)) return [group];
  return [...new Set(starts)]
    .sort((a, b) => a - b)
    .map((start): RowGroup => {
      const own = conditions.filter((_, i) => starts[i] === start);
      const used = new Set(own.flatMap(({ condition }) => condition.writes.map(gateKey)));
      const gates = group.gates.filter((gate) => used.has(gate.key));
      const inputs = cleanInputs(model.graph, gates, group.expressions);
      return { ...group, conditions: own.map(({ number }) => number), gates, inputs, start };
    });
}

/** Bytes of the clean run that the groups begin with, over all texts. */
function keptBytes({ texts, model }: DraftStudy, groups: readonly RowGroup[]): number {
  const sites = new Map(groups.flatMap((group) => group.inputs.map((site) => [siteKey(site), site] as const)));
  const tokens = texts.prompts.reduce((sum, { ids }) => sum + ids.length, 0);
  return [...sites.values()].reduce((sum, site) => sum + 4 * tokens * siteSize(model.signature, site.site, 1), 0);
}

/** What the choice of starts weighs. Work is in floating-point operations. */
export interface PrefixWork {
  /** For each condition the first layer that it changes; `end` for one that changes nothing. */
  readonly first: readonly number[];
  /** One past the last layer that is needed. */
  readonly end: number;
  /** Work of one layer for one condition, over all its rows. */
  readonly layer: number;
  /** Work that opening one more graph is worth. */
  readonly graph: number;
}

/** The layer at which the rows of each condition begin; 0 is the tokens. */
export function chooseStarts(work: PrefixWork): readonly number[] {
  // A condition that changes nothing measured, such as the baseline, begins as late as the latest of the others.
  const candidates = [...new Set([0, ...work.first.filter((at) => at < work.end)])].sort((a, b) => a - b);
  // The clean run goes as far as the last start, once for every prompt and through a graph of its own. How far it goes is
  // decided first, and then what is best for so long a run.
  const choices = candidates.map((latest) => startsUpTo(latest, candidates, work));
  return choices.reduce((best, choice) => (choice.work < best.work ? choice : best)).starts;
}

interface Choice {
  readonly work: number;
  readonly starts: readonly number[];
}

/** The best starts of which none is later than `latest`. */
function startsUpTo(latest: number, all: readonly number[], { first, end, layer, graph }: PrefixWork): Choice {
  const candidates = all.filter((at) => at <= latest);
  const wanted = first.map((at) => Math.min(at, latest));
  const rowsBetween = (from: number, to: number): number => wanted.filter((at) => at >= from && at < to).length;

  /** For each candidate: the least work of all conditions before it, and the start that the ones just before it take. */
  const best: { readonly work: number; readonly previous: number }[] = [{ work: 0, previous: -1 }];
  const bounds = [...candidates, end + 1];
  for (let upper = 1; upper < bounds.length; upper++) {
    let chosen = { work: Infinity, previous: -1 };
    for (let lower = 0; lower < upper; lower++) {
      const from = bounds[lower] ?? 0;
      const rows = rowsBetween(from, bounds[upper] ?? end);
      const own = rows === 0 ? 0 : rows * (end - from) * layer + graph;
      const work = (best[lower]?.work ?? Infinity) + own;
      if (work < chosen.work) chosen = { work, previous: lower };
    }
    best.push(chosen);
  }
  const starts: number[] = [];
  for (let at = best.length - 1; at > 0; at = best[at]?.previous ?? 0)
    starts.push(bounds[best[at]?.previous ?? 0] ?? 0);
  const found = wanted.map((at) => Math.max(0, ...starts.filter((start) => start <= at)));
  const clean = latest === 0 ? 0 : latest * layer + graph;
  return { work: (best.at(-1)?.work ?? 0) + clean, starts: found };
}

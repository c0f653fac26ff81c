/** How many rows a plan's results must have, counted from what was asked and not from what was computed. */
import { textsKey } from "../ir/texts-key.js";
import type { Plan } from "../ir/plan.js";
import type { Protocol, Study, TokenizedTexts } from "../ir/protocol.js";
import { extentSize, type Axis } from "../ir/tensor-type.js";

/**
 * Rows of every planned study: conditions × texts × entries of every measure. Whatever is computed, copied from the
 * baseline or lost for a reason has its row.
 */
export function askedRows({ studies, texts }: Protocol, { evaluations }: Plan): number {
  const sets = new Map(texts.map((set) => [textsKey(set.name, set.model), set]));
  let rows = 0;
  for (const { study: index } of evaluations) {
    const study = index === null ? undefined : studies[index];
    const set = study === undefined ? undefined : sets.get(textsKey(study.texts, study.model));
    if (study !== undefined && set !== undefined) rows += study.conditions.length * entriesOfTexts(study, set);
  }
  return rows;
}

/** Entries of all the measures on all the texts, under one condition. */
function entriesOfTexts({ measures }: Study, { prompts, documents }: TokenizedTexts): number {
  const entriesOf = (size: (axis: Axis) => number): number =>
    measures.reduce((sum, { type }) => sum + type.axes.reduce((product, axis) => product * size(axis), 1), 0);
  const counts =
    documents === null
      ? prompts.map(({ ids }) => entriesOf(({ extent }) => extentSize(extent, ids.length)))
      : // Positions of a document are its scored tokens, in whichever windows they are.
        documents.map(({ tokens }) =>
          entriesOf(({ name, extent }) => (name === "pos" ? tokens : extentSize(extent, 0))),
        );
  return counts.reduce((sum, count) => sum + count, 0);
}

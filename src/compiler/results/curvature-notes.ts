/** What a reader of the results of a curvature must know of how they were found: what converged, and what was drawn. */
import { countedInGroups } from "../base/counted.js";
import { blockName } from "../ir/curvature.js";
import type { CurvaturePlan } from "../ir/plan.js";
import type { Protocol } from "../ir/protocol.js";
import type { HessianPicture } from "../statistics/hessian.js";
import { sharedCurve, type BlockOutcome } from "./curvature.js";

/** The residual of an eigenvalue that counts as found, as a share of it. */
const found = 1e-3;

export interface CurvatureNotes {
  readonly facts: readonly string[];
  readonly warnings: readonly string[];
}

/** Sentences for the record; blocks of which the same is true share one. */
export function curvatureNotes(
  { studies }: Pick<Protocol, "studies">,
  plans: readonly CurvaturePlan[],
  outcomes: ReadonlyMap<CurvaturePlan, BlockOutcome>,
): CurvatureNotes {
  const facts = createSentences();
  const warnings = createSentences();
  for (const plan of plans) {
    const study = studies[plan.study];
    const outcome = outcomes.get(plan);
    if (study?.curvature === undefined || outcome === undefined) continue;
    // Several sets of prompts give a Hessian each.
    const own = studies.filter(({ experiment }) => experiment === study.experiment);
    const isOne = own.every(({ texts }) => texts === study.texts);
    const block = blockName(study.curvature.part, plan);
    const place = [study.experiment, `of ${study.model}${isOne ? "" : ` on ${study.texts}`}`] as const;
    if (typeof outcome === "string") {
      warnings.add(place, block, outcome);
      continue;
    }
    const matrix = study.curvature.gaussNewton ? "Gauss–Newton matrix, " : "";
    const width = (): number => sharedCurve(studies, plans, outcomes, study.experiment).width;
    for (const fact of factsOf(plan, outcome, width)) facts.add(place, block, `${matrix}${fact}`);
    if (study.curvature.gaussNewton && isNothing(outcome))
      warnings.add(place, block, "the measure is linear in the logits, and its Gauss–Newton matrix is 0");
    const open = outcome.eigenvalues.filter((eigenvalue) => !isFound(eigenvalue)).length;
    if (open === 0) continue;
    const which = `${open} of ${outcome.eigenvalues.length} eigenvalues have not converged in ${outcome.steps} steps`;
    warnings.add(place, block, `${which}: read their residuals, or ask for more steps`);
  }
  return { facts: facts.all().map((fact) => `${fact}.`), warnings: warnings.all() };
}

/** Whether every product was 0, as far as what was made of them tells. */
function isNothing({ eigenvalues, trace, coupling }: HessianPicture): boolean {
  const found = [
    ...eigenvalues.map(({ value }) => value),
    ...(trace === null ? [] : [trace.value]),
    ...(coupling?.norms ?? []).flatMap((row) => row.map(({ value }) => value)),
  ];
  return found.length > 0 && found.every((value) => value === 0);
}

function isFound({ value, residual }: HessianPicture["eigenvalues"][number]): boolean {
  return residual <= found * Math.abs(value);
}

function factsOf({ asked, size }: CurvaturePlan, outcome: HessianPicture, width: () => number): readonly string[] {
  const { top, trace, density, coupling, probes, steps, seed } = asked;
  const { eigenvalues } = outcome;
  const facts: string[] = [];
  if (top !== null) {
    const share = `residuals of ${found.toExponential(0)} of an eigenvalue or less`;
    const reached = `${eigenvalues.filter(isFound).length} of ${eigenvalues.length} eigenvalues have ${share}`;
    facts.push(`${size} parameters, ${outcome.steps} Lanczos steps of at most ${steps}; ${reached}, seed ${seed}`);
  }
  if (trace) facts.push(`trace of ${countedInGroups(probes, "probe")} with seed ${seed}`);
  if (density) {
    const drawn = `density of ${countedInGroups(probes, "probe")} of ${Math.min(steps, size)} steps with seed ${seed}`;
    facts.push(`${drawn}, smoothed with a Gaussian of width ${width().toPrecision(3)}`);
  }
  if (coupling) {
    const isExact = outcome.coupling?.exact === true;
    const how = isExact
      ? "exact, from a product for each parameter"
      : `estimated from ${countedInGroups(probes, "probe")} for each head with seed ${seed}`;
    facts.push(`norms of the blocks between heads are ${how}`);
  }
  return facts;
}

/** So many blocks are named before the others are counted. */
const namedAtMost = 4;

/** Collects what is true of blocks, in the order in which it was said first. */
function createSentences() {
  const collected = new Map<string, { readonly place: readonly [string, string]; blocks: string[]; text: string }>();
  return {
    add(place: readonly [experiment: string, of: string], block: string, text: string): void {
      const key = JSON.stringify([place, text]);
      const known = collected.get(key) ?? { place, blocks: [], text };
      known.blocks.push(block);
      collected.set(key, known);
    },
    all: (): readonly string[] =>
      [...collected.values()].map(({ place: [experiment, of], blocks, text }) => {
        const more = blocks.length > namedAtMost ? ` and ${blocks.length - namedAtMost} more` : "";
        return `${experiment}, ${blocks.slice(0, namedAtMost).join("; ")}${more} ${of}: ${text}`;
      }),
  };
}

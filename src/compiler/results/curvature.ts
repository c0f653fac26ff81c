/** From the pictures of Hessians to result rows. */
import { densityPoints } from "../ir/curvature.js";
import type { CurvaturePlan } from "../ir/plan.js";
import type { Coordinates, Protocol, Study } from "../ir/protocol.js";
import { observedCondition, type ResultType } from "../ir/result-type.js";
import type { ResultRow } from "../ir/results.js";
import { densityAt, densityCurve, type HessianPicture } from "../statistics/hessian.js";
import { pairName } from "../ir/pairs.js";

/** What became of a block: its picture, or why there is none, in a sentence without a full stop. */
export type BlockOutcome = HessianPicture | string;

/** The residual of an eigenvalue that counts as found, as a share of it. */
const found = 1e-3;

const oneProbe = "one probe has no standard error: ask for more probes";

/**
 * The rows of all curvatures, in the order of the protocol: experiments, models and texts, layers. Blocks without an outcome
 * were not reached, and have none; those that failed have NaN with the reason.
 */
export function curvatureRows(
  { studies, results }: Pick<Protocol, "studies" | "results">,
  plans: readonly CurvaturePlan[],
  outcomes: ReadonlyMap<CurvaturePlan, BlockOutcome>,
): readonly ResultRow[] {
  const types = new Map(results.map((type) => [type.experiment, type]));
  return plans.flatMap((plan) => {
    const study = studies[plan.study];
    const type = study === undefined ? undefined : types.get(study.experiment);
    const outcome = outcomes.get(plan);
    if (study?.curvature === undefined || type === undefined || outcome === undefined) return [];
    const together = plans.filter((other) => studies[other.study]?.experiment === study.experiment);
    const curve = densityCurve(
      together.flatMap((other) => nodesOf(outcomes.get(other)).map(({ value }) => value)),
      densityPoints,
    );
    const row = rowMaker(study, type, plan);
    return cellsOf(study, outcome, curve).map(({ metric, axes, value, reason }) => row(metric, axes, value, reason));
  });
}

function nodesOf(outcome: BlockOutcome | undefined): HessianPicture["nodes"] {
  return outcome === undefined || typeof outcome === "string" ? [] : outcome.nodes;
}

interface BlockCell {
  readonly metric: string;
  readonly axes: Coordinates;
  readonly value: number;
  readonly reason: string | null;
}

function cellsOf(
  { curvature }: Study,
  outcome: BlockOutcome,
  { width, places }: ReturnType<typeof densityCurve>,
): readonly BlockCell[] {
  if (curvature === undefined) return [];
  const lost = typeof outcome === "string" ? outcome : null;
  const picture = typeof outcome === "string" ? null : outcome;
  const cell = (metric: string, axes: Coordinates, value: number | undefined, why: string | null = null): BlockCell => {
    return { metric, axes, value: value ?? Number.NaN, reason: lost ?? why };
  };
  const cells: BlockCell[] = [];
  for (let rank = 1; rank <= (curvature.top ?? 0); rank++) {
    const eigenvalue = picture?.eigenvalues[rank - 1];
    cells.push(cell("eigenvalue", { rank }, eigenvalue?.value), cell("residual", { rank }, eigenvalue?.residual));
  }
  if (curvature.trace) {
    const error = picture?.trace?.error ?? undefined;
    cells.push(cell("trace", {}, picture?.trace?.value));
    cells.push(cell("trace_se", {}, error, error === undefined ? oneProbe : null));
  }
  if (curvature.density && Number.isFinite(places[0])) {
    const nodes = picture?.nodes ?? [];
    for (const lambda of places)
      cells.push(cell("density", { lambda }, picture === null ? NaN : densityAt(nodes, width, lambda)));
  }
  if (curvature.coupling) cells.push(...couplings(picture, lost));
  return cells;
}

/** ‖H_ab‖ of every pair of heads, and what it is beside the heads' own: ‖H_ab‖ / √(‖H_aa‖ ‖H_bb‖). */
function couplings(picture: HessianPicture | null, lost: string | null): readonly BlockCell[] {
  const norms = picture?.norms ?? [];
  const count = norms.length;
  const pairs = norms.flatMap((row, a) => row.flatMap((norm, b) => (b > a ? [{ a, b, norm }] : [])));
  return pairs.flatMap(({ a, b, norm }, i) => {
    const pair = pairName(i, (count * (count - 1)) / 2);
    const own = Math.sqrt((norms[a]?.[a] ?? NaN) * (norms[b]?.[b] ?? NaN));
    const reason = own === 0 ? "both heads have no second derivatives of their own" : null;
    return [
      { metric: "coupling", axes: { pair }, value: own === 0 ? NaN : norm / own, reason: lost ?? reason },
      { metric: "coupling_norm", axes: { pair }, value: norm, reason: lost },
    ];
  });
}

function rowMaker(study: Study, type: ResultType, { layer }: CurvaturePlan) {
  const facts = type.columns.flatMap(({ kind, field, name }) => {
    const value = kind === "model" ? study.facts[field] : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  const place = layer === null ? [] : [["layer", layer] as const];
  return (metric: string, axes: Coordinates, value: number, reason: string | null): ResultRow => ({
    experiment: study.experiment,
    condition: observedCondition,
    // Entries instead of a spread of objects: a fact may be called `__proto__`.
    axes: Object.fromEntries([...Object.entries(study.coordinates), ...facts, ...place, ...Object.entries(axes)]),
    metric,
    unit: "none",
    value,
    baseline: null,
    impact: null,
    relative: null,
    reason,
  });
}

/** What a reader of the results must know of how they were found: what converged, and what a density's curve is. */
export function curvatureNotes(
  { studies }: Pick<Protocol, "studies">,
  plans: readonly CurvaturePlan[],
  outcomes: ReadonlyMap<CurvaturePlan, BlockOutcome>,
): { readonly facts: readonly string[]; readonly warnings: readonly string[] } {
  const facts: string[] = [];
  const warnings: string[] = [];
  for (const plan of plans) {
    const study = studies[plan.study];
    const outcome = outcomes.get(plan);
    if (study?.curvature === undefined || outcome === undefined) continue;
    const { part, top, density, probes, steps, seed } = study.curvature;
    // Several sets of prompts give a Hessian each.
    const own = studies.filter(({ experiment }) => experiment === study.experiment);
    const isOne = own.every(({ texts }) => texts === study.texts);
    const place = `${part}${plan.layer === null ? "" : ` L${plan.layer}`} of ${study.model}`;
    const where = `${study.experiment}, ${place}${isOne ? "" : ` on ${study.texts}`}`;
    if (typeof outcome === "string") {
      warnings.push(`${where}: ${outcome}`);
      continue;
    }
    if (top !== null) {
      const open = outcome.eigenvalues.filter(({ value, residual }) => !(residual <= found * Math.abs(value)));
      const share = `residuals of ${found.toExponential(0)} of an eigenvalue or less`;
      const reached = `${outcome.eigenvalues.length - open.length} of ${outcome.eigenvalues.length} eigenvalues have ${share}`;
      facts.push(
        `${where}: ${plan.size} parameters, ${outcome.steps} Lanczos steps of at most ${steps}; ${reached}, seed ${seed}.`,
      );
      if (open.length > 0)
        warnings.push(
          `${where}: ${open.length} of ${outcome.eigenvalues.length} eigenvalues have not converged in ${outcome.steps} steps: read their residuals, or ask for more steps`,
        );
    }
    if (density) {
      const values = plans
        .filter((other) => studies[other.study]?.experiment === study.experiment)
        .flatMap((other) => nodesOf(outcomes.get(other)).map(({ value }) => value));
      const { width } = densityCurve(values, densityPoints);
      facts.push(
        `${where}: density of ${probes} probes of ${Math.min(steps, plan.size)} steps with seed ${seed}, smoothed with a Gaussian of width ${width.toPrecision(3)}.`,
      );
    }
  }
  return { facts, warnings };
}

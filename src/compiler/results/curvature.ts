/** From the pictures of Hessians to result rows. */
import { densityPoints, otherHead } from "../ir/curvature.js";
import type { CurvaturePlan } from "../ir/plan.js";
import type { Coordinates, Protocol, Study } from "../ir/protocol.js";
import { observedCondition, type ResultType } from "../ir/result-type.js";
import type { ResultRow } from "../ir/results.js";
import { densityAt, densityCurve, type DensityCurve, type HessianPicture } from "../statistics/hessian.js";
import type { Estimate } from "../statistics/block-norms.js";

/** What became of a block: its picture, or why there is none, in a sentence without a full stop. */
export type BlockOutcome = HessianPicture | string;

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
    const curve = sharedCurve(studies, plans, outcomes, study.experiment);
    const row = rowMaker(study, type, plan);
    return cellsOf(study, plan, outcome, curve).map(({ metric, axes, value, reason }) =>
      row(metric, axes, value, reason),
    );
  });
}

/** The places and the width of the densities of an experiment, which all its blocks share. */
export function sharedCurve(
  studies: Protocol["studies"],
  plans: readonly CurvaturePlan[],
  outcomes: ReadonlyMap<CurvaturePlan, BlockOutcome>,
  experiment: string,
): DensityCurve {
  const together = plans.filter(({ study }) => studies[study]?.experiment === experiment);
  const values = together.flatMap((plan) => nodesOf(outcomes.get(plan)).map(({ value }) => value));
  return densityCurve(values, densityPoints);
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
  plan: CurvaturePlan,
  outcome: BlockOutcome,
  { width, places }: DensityCurve,
): readonly BlockCell[] {
  if (curvature === undefined) return [];
  const { asked } = plan;
  const lost = typeof outcome === "string" ? outcome : null;
  const picture = typeof outcome === "string" ? null : outcome;
  const cell = (metric: string, axes: Coordinates, value: number | undefined, why: string | null = null): BlockCell => {
    return { metric, axes, value: value ?? Number.NaN, reason: lost ?? why };
  };
  const cells: BlockCell[] = [];
  for (let rank = 1; rank <= (asked.top ?? 0); rank++) {
    const eigenvalue = picture?.eigenvalues[rank - 1];
    cells.push(cell("eigenvalue", { rank }, eigenvalue?.value), cell("residual", { rank }, eigenvalue?.residual));
  }
  if (asked.trace) {
    const error = picture?.trace?.error ?? undefined;
    cells.push(cell("trace", {}, picture?.trace?.value));
    cells.push(cell("trace_se", {}, error, error === undefined ? oneProbe : null));
  }
  if (asked.density && Number.isFinite(places[0])) {
    const nodes = picture?.nodes ?? [];
    for (const lambda of places)
      cells.push(cell("density", { lambda }, picture === null ? NaN : densityAt(nodes, width, lambda)));
  }
  if (asked.coupling) cells.push(...couplings(plan, curvature.headAxis, picture, lost));
  return cells;
}

/**
 * ‖H_ab‖ of every pair of heads, and what it is beside the heads' own, ‖H_ab‖ / √(‖H_aa‖ ‖H_bb‖), with their errors: once for
 * each pair, and once for each place of a symmetric matrix, as a heatmap shows it.
 */
function couplings(
  { heads, members }: CurvaturePlan,
  axis: string,
  picture: HessianPicture | null,
  lost: string | null,
): readonly BlockCell[] {
  const named = members ?? Array.from({ length: heads?.count ?? 0 }, (_, head) => head);
  const none: Estimate = { value: NaN, error: null };
  const norm = (a: number, b: number): Estimate => picture?.coupling?.norms[a]?.[b] ?? none;
  const share = (a: number, b: number): Estimate => picture?.coupling?.shares[a]?.[b] ?? none;
  const lacks = (a: number, b: number): string | null =>
    norm(a, a).value === 0 || norm(b, b).value === 0 ? "a head has no second derivatives of its own" : null;
  const pairs = named.flatMap((head, a) => named.slice(a + 1).map((other, i) => ({ a, b: a + 1 + i, head, other })));
  const places = named.flatMap((head, a) => named.map((other, b) => ({ a, b, head, other })));
  return [
    ...pairs.flatMap(({ a, b, head, other }) => {
      const axes = { pair: `${head}-${other}` };
      const why = lost ?? lacks(a, b);
      return [
        { metric: "coupling", axes, value: share(a, b).value, reason: why },
        { metric: "coupling_se", axes, value: share(a, b).error ?? NaN, reason: why ?? oneProbe },
        { metric: "coupling_norm", axes, value: norm(a, b).value, reason: lost },
        { metric: "coupling_norm_se", axes, value: norm(a, b).error ?? NaN, reason: lost ?? oneProbe },
      ];
    }),
    ...places.flatMap(({ a, b, head, other }) => {
      const axes = { [axis]: head, [otherHead]: other };
      return [
        { metric: "coupling_matrix", axes, value: share(a, b).value, reason: lost ?? lacks(a, b) },
        { metric: "norm_matrix", axes, value: norm(a, b).value, reason: lost },
      ];
    }),
  ].map((cell) => ({ ...cell, reason: Number.isNaN(cell.value) ? cell.reason : null }));
}

function rowMaker(study: Study, type: ResultType, { layer, members, asked }: CurvaturePlan) {
  const facts = type.columns.flatMap(({ kind, field, name }) => {
    const value = kind === "model" ? study.facts[field] : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  const [head] = members ?? [];
  const isOfHead = head !== undefined && !asked.coupling;
  const place = [
    ...(layer === null ? [] : [["layer", layer] as const]),
    ...(isOfHead ? [[study.curvature?.headAxis ?? "head", head] as const] : []),
  ];
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

/** The interventions of an experiment as conditions: what is written where, one condition for each point of the sweep. */
import type { Condition, DeferredConditions } from "../../ir/protocol.js";
import type { AblateClause, ExperimentStatement, Intervention, Selection } from "../../syntax/ast.js";
import { notYet } from "../faults.js";
import { combineSweeps } from "./combine.js";
import { everyPlace, type InterventionContext, type Sweep } from "./context.js";
import { checkDeferred, type EarlierExperiments } from "./deferred.js";
import { deferredAxes } from "../../ir/deferred-axes.js";
import { checkPatch } from "./patch.js";
import { checkPositions } from "./positions.js";
import { checkReplacement } from "./replacements.js";
import { checkScale } from "./scale.js";
import { combinedPlaces, drawnPlaces } from "./several-places.js";
import { spread } from "./spread.js";
import { checkSet, checkSteer } from "./steer.js";
import { placePoints, targetNamed } from "./targets.js";
import { joinsPositions } from "./together.js";

export interface CheckedInterventions {
  /** The baseline, then every condition that is known. */
  readonly conditions: readonly Condition[];
  readonly deferred: DeferredConditions | null;
  /** Axes of the conditions. */
  readonly axes: ReadonlySet<string>;
  /** Whose values the experiment's patch puts in; "" when it has one that is wrong, null when it has none. */
  readonly patchSource: string | null;
}

/** The unmodified model. */
const baseline: Condition = { coordinates: {}, writes: [] };

/** Checks the interventions of the experiment `name` for one model and the texts that it runs on. */
export function checkConditions(
  cx: InterventionContext,
  name: string,
  { interventions }: ExperimentStatement,
  earlier: EarlierExperiments,
): CheckedInterventions {
  const [top, ...tops] = interventions.flatMap((clause) => topSelection(clause) ?? []);
  if (top !== undefined) {
    const second = interventions.find((clause) => clause !== top.clause);
    if (second !== undefined || tops.length > 0) {
      notYet(cx, second?.span ?? top.clause.span, "another intervention beside a selection with `top`");
    }
    const deferred = checkDeferred(cx, name, top.clause, top.selection, earlier);
    return { conditions: [baseline], deferred, axes: new Set(deferredAxes(deferred)), patchSource: null };
  }
  const sweeps: Sweep[] = [];
  let patchSource: string | null = null;
  let sound = true;
  for (const clause of interventions) {
    const patch = clause.kind === "patch" ? checkPatch(cx, clause) : null;
    if (clause.kind === "patch" && (patchSource ?? "") === "") patchSource = patch?.source ?? "";
    const sweep = clause.kind === "patch" ? patch : sweepOf(cx, clause);
    if (sweep === null) sound = false;
    else sweeps.push(sweep);
  }
  const combined = sweeps.length === 0 ? [] : combineSweeps(cx, sweeps);
  const conditions = [baseline, ...(sound ? (combined ?? []) : [])];
  // Axes of sound interventions are known even when another one is wrong.
  const axes = new Set(sweeps.flatMap(({ points }) => points.flatMap((point) => Object.keys(point.coordinates))));
  return { conditions, deferred: null, axes, patchSource };
}

interface TopClause {
  readonly clause: AblateClause;
  readonly selection: Extract<Selection, { kind: "top" }>;
}

function topSelection(clause: Intervention): TopClause | null {
  if (clause.kind !== "ablate" || clause.selection.kind !== "top") return null;
  return { clause, selection: clause.selection };
}

function sweepOf(cx: InterventionContext, clause: Exclude<Intervention, { kind: "patch" }>): Sweep | null {
  switch (clause.kind) {
    case "ablate":
      return checkAblate(cx, clause);
    case "scale":
      return checkScale(cx, clause);
    case "steer":
      return checkSteer(cx, clause);
    case "set":
      return checkSet(cx, clause);
  }
}

function checkAblate(cx: InterventionContext, clause: AblateClause): Sweep | null {
  const { selection, together } = clause;
  if (selection.kind === "top") return null;
  const target = targetNamed(cx, { text: clause.target, span: clause.span });
  if (target === null) return null;
  const replacement = checkReplacement(cx, clause.by);
  const named = placePoints(cx, target, selection.places, selection.span);
  const positions = checkPositions(cx, clause.positions, joinsPositions(together));
  if (replacement === null || named === null || positions === null) return null;
  const places =
    selection.kind === "places"
      ? named
      : selection.kind === "combinations"
        ? combinedPlaces(cx, selection, clause.target, named, together)
        : drawnPlaces(cx, selection, clause.target, named, together);
  if (places === null) return null;
  // A draw is one condition, whatever it has: `together` is said of its places and positions.
  const spreadOver = selection.kind === "random" ? { ...clause, together: null } : clause;
  return spread(cx, [everyPlace(places, replacement)], positions, spreadOver);
}

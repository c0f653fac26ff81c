/** The `curvature` clause of an experiment: what it names is checked, and the columns that it will have are known. */
import { addBehind } from "../../diagnostics/create.js";
import { nearestNames } from "../../base/suggest.js";
import type { ResultAxis } from "../../ir/result-type.js";
import type { CurvatureClause } from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { elaborateTensor, type MeasureContext } from "../measures/measures.js";
import { placesWithParams } from "../names/param-values.js";
import { resolvePlace } from "../models/places.js";
import type { ExperimentShape } from "./result-scope.js";
import { isWhole } from "./statistics.js";
import { createSweeps } from "../expressions/sweeps.js";

/** Columns and axes that a `curvature` clause adds to its experiment. */
export interface CurvatureResults {
  readonly columns: readonly string[];
  readonly axes: readonly ResultAxis[];
}

/** Parameters of a layer that a curvature can be taken over. */
const parameterGroups = ["attention", "mlp", "layer"] as const;

/** Checks the clause for one model; null after an error, which has been reported. */
export function checkCurvature(cx: MeasureContext, clause: CurvatureClause): CurvatureResults | null {
  let sound = elaborateTensor(cx, clause.of, createSweeps(null), "a loss such as nll") !== null;
  const { text, span } = clause.parameters;
  if (!(parameterGroups as readonly string[]).includes(text)) {
    sound = false;
    const suggestions = nearestNames(text, parameterGroups);
    const hint = `there are ${parameterGroups.join(", ")}`;
    reportError(cx, "A2003", span, { name: text }, { suggestions, hint });
  }
  const layers = new Set<number>();
  const places = placesWithParams({ params: cx.scope.params, report: cx.report }, clause.places);
  if (places === null) sound = false;
  for (const place of places ?? []) {
    if (place.unit !== "none") {
      sound = false;
      wrongKind(cx, place.span, "layers such as L9 or L*", place.text);
      continue;
    }
    const resolved = resolvePlace(place, cx.model, "head", cx.report);
    if (resolved === null) sound = false;
    for (const layer of resolved?.layers ?? []) layers.add(layer);
  }
  const { top, trace, density, probes, steps, seed } = clause;
  if (top === null && !trace && !density) {
    sound = false;
    const hint = "write `top 5` for the largest eigenvalues, `trace`, or `density`";
    reportError(cx, "A2007", clause.span, { metric: "curvature", name: "what to compute" }, { hint });
  }
  if ((trace || density) && probes === null) {
    sound = false;
    const hint = "the trace and the density are estimated from random vectors: write `probes 10`";
    const fixes = [addBehind(clause.span, " probes 10")];
    reportError(cx, "A2007", clause.span, { metric: "curvature", name: "probes" }, { hint, fixes });
  }
  for (const count of [top, probes, steps]) if (count !== null && !isWhole(cx, count, 1)) sound = false;
  if (seed !== null && !isWhole(cx, seed, 0)) sound = false;
  if (!sound) return null;
  return {
    columns: [...(top === null ? [] : ["eigenvalue"]), ...(trace ? ["trace"] : []), ...(density ? ["density"] : [])],
    axes: [
      { name: "layer", kind: "sweep", levels: [...layers], of: [] },
      ...(top === null ? [] : [{ name: "rank", kind: "entry" as const, levels: null, of: [] }]),
    ],
  };
}

/**
 * The results of an experiment with those of its curvature. The curvature is that of the mean over all texts: an
 * experiment that measures nothing else has no axes of prompts.
 */
export function withCurvature(shape: ExperimentShape, curvature: CurvatureResults | null): ExperimentShape {
  if (curvature === null) return shape;
  const { type } = shape;
  const kept = type.metrics.length > 0 ? type.axes : type.axes.filter(({ name }) => modelAxes.has(name));
  const added = curvature.axes.filter(({ name }) => !kept.some((axis) => axis.name === name));
  const axes = [...kept, ...added];
  const own = axes.filter(({ name }) => modelAxes.has(name) || curvature.axes.some((axis) => axis.name === name));
  const metrics = curvature.columns.map((name) => ({
    name,
    unit: "none" as const,
    element: "real" as const,
    axes: own.map((axis) => axis.name),
    normalised: false,
  }));
  return { ...shape, type: { ...type, axes, metrics: [...type.metrics, ...metrics] } };
}

const modelAxes = new Set(["model", "revision", "dtype", "prompts"]);

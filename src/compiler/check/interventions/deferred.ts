/** `ablate top 10 heads of EXPERIMENT by COLUMN`: conditions that another experiment's result decides. */
import { addBehind } from "../../diagnostics/create.js";
import { experimentsIn } from "../../ir/result-expression.js";
import type { DeferredConditions, ResultCondition, ResultExpression, Study } from "../../ir/protocol.js";
import type { AblateClause, Name, Selection } from "../../syntax/ast.js";
import { unknownResult } from "../names/unknown-results.js";
import { reportError, wrongKind } from "../faults.js";
import { isNumeric, named } from "../results/named-results.js";
import { axesOfShape } from "../results/result-axes.js";
import { metricNames, type ExperimentShape } from "../results/result-scope.js";
import { startWork } from "../results/result-context.js";
import { checkResult } from "../results/results.js";
import { pathBetween } from "../names/experiment-order.js";
import type { InterventionContext } from "./context.js";
import { placeAxes } from "../../ir/deferred-axes.js";
import { partWord, placeNames } from "../../ir/targets.js";
import { checkPositions } from "./positions.js";
import { rankedPlaces } from "./ranked-places.js";
import { checkReplacement } from "./replacements.js";

/** The experiments that have been checked so far: those that this one may choose from are among them. */
export interface EarlierExperiments {
  readonly shapes: ReadonlyMap<string, ExperimentShape>;
  readonly studies: ReadonlyMap<string, readonly Study[]>;
}

type TopSelection = Extract<Selection, { kind: "top" }>;

/** The conditions to come; null after an error. `experiment` is the name of the experiment with the clause. */
export function checkDeferred(
  cx: InterventionContext,
  experiment: string,
  clause: AblateClause,
  selection: TopSelection,
  earlier: EarlierExperiments,
): DeferredConditions | null {
  const { first, last, isRange, span } = selection;
  const together = clause.together !== null;
  if (clause.together !== null && clause.together.over.length > 0) {
    const hint = "which places are chosen is known when the other experiment has run, and then all of them go together";
    const found = cx.sourceOf(clause.together.span);
    reportError(cx, "A3004", clause.together.span, { expected: "`together` alone beside `top`", found }, { hint });
    return null;
  }
  const replacement = checkReplacement(cx, clause.by);
  const positions = checkPositions(cx, clause.positions, together);
  if (!checkCountsWritten(cx, selection, together)) return null;
  const shape = subjectOf(cx, experiment, selection.experiment, earlier);
  if (shape === null || replacement === null || positions === null) return null;
  const target = placeNames[clause.target].one;
  if (!checkPlaces(cx, selection, target, shape)) return null;
  const by = rankingOf(cx, selection, shape, earlier);
  if (by === null) return null;
  const [only, ...more] = positions;
  if (only === undefined || more.length > 0) {
    const expected = "one selection of positions: write `together` to take the range at once";
    const at = clause.positions?.span ?? span;
    const fixes = together ? [] : [addBehind(at, " together")];
    wrongKind(cx, at, expected, `${positions.length} positions in turn`, { fixes });
    return null;
  }
  const own = onThisModel(cx, selection, target, shape, earlier);
  if (own === null) return null;
  const made = earlier.studies.get(shape.name) ?? [];
  const here = cx.model.assumed ? [] : made.filter((study) => study.model === cx.model.name);
  if (!checkRanking(cx, selection, target, by, shape, here)) return null;
  return {
    target,
    experiment: shape.name,
    by: own.reduce<ResultExpression>((argument, condition) => ({ kind: "where", argument, condition }), by),
    first,
    last,
    isRange,
    together,
    positions: only.selection,
    replacement,
    span,
  };
}

/** `top 1..20` counts upwards from 1, and all of a count go together. */
function checkCountsWritten(cx: InterventionContext, selection: TopSelection, together: boolean): boolean {
  const { first, last, isRange, span } = selection;
  const wrong = [first, last].find((count) => !Number.isInteger(count) || count < 1);
  if (wrong !== undefined) {
    reportError(cx, "A3005", span, { value: wrong, expected: "a count of at least 1" });
    return false;
  }
  if (first > last) {
    reportError(cx, "A3012", span, { range: `${first}..${last}` }, { hint: "write the smaller number first" });
    return false;
  }
  if (isRange && !together) {
    const found = `top ${first}..${last} without it`;
    const hint = "the axis `count` is how many of the first are removed at once";
    reportError(cx, "A3004", span, { expected: "`together` with a range of counts", found }, { hint });
    return false;
  }
  return true;
}

/** The experiment to choose from; null when there is none or it waits for this one. */
function subjectOf(
  cx: InterventionContext,
  own: string,
  name: Name,
  { shapes }: EarlierExperiments,
): ExperimentShape | null {
  const { experiments } = cx.scope;
  const statement = experiments.get(name.text);
  if (statement === undefined) {
    reportError(cx, "A2011", name.span, { name: name.text }, unknownResult(name.text, [...experiments.keys()]));
    return null;
  }
  if (statement.curvature !== null) {
    const problem = `${name.text} has a curvature, which is known only when everything else has run`;
    reportError(cx, "A3040", name.span, { problem }, { hint: "choose places by an experiment without one" });
    return null;
  }
  const path = pathBetween(cx.scope, name.text, own);
  if (path !== null) {
    const hint = "an experiment can choose from results of experiments that do not wait for it";
    reportError(cx, "A2006", name.span, { name: own, path: [own, ...path].join(" → ") }, { hint });
    return null;
  }
  return shapes.get(name.text) ?? null;
}

/** Reports an experiment that does not have places to rank, or has too few of them. */
function checkPlaces(
  cx: InterventionContext,
  { experiment, last, span }: TopSelection,
  target: DeferredConditions["target"],
  shape: ExperimentShape,
): boolean {
  if (!shape.complete) return true;
  const axes = placeAxes(target);
  const of = axesOfShape(shape);
  const missing = axes.find((axis) => !of.axes.has(axis));
  if (missing !== undefined) {
    const hint = `its axes are ${[...of.axes.keys()].join(", ")}: choose from an experiment over ${axes.join(" and ")}`;
    reportError(cx, "A2013", experiment.span, { experiment: shape.name, name: missing }, { hint });
    return false;
  }
  const sizes = axes.map((axis) => of.axes.get(axis)?.size ?? Infinity);
  const most = sizes.reduce((product, size) => product * size, 1);
  if (most >= last) return true;
  const problem = `it has ${most} of them, and ${last} are wanted`;
  reportError(cx, "A4310", span, { experiment: shape.name, places: placesText(target), problem });
  return false;
}

function placesText(target: DeferredConditions["target"]): string {
  return placeNames[partWord(target)].several;
}

/** What the places are ranked by: an expression over the columns of that experiment alone. */
function rankingOf(
  cx: InterventionContext,
  selection: TopSelection,
  shape: ExperimentShape,
  { shapes }: EarlierExperiments,
): ResultExpression | null {
  const { report, sourceOf, scope } = cx;
  const results = { experiments: shapes, lets: scope.lets, params: scope.params };
  const notes = cx.model.notes ?? null;
  const work = startWork(notes);
  const context = { results, subject: shape, report, unfolding: [], work, sourceOf, notes };
  const by = checkResult(context, selection.by);
  if (by === null) return null;
  const { span } = selection.by;
  if (experimentsIn(by).some((name) => name !== shape.name)) {
    wrongKind(cx, span, `columns of ${shape.name}`, cx.sourceOf(span));
    return null;
  }
  if (!isNumeric(context, named(context, cx.sourceOf(span), by), "ranking", span)) return null;
  return by;
}

/**
 * Reports a ranking that cannot choose: its column has no value for each place (A2013) or too few of them, or its axes
 * name no place together (A4310). Nothing is said of an experiment that is wrong itself.
 */
function checkRanking(
  cx: InterventionContext,
  selection: TopSelection,
  target: DeferredConditions["target"],
  by: ResultExpression,
  shape: ExperimentShape,
  studies: readonly Study[],
): boolean {
  if (!shape.complete || studies.length === 0) return true;
  const axes = placeAxes(target);
  const { span } = selection.by;
  const ranked = rankedPlaces(by, studies, axes);
  const missing = axes.find((axis) => !ranked.axes.has(axis));
  if (missing !== undefined) {
    const column = (metric: string): ResultExpression => ({ kind: "column", experiment: shape.name, metric, column: "value" }); // prettier-ignore
    const fitting = metricNames(shape).filter((metric) => rankedPlaces(column(metric), studies, axes).axes.size === axes.length); // prettier-ignore
    const hint =
      fitting.length > 0
        ? `with ${axes.join(" and ")} there ${fitting.length === 1 ? "is" : "are"} ${fitting.join(", ")}`
        : `nothing that ${shape.name} measures has ${axes.join(" and ")}`;
    reportError(cx, "A2013", span, { experiment: `${cx.sourceOf(span)} of ${shape.name}`, name: missing }, { hint });
    return false;
  }
  const refuse = (problem: string, hint?: string): false => {
    const parameters = { experiment: shape.name, places: placesText(target), problem };
    reportError(cx, "A4310", selection.span, parameters, hint === undefined ? {} : { hint });
    return false;
  };
  if (ranked.measured.size > 0 && ranked.measured.size < axes.length) {
    const changed = axes.filter((axis) => !ranked.measured.has(axis)).join(" and ");
    const problem = `its ${changed} says what was changed and its ${[...ranked.measured].join(" and ")} what was measured`;
    return refuse(problem, "choose from an experiment that changes, or that measures, each of the places");
  }
  if (ranked.places !== null && ranked.places.size < selection.last) {
    return refuse(`it has ${ranked.places.size} of them, and ${selection.last} are wanted`);
  }
  return true;
}

/**
 * Places belong to a model: where the other experiment runs on several, its rows of this one are ranked. Conditions that
 * select them; null, with a report, when it does not run on this model.
 */
function onThisModel(
  cx: InterventionContext,
  { experiment, span }: TopSelection,
  target: DeferredConditions["target"],
  shape: ExperimentShape,
  { studies }: EarlierExperiments,
): readonly ResultCondition[] | null {
  const made = studies.get(shape.name) ?? [];
  if (cx.model.assumed || made.length === 0) return [];
  const own = made.find((study) => study.model === cx.model.name);
  if (own === undefined) {
    const problem = `it does not run on ${cx.model.name}`;
    const hint = `it runs on ${[...new Set(made.map((study) => study.model))].join(", ")}: places belong to a model`;
    const parameters = { experiment: experiment.text, places: placesText(target), problem };
    reportError(cx, "A4310", span, parameters, { hint });
    return null;
  }
  const several = new Set(made.map((study) => study.model)).size > 1;
  return ["model", "revision", "dtype"].flatMap((axis) => {
    const coordinate = own.coordinates[axis];
    return several && coordinate !== undefined ? [{ kind: "axis" as const, axis, among: [coordinate] }] : [];
  });
}

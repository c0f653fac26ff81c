/** `steer SITE PLACES by EXPR` adds a value that the graph computes, `set SITE[L] to EXPR` puts it in place of the site's. */
import { type Spot, unitOf } from "../../ir/targets.js";
import type { Coordinate } from "../../ir/protocol.js";
import { isSite } from "../../models/sites.js";
import type { Expression, SetClause, SteerClause } from "../../syntax/ast.js";
import { reportError, tooMany, wrongKind } from "../faults.js";
import { limits } from "../limits.js";
import { elaborateTensor, separateSweeps, type TypedExpression } from "../measures/measures.js";
import { combinations, createSweeps, type Sweeps } from "../expressions/sweeps.js";
import type { InterventionContext, PlacePoint, Sweep, Variant } from "./context.js";
import { factorAt } from "./factors.js";
import { checkPositions, type SweptPositions } from "./positions.js";
import { isPossible, spread } from "./spread.js";
import { joinsPositions } from "./together.js";
import { checkWritable, placePoints, targetNamed } from "./targets.js";
import { checkValue, replacementOf } from "./value.js";

export function checkSteer(cx: InterventionContext, clause: SteerClause): Sweep | null {
  const target = targetNamed(cx, clause.target);
  const places = target === null ? null : placePoints(cx, target, clause.places, clause.target.span);
  const positions = checkPositions(cx, clause.positions, joinsPositions(clause.together));
  if (target?.word === "layer") {
    wrongKind(cx, clause.target.span, "one site to steer, such as resid_pre", "attention and MLP of a layer");
    return null;
  }
  return expressionSweep(cx, places, positions, clause.by, true, clause);
}

export function checkSet(cx: InterventionContext, clause: SetClause): Sweep | null {
  const places = placesOf(cx, clause.site);
  const positions = checkPositions(cx, clause.positions, joinsPositions(clause.together));
  return expressionSweep(cx, places, positions, clause.to, false, clause);
}

/** The places that a site expression means: `z[L5]`, `z[L5.H3]`; `L*` and `H*` in it are sweeps, as in a measure. */
function placesOf(cx: InterventionContext, site: Expression): readonly PlacePoint[] | null {
  const base = site.kind === "index" ? site.base : site;
  if (base.kind === "name" && isSite(base.text) && !checkWritable(cx, base.text, base.span)) return null;
  const discovery = createSweeps(null);
  if (spotOf(cx, site, discovery) === null) return null;
  const axes = [...discovery.axes.values()];
  const count = axes.reduce((product, axis) => product * axis.values.length, 1);
  if (count > limits.expressions) {
    tooMany(cx, site.span, "expressions", count, "this site", "expressions", "name fewer layers");
    return null;
  }
  return combinations(axes).flatMap((choice) => {
    const spot = spotOf(cx, site, createSweeps(choice));
    return spot === null ? [] : [{ coordinates: Object.fromEntries(choice), spots: [spot] }];
  });
}

/** The site, or entry of it, that an expression is; null after an error. */
function spotOf(cx: InterventionContext, written: Expression, sweeps: Sweeps): Spot | null {
  const expected = "a site to set, such as z[L5] or z[L5.H3]";
  const typed = elaborateTensor(cx, written, sweeps, expected);
  if (typed === null) return null;
  const { nodes, result } = typed.expression;
  const node = nodes[result];
  if (node?.kind === "site") return { site: node.site, unit: null };
  if (node?.kind === "operation" && node.operation === "select") {
    const of = nodes[node.inputs[0] ?? result];
    const { axis, index } = node.attributes;
    if (of?.kind === "site" && axis === unitOf(of.site.site)) return { site: of.site, unit: Number(index) };
  }
  wrongKind(cx, written.span, expected, cx.sourceOf(written.span));
  return null;
}

/**
 * The sweep of an intervention whose value is an expression. A sweep of the expression over an axis that the places
 * have moves along with them; any other axis of it is an axis of the conditions too.
 */
function expressionSweep(
  cx: InterventionContext,
  places: readonly PlacePoint[] | null,
  positions: readonly SweptPositions[] | null,
  value: Expression,
  add: boolean,
  clause: SteerClause | SetClause,
): Sweep | null {
  const expected = "a value to put in, such as 4 * resid_post[L5]";
  const discovery = createSweeps(null);
  const taken = takenAxes(places ?? [], positions ?? []);
  const { span } = clause.kind === "steer" ? clause.target : clause.site;
  for (const [axis, values] of taken) discovery.choose(axis, values, span);
  // The axes that the value itself sweeps decide how many different expressions there are.
  const swept = new Set<string>();
  const watched: Sweeps = {
    ...discovery,
    choose: (axis, ...rest) => (swept.add(axis), discovery.choose(axis, ...rest)),
    point: () => Object.fromEntries(Object.entries(discovery.point()).filter(([axis]) => swept.has(axis))),
  };
  if (elaborateScaled(cx, value, watched, expected) === null || places === null || positions === null) return null;
  const [conflict] = discovery.conflicts;
  if (conflict !== undefined) {
    const related = [{ span: conflict.first.span, text: "the other sweep" }];
    reportError(cx, "A3006", conflict.second.span, { axis: conflict.first.name }, { related, hint: separateSweeps });
    return null;
  }
  if (swept.has("position")) {
    wrongKind(cx, value.span, "a value that is the same at every position of the sweep", cx.sourceOf(value.span));
    return null;
  }
  const own = [...discovery.axes.values()].filter((axis) => !taken.has(axis.name));
  const choices = own.reduce((product, axis) => product * axis.values.length, 1);
  const count = choices * ([...swept].some((axis) => taken.has(axis)) ? places.length : 1);
  if (count > limits.expressions) {
    tooMany(cx, value.span, "expressions", count, "this sweep", "expressions", "name fewer places or values");
    return null;
  }
  if (!isPossible(cx, [places.length, positions.length, choices], clause.span)) return null;

  const made = new Map<string, TypedExpression | null>();
  const valueAt = (choice: ReadonlyMap<string, number>): TypedExpression | null => {
    const key = [...swept].map((axis) => choice.get(axis) ?? "").join(" ");
    const known = made.get(key);
    if (known !== undefined) return known;
    const typed = elaborateScaled(cx, value, createSweeps(choice), expected);
    made.set(key, typed);
    return typed;
  };
  const variants: Variant[] = [];
  for (const choice of combinations(own)) {
    const placed: Variant["places"][number][] = [];
    for (const place of places) {
      const typed = valueAt(new Map([...choice, ...numbered(place.coordinates)]));
      if (typed === null || !place.spots.every((spot) => checkValue(cx, typed, spot, value.span))) return null;
      placed.push({ ...place, replacement: replacementOf(cx, typed.expression, place.spots, add) });
    }
    variants.push({ coordinates: Object.fromEntries(choice), places: placed });
  }
  return spread(cx, variants, positions, clause);
}

/** {@link elaborateTensor} of a value whose product may have a list of numbers: `[-2, 0, 2] * v` sweeps the axis `factor`. */
function elaborateScaled(
  cx: InterventionContext,
  value: Expression,
  sweeps: Sweeps,
  expected: string,
): TypedExpression | null {
  const factors: (number | null)[] = [];
  const numberOf = (list: Expression): Expression => {
    const factor = factorAt(cx, list, sweeps);
    factors.push(factor);
    return { kind: "number", value: factor ?? 1, text: String(factor), span: list.span };
  };
  const scaled = value.kind === "binary" ? withFactor(value, numberOf) : value;
  return factors.includes(null) ? null : elaborateTensor(cx, scaled, sweeps, expected);
}

/** The factors of a product, with lists among them replaced. */
function withFactor(value: Expression, replace: (list: Expression) => Expression): Expression {
  if (value.kind === "list" || value.kind === "range") return replace(value);
  if (value.kind !== "binary" || value.operator !== "*") return value;
  return { ...value, left: withFactor(value.left, replace), right: withFactor(value.right, replace) };
}

function numbered(coordinates: Readonly<Record<string, Coordinate>>): readonly (readonly [string, number])[] {
  return Object.entries(coordinates).map(([axis, value]) => [axis, Number(value)] as const);
}

/** The axes of places and positions with their values, each once. */
function takenAxes(
  places: readonly PlacePoint[],
  positions: readonly SweptPositions[],
): ReadonlyMap<string, readonly number[]> {
  const axes = new Map<string, Set<number>>();
  for (const { coordinates } of [...places, ...positions]) {
    for (const [axis, value] of numbered(coordinates)) {
      axes.set(axis, (axes.get(axis) ?? new Set<number>()).add(value));
    }
  }
  return new Map([...axes].map(([axis, values]) => [axis, [...values]]));
}

/** Several interventions in one experiment: all apply, and their sweeps multiply. */
import type { Span } from "../../base/span.js";
import { canonicalJson } from "../../base/digest.js";
import { entryOf } from "../../base/entry.js";
import type { Condition, Coordinates, SiteWrite } from "../../ir/protocol.js";
import { siteKey } from "../../models/sites.js";
import { reportError, tooMany } from "../faults.js";
import { limits } from "../limits.js";
import type { InterventionContext, Sweep } from "./context.js";
import { selectionsMeet } from "./positions.js";

function axesOf(points: readonly { readonly coordinates: Coordinates }[]): readonly string[] {
  return [...new Set(points.flatMap(({ coordinates }) => Object.keys(coordinates)))];
}

function keyOn(axes: readonly string[], coordinates: Coordinates): string {
  return JSON.stringify(axes.map((axis) => entryOf(coordinates, axis) ?? null));
}

/**
 * Conditions of all interventions together: one for each combination of their points. An axis that two of them have
 * must have the same coordinates in both; they then move together. Null after an error.
 */
export function combineSweeps(cx: InterventionContext, sweeps: readonly Sweep[]): readonly Condition[] | null {
  let all: readonly Condition[] = [{ coordinates: {}, writes: [] }];
  for (const [i, { points, span }] of sweeps.entries()) {
    const own = axesOf(points);
    const shared = axesOf(all).filter((axis) => own.includes(axis));
    const byKey = new Map<string, Condition[]>();
    for (const point of points) {
      const key = keyOn(shared, point.coordinates);
      const group = byKey.get(key);
      if (group === undefined) byKey.set(key, [point]);
      else group.push(point);
    }
    const known = new Set(all.map(({ coordinates }) => keyOn(shared, coordinates)));
    if (known.size !== byKey.size || [...known].some((key) => !byKey.has(key))) {
      const related = sweeps.slice(0, i).map((other) => ({ span: other.span, text: "the other sweep" }));
      const hint =
        "interventions that share an axis move along it together: name the same places in both, or write `together` in one, which then applies all of its places at once; every two places of one kind are `ablate pairs of heads L0..1`; other sweeps of one axis are not multiplied: write an experiment for each place of one of them";
      reportError(cx, "A3006", span, { axis: disagreeing(shared, all, points) }, { related, hint });
      return null;
    }
    const count = all.reduce((sum, { coordinates }) => sum + (byKey.get(keyOn(shared, coordinates))?.length ?? 0), 0);
    if (count > limits.conditions) {
      const hint = "the sweeps of several interventions multiply: name fewer in one of them";
      tooMany(cx, span, "conditions", count, "the product of these sweeps", "conditions", hint);
      return null;
    }
    all = all.flatMap((one) =>
      (byKey.get(keyOn(shared, one.coordinates)) ?? []).map((other) => ({
        coordinates: { ...one.coordinates, ...other.coordinates },
        writes: [...one.writes, ...other.writes],
        ...drawnOf([one, other]),
      })),
    );
  }
  return checkOverlaps(cx, all, sweeps) ? all : null;
}

/** What was drawn at random in one of these; two draws of one condition are told one after the other. */
function drawnOf(conditions: readonly Condition[]): Pick<Condition, "drawn"> {
  const drawn = conditions.flatMap((condition) => condition.drawn ?? []);
  return drawn.length === 0 ? {} : { drawn: drawn.join(" ") };
}

/** The first shared axis that has different coordinates, or the first one where only their combinations differ. */
function disagreeing(
  shared: readonly string[],
  left: readonly { readonly coordinates: Coordinates }[],
  right: readonly { readonly coordinates: Coordinates }[],
): string {
  const values = (points: typeof left, axis: string): string =>
    [...new Set(points.map(({ coordinates }) => String(entryOf(coordinates, axis))))].sort().join(" ");
  return shared.find((axis) => values(left, axis) !== values(right, axis)) ?? shared[0] ?? "";
}

/** Reports the first condition that changes one entry of a site in two ways. */
function checkOverlaps(cx: InterventionContext, conditions: readonly Condition[], sweeps: readonly Sweep[]): boolean {
  // Layers and heads of an assumed model are all one.
  if (cx.model.assumed) return true;
  const met = new Map<string, boolean>();
  const overlap = (a: SiteWrite, b: SiteWrite): boolean => {
    if (a.unit !== null && b.unit !== null && a.unit !== b.unit) return false;
    const key = canonicalJson([a.positions, b.positions]);
    const known = met.get(key) ?? selectionsMeet(a.positions, b.positions, cx.texts);
    met.set(key, known);
    return known;
  };
  for (const { writes } of conditions) {
    if (writes.length < 2) continue;
    const bySpot = new Map<string, SiteWrite[]>();
    for (const write of writes) {
      const whole = siteKey(write.site);
      const keys =
        write.unit === null
          ? [...bySpot.keys()].filter((k) => k.split(" ")[0] === whole)
          : [whole, `${whole} ${write.unit}`];
      const clash = keys.flatMap((key) => bySpot.get(key) ?? []).find((other) => overlap(write, other));
      if (clash !== undefined) {
        reportError(cx, "A4301", spanOf(sweeps, write), { site: spotText(write) }, relatedTo(sweeps, clash, write));
        return false;
      }
      const key = write.unit === null ? whole : `${whole} ${write.unit}`;
      const group = bySpot.get(key);
      if (group === undefined) bySpot.set(key, [write]);
      else group.push(write);
    }
  }
  return true;
}

function spotText({ site, unit }: SiteWrite): string {
  return unit === null ? siteKey(site) : `entry ${unit} of ${siteKey(site)}`;
}

/** The clause that makes a write: writes are the very objects of their sweep's points. */
function spanOf(sweeps: readonly Sweep[], write: SiteWrite): Span {
  const owner = sweeps.find(({ points }) => points.some(({ writes }) => writes.includes(write)));
  return owner?.span ?? { file: "", start: 0, end: 0 };
}

function relatedTo(
  sweeps: readonly Sweep[],
  first: SiteWrite,
  second: SiteWrite,
): { readonly related: readonly { readonly span: Span; readonly text: string }[]; readonly hint: string } {
  const span = spanOf(sweeps, first);
  const hint = "change each head, neuron or position once";
  return { related: span === spanOf(sweeps, second) ? [] : [{ span, text: "changed here too" }], hint };
}

/** `scale TARGET PLACES by F`: values times a number, or times each number of a list (axis `factor`). */
import type { ScaleClause } from "../../syntax/ast.js";
import { fitsFloat32, reportError } from "../faults.js";
import { createSweeps } from "../expressions/sweeps.js";
import { everyPlace, type InterventionContext, type Sweep, type Variant } from "./context.js";
import { factorAt, factorAxis } from "./factors.js";
import { checkPositions } from "./positions.js";
import { isPossible, spread } from "./spread.js";
import { joinsPositions } from "./together.js";
import { placePoints, targetNamed } from "./targets.js";

export function checkScale(cx: InterventionContext, clause: ScaleClause): Sweep | null {
  const target = targetNamed(cx, clause.target);
  const places = target === null ? null : placePoints(cx, target, clause.places, clause.target.span);
  const positions = checkPositions(cx, clause.positions, joinsPositions(clause.together));
  const factors = factorsOf(cx, clause);
  if (places === null || positions === null || factors === null) return null;
  if (!isPossible(cx, [places.length, positions.length, factors.values.length], clause.span)) return null;
  const variants = factors.values.map((factor): Variant => {
    const replacement = factor === 0 ? { kind: "zero" as const } : { kind: "scale" as const, factor };
    return everyPlace(places, replacement, factors.swept ? { [factorAxis]: factor } : {});
  });
  return spread(cx, variants, positions, clause);
}

/** The numbers to multiply with, and whether they are an axis; null after an error. */
function factorsOf(
  cx: InterventionContext,
  { by, target }: ScaleClause,
): { readonly values: readonly number[]; readonly swept: boolean } | null {
  const sweeps = createSweeps(null);
  const found = factorAt(cx, by, sweeps);
  if (found === null) return null;
  const swept = sweeps.axes.get(factorAxis)?.values.map(Number);
  const factors = swept ?? [found];
  const refused = target.text === "scores" ? factors.find((factor) => factor <= 0) : undefined;
  if (refused !== undefined) {
    const hint = "masked scores are minus infinity and must stay so; to change their sign, set pattern";
    reportError(cx, "A3005", by.span, { value: refused, expected: "a factor above 0, as scores need" }, { hint });
    return null;
  }
  if (!factors.every((factor) => fitsFloat32(cx, factor, by.span))) return null;
  return { values: factors, swept: swept !== undefined };
}

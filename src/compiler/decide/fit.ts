/** `fit power_law | linear | exponential | logistic of VALUE over AXIS by …`. */
import { entryOf } from "../base/entry.js";
import { coordinateNumber } from "../ir/coordinate-number.js";
import type { DecisionOutcome, FittedPart } from "../ir/decision-outcome.js";
import type { Decision } from "../ir/decisions.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import { averageOver, levelsOf, type ResultArray, type ResultCell } from "../results/result-array.js";
import { adjust } from "../statistics/corrections.js";
import { curves, fitCurve } from "../statistics/curve-fit.js";
import { groupsBy } from "./groups.js";
import { levelsInOrder, mixedTexts } from "./series.js";
import { averagedText } from "./units.js";

type Fit = Extract<Decision, { kind: "fit" }>;

export function decideFit(decision: Fit, results: ResultSet): DecisionOutcome {
  const { curve, value, over, by, text: statement } = decision;
  const { formula, scale } = curves[curve];
  const notes = new Set<string>([`least squares of ${scale}; R² and the residual deviation are on that scale`]);
  const note = (sentence: string): void => void notes.add(sentence);
  const array = evaluateResult(value.expression, results, note);
  const averaged = averagedText(array, [over, ...by]);
  if (averaged !== null) note(`each point is the mean over ${averaged}`);
  note(`errors are those of a curve through points whose residuals along ${over} are independent and equally large`);
  if (curve === "power_law" || curve === "exponential") note("the error of a is to first order, its interval is not");
  const mixed = mixedTexts(array, over, by);
  const series = averageOver(array, [over, ...by]);
  const parts = groupsBy([series], by).map(({ coordinates, arrays: [own = series] }): FittedPart => ({
    coordinates,
    ...(mixed === null ? fitOf(own, decision) : { ...nothing, points: [], n: own.cells.length, reason: mixed }),
  }));
  return {
    kind: "fit",
    statement,
    curve,
    formula,
    scale,
    over,
    value: value.label,
    parts: correctedFits(parts, note),
    notes: [...notes],
  };
}

const nothing = { coefficients: [], pValue: null, adjusted: null, rSquared: null, deviation: null } as const;

function fitOf(series: ResultArray, { over, curve }: Fit): Omit<FittedPart, "coordinates"> {
  const cells = new Map(series.cells.map((cell) => [String(entryOf(cell.coordinates, over)), cell]));
  const empty = { ...nothing, points: [], n: series.cells.length };
  const fault = faultOf(series, over);
  if (fault !== null) return { ...empty, reason: fault };
  const points = levelsInOrder(series, over).map((at) => ({
    at,
    x: coordinateNumber(at),
    y: cells.get(String(at))?.value ?? Number.NaN,
  }));
  const outcome = fitCurve(
    curve,
    points.map(({ x }) => x),
    points.map(({ y }) => y),
  );
  const common = { points, n: points.length };
  if (outcome.kind === "undecided") return { ...nothing, ...common, reason: outcome.reason };
  const { coefficients, pValue, rSquared, deviation } = outcome;
  return { ...common, coefficients, pValue, adjusted: null, rSquared, deviation, reason: null };
}

function faultOf(series: ResultArray, over: string): string | null {
  const place = ({ coordinates }: ResultCell): string => `${over} ${String(entryOf(coordinates, over))}`;
  const nowhere = series.cells.filter(({ coordinates }) => entryOf(coordinates, over) === undefined).length;
  if (nowhere > 0) return `${nowhere} of ${series.cells.length} values have no ${over}`;
  const named = levelsOf(series, over).find((level) => Number.isNaN(coordinateNumber(level)));
  if (named !== undefined) return `${over} ${String(named)} is not a number`;
  const faulty = series.cells.find(({ value }) => !Number.isFinite(value));
  return faulty === undefined ? null : `the value at ${place(faulty)} is not finite (${faulty.reason ?? "infinite"})`;
}

/** The p-values of the groups by Holm's method. */
function correctedFits(parts: readonly FittedPart[], note: (sentence: string) => void): readonly FittedPart[] {
  const tested = parts.filter(({ pValue }) => pValue !== null);
  if (tested.length < 2) return parts;
  note(`p-values are corrected for ${tested.length} groups (holm)`);
  const adjusted = adjust(
    parts.map(({ pValue }) => pValue ?? Number.NaN),
    "holm",
  );
  return parts.map((part, i) => ({ ...part, adjusted: part.pValue === null ? null : (adjusted[i] ?? null) }));
}

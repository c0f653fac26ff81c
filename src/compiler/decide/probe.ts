/** `probe FIELD from VALUE over AXIS, … by …`: texts are the observations, places along the axes their features. */
import { entryOf } from "../base/entry.js";
import { coordinateNumber } from "../ir/coordinate-number.js";
import type { DecisionOutcome, ProbedPart } from "../ir/decision-outcome.js";
import type { Decision } from "../ir/decisions.js";
import type { Coordinate, Coordinates } from "../ir/result-expression.js";
import type { ResultRow, ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import { averageOver, coordinateKey, groupCells, type ResultArray, type ResultCell } from "../results/result-array.js";
import { adjust } from "../statistics/corrections.js";
import { crossValidate, type Probed } from "../statistics/cross-validation.js";
import { dealtFolds, exchangeOf, membersOf } from "../statistics/probe-folds.js";
import { groupsBy } from "./groups.js";
import { answerRows, answersOf, type Answers } from "./probe-answers.js";
import { averagedText, unitAxesOf } from "./units.js";

type Probe = Extract<Decision, { kind: "probe" }>;
type Note = (sentence: string) => void;

/** What a probe came to, and its answer about each text where these have a name. */
export interface ProbeDecided {
  readonly outcome: DecisionOutcome;
  readonly rows: readonly ResultRow[];
}

export function decideProbe(decision: Probe, results: ResultSet): ProbeDecided {
  const { field, value, over, by, together, folds, penalty, seed, tests, text: statement } = decision;
  const notes = new Set<string>();
  const note: Note = (sentence) => void notes.add(sentence);
  const array = evaluateResult(value.expression, results, note);
  const texts = unitAxesOf(array, [...over, ...by]);
  const named = texts.kind === "units" ? texts.axes : [];
  const kept = [...new Set([...named, ...over, ...by, field, ...(together === null ? [] : [together])])];
  const averaged = averagedText(array, kept);
  if (averaged !== null) note(`each feature is the mean over ${averaged}`);
  const means = averageOver(array, kept);
  const labels = new Set(means.cells.flatMap(({ coordinates }) => labelAt(coordinates, field) ?? []).map(String));
  const predicts = !decision.classes && labels.size > 2 && [...labels].every(isNumber) ? "numbers" : "classes";
  if (predicts === "classes" && !decision.classes && [...labels].every(isNumber))
    note(`${field} has two values: they are taken as classes`);
  note(
    predicts === "classes"
      ? `logistic regression, penalty ${penalty}; features are standardised by the training texts`
      : `ridge regression, penalty ${penalty}; features are standardised by the training texts`,
  );
  note(`${folds} folds${together === null ? "" : `, which keep texts with one ${together} together`} (seed ${seed})`);
  note(
    predicts === "classes"
      ? "accuracy: share of the texts whose class is found by the probe that has not seen them; the baseline names the class that is most frequent in the other folds"
      : "R² of the texts by the probe that has not seen them; the baseline, 0, is the mean of the other folds",
  );
  const type = decision.name === null ? undefined : results.types.get(decision.name);
  const rows: ResultRow[] = [];
  const parts = groupsBy([means], by).map(({ coordinates, arrays: [own = means] }): ProbedPart => {
    const texts = textsIn(own, named, decision, note);
    const { part, answers } = probeOf(texts, decision, predicts, note);
    const where = { axes: [...named, ...by], places: texts.places };
    if (type !== undefined) rows.push(...answerRows(type, array, where, answers, part.reason));
    return { coordinates, ...part };
  });
  if (parts.some(({ interval }) => interval !== null)) {
    const unit = together ?? "text";
    note(
      predicts === "classes"
        ? `the interval is Wilson's for as many independent answers as there are ${unit}s: it does not know that folds share training texts`
        : `the interval is from drawing ${unit}s with their predictions (BCa, 2000 draws, seed ${seed})`,
    );
  }
  const outcome = { kind: "probe", statement, field, over, predicts, folds, penalty, seed } as const;
  return { outcome: { ...outcome, parts: corrected(parts, tests, note), notes: [...notes] }, rows };
}

const isNumber = (label: string): boolean => !Number.isNaN(coordinateNumber(label));

/** The field of a text; null where it has none. */
function labelAt(coordinates: Coordinates, field: string): Coordinate | null {
  const label = entryOf(coordinates, field);
  return label === undefined || label === "" ? null : label;
}

/** What a probe sees of the texts of one group. */
interface Texts {
  readonly places: readonly Coordinates[];
  readonly labels: readonly Coordinate[];
  readonly x: readonly Float64Array[];
  /** Equal for texts that stay together. */
  readonly units: readonly number[];
  /** Why nothing can be learnt from them; null where something can. */
  readonly reason: string | null;
}

function textsIn(
  array: ResultArray,
  named: readonly string[],
  { field, over, together, by }: Probe,
  note: Note,
): Texts {
  const at = by.length === 0 ? "" : " in some groups";
  const groups = [...groupCells(array.cells, named).values()];
  const known = groups.filter(([cell]) => cell !== undefined && labelAt(cell.coordinates, field) !== null);
  const left = groups.length - known.length;
  if (left > 0) note(`${left} of ${groups.length} texts have no ${field}, and are left out${at}`);
  const places = known.map((cells) => new Map(cells.map((cell) => [coordinateKey(cell.coordinates, over), cell])));
  const all = [...new Set(places.flatMap((own) => [...own.keys()]))];
  const everywhere = all.filter((place) => places.every((own) => own.has(place)));
  if (everywhere.length < all.length)
    note(`${all.length - everywhere.length} of ${all.length} features are left out${at}: some text has no value there`);
  const cells = places.map((own) => everywhere.flatMap((place) => own.get(place) ?? []));
  const x = cells.map((own) => Float64Array.from(own, ({ value }) => value));
  const first = known.map(([cell]) => cell?.coordinates ?? {});
  return {
    places: first,
    labels: first.map((coordinates) => labelAt(coordinates, field) ?? ""),
    x,
    units: together === null ? x.map((_row, i) => i) : numbered(first.map((one, i) => unitOf(one, together, i))),
    reason: faultOf(x, cells.flat(), field, known.length),
  };
}

/** A text without the column that keeps others together stands for itself. */
function unitOf(coordinates: Coordinates, together: string, i: number): string {
  const label = labelAt(coordinates, together);
  return label === null ? `text ${i}` : `unit ${label}`;
}

/** Equal numbers for equal texts, from 0 in order of appearance. */
function numbered(keys: readonly string[]): readonly number[] {
  const seen = new Map<string, number>();
  return keys.map((key) => {
    const own = seen.get(key) ?? seen.size;
    seen.set(key, own);
    return own;
  });
}

function faultOf(x: readonly Float64Array[], cells: readonly ResultCell[], field: string, n: number): string | null {
  if (n === 0) return `no text has a ${field}`;
  const faulty = cells.filter(({ value }) => !Number.isFinite(value));
  const [first] = faulty;
  if (first !== undefined)
    return `${faulty.length} of ${cells.length} values are not finite (${first.reason ?? "infinite"})`;
  if ((x[0]?.length ?? 0) === 0) return "there is no feature that all texts have";
  return constantFeatures(x) === x[0]?.length ? "no feature differs between texts" : null;
}

function constantFeatures(x: readonly Float64Array[]): number {
  return (x[0] ?? new Float64Array()).filter((value, f) => x.every((row) => row[f] === value)).length;
}

/** Multiplications beyond which a probe would take hours. */
const mostWork = 4e12;
/** Passes over the features that a fit takes, roughly. */
const passes = 250;

function probeOf(
  { labels, x, units, reason }: Texts,
  { field, folds, penalty, seed, tests, together }: Probe,
  predicts: "classes" | "numbers",
  note: Note,
): { readonly part: Omit<ProbedPart, "coordinates">; readonly answers: Answers | null } {
  const names = predicts === "numbers" ? [] : [...new Set(labels.map(String))].sort();
  const y = predicts === "numbers" ? labels.map(coordinateNumber) : labels.map((label) => names.indexOf(String(label)));
  const members = [...membersOf(units).values()];
  const [n, features] = [x.length, x[0]?.length ?? 0];
  const counts = names.map((name, k) => ({ name, n: y.filter((own) => own === k).length, right: null }));
  const empty = { n, units: members.length, features, classes: counts } as const;
  const undecided = (why: string): ReturnType<typeof probeOf> => ({
    part: { ...empty, ...nothing, reason: why },
    answers: null,
  });
  if (reason !== null) return undecided(reason);
  const of = together === null ? "texts" : `values of ${together}`;
  if (new Set(y).size < 2)
    return undecided(`every text has the ${field} ${String(labels[0])}: there is nothing to tell apart`);
  if (members.length < folds)
    return undecided(`there are ${members.length} ${of}, ${fewerThan(folds, members.length)}`);
  const [rarest] = counts
    .map(({ name }, k) => ({ name, having: members.filter((own) => own.some((i) => y[i] === k)).length }))
    .sort((a, b) => a.having - b.having);
  if (rarest !== undefined && rarest.having < folds) {
    const { name, having } = rarest;
    return undecided(`the ${field} ${name} has ${having} ${of}, ${fewerThan(folds, having)}`);
  }
  const foldOf = dealtFolds(units, predicts === "numbers" ? y.map(() => 0) : y, folds, seed);
  const probed: Probed = { x, y, classes: predicts === "numbers" ? null : names.length, units, foldOf, penalty };
  const missing = unseenClass(probed, names);
  if (missing !== null)
    return undecided(`all texts of the ${field} ${missing} are in one fold: write another \`seed\``);
  const [use] = tests;
  const permutations = use === undefined ? null : { count: use.count ?? 0, seed: use.seed ?? 0 };
  const work =
    ((permutations?.count ?? 0) + 1) * folds * n * Math.min(n, features) * Math.max(1, names.length) * passes;
  if (work > mostWork)
    return undecided(`so many permutations of ${n} texts with ${features} features would take hours`);
  const constant = constantFeatures(x);
  if (constant > 0) note(`${constant} of ${features} features are the same in all texts, and tell nothing`);
  const training = n - Math.max(...[...membersOf(foldOf).values()].map(({ length }) => length));
  if (features > training)
    note(
      `there are more features (${features}) than training texts (${training}): what fits them says nothing, only what holds for other texts does`,
    );
  if (permutations !== null) note(exchangeNote(exchangeOf(units, y), together, permutations));
  const scored = crossValidate(probed, permutations, seed);
  const { predictions, score, baseline, interval, pValue } = scored;
  const classes = counts.map((own, k) => ({
    ...own,
    right: y.filter((label, i) => label === k && predictions[i] === k).length,
  }));
  const part = { ...empty, classes, score, baseline, interval, pValue, adjusted: null, reason: null };
  return { part, answers: answersOf(probed, scored) };
}

/** What helps where there are `having` of something for `folds` folds: one alone cannot be learnt from and asked about. */
function fewerThan(folds: number, having: number): string {
  if (having >= 2) return `fewer than the ${folds} folds: write \`folds ${having}\`, or add texts`;
  return `fewer than the ${folds} folds, and two are the fewest that there can be: add texts, or leave it out with \`where\``;
}

const nothing = { score: null, baseline: null, interval: null, pValue: null, adjusted: null } as const;

/** A class that the training texts of some fold lack; null where each has all. */
function unseenClass({ y, foldOf }: Probed, names: readonly string[]): string | null {
  const missing = names.find((_name, k) => new Set(foldOf.filter((_fold, i) => y[i] === k)).size < 2);
  return missing ?? null;
}

function exchangeNote(
  exchanged: ReturnType<typeof exchangeOf>,
  together: string | null,
  { count, seed }: { readonly count: number; readonly seed: number },
): string {
  const what = {
    texts: "texts of each fold",
    "within units": `texts of each ${together ?? "text"}`,
    units: `${together ?? "text"}s of each fold`,
  }[exchanged];
  return `p: chance of a score at least as high where labels are exchanged among the ${what} (${count} permutations, seed ${seed}), so none is below ${1 / (count + 1)}`;
}

/** The p-values of the groups by Holm's method. */
function corrected(parts: readonly ProbedPart[], tests: Probe["tests"], note: Note): readonly ProbedPart[] {
  const tested = parts.filter(({ pValue }) => pValue !== null);
  const count = tests[0]?.count ?? null;
  if (count !== null && tested.length > 0 && tested.length / (count + 1) >= 0.05)
    note(`no p from ${count} permutations can be below 0.05${tested.length < 2 ? "" : " once corrected"}: draw more`);
  if (tested.length < 2) return parts;
  note(`p-values are corrected for ${tested.length} groups (holm)`);
  const adjusted = adjust(
    parts.map(({ pValue }) => pValue ?? Number.NaN),
    "holm",
  );
  return parts.map((part, i) => ({ ...part, adjusted: part.pValue === null ? null : (adjusted[i] ?? null) }));
}

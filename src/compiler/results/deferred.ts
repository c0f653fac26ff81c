/**
 * Conditions that a result decides (`ablate top 10 heads of sweep by impact`): the places of the other experiment are
 * ranked by the mean over everything but themselves, the largest first.
 */
import { unitLetters } from "../base/place-units.js";
import { placeAxes } from "../ir/deferred-axes.js";
import { partTarget, partWord } from "../ir/targets.js";
import type { Condition, Coordinates, DeferredConditions, Protocol, SiteWrite, Study } from "../ir/protocol.js";
import { resultSetOf, type ResultRows, type ResultSet } from "../ir/results.js";
import type { ModelSignature, OpenedModel } from "../models/model.js";
import { averageOver, evaluateResult } from "./evaluate.js";
import { largerAtTheOtherEnd, rankingKey, type RankingKey } from "./ranking-key.js";

/** A place of a model with the value that it was ranked by. */
export interface RankedPlace {
  /** `layer`, and `head`, `kv_head` or `neuron` where the target has one. */
  readonly coordinates: Coordinates;
  readonly value: number;
}

export interface ResolvedConditions {
  /** The baseline first; nothing else when there is a problem. */
  readonly conditions: readonly Condition[];
  /** The places that the conditions change, those with the highest value first. */
  readonly chosen: readonly RankedPlace[];
  /** The places that were not chosen, in the same order. */
  readonly left: readonly RankedPlace[];
  /** Why nothing could be chosen; null otherwise. */
  readonly problem: string | null;
}

const baseline: Condition = { coordinates: {}, writes: [] };

/**
 * The conditions of a study whose selection waits for `results`. Equal values are ranked by layer and then
 * by unit; a place whose value is NaN is never chosen.
 */
export function resolveDeferred(study: Study, results: ResultSet, signature: ModelSignature): ResolvedConditions {
  const { deferred } = study;
  if (deferred === null) return { conditions: study.conditions, chosen: [], left: [], problem: null };
  const { first, last, isRange, together, experiment } = deferred;
  const ranked = rankedPlaces(deferred, results);
  if (ranked.length < last) {
    const having = ranked.length === 0 ? "none of them has a value" : `only ${ranked.length} of them have a value`;
    const found = `${having} there, and ${last} are wanted`;
    return { conditions: [baseline], chosen: [], left: [], problem: `no choice from ${experiment}: ${found}` };
  }
  const chosen = ranked.slice(0, last);
  const target = partTarget(partWord(deferred.target), signature);
  const { positions, replacement } = deferred;
  const writesAt = ({ coordinates }: RankedPlace): readonly SiteWrite[] => {
    const unit = target.unit === null ? null : Number(coordinates[target.unit]);
    const spots = target.spots(Number(coordinates["layer"]), unit);
    return spots.map((spot) => ({ ...spot, positions, replacement }));
  };
  const firstOf = (count: number): readonly SiteWrite[] => chosen.slice(0, count).flatMap(writesAt);
  const conditions: readonly Condition[] = isRange
    ? Array.from({ length: last - first + 1 }, (_, i) => ({
        coordinates: { count: first + i },
        writes: firstOf(first + i),
      }))
    : together
      ? [{ coordinates: {}, writes: firstOf(last) }]
      : chosen.map((place) => ({ coordinates: place.coordinates, writes: writesAt(place) }));
  return { conditions: [baseline, ...conditions], chosen, left: ranked.slice(last), problem: null };
}

/** Every place with a value, the largest first. */
function rankedPlaces({ by, target }: DeferredConditions, results: ResultSet): readonly RankedPlace[] {
  const axes = placeAxes(target);
  const places = averageOver(evaluateResult(by, results), axes).cells.flatMap(({ coordinates, value }) => {
    const numbers = Object.fromEntries(axes.map((axis) => [axis, Number(coordinates[axis] ?? Number.NaN)]));
    const known = Object.values(numbers).every(Number.isInteger);
    return known && !Number.isNaN(value) ? [{ coordinates: numbers, value }] : [];
  });
  return places.sort((a, b) => {
    if (a.value !== b.value) return a.value > b.value ? -1 : 1;
    const axis = axes.find((name) => a.coordinates[name] !== b.coordinates[name]);
    return axis === undefined ? 0 : (a.coordinates[axis] ?? 0) - (b.coordinates[axis] ?? 0);
  });
}

/** What was decided in one stage of a run. */
export interface ResolvedStudies {
  readonly protocol: Protocol;
  /** What was chosen, or why nothing could be: sentences, one for each selection. */
  readonly selections: readonly string[];
  /** Those of the sentences that say why nothing could be chosen. */
  readonly problems: readonly string[];
  /** Where a choice left out what is larger in size, or equal: sentences without a full stop. */
  readonly warnings: readonly string[];
}

/**
 * The protocol with every selection made that the results in `rows` decide: those from experiments that wait for nothing
 * themselves. Null when nothing was to decide.
 */
export function resolveStudies(
  protocol: Protocol,
  rows: ResultRows,
  models: ReadonlyMap<string, OpenedModel>,
): ResolvedStudies | null {
  const results = resultSetOf(protocol, rows);
  const waiting = new Set(protocol.studies.filter((s) => s.deferred !== null).map((s) => s.experiment));
  const selections: string[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  const studies = protocol.studies.map((study): Study => {
    const { deferred } = study;
    const signature = models.get(study.model)?.signature;
    if (deferred === null || signature === undefined || waiting.has(deferred.experiment)) return study;
    const resolved = resolveDeferred(study, results, signature);
    const where = `In ${study.experiment} on ${study.model} with ${study.texts}`;
    const key = rankingKey(deferred, metricsOf(protocol, deferred.experiment));
    const sentence = `${where}, ${resolved.problem ?? chosenText(deferred, key, resolved.chosen)}.`;
    selections.push(sentence);
    if (resolved.problem !== null) problems.push(sentence);
    const larger = largerAtTheOtherEnd(key, resolved);
    if (larger.length > 0) warnings.push(`${where}, ${largerText(key, larger)}`);
    const equals = equalToTheLast(resolved);
    if (equals > 0) {
      const others = equals === 1 ? "1 other place has" : `${equals} other places have`;
      warnings.push(`${where}, ${others} the same ${key.text} as the last one chosen: the first by layer was taken`);
    }
    return { ...study, conditions: resolved.conditions, deferred: null };
  });
  return selections.length === 0 ? null : { protocol: { ...protocol, studies }, selections, problems, warnings };
}

/** How many places were left out though they are as high as the last one chosen. */
function equalToTheLast({ chosen, left }: ResolvedConditions): number {
  const last = chosen.at(-1)?.value;
  return left.filter(({ value }) => value === last).length;
}

function metricsOf(protocol: Protocol, experiment: string): ReadonlySet<string> {
  const studies = protocol.studies.filter((study) => study.experiment === experiment);
  return new Set(studies.flatMap((study) => study.measures.map((measure) => measure.metric)));
}

const shownPlaces = 20;

/** `the heads of sweep with the highest impact are L2.H0 (0.51), L0.H1 (0.4)`. */
function chosenText(deferred: DeferredConditions, key: RankingKey, chosen: readonly RankedPlace[]): string {
  const { target, experiment } = deferred;
  const more = chosen.length > shownPlaces ? ` and ${chosen.length - shownPlaces} more` : "";
  const several = target === "mlp" || target === "attention" || target === "layer" ? "layers" : partWord(target);
  const [what, verb] = chosen.length === 1 ? [several.replace(/s$/, ""), "is"] : [several, "are"];
  const places = listed(key, chosen.slice(0, shownPlaces));
  return `the ${what} of ${experiment} with the ${key.extreme} ${key.text} ${verb} ${places}${more}`;
}

const namedLarger = 3;

/** `places with a larger |impact| were left out …: L3.H0 (-0.13); by abs(impact) chooses by size`. */
function largerText({ extreme, text, sign }: RankingKey, larger: readonly RankedPlace[]): string {
  const named = listed({ sign }, larger.slice(0, namedLarger));
  const rest = larger.length > namedLarger ? ` and ${larger.length - namedLarger} more` : "";
  return (
    `places with a larger |${text}| were left out because the ${extreme} ${text} was asked for: ` +
    `${named}${rest}; \`by abs(${text})\` chooses by size`
  );
}

function listed({ sign }: Pick<RankingKey, "sign">, places: readonly RankedPlace[]): string {
  return places.map((place) => `${placeText(place)} (${shortNumber(sign * place.value)})`).join(", ");
}

function placeText({ coordinates }: RankedPlace): string {
  const unit = Object.entries(unitLetters).find(([axis]) => coordinates[axis] !== undefined);
  const [axis = "", letter = ""] = unit ?? [];
  return `L${coordinates["layer"] ?? "?"}${unit === undefined ? "" : `.${letter}${coordinates[axis]}`}`;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

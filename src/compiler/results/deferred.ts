/**
 * Conditions that a result decides (`ablate top 10 heads of sweep by impact`): the places of the other experiment are
 * ranked by the mean over everything but themselves, the largest first.
 */
import type { OpenedModel } from "../check/check.js";
import { placeAxes } from "../check/interventions/deferred-axes.js";
import { partTarget, type TargetWord } from "../check/interventions/targets.js";
import type { Condition, Coordinates, DeferredConditions, Protocol, SiteWrite, Study } from "../ir/protocol.js";
import type { ResultRow, ResultSet } from "../ir/results.js";
import type { ModelSignature } from "../models/model.js";
import { averageOver, evaluateResult } from "./evaluate.js";

/** A place of a model with the value that it was ranked by. */
export interface RankedPlace {
  /** `layer`, and `head`, `kv_head` or `neuron` where the target has one. */
  readonly coordinates: Coordinates;
  readonly value: number;
}

export interface ResolvedConditions {
  /** The baseline first; nothing else when there is a problem. */
  readonly conditions: readonly Condition[];
  /** The places that the conditions change, the strongest first. */
  readonly chosen: readonly RankedPlace[];
  /** Why nothing could be chosen; null otherwise. */
  readonly problem: string | null;
}

const baseline: Condition = { coordinates: {}, writes: [] };

const words: Readonly<Record<DeferredConditions["target"], TargetWord>> = {
  head: "heads",
  kv_head: "kv_heads",
  neuron: "neurons",
  mlp: "mlp",
  attention: "attention",
  layer: "layer",
};

/**
 * The conditions of a study whose selection waits for `results`. Equal values are ranked by layer and then
 * by unit; a place whose value is NaN is never chosen.
 */
export function resolveDeferred(study: Study, results: ResultSet, signature: ModelSignature): ResolvedConditions {
  const { deferred } = study;
  if (deferred === null) return { conditions: study.conditions, chosen: [], problem: null };
  const { first, last, isRange, together, experiment } = deferred;
  const ranked = rankedPlaces(deferred, results);
  if (ranked.length < last) {
    const found = `only ${ranked.length} of them have a value there, and ${last} are wanted`;
    return { conditions: [baseline], chosen: [], problem: `no choice from ${experiment}: ${found}` };
  }
  const chosen = ranked.slice(0, last);
  const target = partTarget(words[deferred.target], signature);
  const { positions, replacement } = deferred;
  const writesAt = ({ coordinates }: RankedPlace): readonly SiteWrite[] => {
    const unit = target.unit === null ? null : Number(coordinates[target.unit]);
    const spots = target.spots(Number(coordinates["layer"]), unit);
    return spots.map((spot) => ({ ...spot, positions, replacement }));
  };
  const strongest = (count: number): readonly SiteWrite[] => chosen.slice(0, count).flatMap(writesAt);
  const conditions: readonly Condition[] = isRange
    ? Array.from({ length: last - first + 1 }, (_, i) => ({
        coordinates: { count: first + i },
        writes: strongest(first + i),
      }))
    : together
      ? [{ coordinates: {}, writes: strongest(last) }]
      : chosen.map((place) => ({ coordinates: place.coordinates, writes: writesAt(place) }));
  return { conditions: [baseline, ...conditions], chosen, problem: null };
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

/**
 * The protocol with every selection made that the results in `rows` decide: those from experiments that wait for nothing
 * themselves. `selections` says in sentences what was chosen, or why nothing could be. Null when nothing was to decide.
 */
export function resolveStudies(
  protocol: Protocol,
  rows: readonly ResultRow[],
  models: ReadonlyMap<string, OpenedModel>,
): { readonly protocol: Protocol; readonly selections: readonly string[] } | null {
  const results = { types: new Map(protocol.results.map((type) => [type.experiment, type])), rows };
  const waiting = new Set(protocol.studies.filter((s) => s.deferred !== null).map((s) => s.experiment));
  const selections: string[] = [];
  const studies = protocol.studies.map((study): Study => {
    const { deferred } = study;
    const signature = models.get(study.model)?.signature;
    if (deferred === null || signature === undefined || waiting.has(deferred.experiment)) return study;
    const resolved = resolveDeferred(study, results, signature);
    const where = `In ${study.experiment} on ${study.model} with ${study.texts}`;
    selections.push(`${where}, ${resolved.problem ?? sentenceOf(deferred, resolved.chosen)}.`);
    return { ...study, conditions: resolved.conditions, deferred: null };
  });
  return selections.length === 0 ? null : { protocol: { ...protocol, studies }, selections };
}

const shownPlaces = 20;

/** `the strongest heads of sweep are L2.H0 (0.51), L0.H1 (0.4)`. */
function sentenceOf({ target, experiment }: DeferredConditions, chosen: readonly RankedPlace[]): string {
  const shown = chosen.slice(0, shownPlaces).map((place) => `${placeText(place)} (${shortNumber(place.value)})`);
  const more = chosen.length > shownPlaces ? ` and ${chosen.length - shownPlaces} more` : "";
  const what = target === "mlp" || target === "attention" ? "layers" : words[target].replace(/^layer$/, "layers");
  return `the strongest ${what} of ${experiment} are ${shown.join(", ")}${more}`;
}

function placeText({ coordinates }: RankedPlace): string {
  const { layer, neuron } = coordinates;
  const unit = coordinates["head"] ?? coordinates["kv_head"];
  return `L${layer ?? "?"}${unit === undefined ? "" : `.H${unit}`}${neuron === undefined ? "" : `.N${neuron}`}`;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Computing some units of a run once more, alone and in a fresh engine, and comparing them bit for bit. */
import { seededIntegers } from "../../compiler/base/random.js";
import { createEngineKeeper } from "../engine/keeper.js";
import type { EngineTensor, EngineTensors } from "../engine/messages.js";
import { executeStage, openWeightBytes } from "../execute-stage.js";
import { localWeights } from "../models/weight-files.js";
import { createWeightsGuard } from "../models/weights-guard.js";
import type { ListedUnit } from "../store/unit-list.js";
import { digestOfNumbers, openUnitStore, type StoredUnit, type UnitStore } from "../store/units.js";
import type { Finding } from "./finding.js";
import type { Replanned } from "./request.js";

/** What became of one unit. */
export interface RerunUnit {
  readonly unit: string;
  readonly work: string;
  /** Whether every bit is the same. */
  readonly same: boolean;
  /** Largest absolute difference from what is stored; null where nothing can be subtracted. */
  readonly largest: number | null;
}

export interface Rerun {
  readonly seed: number;
  readonly units: readonly RerunUnit[];
  readonly findings: readonly Finding[];
  /** What a reader must know: sentences without a full stop. */
  readonly notes: readonly string[];
}

/**
 * Computes `count` of the units, drawn with `seed`, as they were computed in the run: with values of other units from the
 * store. All of them when there are no more. Nothing is written into the store. Rejects with EngineFault when no engine
 * starts, or with StoreFault.
 */
export async function rerunUnits(
  { planned, settings, stage }: Replanned,
  unitFolder: string,
  listed: readonly ListedUnit[],
  count: number,
  seed: number,
): Promise<Rerun> {
  const ids = new Set(stage.plan.evaluations.flatMap((evaluation) => evaluation.units.map(({ id }) => id)));
  const possible = listed.filter(({ unit }) => ids.has(unit));
  const drawn = draw(possible, count, seed);
  const notes =
    count > possible.length ? [`the run has ${possible.length} units to recompute, and all of them were`] : [];
  if (drawn.length === 0) return { seed, units: [], findings: [], notes };
  const kept = openUnitStore(unitFolder);
  const hidden = new Set(drawn.map(({ unit }) => unit));
  const { store, computed } = withFresh(kept, hidden);
  const { loaded, protocol } = planned;
  const { models } = loaded.compiled.value;
  const keeper = createEngineKeeper({
    engine: settings.engine,
    weights: localWeights(loaded.models.values()),
    openWeightBytes: openWeightBytes(protocol, models),
  });
  try {
    const guard = createWeightsGuard(loaded.models);
    const summary = await executeStage(
      stage,
      { loaded, models, store, engine: settings.engine, keeper, guard },
      hidden,
    );
    const why = new Map(summary.faults.map(({ unit, message }) => [unit, message]));
    const results = await Promise.all(
      drawn.map(async (own) => {
        const again = computed.get(own.unit);
        if (again !== undefined) return compared(own, again.tensors, (await kept.read(own.unit))?.tensors ?? null);
        return failed(own, why.get(own.unit) ?? summary.stopped ?? "it was not computed");
      }),
    );
    return {
      seed,
      units: results.map(({ result }) => result),
      findings: results.flatMap(({ finding }) => finding ?? []),
      notes,
    };
  } finally {
    await keeper.end();
  }
}

function draw(units: readonly ListedUnit[], count: number, seed: number): readonly ListedUnit[] {
  const next = seededIntegers(seed);
  const left = [...units];
  const drawn: ListedUnit[] = [];
  while (drawn.length < count && left.length > 0) drawn.push(...left.splice(next(left.length), 1));
  return drawn;
}

/** A store that lacks some units, and keeps what is computed in memory. */
function withFresh(
  kept: UnitStore,
  hidden: ReadonlySet<string>,
): { readonly store: UnitStore; readonly computed: ReadonlyMap<string, StoredUnit> } {
  const computed = new Map<string, StoredUnit>();
  const read = async (id: string): Promise<StoredUnit | null> =>
    computed.get(id) ?? (hidden.has(id) ? null : await kept.read(id));
  const store: UnitStore = {
    ...kept,
    read,
    has: async (id) => (await read(id)) !== null,
    write: (unit) => {
      computed.set(unit.id, unit);
      return Promise.resolve();
    },
  };
  return { store, computed };
}

interface Compared {
  readonly result: RerunUnit;
  readonly finding: Finding | null;
}

function whatOf({ unit, work }: ListedUnit): string {
  return `unit ${unit.slice(0, 12)} (${work}), computed again`;
}

function failed(own: ListedUnit, problem: string): Compared {
  const { unit, work } = own;
  const finding = { what: whatOf(own), expected: own.sha256 ?? "", found: problem };
  return { result: { unit, work, same: false, largest: null }, finding };
}

function compared(own: ListedUnit, again: EngineTensors, stored: EngineTensors | null): Compared {
  const { unit, work, sha256 } = own;
  const found = digestOfNumbers(again);
  if (found === sha256) return { result: { unit, work, same: true, largest: 0 }, finding: null };
  const difference = stored === null ? null : largestDifference(stored, again);
  const by =
    difference === null
      ? ""
      : `, the largest difference being ${difference.value.toExponential(2)} in ${difference.place}`;
  const finding = { what: whatOf(own), expected: sha256 ?? "", found: `${found}${by}` };
  return { result: { unit, work, same: false, largest: difference?.value ?? null }, finding };
}

/** The largest absolute difference of two units' numbers and where it is; NaN against a number is infinite. */
function largestDifference(
  a: EngineTensors,
  b: EngineTensors,
): { readonly value: number; readonly place: string } | null {
  let largest: { readonly value: number; readonly place: string } | null = null;
  for (const [name, tensor] of Object.entries(a)) {
    const other = b[name];
    if (other?.data.length !== tensor.data.length) continue;
    for (let i = 0; i < tensor.data.length; i += 1) {
      const value = differenceAt(tensor, other, i);
      if (value > 0 && (largest === null || value > largest.value)) largest = { value, place: `${name}[${i}]` };
    }
  }
  return largest;
}

function differenceAt(a: EngineTensor, b: EngineTensor, i: number): number {
  const [x, y] = [Number(a.data[i]), Number(b.data[i])];
  if (Object.is(x, y) || (Number.isNaN(x) && Number.isNaN(y))) return 0;
  const value = Math.abs(x - y);
  return Number.isNaN(value) ? Infinity : value;
}

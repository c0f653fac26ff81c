/** From the store to rows, and what there is to say about units that were damaged or lost on the way. */
import { assembleResults } from "../compiler/results/assemble.js";
import type { ExecutionSummary } from "./execution.js";
import type { Stage, StageRows } from "./stages.js";
import { StoreFault } from "./store/fault.js";
import type { UnitDamage, UnitStore } from "./store/units.js";
import { lostText } from "./unit-outcomes.js";

/** How a run went, and which unit files it found damaged, each once. */
export interface RunSummary extends ExecutionSummary {
  readonly damages: readonly UnitDamage[];
}

/**
 * The rows of a stage from the units in the store. A unit that cannot be read is listed; without a fault in the summary
 * its rows are left out.
 */
export async function readRows(
  { protocol, plan }: Stage,
  { faults }: ExecutionSummary,
  store: UnitStore,
): Promise<StageRows> {
  const unread = new Map<string, string>();
  const assembled = await assembleResults(
    protocol,
    plan,
    async (id) => {
      try {
        const unit = await store.read(id);
        if (unit !== null) return unit.tensors;
        unread.set(id, lostText(store.pathOf(id)));
      } catch (error) {
        if (!(error instanceof StoreFault)) throw error;
        unread.set(id, error.message);
      }
      return null;
    },
    new Map(faults.map((fault) => [fault.unit, fault.message])),
  );
  return { assembled, unread };
}

/** Files that a note names; the note says how many more there are. */
const namedFiles = 10;

/** What happened to finished units that nobody asked for: a sentence each, none when nothing did. */
export function unitNotes({ damages, recovered }: RunSummary): readonly string[] {
  const named = damages.slice(0, namedFiles).map(({ path, reason }) => `${path}: ${reason}`);
  const more = damages.length > namedFiles ? [`and ${damages.length - namedFiles} more`] : [];
  const [files, units] = [damages.length, recovered.size];
  return [
    ...(files === 0
      ? []
      : [
          `${files === 1 ? "a damaged unit file counts" : `${files} damaged unit files count`} as missing: ` +
            [...named, ...more].join("; "),
        ]),
    ...(units === 0
      ? []
      : [
          `${units === 1 ? "a finished unit was" : `${units} finished units were`} lost or damaged during the run and ` +
            "computed again",
        ]),
  ];
}

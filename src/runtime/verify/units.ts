/** Whether the finished units that a run used still hold the numbers that it had. */
import { StoreFault } from "../store/fault.js";
import type { RunRecord } from "../store/record.js";
import type { RunFolder } from "../store/run-folder.js";
import { readUnitList, type ListedUnit } from "../store/unit-list.js";
import { isUnitId, openUnitStore, type UnitDamage } from "../store/units.js";
import { counted } from "../../compiler/base/counted.js";
import { nothingChecked, type Checked, type Finding } from "./finding.js";

/** The units of the record's list that have numbers, each once; none when the list cannot be read, which is told elsewhere. */
export async function recordedUnits({ folder }: RunFolder, { units }: RunRecord): Promise<readonly ListedUnit[]> {
  if (units === null) return [];
  const list = await readUnitList(folder, units);
  if (list.kind === "unread") return [];
  // One that was computed again stands there twice; the last line is of the file that was left.
  const last = new Map(list.units.map((own) => [own.unit, own]));
  return [...last.values()].filter(({ unit, sha256 }) => sha256 !== null && isUnitId(unit));
}

/** Reads every unit that the store in `unitFolder` has. Units that are gone are counted: deleting them costs only time. */
export async function checkUnits(
  unitFolder: string,
  record: RunRecord,
  units: readonly ListedUnit[],
): Promise<Checked> {
  if (record.units === null) {
    const note = "the record is of an earlier version of atlasc, and has no list of its units: they were not checked";
    return { ...nothingChecked, notes: record.values === null ? [] : [note] };
  }
  const damages = new Map<string, UnitDamage>();
  const store = openUnitStore(unitFolder, (damage) => damages.set(damage.unit, damage));
  const findings: Finding[] = [];
  let missing = 0;
  for (const { unit, work, sha256 } of units) {
    const what = `unit ${unit.slice(0, 12)} (${work})`;
    const expected = sha256 ?? "";
    let isThere: boolean;
    try {
      isThere = await store.has(unit);
    } catch (error) {
      if (!(error instanceof StoreFault)) throw error;
      findings.push({ what, expected, found: error.message });
      continue;
    }
    const found = isThere ? store.digestOf(unit) : damages.get(unit)?.reason;
    if (found === undefined) missing += 1;
    else if (found !== sha256) findings.push({ what, expected, found: found ?? "" });
  }
  const note = `${missing} of ${counted(units.length, "unit")} ${missing === 1 ? "is" : "are"} not in ${unitFolder} any more, and could not be checked`;
  return { looked: [counted(units.length - missing, "unit")], findings, notes: missing === 0 ? [] : [note] };
}

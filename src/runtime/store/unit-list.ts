/**
 * `history/TIME.units.csv`: the units of a run in the order in which it came to them, with what became of each and the
 * digest of its numbers. By it one knows later in which order a run worked, and whether stored units are still the same.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { UnitOutcome } from "../unit-outcomes.js";
import { writeFileAtomic } from "./atomic.js";
import { csvField } from "./csv.js";
import { errorCode, reasonOf, StoreFault } from "./fault.js";
import type { RecordedUnits } from "./record-types.js";
import { sha256 } from "./record.js";

export interface ListedUnit {
  readonly unit: string;
  /** What it computes: `sweep on gpt2 with p`. */
  readonly work: string;
  /** Rows (prompt × condition). */
  readonly rows: number;
  readonly outcome: UnitOutcome;
  /** When it was over, ISO 8601; null for one that was there before. */
  readonly finished: string | null;
  /** SHA-256 of its numbers with their names, types and shapes; null for one that has none. */
  readonly sha256: string | null;
}

const columns = ["order", "unit", "work", "rows", "outcome", "finished", "sha256"] as const;

/** Writes a list and says what it is. Rejects with StoreFault. */
export async function writeUnitList(
  runFolder: string,
  file: string,
  units: readonly ListedUnit[],
): Promise<RecordedUnits> {
  const lines = units.map((unit, i) =>
    [i + 1, unit.unit, unit.work, unit.rows, unit.outcome, unit.finished, unit.sha256].map(csvField).join(","),
  );
  const text = `${[columns.join(","), ...lines].join("\n")}\n`;
  const path = join(runFolder, file);
  try {
    await writeFileAtomic(path, text);
  } catch (error) {
    throw new StoreFault(`cannot write ${path}: ${reasonOf(error)}`, path, null, error);
  }
  return { file, sha256: sha256(text), count: units.length };
}

export type ReadUnitList =
  | { readonly kind: "read"; readonly units: readonly ListedUnit[] }
  | { readonly kind: "unread"; readonly found: string };

/** Reads a list; or says what is there instead. */
export async function readUnitList(runFolder: string, recorded: RecordedUnits): Promise<ReadUnitList> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(runFolder, recorded.file));
  } catch (error) {
    return { kind: "unread", found: errorCode(error) === "ENOENT" ? "missing" : reasonOf(error) };
  }
  // Whatever it says, it is not what was written; and what was written needs no further check.
  const found = sha256(bytes);
  if (found !== recorded.sha256) return { kind: "unread", found };
  const [, ...lines] = bytes.toString("utf8").trimEnd().split("\n");
  return { kind: "read", units: lines.filter((line) => line !== "").map(listedUnit) };
}

function listedUnit(line: string): ListedUnit {
  // Names of experiments, models and texts are names of the language; a quoted field keeps what else they hold.
  const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'),
  );
  const [, unit = "", work = "", rows = "0", outcome = "", finished = "", digest = ""] = fields;
  return {
    unit,
    work,
    rows: Number(rows),
    outcome: outcome as UnitOutcome,
    finished: finished === "" ? null : finished,
    sha256: digest === "" ? null : digest,
  };
}

/** Whether two lists have the same units with the same numbers, in whatever order. */
export function listsSame(a: readonly ListedUnit[], b: readonly ListedUnit[]): boolean {
  const keys = (units: readonly ListedUnit[]): readonly string[] =>
    [...new Set(units.map(({ unit, sha256: digest }) => `${unit} ${digest ?? ""}`))].sort();
  const [left, right] = [keys(a), keys(b)];
  return left.length === right.length && left.every((key, i) => key === right[i]);
}

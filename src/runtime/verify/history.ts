/** Whether the record agrees with the history of its runs, and was written down before anything was computed. */
import { readHistory, type HistoryEntry } from "../store/history.js";
import { partDigests } from "../store/record-parts.js";
import { sha256, type RunRecord } from "../store/record.js";
import type { RunFolder } from "../store/run-folder.js";
import { readUnitList, type ListedUnit } from "../store/unit-list.js";
import { counted } from "../../compiler/base/counted.js";
import { type Checked, type Finding } from "./finding.js";

interface Entry {
  readonly file: string;
  readonly entry: HistoryEntry;
}

/** The text against its digest, the parts of the record against those that were written, the request against each run. */
export async function checkHistory({ folder }: RunFolder, record: RunRecord): Promise<Checked> {
  const { entries, problems } = await readHistory(folder);
  const findings: Finding[] = [];
  const { protocol } = record;
  const text = sha256(protocol.text);
  if (text !== protocol.sha256) findings.push({ what: "text of the protocol", expected: protocol.sha256, found: text });
  for (const problem of problems) {
    findings.push({ what: "history", expected: "entries as they were written", found: problem });
  }
  findings.push(...missingEntries(entries, record), ...entries.flatMap((own) => entryFindings(own, record)));
  for (const own of entries) {
    const { units } = own.entry;
    if (units === null) continue;
    const list = await readUnitList(folder, units);
    if (list.kind === "unread") findings.push({ what: units.file, expected: units.sha256, found: list.found });
    else findings.push(...orderFindings(own, list.units));
  }
  const parts = partFindings(entries, record);
  return {
    looked: [
      "record.json",
      "the protocol's text",
      counted(entries.length, "entry of the history", "entries of the history"),
    ],
    findings: [...findings, ...(parts ?? [])],
    notes:
      parts === null
        ? ["the history is of an earlier version of atlasc, and has no digests of the record's parts"]
        : [],
  };
}

/** Runs that the record lists with a file that is not there. */
function missingEntries(entries: readonly Entry[], record: RunRecord): readonly Finding[] {
  const there = new Set(entries.map(({ file }) => file));
  return record.runs.flatMap(({ file }) =>
    file === null || there.has(file) ? [] : [{ what: file, expected: "an entry of the history", found: "missing" }],
  );
}

/** Each run was of this text and this request, which were written down before it began. */
function entryFindings({ file, entry }: Entry, { protocol }: RunRecord): readonly Finding[] {
  const findings: Finding[] = [];
  const compare = (what: string, expected: string, found: string): void => {
    if (expected !== found) findings.push({ what: `${file}: ${what}`, expected, found });
  };
  compare("text of the protocol", protocol.sha256, entry.protocol.sha256);
  compare("request", protocol.digest, entry.protocol.digest);
  const { asked, started, ended } = entry.times;
  const times = [asked, started, ended].filter((time) => time !== null);
  if (times.some((time, i) => time < (times[i - 1] ?? ""))) {
    findings.push({ what: `${file}: times`, expected: "asked for, then begun, then ended", found: times.join(", ") });
  }
  return findings;
}

/** Nothing was computed before the request was written down, nor after the run had ended. */
function orderFindings({ entry }: Entry, units: readonly ListedUnit[]): readonly Finding[] {
  const { asked, ended } = entry.times;
  const outside = units.filter(
    ({ finished }) => finished !== null && (finished < asked || finished > (ended ?? finished)),
  );
  return outside.slice(0, 1).map(({ unit, finished }) => ({
    what: `${entry.units?.file ?? ""}: unit ${unit.slice(0, 12)}`,
    expected: `computed between ${asked}, when its request was written down, and ${ended ?? "the end of its run"}`,
    found: finished ?? "",
  }));
}

/**
 * Parts of the record that are not what was written with the entry that fits it best: the last one written, whatever the
 * clock said. null where no entry knows them.
 */
function partFindings(entries: readonly Entry[], record: RunRecord): readonly Finding[] | null {
  const now = partDigests(record);
  const differing = entries.flatMap(({ entry: { parts } }) => {
    if (parts === null) return [];
    const keys = [...new Set([...Object.keys(parts), ...Object.keys(now)])];
    return [
      keys
        .filter((key) => parts[key] !== now[key])
        .map((key) => ({
          what: `record.json: ${key}`,
          expected: parts[key] ?? "nothing",
          found: now[key] ?? "nothing",
        })),
    ];
  });
  const [first, ...others] = differing.reverse();
  if (first === undefined) return null;
  return others.reduce((best, own) => (own.length < best.length ? own : best), first);
}

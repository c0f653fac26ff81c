/** `atlasc verify`. */
import type { TableData } from "../runtime/report/table-data.js";
import { textColumn } from "../runtime/report/table-data.js";
import { listOf } from "../runtime/report/sentences.js";
import { renderTextTable, wrapWords } from "../runtime/report/text-table.js";
import { verifyRun, type Finding, type VerifyOutcome } from "../runtime/verify-run.js";
import { exitCodes } from "./exit-codes.js";
import { output } from "./screen.js";
import { printRejection } from "./source.js";
import { counted } from "../compiler/base/counted.js";
import { tableOptions } from "./terminal.js";

export async function verifyCommand(
  run: string,
  options: { readonly runs: string; readonly rerun?: number; readonly seed?: number; readonly json: boolean },
): Promise<number> {
  const outcome = await verifyRun(run, options);
  if (outcome.kind === "missing") {
    printRejection(outcome.diagnostics, new Map(), options.json);
    return exitCodes.wrongInput;
  }
  const { folder, looked, findings, notes, rerun } = outcome;
  if (options.json)
    output.json({ folder: folder.folder, agrees: findings.length === 0, looked, findings, notes, rerun });
  else output.text(verifyText(outcome));
  return findings.length === 0 ? exitCodes.done : exitCodes.wrongInput;
}

function verifyText({ folder, looked, findings, notes, rerun }: Extract<VerifyOutcome, { kind: "verified" }>): string {
  const options = tableOptions();
  const wrapped = (text: string): string => wrapWords(text, options.width).join("\n");
  const verdict =
    findings.length === 0
      ? "Everything that was checked agrees with the record."
      : `${counted(findings.length, "thing")} ${findings.length === 1 ? "does" : "do"} not agree with the record.`;
  return [
    wrapped(`${folder.folder}: checked ${listOf(looked)}.`),
    ...(rerun === null || rerun.units.length === 0 ? [] : [wrapped(rerunText(rerun))]),
    ...(findings.length === 0 ? [] : [renderTextTable(findingTable(findings), options)]),
    ...notes.map((note) => wrapped(`note: ${note}`)),
    verdict,
  ].join("\n\n");
}

function rerunText({ seed, units }: NonNullable<Extract<VerifyOutcome, { kind: "verified" }>["rerun"]>): string {
  const same = units.filter((unit) => unit.same).length;
  const largest = units.reduce<number>((most, own) => Math.max(most, own.largest ?? Infinity), 0);
  const difference =
    same === units.length
      ? ""
      : `; the largest difference is ${Number.isFinite(largest) ? largest.toExponential(2) : "not a number"}`;
  return `Computed ${counted(units.length, "unit")} again in a fresh engine (seed ${seed}): ${same} of ${units.length} the same to the last bit${difference}.`;
}

function findingTable(findings: readonly Finding[]): TableData {
  return {
    title: "",
    columns: ["what", "expected", "found"].map(textColumn),
    rows: findings.map((finding) =>
      [finding.what, short(finding.expected), short(finding.found)].map((value) => ({ value, reason: null })),
    ),
    note: null,
    warnings: [],
  };
}

/** Digests are known by their first digits; --json has all of them. */
function short(text: string): string {
  return text.replace(/\b[0-9a-f]{64}\b/g, (digest) => `${digest.slice(0, 12)}…`);
}

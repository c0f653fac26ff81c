/** `atlasc run`. */
import { relative } from "node:path";
import { diagnostic } from "../compiler/diagnostics/create.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { verdictLine } from "../runtime/decisions.js";
import { remarkLine } from "../runtime/remarks.js";
import { renderSummary } from "../runtime/report/summary.js";
import { runProtocol, type RunEvents, type RunOutcome } from "../runtime/run.js";
import { runEvicting } from "../runtime/run-evicting.js";
import type { RunRecord } from "../runtime/store/record.js";
import { createDownload } from "../runtime/hub/download-models.js";
import { hubEviction } from "../runtime/hub/evict.js";
import { createDownloadDisplay } from "./download-display.js";
import { exitCodes } from "./exit-codes.js";
import { planSettings, type CommonOptions } from "./options.js";
import { faultJson, outcomeJson, rejectedJson } from "./outcome-json.js";
import { createProgress } from "./progress.js";
import { messages, output } from "./screen.js";
import { isSource, printRejection, readProtocol, standardInput } from "./source.js";
import { counted } from "../compiler/base/counted.js";
import { printDiagnostics, tableOptions } from "./terminal.js";
import { workDone } from "./work-done.js";

/**
 * A run of less takes some seconds on two cores, and measuring the machine, which takes half a second, would be a good
 * part of that.
 */
const estimateFromFlops = 1e12;

export async function runCommand(
  file: string,
  options: CommonOptions & { runs: string; evict: boolean; json: boolean },
): Promise<number> {
  const source = file === standardInput ? unnamed() : await readProtocol(file);
  if (!isSource(source)) {
    if (options.json) output.json(rejectedJson([source], new Map()));
    else printRejection([source], new Map(), false);
    return exitCodes.wrongInput;
  }
  const progress = createProgress();
  const display = createDownloadDisplay();
  const download = createDownload(display);
  const controller = new AbortController();
  let planned = false;
  const interrupt = (): void => {
    // Before the run there is nothing to keep, and a second signal means now: what is finished is on the disk.
    if (!planned || controller.signal.aborted) {
      display.end();
      progress.end();
      process.exit(exitCodes.interrupted);
    }
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    const settings = {
      ...planSettings(options),
      runs: options.runs,
      download,
      estimateFromFlops,
      signal: controller.signal,
    };
    const events: RunEvents = {
      onPlanned: ({ warnings, loaded }) => {
        planned = true;
        if (!options.json) printDiagnostics(warnings, loaded.sources);
      },
      onProgress: progress.show,
    };
    const outcome = options.evict
      ? await runEvicting(source, settings, events, { ...hubEviction(), say: display.say })
      : await runProtocol(source, settings, events);
    progress.end();
    return options.json ? printJson(outcome) : printOutcome(outcome);
  } catch (error) {
    // Whoever asked for JSON gets some; the sentence for people follows on standard error.
    if (options.json) output.json(faultJson(messageOf(error)));
    throw error;
  } finally {
    display.end();
    progress.end();
    await download.end();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function exitCodeOf(outcome: RunOutcome): number {
  if (outcome.kind === "rejected") return exitCodes.wrongInput;
  if (outcome.summary.status === "interrupted") return exitCodes.interrupted;
  return outcome.summary.status === "failed" ? exitCodes.fault : exitCodes.done;
}

/** A path as it is shortest to type from here. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith("..") ? path : near;
}

function printOutcome(outcome: RunOutcome): number {
  if (outcome.kind === "rejected") {
    printDiagnostics(outcome.diagnostics, outcome.loaded.sources);
    return exitCodes.wrongInput;
  }
  const { folder, record, summary, written, planned, notes, parts } = outcome;
  const figures = written.files.filter((f) => f.path.endsWith(".png"));
  const text = renderSummary(
    {
      title: planned.loaded.source.path,
      status: written.status,
      studies: written.studies,
      selections: record.selections,
      decisions: written.decisions,
      tables: written.tables,
      warnings: notes,
      files: [
        { label: "report", path: shown(written.report) },
        { label: "results", path: shown(folder.results) },
        { label: "record", path: shown(folder.record) },
        ...figures.map((f) => ({ label: "figure", path: shown(`${folder.folder}/${f.path}`) })),
        ...written.files
          .filter((f) => f.kind === "saved")
          .map((f) => ({ label: "saved", path: shown(`${folder.folder}/${f.path}`) })),
      ],
    },
    tableOptions(),
  );
  const remark = remarkLine(summary.status, parts);
  const verdicts = verdictLine(record.decisions);
  const ending = [workDone(summary, record.estimate), verdicts, remark].filter((line) => line !== null).join("\n");
  output.text(`${text}\n\n${ending}`);
  for (const line of faultLines(record)) messages.line(line);
  if (summary.status === "interrupted") {
    messages.line(
      `Interrupted with ${counted(summary.units.left, "unit")} left. What is finished is kept: run it again to go on.`,
    );
  } else if (summary.status === "failed") {
    messages.line("What is finished is kept: run it again to compute only what is missing.");
  }
  return exitCodeOf(outcome);
}

/** Units that a line names; the record has all of them. */
const namedUnits = 3;

/** What failed, a line for each cause with the units that it took. */
function faultLines(record: RunRecord): readonly string[] {
  const units = new Map<string, (string | null)[]>();
  for (const { unit, message } of record.faults) units.set(message, [...(units.get(message) ?? []), unit]);
  return [...units].map(([message, all]) => {
    const names = all.filter((unit) => unit !== null).map((unit) => unit.slice(0, 12));
    if (names.length === 0) return `error: ${message}`;
    const more = names.length > namedUnits ? ` and ${names.length - namedUnits} more` : "";
    const which = `unit${names.length === 1 ? "" : "s"} ${names.slice(0, namedUnits).join(", ")}${more}`;
    return `error: ${which} without a result: ${message}`;
  });
}

function printJson(outcome: RunOutcome): number {
  output.json(outcomeJson(outcome));
  return exitCodeOf(outcome);
}

function unnamed(): Diagnostic {
  const problem = "a run is kept under the name of its file, and standard input has none";
  return diagnostic("A5005", null, { path: standardInput, problem }, { hint: "save it; atlasc check - reads it" });
}

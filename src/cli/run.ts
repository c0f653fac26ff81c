/** `atlasc run`. */
import { relative } from "node:path";
import { conditionNotes } from "../runtime/recorded.js";
import { renderSummary } from "../runtime/report/summary.js";
import { runProtocol, type RunOutcome } from "../runtime/run.js";
import { exitCodes } from "./failure.js";
import { engineOptions, type CommonOptions } from "./options.js";
import { createProgress } from "./progress.js";
import { readProtocol } from "./source.js";
import { printDiagnostics, tableOptions } from "./terminal.js";
import { toJson } from "../compiler/diagnostics/render.js";

export async function runCommand(
  file: string,
  options: CommonOptions & { runs: string; json: boolean },
): Promise<number> {
  const source = await readProtocol(file);
  if (source === null) return exitCodes.wrongInput;
  const controller = new AbortController();
  const interrupt = (): void => {
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const progress = createProgress();
  try {
    const outcome = await runProtocol(
      source,
      {
        runs: options.runs,
        overrides: options.set,
        memoryBudget: options.memory,
        engine: engineOptions(options),
        signal: controller.signal,
      },
      {
        onPlanned: (planned) => {
          if (!options.json) printDiagnostics(planned.warnings, planned.loaded.sources);
        },
        onProgress: progress.show,
      },
    );
    progress.end();
    return options.json ? printJson(outcome) : printOutcome(outcome);
  } finally {
    progress.end();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
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
  const { folder, record, summary, written, assembled, planned } = outcome;
  const { computed, reused, left } = summary.units;
  const figures = written.files.filter((f) => f.path.endsWith(".png"));
  const text = renderSummary(
    {
      title: planned.loaded.source.path,
      status: written.status,
      studies: written.studies,
      tables: written.tables,
      warnings: conditionNotes(assembled),
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
  process.stdout.write(`${text}\n\n`);
  const rows = summary.rowsComputed === 1 ? "1 row" : `${summary.rowsComputed} rows`;
  process.stdout.write(
    computed === 0 && left === 0
      ? `Nothing to compute: all ${reused} units were finished before.\n`
      : `${computed} units computed (${rows}) and ${reused} reused in ${summary.seconds.toFixed(1)} s.\n`,
  );
  if (summary.status === "interrupted") {
    process.stderr.write(`Interrupted with ${left} units left; what is finished is kept. Run it again to continue.\n`);
  }
  for (const fault of record.faults) {
    process.stderr.write(
      `fault${fault.unit === null ? "" : ` in unit ${fault.unit.slice(0, 12)}`}: ${fault.message}\n`,
    );
  }
  return exitCodeOf(outcome);
}

function printJson(outcome: RunOutcome): number {
  const value =
    outcome.kind === "rejected"
      ? {
          status: "rejected",
          diagnostics: outcome.diagnostics.map((d) => toJson(d, (path) => outcome.loaded.sources.get(path))),
        }
      : {
          status: outcome.summary.status,
          digest: outcome.planned.digest,
          folder: outcome.folder.folder,
          record: outcome.folder.record,
          results: outcome.folder.results,
          report: outcome.written.report,
          units: outcome.summary.units,
          seconds: outcome.summary.seconds,
          warnings: outcome.record.warnings,
          faults: outcome.record.faults,
          outputs: outcome.written.files,
        };
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  return exitCodeOf(outcome);
}

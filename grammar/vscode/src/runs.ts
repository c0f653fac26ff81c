/** Runs of protocols, each with its panel. */
import { resolve } from "node:path";
import * as vscode from "vscode";
import { lastReport } from "./last-report.js";
import { readOutcome, type Problem } from "./outcome.js";
import type { PageMessage } from "./panel-state.js";
import { neededAtlasc, type Target } from "./protocols.js";
import { openPanel, type ResultsPanel } from "./results-panel.js";
import { startRun, type Ended, type RunProcess } from "./run-process.js";

export interface Runs {
  readonly run: (target: Target) => Promise<void>;
  readonly showLastReport: (target: Target) => Promise<void>;
  /** The report in the panel that is looked at; null for none. */
  readonly shownReport: () => string | null;
  readonly dispose: () => void;
}

/** A protocol's panel, and its run while it runs. */
interface Seat {
  readonly panel: ResultsPanel;
  target: Target;
  process: RunProcess | null;
  problems: readonly Problem[];
  stop: () => void;
}

export function createRuns(extension: vscode.Uri): Runs {
  const seats = new Map<string, Seat>();

  function seatOf(target: Target): Seat {
    const key = target.uri.toString();
    const known = seats.get(key);
    if (known !== undefined) {
      known.target = target;
      known.panel.reveal();
      return known;
    }
    const panel = openPanel(extension, target.name, {
      message: (message) => void answer(seat, message),
      close: () => {
        // Nobody could stop it any more. What is finished is kept.
        seat.process?.stop();
        seats.delete(key);
      },
    });
    const seat: Seat = { panel, target, process: null, problems: [], stop: () => undefined };
    seats.set(key, seat);
    return seat;
  }

  async function answer(seat: Seat, message: PageMessage): Promise<void> {
    if (message.kind === "stop") seat.stop();
    else if (message.kind === "again") await run(seat.target);
    else if (message.kind === "show") await showPlace(seat.target, seat.problems[message.index]);
  }

  async function run(target: Target): Promise<void> {
    const launch = await neededAtlasc(target.folder);
    if (launch === null) return;
    const seat = seatOf(target);
    if (seat.process !== null) return;
    const state = { kind: "running" as const, title: `Running ${target.name}`, since: Date.now() };
    let [progress, stopping] = [null as Parameters<Parameters<typeof startRun>[3]>[0] | null, false];
    const show = (): void => {
      seat.panel.show({ ...state, progress, stopping });
    };
    const args = ["run", target.name, "--json", "--runs", target.runs, ...target.runArguments];
    const process = startRun(launch, args, target.folder, (next) => {
      progress = next;
      show();
    });
    seat.process = process;
    seat.stop = () => {
      process.stop();
      stopping = true;
      show();
    };
    show();
    const ended = await process.ended;
    seat.process = null;
    // The panel may have been closed meanwhile.
    if (seats.get(target.uri.toString()) === seat) await showEnd(seat, ended);
  }

  async function showEnd(seat: Seat, { exitCode, stdout, messages }: Ended): Promise<void> {
    const { panel, target } = seat;
    const outcome = readOutcome(stdout);
    if (outcome?.kind === "ran") {
      try {
        await panel.showReport(outcome.report);
      } catch (error) {
        panel.show({ kind: "ended", title: "The report cannot be read", note: String(error), problems: [], lines: [] });
      }
      if (outcome.status === "interrupted") {
        void vscode.window.showInformationMessage(`${target.name} was stopped. Run it again to go on.`);
      } else if (outcome.status === "failed") {
        void vscode.window.showErrorMessage(
          `${target.name} failed in part: ${messages.at(-1) ?? "the report says why"}`,
        );
      }
      return;
    }
    const problems = outcome?.kind === "rejected" ? outcome.problems : [];
    seat.problems = problems;
    const wasStopped = exitCode === 130 || exitCode === null;
    panel.show({
      kind: "ended",
      title: `${target.name} ${problems.length > 0 ? "was not run" : wasStopped ? "was stopped" : "failed"}`,
      note: problems.length > 0 ? "Nothing runs before these are gone." : "",
      problems,
      lines: outcome?.kind === "failed" ? outcome.messages : problems.length > 0 ? [] : messages,
    });
  }

  return {
    run,
    async showLastReport(target) {
      const report = lastReport(target.runs, target.name);
      if (report === null) {
        const chosen = await vscode.window.showInformationMessage(`${target.name} has not been run yet.`, "Run");
        if (chosen === "Run") await run(target);
        return;
      }
      await seatOf(target).panel.showReport(report);
    },
    shownReport: () => [...seats.values()].find(({ panel }) => panel.isActive())?.panel.report() ?? null,
    dispose: () => {
      for (const { process } of seats.values()) process?.stop();
    },
  };
}

/** Shows where a mistake is. Paths of files start where atlasc was started. */
async function showPlace({ folder }: Target, problem: Problem | undefined): Promise<void> {
  const place = problem?.place ?? null;
  if (place === null) return;
  const at = new vscode.Position(place.line - 1, place.column - 1);
  await vscode.window.showTextDocument(vscode.Uri.file(resolve(folder, place.file)), {
    viewColumn: vscode.ViewColumn.One,
    selection: new vscode.Range(at, at),
  });
}

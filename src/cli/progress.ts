/** Progress of a run: a bar with rate and time left on a terminal, a quiet line now and then in a pipe. */
import { SingleBar } from "cli-progress";
import type { ExecutionProgress } from "../runtime/execution.js";
import { formatSeconds } from "../runtime/report/format.js";
import { messages } from "./screen.js";

export interface ProgressDisplay {
  readonly show: (progress: ExecutionProgress) => void;
  /** Takes the bar away; later calls do nothing. */
  readonly end: () => void;
}

/** A line in a pipe at most this often: enough to see that it lives, not enough to fill a log. */
const usualSeconds = 10;

/** What `ATLASC_PROGRESS_SECONDS` says of it: a program that shows progress to somebody wants lines more often. */
export function secondsBetweenLines(): number {
  const given = Number.parseFloat(process.env["ATLASC_PROGRESS_SECONDS"] ?? "");
  return given >= 0 ? given : usualSeconds;
}

/** Time that is left, in whole seconds: `40 s`, `3 min 05 s`. */
export function timeLeftText(seconds: number): string {
  return seconds < 10 ? `${Math.ceil(seconds)} s` : formatSeconds(seconds);
}

/** A bar whose text takes up to `room` columns. It writes to the terminal by itself, because it moves the cursor. */
export function terminalBar(stream: NodeJS.WriteStream, format: string, room: number): SingleBar {
  return new SingleBar({
    stream,
    clearOnComplete: true,
    hideCursor: true,
    gracefulExit: false,
    barCompleteChar: "━",
    barIncompleteChar: "─",
    barsize: Math.max(10, Math.min(40, ((stream as { readonly columns?: number }).columns ?? 80) - room)),
    format,
  });
}

/** `12 s left`, or that it is too early to say. */
function timeLeft({ done, total, secondsLeft, phase }: ExecutionProgress): string {
  if (phase !== null) return phase;
  if (done === total) return "done";
  return secondsLeft === null ? "estimating" : `${timeLeftText(secondsLeft)} left`;
}

/** Rows per second of what is computed; rows that were finished before cost no time and do not count. */
function pace(): (progress: ExecutionProgress) => number {
  let before: Pick<ExecutionProgress, "reused" | "rows"> = { reused: 0, rows: 0 };
  let computed = 0;
  return (progress) => {
    if (progress.reused === before.reused) computed += progress.rows - before.rows;
    before = progress;
    return progress.secondsElapsed > 0 ? Math.round(computed / progress.secondsElapsed) : 0;
  };
}

/** Display on standard error, so that standard output holds only results. */
export function createProgress(): ProgressDisplay {
  return process.stderr.isTTY ? barDisplay(process.stderr) : lineDisplay();
}

function barDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const bar = terminalBar(stream, "{bar} {percentage}%  {value}/{total} units  {rate} rows/s  {left}", 48);
  const rateOf = pace();
  let started = false;
  let ended = false;
  return {
    show(progress) {
      if (ended || progress.total === 0) return;
      const payload = { rate: rateOf(progress), left: timeLeft(progress) };
      if (started) bar.update(progress.done, payload);
      else bar.start(progress.total, progress.done, payload);
      started = true;
    },
    end() {
      if (started && !ended) bar.stop();
      ended = true;
    },
  };
}

function lineDisplay(): ProgressDisplay {
  const seconds = secondsBetweenLines();
  let last = 0;
  let lastPhase: ExecutionProgress["phase"] = null;
  return {
    show(progress) {
      if (progress.phase === lastPhase && progress.secondsElapsed - last < seconds) return;
      // A run of seconds says nothing of its end either.
      lastPhase = progress.phase;
      if (last === 0 && progress.secondsElapsed < seconds) return;
      last = progress.secondsElapsed;
      const { done, total } = progress;
      messages.line(`${done}/${total} units, ${Math.floor((100 * done) / total)}%, ${timeLeft(progress)}`);
    },
    end: () => undefined,
  };
}

/** Whole processes: how long one takes, and how much memory it and its children hold at most. */
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { performance } from "node:perf_hooks";

/**
 * The largest sums over a process and all its descendants that were seen while it ran, in bytes. `resident` counts pages
 * of mapped files (weights that are read in place) and pages that processes share in each of them; `anonymous` is memory
 * that the processes wrote themselves. Sampled, so that a peak shorter than the interval can be missed.
 */
export interface PeakMemory {
  readonly resident: number;
  readonly anonymous: number;
}

export interface ProcessRun {
  /** Wall-clock seconds from before the process is started until it is gone. */
  readonly seconds: number;
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** null where the system has no /proc. */
  readonly memory: PeakMemory | null;
}

export interface ProcessOptions {
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const samplingInterval = 50;

/** Runs a program to its end. Never rejects for what the program does; a program that cannot be started is exit null. */
export function runProcess(
  program: string,
  programArguments: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessRun> {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(program, programArguments, {
      cwd: options.folder,
      env: { ...process.env, NO_COLOR: "1", ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    let memory: PeakMemory | null = null;
    const sampling = setInterval(() => {
      const now = child.pid === undefined ? null : memoryOfTree(child.pid);
      if (now !== null) memory = larger(memory, now);
    }, samplingInterval);
    let ended = false;
    const end = (exitCode: number | null): void => {
      if (ended) return;
      ended = true;
      clearInterval(sampling);
      resolve({ seconds: (performance.now() - started) / 1000, exitCode, stdout, stderr, memory });
    };
    child.once("error", (error) => {
      stderr += error.message;
      end(null);
    });
    child.once("close", end);
  });
}

/** {@link runProcess}, but a program that does not end with 0 is an error that quotes its last lines. */
export async function runToSuccess(
  program: string,
  programArguments: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessRun> {
  const ran = await runProcess(program, programArguments, options);
  if (ran.exitCode === 0) return ran;
  const lastLines = `${ran.stdout}\n${ran.stderr}`.trim().split("\n").slice(-12).join("\n");
  throw new Error(`${[program, ...programArguments].join(" ")} ended with ${String(ran.exitCode)}:\n${lastLines}`);
}

function larger(a: PeakMemory | null, b: PeakMemory): PeakMemory {
  return a === null ? b : { resident: Math.max(a.resident, b.resident), anonymous: Math.max(a.anonymous, b.anonymous) };
}

/** What a process and its descendants hold now; null when it is gone or the system has no /proc. */
function memoryOfTree(processId: number): PeakMemory | null {
  let resident = 0;
  let anonymous = 0;
  let found = false;
  const waiting = [processId];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    try {
      const status = readFileSync(`/proc/${next}/status`, "utf8");
      resident += kilobytes(status, "VmRSS") * 1024;
      anonymous += kilobytes(status, "RssAnon") * 1024;
      found = true;
      // Each thread lists the children that it started itself.
      for (const thread of readdirSync(`/proc/${next}/task`)) {
        const children = readFileSync(`/proc/${next}/task/${thread}/children`, "utf8").trim();
        if (children !== "") waiting.push(...children.split(" ").map(Number));
      }
    } catch {
      // A process or thread that ended between two reads holds nothing any more.
    }
  }
  return found ? { resident, anonymous } : null;
}

function kilobytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
}

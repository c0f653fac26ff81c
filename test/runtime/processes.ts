import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { EngineInfo } from "../../src/runtime/engine/messages.js";

/** A folder of this test's own, removed at its end. */
export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "atlasc-test-"));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The process that an engine is. */
export function processOf({ processId }: EngineInfo): number {
  if (processId === null) throw new Error("the engine is no process of this machine");
  return processId;
}

export interface Program {
  readonly process: ChildProcess;
  /** Standard output, line by line, as it comes. */
  readonly lines: string[];
  /** Resolves when a line that fits has come; rejects when the program ends first. */
  line(fits: (line: string) => boolean): Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts one of the helper programs beside the tests, under the loader that this test runs under. */
export function startProgram(name: string, args: readonly string[]): Program {
  const suffix = extname(fileURLToPath(import.meta.url));
  const path = fileURLToPath(new URL(`./programs/${name}${suffix}`, import.meta.url));
  const loader = process.execArgv.filter((_, i) => isLoaderArgument(i));
  const child = spawn(process.execPath, [...loader, path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    tell();
  });
  let over = false;
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("close", (code, signal) => {
      over = true;
      tell();
      resolve({ code, signal });
    });
  });
  const line = (fits: (line: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find(fits);
        if (found === undefined && !over) return;
        listeners.delete(look);
        if (found === undefined) reject(new Error(`${name} ended; it said:\n${lines.join("\n")}`));
        else resolve(found);
      };
      listeners.add(look);
      look();
    });
  return { process: child, lines, line, ended };
}

function isLoaderArgument(index: number): boolean {
  const names = ["--import", "--require", "-r", "--loader"];
  const argument = process.execArgv[index] ?? "";
  return names.some(
    (name) => argument === name || argument.startsWith(`${name}=`) || process.execArgv[index - 1] === name,
  );
}

/** Waits until something is true; rejects with `what` after `seconds`. */
export async function until(what: string, check: () => boolean, seconds = 10): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  while (!check()) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await sleep(20);
  }
}

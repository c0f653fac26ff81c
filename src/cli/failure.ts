/** Faults of a run, as the command line tells them: what failed and where, never a stack trace (unless it is our bug). */
import { EngineFault } from "../runtime/engine/fault.js";
import { reasonOf, StoreFault } from "../runtime/store/fault.js";
import { LockHeldFault } from "../runtime/store/lock.js";
import { recordAdvice, RecordFault } from "../runtime/store/record-fault.js";
import { exitCodes } from "./exit-codes.js";
import { messages } from "./screen.js";

const systemCalls: Readonly<Record<string, string>> = { mkdir: "make the folder", scandir: "list the folder" };

/** A fault of the disk, in a sentence; null for every other error. */
function systemFault(error: unknown): string | null {
  if (!(error instanceof Error) || !("syscall" in error)) return null;
  const call = String(error.syscall);
  const path = "path" in error ? ` ${String(error.path)}` : "";
  return `cannot ${systemCalls[call] ?? call}${path}: ${reasonOf(error)}`;
}

/** What a fault says to a user, in a line; null for an error that only a bug of ours can have caused. */
function faultText(error: unknown): string | null {
  if (error instanceof LockHeldFault) return `${error.message}: the same protocol is being run there right now`;
  if (error instanceof StoreFault) return error.message;
  return systemFault(error);
}

/** Prints a fault to standard error and returns the exit code. */
export function reportFailure(error: unknown): number {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const line = faultText(error);
  if (line !== null) messages.line(`atlasc: ${line}`);
  else if (error instanceof RecordFault) {
    messages.line(`atlasc: ${error.path} is not a valid record:`);
    for (const problem of error.problems) messages.line(`  ${problem}`);
    messages.line(recordAdvice);
  } else if (error instanceof EngineFault) messages.text(`atlasc: ${error.message}`);
  else messages.text(`atlasc: this is a bug in atlasc, please report it\n${stack}`);
  return exitCodes.fault;
}

/** Faults of a run, as the command line tells them: what failed and where, never a stack trace (unless it is our bug). */
import { EngineFault } from "../runtime/engine/fault.js";
import { StoreFault } from "../runtime/store/fault.js";
import { LockHeldFault } from "../runtime/store/lock.js";
import { RecordFault } from "../runtime/store/record.js";

/** Exit codes of every command. */
export const exitCodes = { done: 0, wrongInput: 1, fault: 2, interrupted: 130 } as const;

/** Prints a fault to standard error and returns the exit code. */
export function reportFailure(error: unknown): number {
  const known =
    error instanceof EngineFault ||
    error instanceof StoreFault ||
    error instanceof LockHeldFault ||
    error instanceof RecordFault;
  const text = error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
  const prefix = known ? "atlasc: " : "atlasc: this is a bug in atlasc, please report it\n";
  process.stderr.write(`${prefix}${text}\n`);
  return exitCodes.fault;
}

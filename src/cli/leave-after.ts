/** How a command ends that did not end by itself. */
import { CommanderError } from "commander";
import { reportFailure } from "./failure.js";
import { leaveWith } from "./screen.js";

/** Reports an error, unless the command line's own library has, and sets the exit code. */
export function leaveAfter(error: unknown): void {
  leaveWith(error instanceof CommanderError ? error.exitCode : reportFailure(error));
}

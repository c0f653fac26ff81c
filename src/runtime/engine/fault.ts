import type { RequestFailure } from "./messages.js";

/**
 * What went wrong with an engine. `start`: the child did not come up. `exit`: it ended by itself (crash, killed for
 * memory …) while it had work or was asked for some. `stopped`: `stop()` or `restart()` ended it on purpose. The other
 * three are failures of one request; the child lives on.
 */
export type EngineFaultKind = "start" | "exit" | "stopped" | RequestFailure;

/** How a child ended. Code and signal are null for an engine that is no process of this machine. */
export interface EngineExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last kilobytes of what the child wrote to its standard error and output. */
  readonly lastWords: string;
}

/** An engine's failure. `exit` is set when the child has ended. */
export class EngineFault extends Error {
  readonly kind: EngineFaultKind;
  readonly exit: EngineExit | null;

  constructor(kind: EngineFaultKind, message: string, exit: EngineExit | null = null) {
    super(message);
    this.name = "EngineFault";
    this.kind = kind;
    this.exit = exit;
  }
}

/** `the engine was ended by SIGKILL` and the last telling line it wrote: one sentence for reports. */
export function exitText(exit: EngineExit): string {
  const how = exit.signal === null ? `ended with exit code ${String(exit.code)}` : `was ended by ${exit.signal}`;
  const hint = exit.signal === "SIGKILL" ? " (the system does this when memory runs out)" : "";
  const lines = exit.lastWords.trim().split("\n");
  // After an error of its own node writes a stack and its version; the line with the error is further up.
  const last = lines.findLast((line) => /error|exception|terminate called|fatal/i.test(line)) ?? lines.at(-1) ?? "";
  return `the engine ${how}${hint}${last === "" ? "" : `; it last wrote: ${last}`}`;
}

#!/usr/bin/env node
/** The command: what catches faults is there before anything is loaded that could have one. */

import { setFlagsFromString } from "node:v8";

// Most commands are over before code that V8 optimises early has been worth it: a quarter of their processor time. Later versions
// of V8 have other rules, and no such flag.
if (process.versions.v8.startsWith("11.")) setFlagsFromString("--interrupt-budget=600000");

/** As in `exit-codes.ts`, which cannot be loaded when nothing can. */
const fault = 2;

async function leaveAfter(error: unknown): Promise<void> {
  try {
    const { leaveAfter: leave } = await import("./leave-after.js");
    leave(error);
  } catch (second) {
    // An installation with files missing, or too many files open: nothing is there that could say it better.
    process.exitCode = fault;
    process.stderr.write(`atlasc: cannot load its own files: ${JSON.stringify(String(second))}\n`);
  }
}

// A fault that no command expected. Node would leave with 1, which says that the input is wrong.
process.on("uncaughtException", (error) => {
  void leaveAfter(error).finally(() => process.exit());
});

try {
  const { runProgram } = await import("./program.js");
  await runProgram();
} catch (error) {
  await leaveAfter(error);
}

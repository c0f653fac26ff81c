/** The machine and the versions of everything that was measured. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Machine } from "./results.js";
import { root, type Settings } from "./settings.js";

function versionOf(packageFolder: string): string {
  const { version } = JSON.parse(readFileSync(join(root, packageFolder, "package.json"), "utf8")) as {
    readonly version: string;
  };
  return version;
}

/** `peers` are versions of Python packages, as the peers told them. */
export function machineOf(settings: Settings, peers: Readonly<Record<string, string>>): Machine {
  return {
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    threads: settings.threads,
    versions: {
      atlasc: versionOf("."),
      node: process.version.slice(1),
      "onnxruntime-node": versionOf("node_modules/onnxruntime-node"),
      ...peers,
    },
  };
}

/**
 * Share of all cores that is in use during a second in which this process waits: what others do with the machine. Times
 * are worth nothing where it is not close to 0, and those of programs that wait for each other's threads least of all.
 */
export async function busyShare(): Promise<number> {
  const count = (): { idle: number; all: number } => {
    const times = cpus().map((cpu) => cpu.times);
    const idle = times.reduce((sum, time) => sum + time.idle, 0);
    return { idle, all: times.reduce((sum, time) => sum + time.user + time.nice + time.sys + time.irq, idle) };
  };
  const before = count();
  await setTimeout(1000);
  const after = count();
  return after.all === before.all ? 0 : 1 - (after.idle - before.idle) / (after.all - before.all);
}

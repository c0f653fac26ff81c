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
    processor: processorText(),
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

/** Vector units that decide how fast matrices are multiplied, as /proc/cpuinfo names them. */
const vectorUnits: Readonly<Record<string, string>> = { amx_tile: "AMX", avx512f: "AVX-512", avx2: "AVX2" };

/**
 * The processor with what tells two of one name apart: virtual machines hide the model behind the name of its family.
 */
function processorText(): string {
  const name = cpus()[0]?.model.trim() ?? "unknown";
  if (process.platform !== "linux") return name;
  const lines = readFileSync("/proc/cpuinfo", "utf8").split("\n");
  const field = (key: string): string =>
    lines
      .find((line) => line.split(":")[0]?.trim() === key)
      ?.split(":")[1]
      ?.trim() ?? "";
  const flags = new Set(field("flags").split(" "));
  const units = Object.keys(vectorUnits).find((flag) => flags.has(flag));
  const model = field("model") === "" ? [] : [`family ${field("cpu family")} model ${field("model")}`];
  const parts = [...model, ...(units === undefined ? [] : [vectorUnits[units] ?? ""])];
  return parts.length === 0 ? name : `${name}, ${parts.join(", ")}`;
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

/** What a record says of how its run was planned, to plan it once more. */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { passNames, type PassName } from "../compiler/passes/names.js";
import { backendNamed } from "./engine/backends/index.js";
import type { PlanSettings } from "./plan-run.js";
import type { RunRecord } from "./store/record.js";
import type { RunFolder } from "./store/run-folder.js";

/** The settings that the record was planned with; or why they cannot be had here. */
export function settingsOf({ overrides, planning, execution }: RunRecord): PlanSettings | string {
  const backend = backendNamed(execution.device);
  if (backend === null) return "no device of this atlasc";
  const { threads, optimisation, prepacking, tf32, compute } = execution;
  const known = (name: string): name is PassName => (passNames as readonly string[]).includes(name);
  return {
    overrides: new Map(Object.entries(overrides).map(([name, value]) => [name, String(value)])),
    memoryBudget: planning?.memoryBudget ?? 2 ** 30,
    passes: planning === null ? passNames : planning.passes.filter(known),
    ...(planning?.graphWork == null ? {} : { graphWork: planning.graphWork }),
    ...(planning?.chunkedFrom == null ? {} : { chunkedFrom: planning.chunkedFrom }),
    engine: { backend, threads, optimisation, prepacking, tf32, ...(compute === undefined ? {} : { compute }) },
    verifyPasses: false,
    verifyWeights: true,
  };
}

/** Where the protocol lies, from which its own paths start: as it was written, or from the folder in which `runs` lies. */
export function protocolPath({ folder }: RunFolder, { protocol: { path } }: RunRecord): string {
  if (isAbsolute(path) || existsSync(path)) return path;
  const beside = join(folder, "..", "..", "..", path);
  return existsSync(dirname(beside)) ? beside : path;
}

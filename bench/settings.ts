/** What one invocation of the benchmark was asked to do. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { partNames, type PartName } from "./results.js";

export interface Settings {
  readonly parts: readonly PartName[];
  /** Write the report from what the work folder holds. */
  readonly report: boolean;
  /** Models, runs and results of the benchmark; outside the repository. */
  readonly work: string;
  readonly python: string;
  /** Folders with TransformerLens 2.x and with 3.x or 4.x, for PYTHONPATH; null: what `python` has itself. */
  readonly lens2: string | null;
  readonly lens4: string | null;
  readonly threads: number;
  readonly rounds: number;
  readonly quick: boolean;
}

/** The nearest folder above this file with a package.json. */
export const root: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
})();

export const usage = `npm run bench -- [options]

  --only 1a,2       parts to measure: ${partNames.join(", ")} (default: all; the distance to the limit is part of each)
  --report          only write the reports from what was measured into the work folder
  --python PATH     Python with the packages of bench/requirements.txt (default: bench/.venv/bin/python)
  --lens-2 FOLDER   TransformerLens 2.x (default: transformer-lens-2 beside the Python's bin/, if it is there)
  --lens-4 FOLDER   TransformerLens 3.x or 4.x (default: what the Python has)
  --work FOLDER     models, runs and results (default: atlasc-bench in the folder for temporary files)
  --threads N       threads of every program (default: 2)
  --rounds N        how often each program is measured, in turns (default: 1)
  --quick           small shapes, to see that everything works; the report is not written
`;

/** Settings from the command line, or what is wrong with it. */
export function settingsFrom(words: readonly string[]): Settings | string {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...words],
      options: {
        only: { type: "string" },
        report: { type: "boolean", default: false },
        python: { type: "string" },
        "lens-2": { type: "string" },
        "lens-4": { type: "string" },
        work: { type: "string" },
        threads: { type: "string", default: "2" },
        rounds: { type: "string", default: "1" },
        quick: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (values.help) return "";
  const asked = values.only?.split(",") ?? partNames;
  const unknown = asked.filter((name) => !(partNames as readonly string[]).includes(name));
  if (unknown.length > 0) return `there is no part ${unknown.join(", ")}; the parts are ${partNames.join(", ")}`;
  const [threads, rounds] = [Number(values.threads), Number(values.rounds)];
  if (!Number.isInteger(threads) || threads < 1) return "--threads needs a number of at least 1";
  if (!Number.isInteger(rounds) || rounds < 1) return "--rounds needs a number of at least 1";
  const python = values.python ?? join(root, "bench/.venv/bin/python");
  const besidePython = join(dirname(dirname(python)), "transformer-lens-2");
  return {
    parts: values.report ? [] : partNames.filter((name) => asked.includes(name)),
    report: values.report,
    work: values.work ?? join(tmpdir(), "atlasc-bench"),
    python,
    lens2: values["lens-2"] ?? (existsSync(besidePython) ? besidePython : null),
    lens4: values["lens-4"] ?? null,
    threads,
    rounds,
    quick: values.quick,
  };
}

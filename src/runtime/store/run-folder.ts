import { basename, extname, join } from "node:path";
import { lockFolder, type FolderLock } from "./lock.js";

/** Where everything of one run lies: `<root>/<protocol>/<first 12 of the digest>/`. */
export interface RunFolder {
  readonly folder: string;
  /** record.json: what was asked, with what, and how it went. */
  readonly record: string;
  /** results.parquet: every measured value. */
  readonly results: string;
  /** Tables and figures. */
  readonly outputs: string;
  /** report.html: the whole run for a reader. */
  readonly report: string;
}

/** What else lies in a folder of runs: finished units, pictures, and the pointers to the run that was begun last. */
const takenNames: ReadonlySet<string> = new Set([".units", ".figures", "latest", "latest.txt"]);

/** A protocol's name as a folder name: its file name without suffix, every unusual character replaced. */
export function protocolName(path: string): string {
  const name = basename(path, extname(path)).replace(/[^\p{L}\p{N}._-]+/gu, "-");
  // A name of dots only would be the folder itself or its parent.
  if (/^\.*$/.test(name)) return "protocol";
  return takenNames.has(name.toLowerCase()) ? `${name}-protocol` : name;
}

/**
 * The folder of a run of `protocol` (a path or a name) whose digest is `digest` (64 hexadecimal digits); the same
 * protocol with the same parameters always has the same folder. Touches no disk. Throws RangeError for what is no digest.
 */
export function runFolderOf(root: string, protocol: string, digest: string): RunFolder {
  if (!/^[0-9a-f]{12,}$/.test(digest)) throw new RangeError(`runFolderOf: ${digest} is not a digest`);
  return runFolderAt(join(root, protocolName(protocol), digest.slice(0, 12)));
}

/** What lies where in a folder that is the folder of a run. */
export function runFolderAt(folder: string): RunFolder {
  return {
    folder,
    record: join(folder, "record.json"),
    results: join(folder, "results.parquet"),
    outputs: join(folder, "outputs"),
    report: join(folder, "report.html"),
  };
}

/** Makes the folder and takes it for this process; one process writes in a run folder at a time. See `lockFolder`. */
export function lockRunFolder(run: RunFolder): Promise<FolderLock> {
  return lockFolder(run.folder);
}

/** Where the report of a protocol's last run lies. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { latestName } from "../../../src/runtime/store/latest.js";
import { protocolName, runFolderAt } from "../../../src/runtime/store/run-folder.js";

/** The report of the run that was begun last below a folder of runs; null when there is none. */
export function lastReport(runs: string, protocol: string): string | null {
  const folder = join(runs, protocolName(protocol));
  const { report } = runFolderAt(join(folder, latestFolder(folder)));
  return existsSync(report) ? report : null;
}

/** `latest` is a link, or where there can be none a text file beside it. */
function latestFolder(folder: string): string {
  try {
    return readFileSync(join(folder, `${latestName}.txt`), "utf8").trim();
  } catch {
    return latestName;
  }
}

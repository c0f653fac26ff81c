/** From what a person writes to a run folder: a path, `latest`, a protocol's name, or the first digits of a digest. */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { nearestNames } from "../../compiler/base/suggest.js";
import { errorCode, reasonOf } from "./fault.js";
import { latestName } from "./latest.js";
import { protocolName, runFolderAt, type RunFolder } from "./run-folder.js";

/** A run that was found, or why there is none, with advice. */
export type FoundRun =
  | { readonly kind: "found"; readonly folder: RunFolder }
  | { readonly kind: "missing"; readonly problem: string; readonly hint: string | null };

/**
 * The run that `named` means. In this order: a path of a run folder, or of a folder in which `latest` points to one;
 * `latest`; a protocol, by its name in `runs` or its file (the run of it that was begun last); `PROTOCOL/DIGEST`; the
 * first digits of a digest. Reads and changes nothing else.
 */
export async function findRun(named: string, runs: string): Promise<FoundRun> {
  if (named.trim() === "") return missing("its name is empty", null);
  const kind = await kindOf(named);
  if (kind === "folder") {
    const inside = await runIn(named);
    if (inside !== null) return inside;
    return missing("it is a folder without record.json", await knownRuns(runs, named));
  }
  if (kind === "file" && !named.endsWith(".atlas")) {
    const folder = dirname(named);
    const beside = (await kindOf(join(folder, "record.json"))) === "file" ? folder : null;
    return missing("it is a file, not the folder of a run", beside === null ? null : `name its folder: ${beside}`);
  }
  const protocol = named.endsWith(".atlas") ? protocolName(named) : named;
  const inside = await runIn(join(runs, protocol));
  if (inside !== null) return inside;
  const byDigest = await withDigest(named, runs);
  if (byDigest.length > 1) {
    return missing(`${byDigest.length} runs begin with these digits`, `they are ${byDigest.join(", ")}`);
  }
  const [only] = byDigest;
  if (only !== undefined) return { kind: "found", folder: runFolderAt(join(runs, only)) };
  const where = named.includes("/") || named.includes("\\") ? "there is no such folder" : `there is none in ${runs}`;
  return missing(kind === "file" ? `it was not run into ${runs}` : where, await knownRuns(runs, protocol));
}

function missing(problem: string, hint: string | null): FoundRun {
  return { kind: "missing", problem, hint };
}

async function kindOf(path: string): Promise<"file" | "folder" | null> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch {
    return null;
  }
}

/** The run that a folder is, or that its `latest` points to; null when it is neither. */
async function runIn(folder: string): Promise<FoundRun | null> {
  if ((await kindOf(join(folder, "record.json"))) !== null) {
    return { kind: "found", folder: runFolderAt(await real(folder)) };
  }
  const latest = join(folder, latestName);
  const text = await readFile(`${latest}.txt`, "utf8").catch(() => null);
  const target = (await kindOf(latest)) === "folder" ? latest : text === null ? null : join(folder, text.trim());
  if (target === null || (await kindOf(join(target, "record.json"))) === null) return null;
  return { kind: "found", folder: runFolderAt(await real(target)) };
}

/** Without links on the way, so that what lies beside the folder is found from its path. */
async function real(folder: string): Promise<string> {
  const path = await realpath(folder);
  // As short as it is to type from here, where it lies below the working folder.
  const near = relative(await realpath("."), path);
  return near === "" || near.startsWith("..") || isAbsolute(near) ? path : near;
}

/** Runs as `PROTOCOL/DIGEST` whose digest begins so; at least four digits tell something. */
async function withDigest(digits: string, runs: string): Promise<readonly string[]> {
  if (!/^[0-9a-f]{4,64}$/.test(digits)) return [];
  const names = await runNames(runs);
  return names.filter((name) => basename(name).startsWith(digits.slice(0, 12)));
}

/** Every run in a folder of runs, as `PROTOCOL/DIGEST`. A folder that cannot be listed has none. */
async function runNames(runs: string): Promise<readonly string[]> {
  const protocols = await listed(runs);
  const all = await Promise.all(
    protocols.map(async (protocol) => (await listed(join(runs, protocol))).map((digest) => `${protocol}/${digest}`)),
  );
  return all.flat().filter((name) => /\/[0-9a-f]{12}$/.test(name));
}

async function listed(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === null) throw error;
    return [];
  });
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map((entry) => entry.name);
}

/** Names that a hint lists. */
const namedRuns = 5;

/** What could have been meant, in a hint. */
async function knownRuns(runs: string, named: string): Promise<string> {
  try {
    await readdir(runs);
  } catch (error) {
    return `cannot look in ${runs}: ${reasonOf(error)}; --runs names another folder`;
  }
  const protocols = [...new Set((await runNames(runs)).map((name) => dirname(name)))];
  if (protocols.length === 0) return `there are no runs in ${runs}; --runs names another folder`;
  const [near] = nearestNames(basename(named), protocols);
  if (near !== undefined && near !== basename(named)) return `did you mean ${near}?`;
  const more = protocols.length > namedRuns ? `, and ${protocols.length - namedRuns} more` : "";
  return `in ${runs} are runs of ${protocols.slice(0, namedRuns).join(", ")}${more}`;
}

/** Data sets of the Hub as texts: which parquet files are meant, and their rows. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { FileFact } from "../../compiler/base/file-fact.js";
import { processEnvironment } from "../models/places.js";
import { readNamedFile } from "../read-file.js";
import { sizeText } from "../read-text.js";
import { HubFault } from "./fault.js";
import { cachedCommit, repositoryFolder, snapshotFolder, type RepositoryId } from "./layout.js";
import { isFilePath, isRepositoryName, isRevisionName } from "./repository.js";
import { hubSettings } from "./settings.js";

/** A part of a data set: `hf:datasets/org/name@revision/folder#split`. */
export interface DatasetPart {
  readonly id: RepositoryId;
  readonly revision: string;
  /** A folder of the repository, or one file; null for all of it. */
  readonly inside: string | null;
  readonly split: string | null;
}

/** The part that a name means; null for a name that can be none. */
export function parseDataset(text: string): DatasetPart | null {
  const form = /^hf:datasets\/([^/@#]+\/[^/@#]+)(?:@([^/#]+))?(?:\/([^#]+))?(?:#(.+))?$/;
  const [, name = "", written = "main", inside = null, split = null] = form.exec(text) ?? [];
  // A slash in a revision is written %2F, as in addresses of the Hub.
  const revision = written.replaceAll("%2F", "/");
  if (!isRepositoryName(name) || !isRevisionName(revision) || (inside !== null && !isFilePath(inside))) return null;
  return { id: { kind: "datasets", name }, revision, inside, split };
}

/** The split that a file belongs to: `train` of `train-00000-of-00002.parquet`, or of `train/0000.parquet`. */
function splitOf(path: string): string {
  const parts = path.split("/");
  const name = (parts.at(-1) ?? "").replace(/\.parquet$/i, "");
  const folder = parts.at(-2);
  if (/^(?:\d+|part[-.\d].*)$/.test(name) && folder !== undefined) return folder;
  return name.replace(/-\d{3,}(?:-of-\d+.*)?$/, "");
}

/** What holds a configuration: the folder of the file, without that of the split. */
function configurationOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  return (folders.at(-1) === splitOf(path) ? folders.slice(0, -1) : folders).join("/");
}

/**
 * The parquet files of a part, in the order of their names. Rejects where there are none, and where several splits or
 * configurations could be meant.
 */
export function parquetFiles<T extends { readonly path: string }>(
  files: readonly T[],
  part: DatasetPart,
): readonly T[] {
  const { id, inside, split } = part;
  const parquet = files.filter(({ path }) => /\.parquet$/i.test(path));
  const within = parquet.filter(({ path }) => inside === null || path === inside || path.startsWith(`${inside}/`));
  if (within.length === 0) {
    const folders = [...new Set(parquet.map(({ path }) => configurationOf(path)))];
    const hint =
      parquet.length === 0 && part.revision === "main"
        ? `the Hub may have made some: "hf:datasets/${id.name}@refs%2Fconvert%2Fparquet"`
        : `there are some in ${folders.slice(0, 12).join(", ") || "no folder"}`;
    throw new HubFault("A4032", `${id.name} has no parquet files${inside === null ? "" : ` in ${inside}`}`, hint);
  }
  const splits = [...new Set(within.map(({ path }) => splitOf(path)))];
  // What is not said is not chosen: the cache may hold a part of what the Hub has.
  const wanted = split ?? (inside === within[0]?.path ? splitOf(inside) : null);
  const own = within.filter(({ path }) => splitOf(path) === wanted);
  if (own.length === 0) {
    const problem = wanted === null ? "it does not say which split" : `${id.name} has no split ${wanted}`;
    const named = splits.map((name) => `split "${name}"`).slice(0, 12);
    throw new HubFault("A4032", problem, `write one: ${named.join(", ")}`);
  }
  const configurations = [...new Set(own.map(({ path }) => configurationOf(path)))];
  const isPlain = inside !== null || configurations.every((one) => one === "" || one === "data");
  if (configurations.length > 1 || !isPlain) {
    const named = configurations.map((one) => `"hf:datasets/${id.name}/${one}"`).slice(0, 12);
    throw new HubFault("A4032", "it does not say which configuration", `name one: ${named.join(", ")}`);
  }
  return [...own].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The files of a part that is wholly in the cache, by their paths there; null where one is missing. */
export function cachedDataset(cache: string, part: DatasetPart): readonly string[] | null {
  const folder = repositoryFolder(cache, part.id);
  const commit = cachedCommit(folder, part.revision);
  if (commit === null) return null;
  const snapshot = snapshotFolder(folder, commit);
  if (!existsSync(snapshot)) return null;
  const there = readdirSync(snapshot, { recursive: true, encoding: "utf8" }).map((path) => path.split("\\").join("/"));
  try {
    const files = parquetFiles(
      there.map((path) => ({ path })),
      part,
    ).map(({ path }) => path);
    // Names say of how many files each is one.
    const isWhole = files.every((path) => {
      const count = Number(/-of-0*(\d+)/.exec(path)?.[1] ?? files.length);
      return count === files.length && existsSync(join(snapshot, path));
    });
    return isWhole ? files.map((path) => join(snapshot, path)) : null;
  } catch (error) {
    if (error instanceof HubFault) return null;
    throw error;
  }
}

/** The rows of a part that is in the cache, one JSON object a line, of at most `most` bytes. */
export async function readDataset(name: string, most: number): Promise<FileFact> {
  const part = parseDataset(name);
  if (part === null) {
    return {
      problem: "it is no name of a data set",
      advice: 'write "hf:datasets/org/name", with @revision and /folder behind',
    };
  }
  const files = cachedDataset(hubSettings(processEnvironment()).cache, part);
  if (files === null) {
    return { problem: "it is not on this machine", advice: "`atlasc run` downloads it, unless HF_HUB_OFFLINE is set" };
  }
  const texts: string[] = [];
  let size = 0;
  for (const path of files) {
    const fact = await readNamedFile(path, most);
    if ("problem" in fact) return { ...fact, problem: `${path}: ${fact.problem}` };
    size += fact.text.length;
    if (size > most)
      return { problem: `it has more than ${sizeText(most)}`, advice: "name one of its files: /data/NAME.parquet" };
    texts.push(fact.text);
  }
  return { text: texts.join("") };
}

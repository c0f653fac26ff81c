/**
 * Names of files as a protocol writes them. The compiler never touches a disk: it only decides which name means which
 * file, and the host reads it.
 */

/** Sources under this prefix ship with atlasc. */
export const stdlibPrefix = "@stdlib/";

/** Sources under this prefix are data sets of the Hugging Face Hub. */
export const datasetPrefix = "hf:datasets/";

/** The name of a part of a data set: what a host is asked for where a protocol says `split`. */
export function withSplit(path: string, split: string | null): string {
  return split === null || !path.startsWith(datasetPrefix) ? path : `${path}#${split}`;
}

function normalise(path: string): string {
  const absolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts[parts.length - 1] !== "..") parts.pop();
    else if (part !== ".." || !absolute) parts.push(part);
  }
  const joined = parts.join("/");
  return absolute ? `/${joined}` : joined === "" ? "." : joined;
}

/**
 * The name of the file that `path`, written in the file `from`, means: `@stdlib/…` and absolute names stand, everything
 * else is relative to the folder of `from`.
 */
export function resolvePath(from: string, path: string): string {
  if (path.startsWith(stdlibPrefix) || path.startsWith(datasetPrefix)) return path;
  if (path.startsWith("/")) return normalise(path);
  const slash = from.lastIndexOf("/");
  if (slash < 0) return normalise(path);
  const folder = from.slice(0, slash);
  return folder.startsWith(stdlibPrefix) || folder === stdlibPrefix.slice(0, -1)
    ? `${folder}/${normalise(path)}`
    : normalise(`${folder}/${path}`);
}

/** Which file of a folder of runs an address names, and how a browser may show it. */
import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";

/** What a browser shows of a run; anything else is not served. */
const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  json: "application/json",
  jsonl: "text/plain; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  md: "text/plain; charset=utf-8",
  tex: "text/plain; charset=utf-8",
  parquet: "application/octet-stream",
};

export interface ServedFile {
  readonly path: string;
  readonly type: string;
  readonly size: number;
}

/**
 * The file that `address` (encoded, without a leading slash) names below `root`, a real path; null where there is none that
 * may be served. No part may be hidden or lead upwards, and none may be a link: what is served is what lies there.
 */
export async function servedFile(root: string, address: string): Promise<ServedFile | null> {
  const parts: string[] = [];
  for (const part of address.split("/")) {
    let name: string;
    try {
      name = decodeURIComponent(part);
    } catch {
      return null;
    }
    if (name === "" || name.startsWith(".") || /[/\\\0:]/.test(name)) return null;
    parts.push(name);
  }
  const type = types[/\.([a-z]+)$/i.exec(parts.at(-1) ?? "")?.[1]?.toLowerCase() ?? ""];
  if (type === undefined) return null;
  const path = join(root, ...parts);
  try {
    if ((await realpath(path)) !== path) return null;
    const found = await stat(path);
    return found.isFile() ? { path, type, size: found.size } : null;
  } catch {
    return null;
  }
}

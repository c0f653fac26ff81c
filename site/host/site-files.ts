/** The static files of the site: a list of what there is, and each file fetched once, when it is first asked for. */
import type { Manifest, SiteFile } from "./messages.js";

export interface SiteFiles {
  readonly manifest: Manifest;
  /** What is known of a file; undefined for a path that leads nowhere. */
  readonly about: (path: string) => SiteFile | undefined;
  /** Rejects for what is not there or cannot be fetched. */
  readonly bytes: (path: string) => Promise<Uint8Array>;
  readonly text: (path: string) => Promise<string>;
}

/** Fetches one file of the site, by its address relative to the site's folder. */
export type Fetch = (address: string) => Promise<Uint8Array>;

export async function openSiteFiles(fetched: Fetch): Promise<SiteFiles> {
  const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const manifest = JSON.parse(decode(await fetched("files.json"))) as Manifest;
  const known = new Map(manifest.files.map((file) => [file.path, file]));
  const kept = new Map<string, Promise<Uint8Array>>();
  const bytes = (path: string): Promise<Uint8Array> => {
    if (!known.has(path)) return Promise.reject(new Error(`the site has no ${path}`));
    const own = kept.get(path) ?? fetched(`files/${path}`);
    kept.set(path, own);
    // A connection that failed may work the next time.
    own.catch(() => kept.delete(path));
    return own;
  };
  return { manifest, about: (path) => known.get(path), bytes, text: async (path) => decode(await bytes(path)) };
}

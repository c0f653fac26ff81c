/** `latest` in a folder of runs, and in the folder of each protocol: the run that was begun last. */
import { readlink, rename, rm, symlink, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { writeFileAtomic } from "./atomic.js";
import type { RunFolder } from "./run-folder.js";

/** The name, which no folder of a protocol has. */
export const latestName = "latest";

/**
 * Points to a run: a symbolic link, or where there can be none a text file `latest.txt` with the relative path. It is for
 * people, so that one which cannot be made is no fault.
 */
export async function pointToLatest({ folder }: RunFolder): Promise<void> {
  const digest = basename(folder);
  const protocol = dirname(folder);
  await point(protocol, digest);
  await point(dirname(protocol), `${basename(protocol)}/${digest}`);
}

async function point(folder: string, target: string): Promise<void> {
  const link = join(folder, latestName);
  const text = `${link}.txt`;
  // Made under another name and renamed, so that the link is there at every moment.
  const made = join(folder, `.${latestName}.${process.pid}.part`);
  try {
    await rm(made, { force: true });
    await symlink(target, made, "dir");
    await rename(made, link);
    if ((await readlink(link)) === target) await rm(text, { force: true });
  } catch {
    await unlink(made).catch(() => undefined);
    await writeFileAtomic(text, `${target}\n`).catch(() => undefined);
  }
}

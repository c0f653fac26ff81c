/** Whether a disk has room, which is asked before anything large is written. */
import { statfs } from "node:fs/promises";
import { sizeText } from "../read-text.js";
import { makeFolder } from "./make-folder.js";

/** Room that is left on a disk: what other programs write meanwhile. */
export const spareBytes = 256 * 2 ** 20;

/** Bytes that are free on the disk of a folder. Rejects with node's own error. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Why so many bytes have no room in a folder, which is made where it is missing, as a clause; null: they have. */
export async function lackOfRoom(folder: string, bytes: number): Promise<string | null> {
  await makeFolder(folder);
  const free = await freeBytes(folder);
  if (bytes + spareBytes <= free) return null;
  return `${sizeText(bytes)} are needed, and ${folder} has ${sizeText(free)} left`;
}

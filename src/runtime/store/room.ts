/** Whether a disk has room, which is asked before anything large is written. */
import { statfs } from "node:fs/promises";
import { sizeText } from "../read-text.js";
import { makeFolder } from "./make-folder.js";

/** Room that is left on a disk: what other programs write meanwhile. */
const spare = 256 * 2 ** 20;

/** Bytes that can be written to the disk of a folder, which is made where it is missing. Rejects with node's own error. */
export async function freeBytes(folder: string): Promise<number> {
  await makeFolder(folder);
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize - spare;
}

/** Why so many bytes have no room in a folder, as a clause; null: they have. */
export async function lackOfRoom(folder: string, bytes: number): Promise<string | null> {
  const free = await freeBytes(folder);
  if (bytes <= free) return null;
  return `${sizeText(bytes)} are needed, and ${folder} has ${sizeText(Math.max(0, free + spare))} left`;
}

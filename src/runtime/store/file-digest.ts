/** SHA-256 of files of any size, a part at a time. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** Rejects with node's own error. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(part as Buffer);
  return hash.digest("hex");
}

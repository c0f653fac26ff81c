/** Reading text files that protocols name: what they are, how large they may be, and why one cannot be read. */
import { open } from "node:fs/promises";
import type { FileFact } from "../compiler/base/file-fact.js";
import { fileLimits } from "../compiler/base/file-limits.js";

/** Why the system does not give a file, in words. */
export function problemOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  if (code === "EACCES") return "it may not be read";
  if (code === "ENAMETOOLONG") return "its name is too long";
  if (code === "ENOTDIR") return "a part of its path is a file, not a folder";
  if (code === "ELOOP") return "its symbolic links go in a circle";
  // What the system takes as the end of a name, such as \u0000.
  if (code === "ERR_INVALID_ARG_VALUE") return "no file can have this name";
  return error instanceof Error ? error.message : String(error);
}

/** A size in bytes as it is written in messages: `64 MB`. */
export function sizeText(bytes: number): string {
  const [size, unit] = bytes >= 2 ** 30 ? [bytes / 2 ** 30, "GB"] : [bytes / 2 ** 20, "MB"];
  return `${Number(size.toFixed(2))} ${unit}`;
}

/** Reads at most `most` bytes of a file; a problem where it has more. A device or pipe has no size, so that reading counts. */
async function readBytes(path: string, most: number): Promise<Buffer | FileFact> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size > most) return tooLarge(size, most);
    return await collected(file.createReadStream({ autoClose: false, highWaterMark: 2 ** 20 }), most);
  } finally {
    await file.close();
  }
}

/** All bytes of a stream, of which there may be `most`. */
async function collected(stream: AsyncIterable<unknown>, most: number): Promise<Buffer | FileFact> {
  const parts: Buffer[] = [];
  let total = 0;
  for await (const part of stream) {
    const bytes = part as Buffer;
    total += bytes.length;
    if (total > most) return tooLarge(total, most);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function tooLarge(size: number, most: number): FileFact {
  const advice =
    most === fileLimits.protocolBytes
      ? "divide it into several protocols"
      : "take a part of it, or divide it into several files";
  return { problem: `it has ${sizeText(size)}, and at most ${sizeText(most)} are read`, advice };
}

/** Whether a file begins with many zero bytes, as UTF-16 without a mark and binary files do: UTF-8 would let them pass. */
function hasZeros(bytes: Buffer): boolean {
  return bytes.subarray(0, 200).filter((byte) => byte === 0).length > 8;
}

/** What a file that is not UTF-8 probably is. */
function undecoded(bytes: Buffer): FileFact {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { problem: "it is UTF-16, not UTF-8", advice: "save it as UTF-8: `iconv -f UTF-16 -t UTF-8 OLD > NEW`" };
  }
  if (hasZeros(bytes))
    return {
      problem: "it is no text, or not UTF-8",
      advice: "prompts are read from UTF-8 text and from .parquet",
    };
  const before = firstInvalid(bytes);
  const line = bytes.subarray(0, before).filter((byte) => byte === 0x0a).length + 1;
  return {
    problem: `it is not UTF-8 text (line ${line}, byte ${before + 1})`,
    advice: "save it as UTF-8; from Latin-1 or Windows: `iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW`",
  };
}

/** Where the first bytes stand that are not UTF-8, by halves. */
function firstInvalid(bytes: Buffer): number {
  const isText = (end: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let [low, high] = [0, bytes.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isText(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Reads a text file of at most `most` bytes; a problem in words when that fails. */
export function readTextFile(path: string, most: number = fileLimits.textBytes): Promise<FileFact> {
  return decoded(() => readBytes(path, most));
}

/** Reads standard input to its end, as a text file. */
export function readStandardInput(most: number): Promise<FileFact> {
  return decoded(() => collected(process.stdin, most));
}

async function decoded(read: () => Promise<Buffer | FileFact>): Promise<FileFact> {
  try {
    const bytes = await read();
    if (!Buffer.isBuffer(bytes)) return bytes;
    if (hasZeros(bytes)) return undecoded(bytes);
    try {
      return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
    } catch {
      return undecoded(bytes);
    }
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

/**
 * Files of a model's folder, which somebody else may have filled: only regular files are read, up to a size, and never
 * with a wait. A pipe would keep the program waiting for ever, and a device gives bytes without end.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { reasonOf } from "../store/fault.js";
import { sizeText } from "../read-text.js";
import type { Outcome } from "./outcome.js";

/** Opens a regular file for reading; links are followed. The caller closes it. */
export function openRegular(path: string): Outcome<{ readonly file: number; readonly size: number }> {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  }
  const stat = fstatSync(file);
  if (stat.isFile()) return { ok: true, value: { file, size: stat.size } };
  closeSync(file);
  return { ok: false, reason: stat.isDirectory() ? "it is a folder" : "it is no regular file" };
}

/** The text of a regular UTF-8 file of at most `most` bytes. */
export function readRegular(path: string, most: number): Outcome<string> {
  const opened = openRegular(path);
  if (!opened.ok) return opened;
  const { file, size } = opened.value;
  try {
    if (size > most) return { ok: false, reason: `it has ${sizeText(size)}, and at most ${sizeText(most)} are read` };
    const bytes = Buffer.alloc(size);
    readFully(file, bytes, 0);
    return { ok: true, value: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (error) {
    return { ok: false, reason: error instanceof TypeError ? "it is not UTF-8 text" : reasonOf(error) };
  } finally {
    closeSync(file);
  }
}

/** Fills a buffer from a place in a file; what lies past the end stays zero and is caught by whoever reads it. */
export function readFully(file: number, into: Buffer, position: number): void {
  let done = 0;
  while (done < into.length) {
    const count = readSync(file, into, done, into.length - done, position + done);
    if (count === 0) return;
    done += count;
  }
}

/**
 * Names of saved files. A run folder is copied to other machines and unpacked there, so a name must be one that every
 * common file system can hold, and two names must be two files on each of them. What is wrong is said before anything runs.
 */
import { printableCharacter } from "../../base/printable.js";
import type { Span } from "../../base/span.js";
import { saveFormats, tableFormats, tensorFormats } from "../../ir/results.js";

/** Bytes that Linux and macOS allow for one part of a path. */
const partLimit = 255;
/** Bytes of the whole name: with the folders of runs in front, the smallest common limit (1024) still holds. */
const pathLimit = 700;

/** Characters that separate folders or mean something else on Windows. */
const forbidden = /[\\<>:"|?*]/;
const deviceNames = /^(?:con|conin\$|conout\$|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])(?:\.|$)/i;
/** What the tables of probes and the figures of a run are called, whether or not this protocol has them all. */
const probeNames = /^probe-\d+\.csv$/i;
const figureNames = /^figure-\d+-[a-z]+\.(?:svg|png|vl\.json)$/i;

/** The ending of a name in small letters, with its dot; empty when it has none. */
export function endingOf(path: string): string {
  return /\.[a-z]+$/i.exec(path)?.[0].toLowerCase() ?? "";
}

/** The parts of a path; `.` and doubled slashes say nothing. */
function partsOf(path: string): readonly string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Why no file can be saved under a name, as the end of a sentence; null when one can. */
export function saveNameProblem(path: string): string | null {
  const ending = endingOf(path);
  if (![...saveFormats, ...tableFormats, ...tensorFormats].some((format) => `.${format}` === ending)) {
    return ending === "" ? "the ending is missing" : `the ending ${ending} is unknown`;
  }
  const unseen = Array.from(path).find((character, i, all) => {
    const before = all.slice(Math.max(0, i - 8), i).join("");
    return printableCharacter(character, before) !== character;
  });
  if (unseen !== undefined) return `${printableCharacter(unseen, "")} cannot be seen in a name`;
  const parts = partsOf(path);
  if (path.startsWith("/") || parts.includes("..")) return "files are saved inside the folder of the run";
  const [character] = forbidden.exec(path) ?? [];
  if (character !== undefined) return `not every system allows ${character} in a name`;
  if (bytesOf(path) > pathLimit) return `it is ${bytesOf(path)} bytes long; at most ${pathLimit} are possible`;
  for (const part of parts) {
    const problem = partProblem(part);
    if (problem !== null) return problem;
  }
  if (figureNames.test(parts[0] ?? "")) return "the figures of the run have such names";
  if (probeNames.test(parts[0] ?? "")) return "the probes of the run have such names";
  return null;
}

function partProblem(part: string): string | null {
  const what = `the part "${part.length > 40 ? `${part.slice(0, 40)}…` : part}"`;
  if (bytesOf(part) > partLimit) return `${what} is ${bytesOf(part)} bytes long; at most ${partLimit} are possible`;
  if (part.startsWith(" ") || part.endsWith(" ")) return `${what} begins or ends with a blank`;
  if (part.endsWith(".")) return `${what} ends with a dot`;
  if (/^\.*\.[a-z]+$/i.test(part)) return `${what} has no name before its ending`;
  if (deviceNames.test(part)) return `${what} is the name of a device on Windows`;
  return null;
}

/** A file that a statement saves. */
export interface SavedFile {
  /** The name in its shortest form. */
  readonly path: string;
  readonly span: Span;
}

/** Files that were saved so far, by names as systems compare them that do not tell capitals or forms of accents apart. */
export type SavedFiles = Map<string, SavedFile>;

/** An earlier file that this one cannot lie beside, and why: null when it is the very same file. */
export interface Clash {
  readonly other: SavedFile;
  readonly problem: string | null;
}

function keyOf(path: string): string {
  return partsOf(path).join("/").normalize("NFC").toUpperCase().toLowerCase();
}

/** What a file of this name would clash with. */
export function clashOf(saved: SavedFiles, path: string): Clash | null {
  const shortest = partsOf(path).join("/");
  const key = keyOf(path);
  const same = saved.get(key);
  if (same !== undefined) {
    const problem = "they are one file where capitals or forms of accents do not count";
    return { other: same, problem: same.path === shortest ? null : problem };
  }
  for (const [other, earlier] of saved) {
    if (key.startsWith(`${other}/`)) return { other: earlier, problem: `${earlier.path} would be a file and a folder` };
    if (other.startsWith(`${key}/`)) return { other: earlier, problem: `${shortest} would be a file and a folder` };
  }
  return null;
}

export function addSavedFile(saved: SavedFiles, path: string, span: Span): void {
  saved.set(keyOf(path), { path: partsOf(path).join("/"), span });
}

/** Which atlasc serves a folder: the one of the setting, of the folder's packages, or of the PATH. */
import { delimiter, isAbsolute, join, resolve } from "node:path";

/** How a command line of atlasc begins. */
export interface Launch {
  readonly command: string;
  /** What stands before atlasc's own arguments: its file, where Node runs it. */
  readonly args: readonly string[];
  /** Where it was found, for a person. */
  readonly from: "atlasc.path" | "node_modules" | "PATH";
}

/** A setting that names nothing. */
export interface Misnamed {
  readonly problem: string;
}

/** What is looked at. */
export interface Surroundings {
  /** The setting `atlasc.path`; empty for none. */
  readonly setting: string;
  /** Folders that are open, or the one of the file. */
  readonly folders: readonly string[];
  /** The environment variable PATH. */
  readonly path: string;
  readonly platform: NodeJS.Platform;
  readonly exists: (file: string) => boolean;
}

/** The file of the package, from the package's folder. */
const program = join("atlasc", "dist", "bin", "atlasc.js");

/** Null where there is none: then the extension's own server answers, and nothing can be run. */
export function findAtlasc({ setting, folders, path, platform, exists }: Surroundings): Launch | Misnamed | null {
  if (setting !== "") {
    const places = isAbsolute(setting) ? [setting] : folders.map((folder) => resolve(folder, setting));
    const file = places.find(exists);
    if (file !== undefined) return launchOf(file, "atlasc.path");
    return { problem: `atlasc.path is ${setting}, and there is no such file` };
  }
  // The commands that npm writes on Windows are for a shell, which would read what stands in names of files.
  const isWindows = platform === "win32";
  const inFolder = (folder: string): string =>
    isWindows ? join(folder, "node_modules", program) : join(folder, "node_modules", ".bin", "atlasc");
  const own = folders.map(inFolder).find(exists);
  if (own !== undefined) return launchOf(own, "node_modules");
  const onPath = path
    .split(delimiter)
    .filter((folder) => folder !== "" && isAbsolute(folder))
    .map((folder) => (isWindows ? inFolder(folder) : join(folder, "atlasc")))
    .find(exists);
  return onPath === undefined ? null : launchOf(onPath, "PATH");
}

function launchOf(file: string, from: Launch["from"]): Launch {
  return /\.[cm]?js$/.test(file) ? { command: "node", args: [file], from } : { command: file, args: [], from };
}

/** The host of the compiler on this machine: what it needs to know is read from disk. */
import { createHash } from "node:crypto";
import { readdir, readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hashTextsWith } from "../compiler/base/digest.js";
import { datasetPrefix } from "../compiler/base/paths.js";
import type { SourceFile } from "../compiler/base/span.js";
import { loadWith, type Loaded, type LoadOptions, type Reading } from "./load-protocol.js";
import { answerRequest } from "./models/chat-texts.js";
import { openModel } from "./models/open-model.js";
import { packageRoot } from "./models/places.js";
import { readDataset } from "./hub/datasets.js";
import { readNamedFile } from "./read-file.js";

export type { Loaded, LoadOptions, Reading } from "./load-protocol.js";

// Everything on this machine goes through here, and OpenSSL's SHA-256 uses the processor's instructions for it.
hashTextsWith((text) => createHash("sha256").update(text).digest("hex"));

/** Everything from disk. */
export const diskReading: Reading = {
  standardLibrary: readStandardLibrary,
  pathOf: filePath,
  folderOf: (name) => dirname(filePath(name)),
  file: async (path, most, options) => {
    if (!path.startsWith(datasetPrefix)) return readNamedFile(path, most);
    return (await options.download?.dataset(path)) ?? readDataset(path, most);
  },
  identity: (path) => realpath(path).catch(() => null),
  model: async (request, options) => {
    const failed = (await options.download?.model(request)) ?? null;
    return failed === null ? openModel(request, undefined, options) : { value: null, diagnostics: [failed] };
  },
  encode: answerRequest,
};

/** The standard library's files of metrics, in the order of their names. */
export async function readStandardLibrary(): Promise<readonly SourceFile[]> {
  const folder = join(packageRoot(), "stdlib");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".atlas")).sort();
  return Promise.all(
    names.map(async (name) => ({ path: `@stdlib/${name}`, text: await readFile(join(folder, name), "utf8") })),
  );
}

/** Where a file named by the compiler lies. */
export function filePath(name: string): string {
  return name.startsWith("@stdlib/") ? join(packageRoot(), "stdlib", name.slice("@stdlib/".length)) : name;
}

/** Compiles a protocol; files and models are read from disk, each time anew, unless `reading` is given. */
export function loadProtocol(
  source: SourceFile,
  { reading = diskReading, ...options }: LoadOptions & { readonly reading?: Reading } = {},
): Promise<Loaded> {
  return loadWith(reading, source, options);
}

/** The weight files of a model on this machine, and what their tensors are. */
import { dirname, relative, sep } from "node:path";
import type { TensorEntry } from "../../compiler/models/model.js";
import type { IdentifiedFile } from "./file-identity.js";

export interface Weights {
  readonly tensors: Readonly<Record<string, TensorEntry>>;
  /** Logical name (as in the index) and real path of every weight file, and what it was before anything of it was read. */
  readonly files: readonly (IdentifiedFile & { readonly name: string })[];
  readonly folder: string;
}

/** What external data calls a file of this folder. ONNX wants forward slashes on every system. */
export function locationOf(path: string, folder: string): string {
  return relative(folder, path).split(sep).join("/");
}

/** The deepest folder that all folders lie in. */
export function commonFolder(folders: readonly string[]): string {
  const [first = sep, ...others] = folders;
  let common = first;
  for (const folder of others) {
    while (folder !== common && !folder.startsWith(common.endsWith(sep) ? common : common + sep)) {
      common = dirname(common);
    }
  }
  return common;
}

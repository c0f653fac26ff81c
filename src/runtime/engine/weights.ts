/** Weight files by their content, so that a graph means the same wherever it is opened; and where they lie here. */

/** A weight file that a graph reads. */
export interface WeightFile {
  /** SHA-256 of its bytes. */
  readonly digest: string;
  /** What the graph's external data calls it, with forward slashes. */
  readonly name: string;
}

/** A weight file on this machine: it is `name` in `folder`. */
export interface LocalWeights extends WeightFile {
  readonly folder: string;
}

/**
 * The folder in which all these files lie under their names, which is what onnxruntime wants; null when there are none.
 * A model that lies in several places is read from the first of them.
 *
 * @throws Error with a sentence that names the file when there is no such folder
 */
export function weightsFolder(files: readonly WeightFile[], local: readonly LocalWeights[]): string | null {
  const [first, ...others] = files;
  if (first === undefined) return null;
  const foldersOf = (file: WeightFile): readonly string[] =>
    local.filter(({ digest, name }) => digest === file.digest && name === file.name).map(({ folder }) => folder);
  let folders = foldersOf(first);
  let last = first;
  for (const file of others) {
    if (folders.length === 0) break;
    const present = new Set(foldersOf(file));
    folders = folders.filter((folder) => present.has(folder));
    last = file;
  }
  const [folder] = folders;
  if (folder === undefined)
    throw new Error(`the weights ${last.name} of digest ${last.digest} are not on this machine`);
  return folder;
}

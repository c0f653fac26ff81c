/** Where the repository is, from the sources as well as from the compiled tests under `dist/`. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The nearest folder above this file with a package.json. */
export const root: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("no package.json above the tests");
    folder = parent;
  }
  return folder;
})();

/** {@link root} as a URL that ends with a slash. */
export const rootUrl: URL = pathToFileURL(join(root, "/"));

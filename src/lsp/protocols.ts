/** The protocols of a workspace, open or not: which of them import a file, and what they declare. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileLimits } from "../compiler/base/file-limits.js";
import type { SourceFile, Span } from "../compiler/base/span.js";
import { declarationsOf, importedPath } from "../compiler/compile.js";
import type { NamedDeclaration } from "../compiler/ide/index.js";
import { parseOnce } from "../compiler/syntax/parse.js";
import { soundStatements } from "../compiler/syntax/sound-statements.js";

export interface Protocols {
  /** Every protocol under the folders, and those that are open, with the text that the editor has of them. */
  readonly all: () => Promise<readonly SourceFile[]>;
  /** Those that import a file, or import one that does; not the file itself. */
  readonly importing: (path: string) => Promise<readonly SourceFile[]>;
}

/** More files are not looked at, and no folders further down: a workspace can be a whole disk. */
const most = { files: 2000, folders: 5000, depth: 12 } as const;

export interface Workspace {
  readonly folders: () => readonly string[];
  /** Texts that are open in the editor. */
  readonly open: () => readonly SourceFile[];
}

export function createProtocols({ folders, open }: Workspace): Protocols {
  const read = new Map<string, { readonly stamp: string; readonly source: SourceFile }>();

  /** A file as it is on disk, read again where it has changed; null for one that cannot be read. */
  async function onDisk(path: string): Promise<SourceFile | null> {
    try {
      const { mtimeMs, size } = await stat(path);
      const stamp = `${mtimeMs} ${size}`;
      const known = read.get(path);
      if (known?.stamp === stamp) return known.source;
      if (size > fileLimits.protocolBytes) return null;
      const source = { path, text: await readFile(path, "utf8") };
      read.set(path, { stamp, source });
      return source;
    } catch {
      return null;
    }
  }

  async function all(): Promise<readonly SourceFile[]> {
    const opened = open();
    const isOpen = new Set(opened.map(({ path }) => path));
    const paths = (await protocolsUnder(folders())).filter((path) => !isOpen.has(path));
    const closed = await Promise.all(paths.map(onDisk));
    return [...opened, ...closed.filter((source) => source !== null)];
  }

  return {
    all,
    async importing(path) {
      const files = await all();
      const found = new Map<string, SourceFile>();
      const wanted = [path];
      for (const target of wanted) {
        // Whatever imports a file has its name in it: most files need not be parsed.
        const name = basename(target).replace(/\.atlas$/, "");
        for (const file of files) {
          if (file.path === path || found.has(file.path) || !file.text.includes(name)) continue;
          if (!importsOf(file).includes(target)) continue;
          found.set(file.path, file);
          wanted.push(file.path);
        }
      }
      return [...found.values()];
    },
  };
}

/** Paths of protocols in folders and the folders in them, but for what is hidden or installed. */
async function protocolsUnder(roots: readonly string[]): Promise<readonly string[]> {
  const paths = new Set<string>();
  const waiting = roots.map((folder) => ({ folder, depth: 0 }));
  let visited = 0;
  for (const { folder, depth } of waiting) {
    if (++visited > most.folders) break;
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth < most.depth) waiting.push({ folder: path, depth: depth + 1 });
      if (entry.isFile() && entry.name.endsWith(".atlas")) paths.add(path);
      if (paths.size >= most.files) return [...paths];
    }
  }
  return [...paths];
}

/** What a text declares, before anything of it is checked. */
export function declarationsIn(source: SourceFile): readonly NamedDeclaration[] {
  const sourceOf = ({ start, end }: Span): string => source.text.slice(start, end);
  return declarationsOf(parseOnce(source).value, [], [], sourceOf);
}

/** The files that a text imports, by the paths that they have for the compiler. Statements with mistakes are left out. */
function importsOf(source: SourceFile): readonly string[] {
  return soundStatements(parseOnce(source).value).flatMap((statement) =>
    statement.kind === "import" ? [importedPath(statement)] : [],
  );
}

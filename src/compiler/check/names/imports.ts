/** The files that a protocol imports: which file each import names, each file once, and no way back to the protocol. */
import { resolvePath, stdlibPrefix } from "../../base/paths.js";
import type { SourceFile, Span } from "../../base/span.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { FileSyntax, ImportStatement } from "../../syntax/ast.js";
import { tooMany } from "../faults.js";
import { limits } from "../limits.js";
import { soundStatements } from "../../syntax/sound-statements.js";
import type { FileFact } from "../../base/file-fact.js";

/** What the host knows of files. */
export interface KnownFiles {
  /** The files of the standard library, `@stdlib/NAME.atlas`. */
  readonly stdlib: readonly SourceFile[];
  /** Imported files and prompt files, by resolved path. */
  readonly files: ReadonlyMap<string, FileFact>;
  /**
   * What a path really names, by resolved path, the protocol's own included: a link and what it leads to have one. A path
   * without an entry names itself.
   */
  readonly identities?: ReadonlyMap<string, string>;
}

export interface Imports {
  /** In order of appearance, each once. */
  readonly files: readonly FileSyntax[];
  /** Those that the host has not read yet. */
  readonly missing: readonly string[];
  /** True when one could not be read (A2018), so that it is not known what it declares. */
  readonly lost: boolean;
}

/**
 * Imported files. A way that leads back to the protocol itself is an error (A2021): an import takes declarations only, and
 * those it has already.
 */
export function readImports(
  mainPath: string,
  main: FileSyntax,
  known: KnownFiles,
  read: (file: SourceFile) => FileSyntax,
  report: (d: Diagnostic) => void,
): Imports {
  const files: FileSyntax[] = [];
  const missing: string[] = [];
  let lost = false;
  let full = false;
  const identityOf = (path: string): string => known.identities?.get(path) ?? path;
  const own = known.identities?.get(mainPath) ?? resolvePath("", mainPath);
  const seen = new Set<string>();
  const circles = new Set<ImportStatement>();
  const visit = (file: FileSyntax, way: readonly ImportStatement[]): void => {
    for (const statement of soundStatements(file)) {
      if (statement.kind !== "import") continue;
      const path = importedPath(statement);
      const identity = identityOf(path);
      if (identity === own) {
        const [first = statement] = way;
        if (!circles.has(first)) reportCircle(mainPath, [...way, statement], report);
        circles.add(first);
        continue;
      }
      if (seen.has(identity)) continue;
      seen.add(identity);
      const fact = importFact(known, path);
      if (fact === "standard") continue;
      if (fact === undefined) missing.push(path);
      else if ("problem" in fact) {
        lost = true;
        const parameters = { path: statement.path.value, problem: fact.problem };
        const details = fact.advice === undefined ? importHint(path) : { hint: fact.advice };
        report(diagnostic("A2018", statement.path.span, parameters, details));
      } else {
        if (files.length >= limits.imports) {
          if (!full) tooManyImports(statement.path.span, report);
          full = true;
          return;
        }
        const imported = read(sourceOf(path, fact));
        files.push(imported);
        visit(imported, [...way, statement]);
      }
    }
  };
  visit(main, []);
  return { files, missing, lost };
}

/** The source of each file that was read, so that it is parsed once however often the host asks. */
const sources = new WeakMap<FileFact, SourceFile>();

function sourceOf(path: string, fact: Extract<FileFact, { text: string }>): SourceFile {
  const known = sources.get(fact);
  // One fact under two paths would be two files.
  if (known?.path === path) return known;
  const source = { path, text: fact.text };
  sources.set(fact, source);
  return source;
}

function tooManyImports(span: Span, report: (d: Diagnostic) => void): void {
  const hint = "put declarations that belong together into one file";
  tooMany({ report }, span, "imports", limits.imports + 1, "this protocol", "imported files", hint);
}

/** The resolved path of the file that an import names. */
export function importedPath({ path: { value, span } }: ImportStatement): string {
  return resolvePath(span.file, value.endsWith(".atlas") ? value : `${value}.atlas`);
}

/** Metrics lie at the top of the standard library and are known; packs of prompts lie in its folders. */
const isPack = (path: string): boolean =>
  path.startsWith(stdlibPrefix) && path.slice(stdlibPrefix.length).includes("/");

/** A file as the host read it; undefined when it has not yet. "standard": it is visible without an import. */
function importFact(known: KnownFiles, path: string): FileFact | "standard" | undefined {
  if (known.stdlib.some((f) => f.path === path)) return "standard";
  if (!path.startsWith(stdlibPrefix) || isPack(path)) return known.files.get(path);
  return { problem: `the standard library has ${known.stdlib.map((f) => f.path.replace(".atlas", "")).join(", ")}` };
}

function importHint(path: string): { readonly hint?: string } {
  if (!path.startsWith(stdlibPrefix))
    return { hint: "paths start from the folder of the file that names them; .atlas may be left out" };
  return isPack(path) ? { hint: "packs of prompts are @stdlib/prompts/NAME, such as @stdlib/prompts/agreement" } : {};
}

/** Reports that `way`, the imports from the protocol on, leads back to it: at its own import, which begins the way. */
function reportCircle(mainPath: string, way: readonly ImportStatement[], report: (d: Diagnostic) => void): void {
  const [first, ...rest] = way;
  if (first === undefined) return;
  const main = resolvePath("", mainPath);
  const folder = main.slice(0, main.lastIndexOf("/") + 1);
  const shown = (path: string): string =>
    (path.startsWith(folder) ? path.slice(folder.length) : path).replace(/\.atlas$/, "");
  const steps = [main, ...way.slice(0, -1).map(importedPath), main].map(shown);
  const details = {
    related: rest.slice(-1).map(({ path }) => ({ span: path.span, text: "the way back" })),
    hint:
      rest.length === 0
        ? "leave it out: what a file declares it can use"
        : "leave one of the imports out, and put declarations that several files need into a file of their own",
  };
  report(diagnostic("A2021", first.path.span, { file: shown(main), path: steps.join(" → ") }, details));
}

/** The repository's own files, for tests about the repository. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, posix, sep } from "node:path";
import ts from "typescript";
import { root } from "../support/root.js";

const skipped = new Set([".git", "node_modules", "dist", "runs", ".venv"]);

/** Built, with copies of what is read already. */
const site = "docs/site";

/** Files below a folder of the repository, relative to the repository, with forward slashes. */
export function filesBelow(folder: string, ending: string): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = posix.join(folder.split(sep).join("/"), entry.name);
      if (entry.isDirectory()) return skipped.has(entry.name) || path === site ? [] : filesBelow(path, ending);
      return entry.isFile() && entry.name.endsWith(ending) ? [path] : [];
    })
    .sort();
}

export function textOf(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** What a module imports, types included: files as paths relative to the repository, packages by their names. */
export interface Imports {
  readonly file: string;
  readonly files: readonly string[];
  /** `chevrotain`, `@noble/hashes`, `node:fs`. */
  readonly packages: readonly string[];
}

function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  if (builtinModules.includes(specifier)) return `node:${specifier}`;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

export function importsOf(file: string): Imports {
  const specifiers = ts.preProcessFile(textOf(file)).importedFiles.map((imported) => imported.fileName);
  const isFile = (specifier: string): boolean => specifier.startsWith(".");
  return {
    file,
    files: specifiers
      .filter(isFile)
      .map((specifier) => posix.join(posix.dirname(file), specifier).replace(/\.js$/, ".ts")),
    packages: specifiers.filter((specifier) => !isFile(specifier)).map(packageOf),
  };
}

/** Every node of a module's syntax tree, in the order of the text. */
export function nodesOf(file: string): readonly ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, textOf(file), ts.ScriptTarget.ES2022, true));
  return nodes;
}

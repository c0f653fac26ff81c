/** What tests of syntax trees share: comparison without spans, walking, and example files. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { FileSyntax } from "../../src/compiler/syntax/ast.js";
import { rootUrl } from "./root.js";
import type { SourceFile, Span } from "../../src/compiler/base/span.js";

/** The statements of a file as plain values without spans. */
export function withoutSpans(file: FileSyntax): unknown {
  return strip(file.statements);
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "span")
      .map(([key, inner]) => [key, strip(inner)]),
  );
}

/** Every span in a tree. */
export function spansIn(value: unknown): readonly Span[] {
  if (Array.isArray(value)) return value.flatMap(spansIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "span" ? [inner as Span] : spansIn(inner)));
}

/** The `.atlas` files of a folder relative to the repository, sorted by name; none when there is no such folder. */
export function atlasFiles(folder: string): readonly SourceFile[] {
  const url = new URL(folder.endsWith("/") ? folder : `${folder}/`, rootUrl);
  if (!existsSync(url)) return [];
  return readdirSync(url)
    .filter((name) => name.endsWith(".atlas"))
    .sort()
    .map((name) => ({ path: name, text: readFileSync(new URL(name, url), "utf8") }));
}

/** Our own examples, which together hold every form of statement. */
export const examples = (): readonly SourceFile[] => atlasFiles("test/syntax/examples");

/** The seed protocols beside the repository; none on a machine that has only the repository. */
export const protocols = (): readonly SourceFile[] => atlasFiles("../shared/design/protocols");

/** Files, models and revisions that can be written at a place: what the compiler cannot know. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { PathWish } from "../compiler/ide/index.js";
import { hubCacheFolder, packageRoot, processEnvironment } from "../runtime/models/places.js";

export interface PathProposal {
  /** What is put in place of everything between the quotes. */
  readonly text: string;
  readonly kind: "file" | "folder" | "model" | "revision";
}

/** More are not listed: nobody reads them, and a folder can hold a million. */
const mostProposals = 500;

/** What fits a wish, in a protocol that lies in `folder`. What cannot be read is left out. */
export async function pathsFor(wish: PathWish, folder: string): Promise<readonly PathProposal[]> {
  if (wish.kind === "revisions") return revisionsOf(wish.model, folder);
  if (wish.kind === "models") {
    const shipped = (await foldersIn(join(packageRoot(), "stdlib/models"))).map((name) => `@stdlib/models/${name}`);
    const cached = await cachedModels();
    const beside = /^\.{0,2}\/|^\.$/.test(wish.written) ? await entriesBeside(wish.written, folder, []) : [];
    const named = [...shipped, ...cached].map((text) => ({ text, kind: "model" }) as const);
    return [...named, ...beside].slice(0, mostProposals);
  }
  const isLibrary = "@stdlib/".startsWith(wish.written) || wish.written.startsWith("@stdlib/");
  const library = isLibrary ? await libraryFiles(wish.endings) : [];
  return [...(await entriesBeside(wish.written, folder, wish.endings)), ...library].slice(0, mostProposals);
}

/** What lies in the folder that is written so far: folders, and files with one of the endings. */
async function entriesBeside(
  written: string,
  folder: string,
  endings: readonly string[],
): Promise<readonly PathProposal[]> {
  if (written.startsWith("@")) return [];
  const start = written.slice(0, written.lastIndexOf("/") + 1);
  const entries = await readdir(join(start.startsWith("/") ? "" : folder, start), { withFileTypes: true }).catch(
    () => [],
  );
  return entries.flatMap((entry): PathProposal[] => {
    if (entry.name.startsWith(".") || entry.name === "node_modules") return [];
    if (entry.isDirectory()) return [{ text: `${start}${entry.name}`, kind: "folder" }];
    return endings.some((ending) => entry.name.endsWith(ending))
      ? [{ text: `${start}${entry.name}`, kind: "file" }]
      : [];
  });
}

async function libraryFiles(endings: readonly string[]): Promise<readonly PathProposal[]> {
  const folders = ["prompts", "prompts/held-out"];
  const listed = await Promise.all(
    folders.map(async (name) => {
      const files = await readdir(join(packageRoot(), "stdlib", name)).catch(() => []);
      return files
        .filter((file) => endings.some((ending) => file.endsWith(ending)))
        .map((file) => `@stdlib/${name}/${file}`);
    }),
  );
  return listed.flat().map((text) => ({ text, kind: "file" }));
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Models of Hugging Face's cache by their names there: `models--org--name` is `org/name`. */
async function cachedModels(): Promise<readonly string[]> {
  const folders = await foldersIn(hubCacheFolder(processEnvironment()));
  return folders
    .filter((name) => name.startsWith("models--"))
    .map((name) => name.slice("models--".length).replaceAll("--", "/"));
}

async function revisionsOf(model: string, folder: string): Promise<readonly PathProposal[]> {
  const place = model.startsWith("@stdlib/")
    ? join(packageRoot(), "stdlib", model.slice("@stdlib/".length), "revisions")
    : /^[./]/.test(model)
      ? join(model.startsWith("/") ? "" : folder, model, "revisions")
      : join(hubCacheFolder(processEnvironment()), `models--${model.replaceAll("/", "--")}`, "refs");
  const names = await readdir(place).catch(() => []);
  return names.filter((name) => !name.startsWith(".")).map((text) => ({ text, kind: "revision" }));
}

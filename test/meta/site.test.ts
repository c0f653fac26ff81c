/** The site is made of the compiler and of what runs anywhere: nothing of Node is in its scripts. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../support/root.js";
import { filesBelow, importsOf, textOf } from "./sources.js";

const modules = filesBelow("site", ".ts").map(importsOf);

test("the site imports the compiler and the runtime; nothing imports the site", () => {
  assert.ok(modules.length > 12);
  const allowed = ["site/", "src/compiler/", "src/runtime/"];
  const wrong = modules.flatMap(({ file, files }) =>
    files
      .filter((imported) => !allowed.some((start) => imported.startsWith(start)))
      .map((other) => `${file} → ${other}`),
  );
  assert.deepEqual(wrong, []);
  // The page asks its workers: the compiler is in theirs, so that typing never waits for it.
  const heavy = modules.filter(
    ({ file, files }) => file.startsWith("site/page/") && files.some((f) => f.startsWith("src/")),
  );
  assert.deepEqual(heavy, []);
  const others = [...filesBelow("grammar", ".ts"), ...filesBelow("src", ".ts")].map(importsOf);
  assert.deepEqual(
    others.filter(({ files }) => files.some((imported) => imported.startsWith("site/"))),
    [],
  );
});

test("packages of the site are imported where they belong", () => {
  const places: Readonly<Record<string, string>> = {
    "@codemirror": "site/page/",
    "onnxruntime-web": "site/host/",
    "@noble": "site/host/",
  };
  const wrong = modules.flatMap(({ file, packages }) =>
    packages
      .filter((name) => !file.startsWith(places[name.split("/")[0] ?? ""] ?? "nowhere"))
      .map((name) => `${file} → ${name}`),
  );
  assert.deepEqual(wrong, []);
});

interface Metafile {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<
    Record<string, { readonly imports: readonly { readonly path: string; readonly external?: boolean }[] }>
  >;
}

test("the scripts of the site hold no module of Node, and the package does not ship the site", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "atlasc-site-"));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const { buildSite } = (await import(pathToFileURL(join(root, "scripts/site.mjs")).href)) as {
    readonly buildSite: (folder: string) => Promise<{ readonly metafile: Metafile; readonly bytes: number }>;
  };
  const { metafile, bytes } = await buildSite(join(folder, "site"));
  const external = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.filter((own) => own.external === true),
  );
  assert.deepEqual(external, []);
  const inputs = Object.keys(metafile.inputs);
  assert.ok(inputs.includes("src/compiler/compile.ts"));
  assert.deepEqual(
    inputs.filter((path) => /^node:|^src\/(cli|lsp)\/|onnxruntime-node/.test(path)),
    [],
  );
  // What docs/editors.md says of it.
  assert.ok(bytes < 23e6, `${bytes} bytes`);
  const { files } = JSON.parse(textOf("package.json")) as { readonly files: readonly string[] };
  assert.ok(files.includes("!docs/site"));
});

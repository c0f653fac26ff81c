/**
 * Packages the extension of VS Code into dist/atlas.vsix, after a build: `npm run package:vscode`. Everything that it needs is
 * in it: the language server in one file, and the standard library with its models.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { bundleExtension, bundleServer } from "./vscode-bundles.mjs";

const root = join(import.meta.dirname, "..");
const source = join(root, "grammar/vscode");
const vsix = join(root, "dist/atlas.vsix");
const packager = "@vscode/vsce@3.9.2";

const stage = mkdtempSync(join(tmpdir(), "atlas-vsix-"));
try {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  writeFileSync(join(stage, "package.json"), JSON.stringify({ ...manifest, version }, null, 2));
  const parts = ["README.md", "language-configuration.json", "syntaxes", "snippets", "icons", "media", "walkthrough"];
  for (const part of parts) cpSync(join(source, part), join(stage, part), { recursive: true });
  for (const part of ["LICENSE", "CHANGELOG.md"]) cpSync(join(root, part), join(stage, part));
  const drawing = readFileSync(join(source, "icons/atlas.svg"), "utf8");
  writeFileSync(join(stage, "icons/atlas.png"), new Resvg(drawing).render().asPng());

  bundleExtension(root, join(stage, "out/extension.cjs"));
  // The server finds its package as the command line does: by the package.json that is called atlasc.
  mkdirSync(join(stage, "server"));
  bundleServer(root, join(stage, "server/server.mjs"));
  writeFileSync(join(stage, "server/package.json"), JSON.stringify({ name: "atlasc", version, type: "module" }));
  cpSync(join(root, "stdlib"), join(stage, "server/stdlib"), { recursive: true });

  const words = [
    "package",
    "--no-dependencies",
    "--allow-missing-repository",
    "--no-rewrite-relative-links",
    "-o",
    vsix,
  ];
  const { status } = spawnSync("npx", ["--yes", "--ignore-scripts", packager, ...words], {
    cwd: stage,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(stage, { recursive: true, force: true });
}

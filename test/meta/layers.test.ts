/** Who may import whom. Imports of types count like any other. */
import assert from "node:assert/strict";
import test from "node:test";
import ts from "typescript";
import { filesBelow, importsOf, nodesOf, type Imports } from "./sources.js";

/** Each may import itself and what stands above it. */
const layers = ["grammar", "src/compiler", "src/runtime", "src/lsp", "src/cli"];

/** The stages of the compiler, each above those that it may import. `compile.ts` and `index.ts` may import every stage. */
const stages = [
  "base",
  "diagnostics",
  "syntax",
  "statistics",
  "onnx",
  "models",
  "ir",
  "operations",
  "replacements",
  "autodiff",
  "check",
  "analysis",
  "passes",
  "lower",
  "results",
  "decide",
  "docs",
  "ide",
];
const compilerFiles = ["src/compiler/compile.ts", "src/compiler/index.ts"];

/** Packages that may be imported, by the folder or file that may import them. */
const packages: Readonly<Record<string, readonly string[]>> = {
  chevrotain: ["grammar/", "src/compiler/syntax/", "src/compiler/ide/"],
  "onnx-proto": ["src/compiler/onnx/"],
  "@noble/hashes": ["src/compiler/base/"],
  "onnxruntime-node": ["src/runtime/engine/runtimes/node-binding.ts"],
  koffi: ["src/runtime/engine/runtimes/c-functions.ts", "src/runtime/engine/backends/cuda-memory.ts"],
  "@stdlib": ["src/compiler/statistics/"],
  "ml-matrix": ["src/compiler/statistics/"],
  commander: ["src/cli/"],
  "cli-progress": ["src/cli/"],
};

/** Names through which a compiler could learn what time it is, what machine it runs on, or throw dice. */
const impure = new Set([
  "Date",
  "performance",
  "process",
  "crypto",
  "fetch",
  "globalThis",
  "require",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "navigator",
]);

/** The extension of VS Code is a program of its own, which talks to the others as processes. */
const extensionFolder = "grammar/vscode/src/";
/** What of the others it may put in: where a run lies. */
const sharedWithExtension = ["src/runtime/store/latest.ts", "src/runtime/store/run-folder.ts"];

const everything = [...filesBelow("grammar", ".ts"), ...filesBelow("src", ".ts")].map(importsOf);
const modules = everything.filter(({ file }) => !file.startsWith(extensionFolder));
const inFolder = (folder: string): readonly Imports[] => modules.filter(({ file }) => file.startsWith(`${folder}/`));
const layerOf = (file: string): number => layers.findIndex((layer) => file.startsWith(`${layer}/`));

test("every module belongs to a layer and imports only from its own and those below", () => {
  assert.ok(modules.length > 100);
  const wrong = modules.flatMap(({ file, files }) => {
    if (layerOf(file) < 0) return [`${file} is in no layer`];
    return files
      .filter((imported) => layerOf(imported) < 0 || layerOf(imported) > layerOf(file))
      .map((imported) => `${file} → ${imported}`);
  });
  assert.deepEqual(wrong, []);
});

test("the extension of VS Code stands alone, and nobody imports it", () => {
  const own = everything.filter(({ file }) => file.startsWith(extensionFolder));
  assert.ok(own.length > 5);
  const wrong = own.flatMap(({ file, files, packages: used }) => [
    ...files
      .filter((imported) => !imported.startsWith(extensionFolder) && !sharedWithExtension.includes(imported))
      .map((imported) => `${file} → ${imported}`),
    ...used
      .filter((name) => !/^(?:node:.*|vscode|vscode-languageclient)$/.test(name))
      .map((name) => `${file} → ${name}`),
  ]);
  const users = modules.filter(({ files, packages: used }) =>
    [...files, ...used].some((name) => name.startsWith(extensionFolder) || /^vscode(?:-languageclient)?$/.test(name)),
  );
  assert.deepEqual([...wrong, ...users.map(({ file }) => file)], []);
});

test("the stages of the compiler stand in one order", () => {
  const stageOf = (file: string): number => {
    if (!file.startsWith("src/compiler/")) return -1;
    if (compilerFiles.includes(file)) return stages.length;
    const stage = stages.indexOf(file.split("/")[2] ?? "");
    assert.notEqual(stage, -1, `${file} is in no stage: add its folder to the list in this test`);
    return stage;
  };
  const wrong = inFolder("src/compiler").flatMap(({ file, files }) =>
    files.filter((imported) => stageOf(imported) > stageOf(file)).map((imported) => `${file} → ${imported}`),
  );
  assert.deepEqual(wrong, []);
});

/** The rooms of the checker, each above those that it may import. `check.ts` imports every room and none imports it. */
const rooms = ["names", "models", "texts", "expressions", "measures", "results", "interventions", "symbols"];

test("the checker is a stage and no library: only compile.ts imports it", () => {
  const wrong = modules
    .filter(({ file }) => !file.startsWith("src/compiler/check/") && file !== "src/compiler/compile.ts")
    .flatMap(({ file, files }) =>
      files.filter((imported) => imported.startsWith("src/compiler/check/")).map((imported) => `${file} → ${imported}`),
    );
  assert.deepEqual(wrong, []);
});

test("the rooms of the checker stand in one order", () => {
  const checker = inFolder("src/compiler/check");
  const roomOf = (file: string): string => file.split("/").slice(3, -1)[0] ?? "";
  const there = [...new Set(checker.map(({ file }) => roomOf(file)))].filter((room) => room !== "");
  assert.deepEqual(there.sort(), [...rooms].sort());
  const rank = (file: string): number => rooms.indexOf(roomOf(file));
  const wrong = checker.flatMap(({ file, files }) =>
    files
      .filter((imported) => imported.startsWith("src/compiler/check/") && roomOf(file) !== "")
      .filter((imported) => rank(imported) > rank(file) || imported === "src/compiler/check/check.ts")
      .map((imported) => `${file} → ${imported}`),
  );
  assert.deepEqual(wrong, []);
});

test("no import cycles", () => {
  const imported = new Map(modules.map(({ file, files }) => [file, files]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) cycles.push([...path.slice(start), file].join(" → "));
    if (start >= 0 || done.has(file)) return;
    for (const next of imported.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const { file } of modules) visit(file, []);
  assert.deepEqual(cycles, []);
});

test("packages are imported where they belong", () => {
  const mayImport = (file: string, name: string): boolean => {
    const places = packages[name] ?? packages[name.split("/")[0] ?? ""];
    if (places !== undefined) return places.some((place) => file.startsWith(place));
    if (name.startsWith("vscode")) return file.startsWith("src/lsp/");
    return !file.startsWith("grammar/") && !file.startsWith("src/compiler/");
  };
  const wrong = modules.flatMap(({ file, packages: names }) =>
    names.filter((name) => !mayImport(file, name)).map((name) => `${file} → ${name}`),
  );
  assert.deepEqual(wrong, []);
});

/** A use of a global name: not a property, a key, or a declaration of that name. */
function isFreeName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name !== node;
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) return parent.name !== node;
  return !ts.isMethodSignature(parent) && !ts.isMethodDeclaration(parent) && !ts.isPropertyDeclaration(parent);
}

test("grammar and compiler are pure: no clock, no randomness, no process, no dynamic import", () => {
  const wrong = [...inFolder("grammar"), ...inFolder("src/compiler")].flatMap(({ file }) =>
    nodesOf(file).flatMap((node) => {
      const isImpure =
        (ts.isIdentifier(node) && impure.has(node.text) && isFreeName(node)) ||
        (ts.isPropertyAccessExpression(node) && /^Math\s*\.\s*random$/.test(node.getText())) ||
        ts.isMetaProperty(node) ||
        (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword);
      return isImpure ? [`${file}: ${node.getText().slice(0, 60)}`] : [];
    }),
  );
  assert.deepEqual(wrong, []);
});

test("nothing but the engine knows a device by its name", () => {
  const outside = modules.filter(({ file }) => !file.startsWith("src/runtime/engine/"));
  const wrong = outside.flatMap(({ file, files }) => [
    ...files
      .filter((imported) => /^src\/runtime\/engine\/backends\/(?!index\.ts$)/.test(imported))
      .map((imported) => `${file} → ${imported}`),
    ...nodesOf(file).flatMap((node) =>
      ts.isStringLiteral(node) && /^(?:cpu|cuda)(?::|$)/.test(node.text) ? [`${file}: ${node.getText()}`] : [],
    ),
  ]);
  assert.deepEqual(wrong, []);
});

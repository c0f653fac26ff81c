/** The extension of VS Code says what it has: commands, files, snippets, and how messages are read. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { format, resolveConfig } from "prettier";
import { snippets } from "../../src/compiler/docs/snippets.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { filesBelow, textOf } from "../meta/sources.js";
import { root } from "../support/root.js";

const folder = "grammar/vscode";

interface Command {
  readonly command: string;
}

interface Manifest {
  readonly version: string;
  readonly icon: string;
  readonly contributes: {
    readonly languages: readonly { readonly id: string; readonly configuration: string; readonly icon: object }[];
    readonly grammars: readonly { readonly language: string; readonly scopeName: string; readonly path: string }[];
    readonly snippets: readonly { readonly path: string }[];
    readonly commands: readonly Command[];
    readonly menus: Readonly<Record<string, readonly Command[]>>;
    readonly problemMatchers: readonly { readonly pattern: readonly { readonly regexp: string }[] }[];
    readonly walkthroughs: readonly {
      readonly steps: readonly {
        readonly description: string;
        readonly media: { readonly markdown: string };
        readonly completionEvents: readonly string[];
      }[];
    }[];
  };
}

const json = (path: string): unknown => JSON.parse(textOf(join(folder, path)));
const manifest = json("package.json") as Manifest;
const { languages, grammars, commands, menus, problemMatchers, walkthroughs } = manifest.contributes;
const sources = filesBelow(`${folder}/src`, ".ts").map(textOf).join("\n");

test("every file that the manifest names exists; the icon is drawn when it is packaged", () => {
  assert.equal(manifest.icon, "icons/atlas.png");
  const named = [
    "icons/atlas.svg",
    ...languages.flatMap(({ configuration, icon }) => [configuration, ...(Object.values(icon) as string[])]),
    ...grammars.map(({ path }) => path),
    ...manifest.contributes.snippets.map(({ path }) => path),
    ...walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.markdown)),
  ];
  assert.deepEqual(
    named.filter((path) => !existsSync(join(root, folder, path))),
    [],
  );
});

test("its version is that of the package, and its grammar the generated one", () => {
  assert.equal(manifest.version, (JSON.parse(textOf("package.json")) as Manifest).version);
  const [{ language, scopeName, path } = assert.fail()] = grammars;
  assert.equal((json(path) as { scopeName: string }).scopeName, scopeName);
  assert.equal(language, languages[0]?.id);
});

test("every command is registered, and every command that is used is declared", () => {
  const declared = commands.map(({ command }) => command);
  const registered = [...sources.matchAll(/\b(?:about|command)\("(\w+)"/g)].map(([, name = ""]) => `atlasc.${name}`);
  assert.deepEqual(registered.sort(), [...declared].sort());
  const used = [
    ...Object.values(menus).flatMap((items) => items.map(({ command }) => command)),
    ...walkthroughs.flatMap(({ steps }) =>
      steps.flatMap(({ description, completionEvents }) => [
        ...[...description.matchAll(/\(command:([\w.]+)\)/g)].map(([, name = ""]) => name),
        ...completionEvents.map((event) => event.replace("onCommand:", "")),
      ]),
    ),
  ].filter((name) => name.startsWith("atlasc."));
  assert.deepEqual(
    used.filter((name) => !declared.includes(name)),
    [],
  );
  const lenses = /readonly action: "(.*)";/.exec(textOf("src/compiler/ide/hints.ts"))?.[1]?.split('" | "') ?? [];
  assert.ok(lenses.length === 3);
  assert.deepEqual(
    lenses.filter((action) => !declared.includes(`atlasc.${action}`)),
    [],
  );
});

test("the settings that the sources read are declared", () => {
  const declared = Object.keys(
    (manifest.contributes as unknown as { configuration: { properties: object } }).configuration.properties,
  );
  const read = [...sources.matchAll(/\.get(?:<[^>]*>)?\("(\w+)"/g)].map(([, name = ""]) => `atlasc.${name}`);
  assert.ok(read.length >= 3);
  assert.deepEqual(
    read.filter((name) => !declared.includes(name)),
    [],
  );
});

interface WrittenSnippet {
  readonly prefix: string;
  readonly description: string;
  readonly body: string | readonly string[];
}

/** What a snippet is before anybody types: the first of the choices, the text of each place. */
function filledIn({ body }: WrittenSnippet): string {
  const text = typeof body === "string" ? body : body.join("\n");
  return text
    .replace(/\$\{\d+\|([^,|]*)[^|]*\|\}/g, "$1")
    .replace(/\$\{\d+:((?:[^\\}]|\\.)*)\}/g, (_, inner: string) => inner.replace(/\\(.)/g, "$1"))
    .replace(/\$\d/g, "");
}

for (const { path } of manifest.contributes.snippets) {
  for (const [name, snippet] of Object.entries(json(path) as Record<string, WrittenSnippet>)) {
    test(`the snippet ${name} of ${path} is a text that the compiler reads`, () => {
      const text = filledIn(snippet);
      assert.doesNotMatch(text, /\$/);
      assert.deepEqual(parse({ path: "snippet.atlas", text }).diagnostics, []);
      assert.ok(snippet.description.length > 0 && snippet.prefix.length > 0);
    });
  }
}

test("the snippets of statements are those of the table: node scripts/textmate.mjs", async () => {
  const file = join(root, folder, "snippets/forms.json");
  const made = await format(JSON.stringify(snippets()), { ...(await resolveConfig(file)), filepath: file });
  assert.equal(readFileSync(file, "utf8"), made);
});

test("the problem matcher reads what atlasc check prints", () => {
  const [first, second] = (problemMatchers[0]?.pattern ?? []).map(({ regexp }) => new RegExp(regexp));
  assert.ok(first !== undefined && second !== undefined);
  const files = filesBelow("docs/examples/broken", ".atlas");
  const check = (...words: readonly string[]): { readonly stdout: string; readonly stderr: string } =>
    spawnSync(process.execPath, ["dist/bin/atlasc.js", "check", ...words, ...files], { cwd: root, encoding: "utf8" });
  const { stderr } = check();
  const lines = stderr.split("\n");
  const found = lines.flatMap((line, i) => {
    const [, severity, code, message] = first.exec(line) ?? [];
    const [, file, row, column] = second.exec(lines[i + 1] ?? "") ?? [];
    return severity === undefined ? [] : [{ severity, code, message, file, row: Number(row), column: Number(column) }];
  });
  const { stdout } = check("--json");
  const told = (
    JSON.parse(stdout) as {
      diagnostics: {
        severity: string;
        code: string;
        message: string;
        primary: { file: string; from: { line: number; column: number } };
      }[];
    }[]
  ).flatMap(({ diagnostics }) =>
    diagnostics.map(({ severity, code, message, primary: { file, from } }) => ({
      severity,
      code,
      message,
      file,
      row: from.line,
      column: from.column,
    })),
  );
  assert.ok(found.length >= 5);
  assert.deepEqual(found, told);
});

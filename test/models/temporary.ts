import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Diagnostic } from "../../src/compiler/diagnostics/diagnostic.js";
import type { Staged } from "../../src/compiler/diagnostics/staged.js";
import { openModel, type OpenedModel } from "../../src/runtime/models/open-model.js";
import type { ModelEnvironment } from "../../src/runtime/models/places.js";
import { root } from "./fixture.js";

/** An empty folder that goes away with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "atlasc-models-"));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A copy of a committed random model that a test may damage. */
export function copyOfModel(t: TestContext, name: string): string {
  const folder = join(temporaryFolder(t), name);
  cpSync(join(root, "test", "fixtures", "models", name), folder, { recursive: true });
  return folder;
}

/** Changes fields of a JSON file; undefined removes one. */
export function editJson(path: string, changes: Readonly<Record<string, unknown>>): void {
  const content = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...content, ...changes }));
}

/** Opens a model with caches of the test's own, so that nothing of this machine's user is read or written. */
export async function openIsolated(
  t: TestContext,
  source: string,
  revision: string | null = null,
  variables: Readonly<Record<string, string>> = {},
): Promise<Staged<OpenedModel | null>> {
  const home = temporaryFolder(t);
  const environment: ModelEnvironment = { home, variables };
  const span = { file: "test.atlas", start: 0, end: 4 };
  return openModel({ source, revision, baseFolder: root, span }, environment);
}

/** Codes of diagnostics, in order. */
export function codes(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map((d) => d.code);
}

/** A temporary folder with small models and text files, in which protocols are compiled as the command line does it. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Diagnostic } from "../../src/compiler/diagnostics/diagnostic.js";
import { renderDiagnostics } from "../../src/compiler/diagnostics/render.js";
import { cpuBackend } from "../../src/runtime/engine/backends/cpu.js";
import type { Loaded } from "../../src/runtime/load.js";
import { planRun, type Planned } from "../../src/runtime/plan-run.js";
import { packageRoot } from "../../src/runtime/models/places.js";

/** What compiling and planning a protocol gave. */
export interface Outcome {
  readonly loaded: Loaded;
  /** Null when there are errors. */
  readonly planned: Planned | null;
  /** Paths are those of the protocol's own text: relative to the workspace. */
  readonly diagnostics: readonly Diagnostic[];
  /** The diagnostics as a terminal shows them. */
  readonly rendered: string;
}

export interface Workspace {
  readonly folder: string;
  plan(name: string, text: string, options?: PlanOptions): Promise<Outcome>;
}

export interface PlanOptions {
  readonly set?: ReadonlyMap<string, string>;
  readonly memory?: number;
}

const root = packageRoot();

/**
 * Models of every workspace: three families with a tokenizer of single letters, one with another tokenizer, and one
 * without.
 */
const models = {
  gpt2: "gpt2-f32",
  llama: "llama-tied-f32",
  neox: "neox-parallel-f32",
  other: "neox-half-f16",
  bare: "gpt2-f32",
} as const;

/** Makes the folder, with `files` of test/diagnostics/files in it; `end` removes it. */
export function createWorkspace(): Workspace & { readonly end: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "atlasc-check-"));
  // The digests of weights are kept here and not among the user's own.
  process.env["XDG_CACHE_HOME"] = join(folder, "cache");
  const files = join(root, "test", "diagnostics", "files");
  cpSync(files, join(folder, "files"), { recursive: true });
  mkdirSync(join(folder, "models"));
  for (const [name, fixture] of Object.entries(models)) {
    cpSync(join(root, "test", "fixtures", "models", fixture), join(folder, "models", name), { recursive: true });
    if (name === "bare") continue;
    for (const file of ["tokenizer.json", "tokenizer_config.json"]) {
      const from = name === "other" ? join(files, "other", file) : join(files, file);
      cpSync(existsSync(from) ? from : join(files, file), join(folder, "models", name, file));
    }
  }
  const shown = (path: string): string => (path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path);
  return {
    folder,
    end: () => {
      rmSync(folder, { recursive: true, force: true });
    },
    async plan(name, text, options = {}) {
      const outcome = await planRun(
        { path: join(folder, name), text },
        {
          overrides: options.set ?? new Map(),
          memoryBudget: options.memory ?? 2 ** 30,
          engine: {
            backend: cpuBackend,
            threads: 1,
            optimisation: "disabled",
            prepacking: "never",
            tf32: false,
          },
        },
      );
      const planned = outcome.kind === "planned" ? outcome.planned : null;
      const loaded = outcome.kind === "planned" ? outcome.planned.loaded : outcome.loaded;
      const given = outcome.kind === "planned" ? outcome.planned.warnings : outcome.diagnostics;
      const diagnostics = given.map((diagnostic) => relocated(diagnostic, shown));
      const sources = new Map([...loaded.sources].map(([path, source]) => [shown(path), source]));
      return { loaded, planned, diagnostics, rendered: renderDiagnostics(diagnostics, (path) => sources.get(path)) };
    },
  };
}

/** The diagnostic with other names of files, in its spans and in its message. */
function relocated(diagnostic: Diagnostic, shown: (path: string) => string): Diagnostic {
  const label = (l: NonNullable<Diagnostic["primary"]>): NonNullable<Diagnostic["primary"]> => ({
    ...l,
    span: { ...l.span, file: shown(l.span.file) },
  });
  return {
    ...diagnostic,
    message: diagnostic.message
      .split(" ")
      .map((word) => shown(word))
      .join(" "),
    primary: diagnostic.primary === null ? null : label(diagnostic.primary),
    related: diagnostic.related.map(label),
  };
}

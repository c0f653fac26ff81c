/** Protocols as files, run through the real pipeline: in this process or by the command line as a child. */
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import type { EngineOptions } from "../../src/runtime/engine/backend.js";
import { cpuBackend } from "../../src/runtime/engine/backends/cpu.js";
import { rowWorkOf } from "../../src/compiler/lower/cost.js";
import { lowerKnown } from "../../src/compiler/lower/graph.js";
import { planRun, type Planned } from "../../src/runtime/plan-run.js";
import { runProtocol, type RunEvents, type RunOptions, type RunOutcome } from "../../src/runtime/run.js";
import { readResults } from "../../src/runtime/store/results.js";
import { root } from "../support/root.js";

export const shared = join(root, "..", "shared");

/** A folder of this test's own, removed at its end. */
export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "atlasc-e2e-"));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

/** Writes a protocol into a folder and returns its path. */
export function protocolIn(folder: string, text: string, name = "protocol.atlas"): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A text as a string literal of the language. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

export function oneThread(threads = 1): EngineOptions {
  return { backend: cpuBackend, threads, optimisation: "basic", prepacking: "always", tf32: false };
}

export type Ran = Extract<RunOutcome, { kind: "ran" }>;

/** Runs a protocol file in this process; throws when it is rejected. */
export async function runFile(
  path: string,
  options: Partial<RunOptions> & { readonly runs: string },
  events: RunEvents = {},
): Promise<Ran> {
  const outcome = await runProtocol(
    { path, text: readFileSync(path, "utf8") },
    { overrides: new Map(), memoryBudget: 2 ** 30, engine: oneThread(), ...options },
    events,
  );
  if (outcome.kind === "rejected") throw new Error(outcome.diagnostics.map((d) => `${d.code} ${d.message}`).join("\n"));
  return outcome;
}

/** Statements on two short prompts `p` and the random model `m`. */
export function runOnRandomModel(context: TestContext, statements: string): Promise<Ran> {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel);
  const path = protocolIn(
    folder,
    `
    model m from "./model"
    prompts p from ["${spelled([5, 9, 30, 2, 44])}", "${spelled([8, 8, 1, 60, 12])}"]
${statements}`,
  );
  return runFile(path, { runs: join(folder, "runs") });
}

/** The rows of a finished run as its results.parquet holds them. */
export function rowsOf(ran: Ran): Promise<readonly ResultRow[]> {
  return readResults(ran.folder.results);
}

/** The one row of an experiment and metric that has these coordinates; `baseline: true` asks for the unmodified model. */
export function rowAt(
  rows: readonly ResultRow[],
  experiment: string,
  metric: string,
  axes: Readonly<Record<string, number | string>>,
  unmodified = false,
): ResultRow {
  const found = rows.filter(
    (row) =>
      row.experiment === experiment &&
      row.metric === metric &&
      (row.baseline === null) === unmodified &&
      Object.entries(axes).every(([axis, value]) => row.axes[axis] === value),
  );
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${found.length} rows of ${experiment}.${metric} at ${JSON.stringify(axes)}`);
  }
  return only;
}

/** Largest differences by name, for the log of a test run. */
export function differences() {
  const largest = new Map<string, number>();
  return {
    /** Throws when the difference is beyond the tolerance. NaN is a difference. */
    check(what: string, actual: number, expected: number | undefined, tolerance: number, relative = false): void {
      const wanted = expected ?? Number.NaN;
      const difference = Math.abs(actual - wanted) / (relative ? Math.abs(wanted) : 1);
      largest.set(what, Math.max(largest.get(what) ?? 0, difference));
      if (!(difference <= tolerance)) throw new Error(`${what}: ${actual} instead of ${wanted}, off by ${difference}`);
    },
    text: (): string => [...largest].map(([what, value]) => `${what} ${value.toExponential(1)}`).join(", "),
  };
}

/** The plan of a protocol file; throws when it is rejected. */
export async function planOf(path: string, memoryBudget = 2 ** 30): Promise<Planned> {
  const source = { path, text: readFileSync(path, "utf8") };
  const outcome = await planRun(source, { overrides: new Map(), memoryBudget, engine: oneThread() });
  if (outcome.kind === "rejected") throw new Error(outcome.diagnostics.map((d) => `${d.code} ${d.message}`).join("\n"));
  return outcome.planned;
}

/** The smallest memory budget that a plan accepts: its largest row fits just once. */
export function leastMemory({ plan, loaded }: Planned): number {
  const graphs = new Map(plan.graphs.map((graph) => [graph.id, graph]));
  const needed = plan.evaluations.flatMap((evaluation) => {
    const model = loaded.compiled.value.models.get(evaluation.model)?.graph;
    return evaluation.units.flatMap(({ graph: id, positions }) => {
      const graph = graphs.get(id);
      return graph === undefined || model === undefined
        ? []
        : [rowWorkOf(graph, lowerKnown(model, graph), model)(positions).bytes(1)];
    });
  });
  return Math.max(...needed);
}

const suffix = extname(fileURLToPath(import.meta.url));

/** Arguments of this node that load TypeScript, for children that run the same sources from any folder. */
const loader = process.execArgv.flatMap((argument, i) => {
  const [name = "", value = process.execArgv[i + 1] ?? ""] = argument.split("=", 2);
  if (!["--import", "--require", "-r", "--loader"].includes(name)) return [];
  return [name, /^[\w@]/.test(value) && !value.includes(":") ? import.meta.resolve(value) : value];
});

export interface CommandOptions {
  /** Working folder; the project's root when absent. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** In a process group of its own, which signals can be sent to. */
  readonly detached?: boolean;
  /** As another user, which only root may. */
  readonly user?: number;
  /** Bytes that a file which it writes may have. */
  readonly fileLimit?: number;
}

export interface CommandEnd {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly process: ChildProcess;
  readonly ended: Promise<CommandEnd>;
}

/** The command as it is installed, put together in a few files; under a TypeScript loader its sources. */
const main =
  suffix === ".ts"
    ? fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url))
    : join(root, "dist", "bin", "atlasc.js");

/** Arguments of node that run the command line. */
export function commandLine(args: readonly string[]): string[] {
  return [...loader, main, ...args];
}

/** Starts the command line as a user would, with its output in pipes. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const { NO_COLOR: _noColour, FORCE_COLOR: _colour, NODE_TEST_CONTEXT: _test, ...inherited } = process.env;
  const { fileLimit, user } = options;
  const words = [process.execPath, ...commandLine(args)];
  // Blocks of 1024 bytes. Node ignores the signal that comes with the error.
  const limited = ["bash", "-c", `ulimit -f ${Math.ceil((fileLimit ?? 0) / 1024)} && exec "$@"`, "bash", ...words];
  const [program = "", ...rest] = fileLimit === undefined ? words : limited;
  const child = spawn(program, rest, {
    ...(user === undefined ? {} : { uid: user, gid: user }),
    cwd: options.cwd ?? root,
    env: { ...inherited, ...options.env },
    stdio: ["ignore", "pipe", "pipe"] as const,
    detached: options.detached ?? false,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<CommandEnd>((resolve) => {
    child.once("close", (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
  return { process: child, ended };
}

/** Runs the command line to its end. */
export function command(args: readonly string[], options: CommandOptions = {}): Promise<CommandEnd> {
  return startCommand(args, options).ended;
}

/**
 * A copy of a model whose tokenizer has one word for each id, `t0`, `t1` …, so that a text can be any list of ids.
 * Weights are linked, not copied, unless `own` is set.
 */
export function spelledModel(folder: string, model: string, own = false): void {
  mkdirSync(folder, { recursive: true });
  const config = JSON.parse(readFileSync(join(model, "config.json"), "utf8")) as { vocab_size: number };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  for (const name of ["model.safetensors"]) {
    if (own) cpSync(join(model, name), join(folder, name));
    else symlinkSync(join(model, name), join(folder, name));
  }
  const vocab = Object.fromEntries(Array.from({ length: config.vocab_size }, (_, id) => [`t${id}`, id]));
  const tokenizer = {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: false },
    model: { type: "WordPiece", unk_token: "t0", continuing_subword_prefix: "##", max_input_chars_per_word: 9, vocab },
  };
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  writeFileSync(
    join(folder, "tokenizer_config.json"),
    JSON.stringify({ tokenizer_class: "PreTrainedTokenizerFast", add_bos_token: false, bos_token: "t0" }),
  );
}

/** Ids as a text for a {@link spelledModel}. */
export function spelled(ids: readonly number[]): string {
  return ids.map((id) => `t${id}`).join(" ");
}

/** The folder of a small random model that is always there: GPT-2, 3 layers, 4 heads, 61 ids, 32 positions. */
export const randomModel = join(root, "test", "fixtures", "models", "gpt2-f32");

/** Why `../shared/models/stories260K` cannot be used, or false. */
export const noStories: string | false = existsSync(join(shared, "models", "stories260K", "model.safetensors"))
  ? false
  : "../shared/models/stories260K is not here";

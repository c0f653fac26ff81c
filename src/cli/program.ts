/** The commands and their options: a thin shell. Commands load their code when they run, so that `--help` and `check` start fast. */
import { Command, InvalidArgumentError, Option } from "commander";
import { atlascVersion } from "../runtime/version.js";
import { passNames } from "../compiler/passes/names.js";
import type { Judgement } from "../runtime/judge.js";
import { backendForms, defaultBackend } from "../runtime/engine/backends/index.js";
import { leaveWith, messages, output, watchStreams } from "./screen.js";
import {
  deviceProblem,
  parseCompute,
  parseDevice,
  parseMemory,
  parseNoOpt,
  parseOverride,
  type CommonOptions,
} from "./options.js";

/** More threads than this are a slip of the keyboard, and no machine would start them. */
const mostThreads = 4096;

function threadCount(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1)) throw new InvalidArgumentError("It must be a whole number of at least 1.");
  if (value > mostThreads) throw new InvalidArgumentError(`It must be at most ${mostThreads}.`);
  return value;
}

/** How a run is named, for the help of commands that take one. */
const runForms = "a run's folder, `latest`, a protocol's name (its last run), or first digits of a digest";

function unitCount(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= Number.MAX_SAFE_INTEGER)) {
    throw new InvalidArgumentError("It must be a whole number of at least 1.");
  }
  return value;
}

function portNumber(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0 && value < 2 ** 16)) throw new InvalidArgumentError("It must be a whole number from 0 to 65535.");
  return value;
}

function seedNumber(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value < 2 ** 32)) throw new InvalidArgumentError("It must be a whole number from 0 to 4294967295.");
  return value;
}

/** `--no-opt [names]`: commander would take the `no-` for the negation of an option `--opt`. */
function noOptOption(): Option {
  const option = new Option("--no-opt [passes]", "leave out optimisations: all of them, or those named")
    .preset(passNames.join(","))
    .argParser(parseNoOpt);
  option.negate = false;
  return option;
}

function withExecutionOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--set <name=value>", "give a `param` of the protocol another value (repeatable)")
        .argParser(parseOverride)
        .default(new Map<string, string>(), "none"),
    )
    .addOption(
      new Option("--memory <size>", "activations that one batch may take, such as 512MB or 2GB")
        .argParser(parseMemory)
        .default(undefined, "1GB, or a quarter of the device's own"),
    )
    .addOption(
      new Option("--backend, --device <device>", backendForms())
        .argParser(parseDevice)
        .default(defaultBackend, defaultBackend.name),
    )
    .option("--threads <count>", "threads of one operator (default: the machine's cores)", threadCount)
    .option("--prepacking", "rearrange weights for texts of any length (default: for short texts)")
    .option("--no-prepacking", "read all weights where they are mapped: less memory, slower with short texts")
    .addOption(noOptOption())
    .option("--tf32", "CUDA: allow TF32 in f32 matrix products", false)
    .addOption(
      new Option(
        "--compute <type>",
        "products with weights in f32, bf16 or f16, where the device has it; all else is in f32",
      )
        .argParser(parseCompute)
        .default("float32", "f32"),
    )
    .option("--verify-weights", "hash all weights, also those of files that seem not to have changed", false)
    .hook("preAction", (_, action) => {
      const problem = deviceProblem(action.opts<CommonOptions>());
      if (problem !== null) action.error(`error: ${problem}`);
    });
}

/** `--revision NAME`, as often as there are revisions. */
function revisionOption(description: string): Option {
  return new Option("--revision <name>", description)
    .argParser((name: string, earlier: readonly string[]) => [...earlier, name])
    .default([], "none");
}

const program = new Command("atlasc")
  .description("Runs declarative experiments on the inside of transformer language models.")
  .showSuggestionAfterError(true)
  .showHelpAfterError("(atlasc --help lists the commands)")
  .addHelpText(
    "after",
    "\nExit codes: 0 done; 1 the input is wrong; 2 something failed while running; 130 interrupted.\n",
  );

// Commander repeats what it was given, so it prints through the same border. Commands that are made later inherit this.
const withoutLastBreak = (text: string): string => text.replace(/\n$/, "");
program
  .configureOutput({
    writeOut: (text) => {
      output.text(withoutLastBreak(text));
    },
    writeErr: (text) => {
      messages.text(withoutLastBreak(text));
    },
    // Line breaks that are not commander's own stand in what it was given.
    outputError: (text, write) => {
      write(text.replace(/\n(?!\(Did you mean |$)/g, "\\n"));
    },
  })
  // It would end the process before it is known whether what it printed could be written.
  .exitOverride();

program.version(atlascVersion(), "-V, --version", "print the version");

withExecutionOptions(program.command("run"))
  .description("run a protocol; finished work is kept, so running again continues or computes nothing")
  .argument("<protocol>", "a .atlas file")
  .option("--runs <folder>", "folder of records, results and reports", "runs")
  .option("--evict", "keep one downloaded revision of a sweep at a time: remove each when it has run", false)
  .option("--json", "print the outcome as JSON", false)
  .action(async (file: string, options: CommonOptions & { runs: string; evict: boolean; json: boolean }) => {
    const { runCommand } = await import("./run.js");
    leaveWith(await runCommand(file, options));
  });

withExecutionOptions(program.command("check"))
  .description("check a protocol without running it")
  .argument("<protocol...>", ".atlas files, or - for standard input")
  .option("--json", "print diagnostics as JSON", false)
  .action(async (files: readonly string[], options: CommonOptions & { json: boolean }) => {
    const { checkCommand } = await import("./check.js");
    leaveWith(await checkCommand(files, options));
  });

withExecutionOptions(program.command("explain"))
  .description("say what a run would do, what each optimisation saves, and about how long it takes")
  .argument("<protocol>", "a .atlas file")
  .option("--runs <folder>", "folder of records, where the last run is looked up", "runs")
  .option("--no-times", "leave out times, for which this machine's speed is measured")
  .option("--json", "print the plan as JSON", false)
  .action(async (file: string, options: CommonOptions & { runs: string; times: boolean; json: boolean }) => {
    const { explainCommand } = await import("./explain.js");
    leaveWith(await explainCommand(file, options));
  });

program
  .command("judge")
  .description("write down what you make of a run's results; earlier judgements are never changed")
  .argument("<run>", runForms)
  .requiredOption("--verdict <text>", "what you make of the results, in your own words")
  .requiredOption("--by <name>", "who says so")
  .option("--note <text>", "what else there is to say, in any number of lines")
  .option("--hypothesis <title>", "which hypothesis it is about (default: the run as a whole)")
  .option("--runs <folder>", "folder of records, where the run is looked up", "runs")
  .option("--json", "print what was written as JSON", false)
  .action(async (run: string, options: Judgement & { runs: string; json: boolean }) => {
    const { judgeCommand } = await import("./judge.js");
    leaveWith(await judgeCommand(run, options));
  });

program
  .command("report")
  .description("draw tables, figures and report of a run again from what is stored, without computing")
  .argument("<run>", runForms)
  .option("--runs <folder>", "folder of records, where the run is looked up", "runs")
  .option("--json", "print what was written as JSON", false)
  .action(async (run: string, options: { runs: string; json: boolean }) => {
    const { reportCommand } = await import("./report.js");
    leaveWith(await reportCommand(run, options));
  });

program
  .command("view")
  .description("serve a folder of runs to this machine's browser, with the progress of those that go on")
  .argument("[folder]", "a folder of runs, or that of a protocol", "runs")
  .option("--port <number>", "port to listen at (default: one that is free)", portNumber)
  .action(async (folder: string, options: { port?: number }) => {
    const { viewCommand } = await import("./view.js");
    leaveWith(await viewCommand(folder, options));
  });

program
  .command("verify")
  .description("check that a run is what its record says: digests of text, weights, units and files, order, judgements")
  .argument("<run>", runForms)
  .option("--rerun <count>", "compute so many of its units again, drawn at random, and compare every bit", unitCount)
  .option("--seed <number>", "draw these units (default: a random one, which is printed)", seedNumber)
  .option("--runs <folder>", "folder of records, where the run is looked up", "runs")
  .option("--json", "print as JSON", false)
  .addHelpText("after", "\nExit codes: 0 all agrees; 1 something does not, or there is no such run.\n")
  .action(async (run: string, options: { runs: string; rerun?: number; seed?: number; json: boolean }) => {
    const { verifyCommand } = await import("./verify.js");
    leaveWith(await verifyCommand(run, options));
  });

program
  .command("diff")
  .description("compare two runs: what was asked for, every value, decisions, and why they can differ")
  .argument("<left>", runForms)
  .argument("<right>", "the other run, in the same words")
  .option("--runs <folder>", "folder of records, where the runs are looked up", "runs")
  .option("--json", "print as JSON", false)
  .addHelpText("after", "\nExit codes: 0 results and decisions are the same; 1 they differ, or there is no such run.\n")
  .action(async (left: string, right: string, options: { runs: string; json: boolean }) => {
    const { diffCommand } = await import("./diff.js");
    leaveWith(await diffCommand(left, right, options));
  });

program
  .command("log")
  .description("list the runs of a folder by time, with verdicts and judgements")
  .argument("[folder]", "a folder of runs, or that of a protocol", "runs")
  .option("--json", "print as JSON", false)
  .action(async (folder: string, options: { json: boolean }) => {
    const { logCommand } = await import("./log.js");
    leaveWith(await logCommand(folder, options));
  });

program
  .command("inspect")
  .description("show a model's sites and shapes, and check its identities")
  .argument("<model>", "a folder, an @stdlib/models/… name or a Hub id in the local cache")
  .option("--revision <name>", "a revision of the model")
  .option("--threads <count>", "threads of one operator (default: the machine's cores)", threadCount)
  .option("--json", "print as JSON", false)
  .action(async (model: string, options: { revision?: string; threads?: number; json: boolean }) => {
    const { inspectCommand } = await import("./inspect.js");
    leaveWith(await inspectCommand(model, options));
  });

const models = program
  .command("models")
  .description("list, pull and remove models of the Hugging Face Hub in its cache");

models
  .command("list", { isDefault: true })
  .description("list what the cache holds, with sizes")
  .option("--json", "print as JSON", false)
  .action(async (options: { json: boolean }) => {
    const { listModels } = await import("./models.js");
    leaveWith(listModels(options));
  });

models
  .command("pull")
  .description("download a model: its newest files, or those of the revisions that are named")
  .argument("<name>", "such as EleutherAI/pythia-70m")
  .addOption(revisionOption("a branch, tag or commit (repeatable; default: main)"))
  .option("--json", "print as JSON", false)
  .action(async (name: string, options: { revision: readonly string[]; json: boolean }) => {
    const { pullModels } = await import("./models.js");
    leaveWith(await pullModels(name, options));
  });

models
  .command("remove")
  .description("remove a model, or revisions of it, from the cache that Hugging Face's tools share")
  .argument("<name>", "such as EleutherAI/pythia-70m, or datasets/org/name")
  .addOption(revisionOption("a revision to remove (repeatable; default: all of them)"))
  .option("--dry-run", "remove nothing, and say how much it would free", false)
  .action(async (name: string, options: { revision: readonly string[]; dryRun: boolean }) => {
    const { removeModels } = await import("./models.js");
    leaveWith(await removeModels(name, options));
  });

program
  .command("doctor")
  .description("show what this machine has for runs: Node, onnxruntime, providers that load, caches, memory, disk")
  .option("--json", "print as JSON", false)
  .addHelpText("after", "\nExit codes: 0 all is well; 1 something needs a look.\n")
  .action(async (options: { json: boolean }) => {
    const { doctorCommand } = await import("./doctor.js");
    leaveWith(await doctorCommand(options));
  });

withExecutionOptions(program.command("graph"))
  .description("write the rewritten ONNX graphs of a protocol")
  .argument("<protocol>", "a .atlas file")
  .option("--out <folder>", "where to write them", "graphs")
  .option("--json", "print what was written as JSON", false)
  .action(async (file: string, options: CommonOptions & { out: string; json: boolean }) => {
    const { graphCommand } = await import("./graph.js");
    leaveWith(await graphCommand(file, options));
  });

program
  .command("doc")
  .description("show the reference of a word, metric, site, operation or diagnostic; without a name, list them")
  .argument("[name...]", "such as ablate, R_V, resid_post, L87.5% or A3006; or a group, such as plots")
  .option("--json", "print as JSON", false)
  .action(async (names: readonly string[], options: { json: boolean }) => {
    const { docCommand } = await import("./doc.js");
    leaveWith(await docCommand(names, options));
  });

program
  .command("fmt")
  .description("format protocols in place; with -, standard input to standard output")
  .argument("<protocol...>", ".atlas files, or - for standard input")
  .option("--check", "change nothing; exit 1 when a file is not formatted", false)
  .action(async (files: readonly string[], options: { check: boolean }) => {
    const { formatCommand } = await import("./format.js");
    leaveWith(await formatCommand(files, options));
  });

program
  .command("lsp")
  .description("serve an editor on standard input and output (Language Server Protocol)")
  // Editors that know many servers ask all of them for this transport.
  .option("--stdio", "the only transport, and the default", true)
  .action(async () => {
    const { lspCommand } = await import("./lsp.js");
    await lspCommand();
  });

program
  .command("completion")
  .description("print a script that completes atlasc's commands in a shell")
  .argument("<shell>", "bash, zsh or fish")
  .addHelpText("after", "\nFor bash: echo 'eval \"$(atlasc completion bash)\"' >> ~/.bashrc\n")
  .action(async (shell: string) => {
    const { completionCommand } = await import("./shell-completion.js");
    leaveWith(completionCommand(shell));
  });

// What these scripts call.
program
  .command("complete", { hidden: true })
  .argument("[words...]")
  .action(async (words: readonly string[]) => {
    const { completeCommand } = await import("./shell-completion.js");
    leaveWith(await completeCommand(program, words));
  });

/** Reads the arguments, and does what they say. */
export async function runProgram(): Promise<void> {
  watchStreams();
  await program.parseAsync();
}

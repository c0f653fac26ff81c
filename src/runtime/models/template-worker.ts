/**
 * A thread that puts conversations together by a chat template. Templates come with models: whoever started the thread
 * ends it when it takes too long, and Node when it takes too much memory.
 */
import * as library from "@huggingface/jinja";
import { parentPort, workerData } from "node:worker_threads";
import { chainsComparisons, type TemplateToken } from "./template-chains.js";
import { followPython } from "./template-interpreter.js";
import type { Interpreter, TemplateScope } from "./template-nodes.js";
import { refuse } from "./template-python.js";
import type { TemplateAnswer, TemplateWork } from "./template-work.js";

/** What is used of the library, whose declarations name their files without endings, which do not resolve here. */
interface Jinja {
  readonly Environment: new (parent?: TemplateScope) => TemplateScope;
  readonly Interpreter: new (environment: TemplateScope) => Interpreter;
  readonly parse: (tokens: object) => object;
  readonly tokenize: (
    template: string,
    options: { readonly lstrip_blocks: boolean; readonly trim_blocks: boolean },
  ) => readonly TemplateToken[];
}

const { Environment, Interpreter: Runner, parse, tokenize } = library as unknown as Jinja;

const { template, variables, conversations, opened, longest } = workerData as TemplateWork;

const answer = (message: TemplateAnswer): void => parentPort?.postMessage(message);

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The numbers of a loop, as Python counts them. */
function range(first: number, end?: number, step = 1): readonly number[] {
  const [from, to] = end === undefined ? [0, first] : [first, end];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= longest)) throw new Error(`range(…) has ${count} numbers, and at most ${longest} are made`);
  return Array.from({ length: count }, (_, i) => from + i * step);
}

/**
 * What a template may name. `strftime_now` is left out, which templates ask for today's date: they have another text for
 * where there is none, and what a protocol means must not change over night.
 */
function environmentFor(conversation: string): TemplateScope {
  const environment = new Environment();
  const names: Readonly<Record<string, unknown>> = {
    ...variables,
    messages: JSON.parse(conversation) as unknown,
    // transformers names them with `None` where there are none.
    tools: null,
    documents: null,
    add_generation_prompt: opened,
    range,
    raise_exception: (reason: unknown) => {
      throw new Error(String(reason));
    },
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
  };
  for (const [name, value] of Object.entries(names)) environment.set(name, value);
  return environment;
}

try {
  const tokens = tokenize(template.replace(/\r\n?/g, "\n"), { lstrip_blocks: true, trim_blocks: true });
  const program = parse(tokens);
  const refusal = chainsComparisons(tokens) ? "the template compares several values in a chain" : null;
  for (const [index, conversation] of conversations.entries()) {
    try {
      if (refusal !== null) refuse(refusal);
      const made = followPython(new Runner(environmentFor(conversation)), (scope) => new Environment(scope)).run(
        program,
      );
      const text = String(made.value);
      answer(
        text.length > longest
          ? { index, problem: `it gives ${text.length} characters, and at most ${longest} are read` }
          : { index, text },
      );
    } catch (error) {
      answer({ index, problem: reasonOf(error) });
    }
  }
} catch (error) {
  const problem = `it is no template: ${reasonOf(error)}`;
  conversations.forEach((_, index) => {
    answer({ index, problem });
  });
}

/**
 * The border to the terminal: whatever atlasc prints leaves through one of the two channels here. What is printed may
 * hold text of others (names, paths, prompts, messages of the system), so that everything is made printable in this one
 * place, and our colours are put in afterwards.
 */
import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { printable, printableLine } from "../compiler/base/printable.js";
import { reasonOf } from "../runtime/store/fault.js";
import { exitCodes } from "./exit-codes.js";

export type Colour = "bold" | "underline" | "red" | "yellow" | "green" | "blue" | "cyan" | "gray";

/** Stands for a colour until everything else is printable. Nobody else can write it: it is another one in each process. */
const mark = randomUUID();
const marked = new RegExp(`${mark}<(\\w+(?: \\w+)*)>([^]*?)${mark}`, "g");

/** The text in these colours, for a channel that shows them. */
export function coloured(text: string, colours: readonly Colour[]): string {
  return `${mark}<${colours.join(" ")}>${text}${mark}`;
}

function withColours(text: string): string {
  return text.replace(marked, (_, colours: string, inner: string) => {
    const codes = colours.split(" ").map((colour) => inspect.colors[colour] ?? [0, 0]);
    const [on, off] = [codes.map(([code]) => code), codes.map(([, code]) => code).reverse()];
    return `${on.map((code) => `\u001b[${code}m`).join("")}${inner}${off.map((code) => `\u001b[${code}m`).join("")}`;
  });
}

/** Standard output or standard error. Writing never fails: see {@link watchStreams}. */
export interface Channel {
  /** A text of several lines, as it was laid out, and a line break. */
  readonly text: (text: string) => void;
  /** One line: line breaks in it are shown as such. */
  readonly line: (text: string) => void;
  readonly json: (value: unknown) => void;
  /** A text for a program to read, every character as it is; on a terminal made printable like everything else. */
  readonly verbatim: (text: string) => void;
  /** Whether colours are shown: on a terminal, unless NO_COLOR or FORCE_COLOR says otherwise. */
  readonly colours: () => boolean;
  /** Width in columns; undefined for what is no terminal. */
  readonly columns: () => number | undefined;
}

const lost = new Set<NodeJS.WriteStream>();
let leastExitCode: number = exitCodes.done;

function channel(stream: () => NodeJS.WriteStream): Channel {
  const send = (text: string): void => {
    if (lost.has(stream())) return;
    try {
      stream().write(text);
    } catch (error) {
      lose(stream(), error);
    }
  };
  const write = (text: string): void => {
    send(`${withColours(printable(text))}\n`);
  };
  return {
    text: write,
    line: (text) => {
      write(printableLine(text));
    },
    json: (value) => {
      write(JSON.stringify(value, null, 2));
    },
    verbatim: (text) => {
      send(stream().isTTY ? printable(text) : text);
    },
    colours: () => {
      const { NO_COLOR: none, FORCE_COLOR: forced } = process.env;
      if (none !== undefined && none !== "") return false;
      return forced !== undefined && forced !== "0" ? true : stream().isTTY;
    },
    columns: () => (stream() as { readonly columns?: number }).columns,
  };
}

/** Standard output: results. */
export const output = channel(() => process.stdout);

/** Standard error: diagnostics, progress, faults. */
export const messages = channel(() => process.stderr);

/** Ends the process with this exit code when nothing is left to do; with that of a fault when output was lost. */
export function leaveWith(exitCode: number): void {
  process.exitCode = Math.max(exitCode, leastExitCode);
}

/** What a reader that has seen enough (`| head`) or a terminal that was closed leaves behind. */
const readerIsGone: readonly unknown[] = ["EPIPE", "EIO", "ECONNRESET", "ERR_STREAM_DESTROYED"];

function lose(stream: NodeJS.WriteStream, error: unknown): void {
  if (lost.has(stream)) return;
  lost.add(stream);
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (stream !== process.stdout || readerIsGone.includes(code)) return;
  leastExitCode = exitCodes.fault;
  leaveWith(Number(process.exitCode ?? exitCodes.done));
  messages.line(`atlasc: cannot write to standard output: ${reasonOf(error)}`);
}

/**
 * Watches both streams. A reader that goes away ends neither a run nor changes its exit code: what comes after is not
 * printed. Results that cannot be written for another reason (a full disk) are a fault, which the exit code says.
 */
export function watchStreams(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      lose(stream, error);
    });
  }
}

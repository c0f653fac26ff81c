/**
 * How long parsing and checking take: `npx tsx bench/check.ts [LINES]` (1,000 when absent), or `node dist/bench/check.js`
 * after a build. "once" is the first time in the process, as the command line does it; the other rows are medians of a
 * warm process, as an editor sees them. Checking is what `compile` does with everything that it asks for at hand: it
 * reads no file, but parses, and a text is parsed once only if it is the same object, so each call gets a new one.
 */
import { performance } from "node:perf_hooks";
import { Bench } from "tinybench";
import type { SourceFile } from "../src/compiler/base/span.js";
import { compile } from "../src/compiler/compile.js";
import { renderDiagnostics } from "../src/compiler/diagnostics/render.js";
import { parse } from "../src/compiler/syntax/parse.js";
import { loadProtocol } from "../src/runtime/load.js";
import { longProtocol } from "./long-protocol.js";

const text = longProtocol(Number(process.argv[2] ?? 1000));
const fresh = (): SourceFile => ({ path: "long.atlas", text });

function report(name: string, milliseconds: number): void {
  process.stdout.write(`${name.padEnd(44)}${milliseconds.toFixed(1).padStart(8)} ms\n`);
}

async function once<T>(name: string, run: () => T | Promise<T>): Promise<T> {
  const started = performance.now();
  const value = await run();
  report(name, performance.now() - started);
  return value;
}

process.stdout.write(`${text.split("\n").length - 1} lines, ${text.length} characters\n`);
await once("parsing, once", () => parse(fresh()));
const { compiled, facts } = await once("checking and reading files, once", () => loadProtocol(fresh()));
const errors = compiled.diagnostics.filter((d) => d.severity === "error");
if (errors.length > 0) throw new Error(renderDiagnostics(errors, () => text));
const options = { overrides: new Map<string, string>() };
await once("checking, again", () => compile(fresh(), facts, options));

const bench = new Bench({ time: 2000, warmupTime: 500 });
bench.add("parsing", () => void parse(fresh()));
bench.add("checking, with parsing", () => void compile(fresh(), facts, options));
bench.add("the same with a side table", () => void compile(fresh(), facts, { ...options, sideTable: true }));
await bench.run();
for (const { name, result } of bench.tasks) {
  if ("latency" in result) report(`${name}, median`, result.latency.p50);
}

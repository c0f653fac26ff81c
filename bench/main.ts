/**
 * The benchmark: `npm run bench`, or `node dist/bench/main.js` after a build. Measures parts into a work folder and
 * writes the report of the machine and docs/performance.md from what is there. What is needed for it, and what each part means: bench/README.md.
 */
import { performance } from "node:perf_hooks";
import { agreement } from "./parts/agreement.js";
import { attribution } from "./parts/attribution.js";
import { coldStart } from "./parts/cold-start.js";
import { deepSweep } from "./parts/deep-sweep.js";
import { headSweep } from "./parts/head-sweep.js";
import { hessian } from "./parts/hessian.js";
import { corpusPerplexity } from "./parts/perplexity.js";
import { prepacking } from "./parts/prepacking.js";
import { scaling } from "./parts/scaling.js";
import { writeReport } from "./report.js";
import { keepResult, keptResults, type PartName, type PartResult } from "./results.js";
import { settingsFrom, usage, type Settings } from "./settings.js";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function measure(settings: Settings, part: PartName): Promise<PartResult> {
  switch (part) {
    case "1a":
    case "1b":
      return headSweep(settings, part, say);
    case "2":
      return deepSweep(settings, say);
    case "4":
      return corpusPerplexity(settings, say);
    case "5":
      return scaling(settings, say);
    case "6":
      return coldStart(settings, say);
    case "7":
      return prepacking(settings, say);
    case "8a":
      return attribution(settings, say);
    case "8b":
      return hessian(settings, say);
    case "8c":
      return agreement(settings, say);
  }
}

async function main(): Promise<number> {
  const settings = settingsFrom(process.argv.slice(2));
  if (typeof settings === "string") {
    if (settings !== "") process.stderr.write(`${settings}\n\n`);
    (settings === "" ? process.stdout : process.stderr).write(usage);
    return settings === "" ? 0 : 1;
  }
  for (const part of settings.parts) {
    const started = performance.now();
    keepResult(settings.work, await measure(settings, part));
    say(`part ${part} took ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  const results = keptResults(settings.work);
  if (results.length === 0) {
    process.stderr.write(`nothing was measured into ${settings.work} yet\n`);
    return 1;
  }
  // Small shapes say nothing about speed and must not overwrite numbers that do.
  for (const path of await writeReport(results, settings.quick ? settings.work : null)) say(`${path} written`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

/** The sections of the report, as Markdown. */
import { unpackedFrom } from "../src/compiler/lower/prepacking.js";
import { exponentOf, lastExponentOf } from "./figure.js";
import {
  median,
  type Agreement,
  type ColdStart,
  type Comparison,
  type Machine,
  type PartResult,
  type Prepacking,
  type Scaling,
} from "./results.js";
import { contestantOf, distanceToLimit, verdictsOf, wholeOf, workOf } from "./targets.js";

const titles: Readonly<Record<PartResult["part"], string>> = {
  "1a": "1a. Head sweep of a GPT-2-small: loss",
  "1b": "1b. Head sweep of a GPT-2-small: R_V",
  "2": "2. Half of a deep model: R_V",
  "4": "4. Perplexity of a long text",
  "5": "5. How time grows",
  "6": "6. From nothing",
  "7": "7. Rearranged weights",
  "8a": "8a. Attribution patching of every head",
  "8b": "8b. Products of a Hessian",
  "8c": "8c. Heads chosen by gradients",
};

type Row = readonly string[];

function table(head: Row, rows: readonly Row[], left = 1): string {
  const line = (cells: Row): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i < left ? "---" : "--:"))), ...rows.map(line)].join("\n");
}

const seconds = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(1));
const megabytes = (bytes: number | undefined): string => (bytes === undefined ? "–" : (bytes / 1e6).toFixed(0));
const exact = (value: number): string => value.toExponential(1);

/** Median of the rounds, with the smallest and largest where there were several. */
function spread(values: readonly number[]): string {
  const middle = seconds(median(values));
  return values.length === 1 ? middle : `${middle} (${seconds(Math.min(...values))}–${seconds(Math.max(...values))})`;
}

export function targetTable(results: readonly PartResult[]): string {
  const rows = results.flatMap(verdictsOf).map(({ part, target, measured, met, margin }) => {
    const far = `${Math.abs(margin).toFixed(0)}%`;
    return [part, target, measured, met ? `met (by ${far})` : `**missed** by ${far}`];
  });
  return table(["part", "target", "measured", ""], rows, 2);
}

/** The machine in a few words; of results from several machines, the first. */
export function machineName(results: readonly PartResult[]): string {
  const [first] = results;
  return first === undefined ? "no machine" : `${first.machine.processor}, ${first.machine.cores} cores`;
}

export function machineText(results: readonly PartResult[]): string {
  const describe = ({ processor, cores, memoryBytes, platform, threads }: Machine): string =>
    `${processor}, ${cores} cores, ${(memoryBytes / 1e9).toFixed(0)} GB, ${platform}; every program with ${threads} threads`;
  const machines = [...new Set(results.map(({ machine }) => describe(machine)))];
  const versions = Object.assign({}, ...results.map(({ machine }) => machine.versions)) as Record<string, string>;
  const list = machines.map((machine) => {
    const parts = results.filter((result) => describe(result.machine) === machine).map(({ part }) => part);
    return machines.length === 1 ? machine : `${machine} (parts ${parts.join(", ")})`;
  });
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `- Machine: ${list.join("; ")}.\n- Versions: ${names.join(", ")}.`;
}

function comparisonText(result: Comparison): string {
  const { part, contestants, absent, plans, loopLayerRuns, limit, effects, tokens } = result;
  const own = contestantOf(result, "atlasc");
  const perToken = tokens === null ? [] : ["tokens/s"];
  const rows = contestants.map((contestant) => {
    const { name, timings, memory, largestDifference, sampled } = contestant;
    const ratio = (of: typeof workOf): string => (own === undefined ? "–" : (of(contestant) / of(own)).toFixed(2));
    return [
      sampled === null ? name : `${name}, from ${sampled.measured} of ${sampled.of} heads`,
      spread(timings.map(({ work }) => work)),
      ratio(workOf),
      spread(timings.map(({ whole }) => whole)),
      ratio(wholeOf),
      ...(tokens === null ? [] : [(tokens / workOf(contestant)).toFixed(0)]),
      megabytes(memory?.anonymous),
      megabytes(memory?.resident),
      largestDifference === null ? "" : exact(largestDifference),
    ];
  });
  const head = ["program", "work, s", "× atlasc", "whole process, s", "× atlasc", ...perToken];
  const columns = [...head, "anonymous, MB", "resident, MB", "differs by"];
  const lines = [`${result.workload}.`, table(columns, rows)];
  for (const { name, reason } of absent) lines.push(`${name} was not measured: \`${reason}\`.`);
  if (effects !== null) {
    lines.push(
      `All programs computed the same numbers: the largest difference stands beside effects of the heads of ` +
        `${exact(effects.median)} in the median and ${exact(effects.largest)} at most.`,
    );
  }
  if (part === "8a")
    lines.push("All programs computed the same numbers, but for patching each head, which they estimate.");
  const planned = Object.entries(plans).map(
    ([name, { layerRuns, flops }]) =>
      `${name} runs ${layerRuns.toLocaleString("en")} layers (row by row), about ${(flops / 1e12).toPrecision(3)} TFLOP`,
  );
  const loop = loopLayerRuns === null ? "" : ` A loop over whole models runs ${loopLayerRuns.toLocaleString("en")}.`;
  if (planned.length > 0) lines.push(`Plans, as \`atlasc explain\` counts them: ${planned.join("; ")}.${loop}`);
  if (own !== undefined && limit !== null) {
    lines.push(
      `The limit: ${(limit.flops / 1e12).toPrecision(3)} TFLOP that cannot be avoided, at ` +
        `${(limit.rate / 1e9).toFixed(0)} GFLOP/s (best product: ${limit.shape}, by ${limit.library}), take ` +
        `${seconds(limit.flops / limit.rate)} s. The work of atlasc takes ` +
        `**${distanceToLimit(workOf(own), limit).toFixed(2)}×** as long, the whole process ` +
        `${distanceToLimit(wholeOf(own), limit).toFixed(2)}×.`,
    );
  }
  return lines.join("\n\n");
}

function scalingText({ workload, series }: Scaling, image: string): string {
  const rows = series.map(({ size, fixed, points, expected }) => [
    size,
    fixed,
    points.map((point) => point.size).join(", "),
    points.map((point) => seconds(point.seconds)).join(", "),
    exponentOf(points).toFixed(2),
    lastExponentOf(points).toFixed(2),
    String(expected),
  ]);
  return [
    `${workload}. Seconds of work, the faster of two runs; the exponent is the slope of a least-squares line through ` +
      `the logarithms. Fixed costs make it smaller, and least of all in the last doubling.`,
    table(["size", "what grows", "sizes", "seconds", "exponent", "last doubling", "of the work itself"], rows, 2),
    "![Seconds of work against one size at a time on logarithmic axes, with a dashed line of exponent 1]" +
      `(${image})`,
  ].join("\n\n");
}

function coldStartText({ workload, commands }: ColdStart): string {
  const rows = commands.map(({ command, seconds: all }) => [
    `\`${command}\``,
    seconds(median(all)),
    seconds(Math.min(...all)),
    seconds(Math.max(...all)),
  ]);
  return [`${workload}.`, table(["command", "median, s", "fastest", "slowest"], rows)].join("\n\n");
}

function prepackingText({ workload, products, runs }: Prepacking): string {
  const rows = products.map(({ tokens, packed, unpacked }) => [String(tokens), (unpacked / packed).toFixed(2)]);
  const ran = runs.map(({ option, timing, memory }) => [
    `\`${option}\``,
    seconds(timing.work),
    seconds(timing.whole),
    megabytes(memory?.anonymous),
    megabytes(memory?.resident),
  ]);
  return [
    `${workload}. The first table says how many times as long products take with the weights as they are in the file as ` +
      `with a rearranged copy, which takes as much memory as the weights and time to make. Units of texts of ` +
      `${unpackedFrom} tokens and more go without one.`,
    table(["tokens", "× as long"], rows, 0),
    table(["run", "work, s", "whole process, s", "anonymous, MB", "resident, MB"], ran),
  ].join("\n\n");
}

function agreementText({ workload, chosen, models, absent }: Agreement): string {
  const rows = models.map(({ name, heads, recall, correlation, screen, sweep }) => [
    name,
    String(heads),
    `${Math.round(recall * chosen)} of ${chosen}`,
    ((chosen * chosen) / heads).toFixed(1),
    correlation.toFixed(3),
    seconds(screen),
    seconds(sweep),
    (sweep / screen).toFixed(1),
  ]);
  const found = `of the top ${chosen}`;
  const head = ["model", "heads", found, "by chance", "correlation", "gradients, s", "patching, s", "× as long"];
  return [
    `${workload}. How many of the ${chosen} heads with the largest effects are among the ${chosen} with the largest ` +
      `attributions, and the correlation over all heads.`,
    table(head, rows),
    ...absent.map(({ name, reason }) => `${name} was not measured: \`${reason}\`.`),
  ].join("\n\n");
}

/** Share of the machine that an operating system may use for itself. */
const quiet = 0.05;

function textOf(result: PartResult, image: string): string {
  switch (result.kind) {
    case "comparison":
      return comparisonText(result);
    case "scaling":
      return scalingText(result, image);
    case "cold-start":
      return coldStartText(result);
    case "prepacking":
      return prepackingText(result);
    case "agreement":
      return agreementText(result);
  }
}

/** The section of a part. `image` is the name of the picture of how time grows. */
export function section(result: PartResult, image: string): string {
  const text = textOf(result, image);
  const disturbed =
    result.busy > quiet
      ? `**Something else used ${(100 * result.busy).toFixed(0)}% of the machine when this part began.**\n\n`
      : "";
  return `## ${titles[result.part]}\n\n${disturbed}${text}`;
}

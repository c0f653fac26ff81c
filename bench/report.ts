/** docs/performance.md from the results of the parts. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { scalingFigure } from "./figure.js";
import { partNames, type PartResult } from "./results.js";
import { machineText, section, targetTable } from "./sections.js";
import { root } from "./settings.js";

const introduction = `# Performance

How fast atlasc is, beside the usual ways of getting the same numbers and beside what the machine could do at all. This
file is written by \`npm run bench\` ([how to run it](../bench/README.md)); the section on missed targets is written by
hand.`;

const method = `## How it is measured

- **Programs**: every timing is one whole process, atlasc into an empty run folder. The programs of a part take turns, so
  that all of them see the same machine. With several rounds, the median is given, and the range in parentheses.
- **Work** is what a program does between having its model and having its numbers. Of atlasc it is what a run itself
  counts: opening graphs (which includes rearranging the weights), computing, and keeping every batch on disk. Of the
  others it is the loop alone; they may run the clean model once before the clock starts. Targets are judged by work;
  the whole processes are beside it, with starting Python, importing, and loading the model.
- **Samples**: the usual loops take equally long for every head, so they are measured on heads spread evenly over the
  model and scaled up to all of them. The naive plan of atlasc (\`--no-opt\`) is measured in full, once.
- **The same numbers**: every value of every program (mean over prompts, for each head and the clean run) is compared with
  that of atlasc. A difference of more than 2·10⁻⁴ stops the benchmark, since a faster way to other numbers is no news.
- **Memory**: the largest sum over a process and its children, looked at every 50 ms. Anonymous memory is what they wrote
  themselves; resident memory also counts the weights' file, mapped and not copied.
- **The limit** counts matrix products only, and only those that no program can avoid; \`bench/limit.ts\` says which. It is
  divided by the best rate that onnxruntime reaches on one f32 product of the model's shapes with the same threads, before
  or after the part.`;

/**
 * Writes the report and its picture and gives their paths. `folder` is where they go; null: into docs/. Parts that were
 * not measured are named as such.
 */
export async function writeReport(results: readonly PartResult[], folder: string | null): Promise<readonly string[]> {
  const target = folder ?? join(root, "docs");
  const lacking = partNames.filter((name) => !results.some(({ part }) => part === name));
  const notes = join(root, "bench/notes.md");
  const parts = [
    introduction,
    ...(results.some(({ quick }) => quick)
      ? ["**Made with `--quick`: small shapes, whose numbers say nothing about speed.**"]
      : []),
    machineText(results),
    ...(lacking.length === 0 ? [] : [`Not measured: parts ${lacking.join(", ")}.`]),
    `## Targets\n\n${targetTable(results)}`,
    ...(existsSync(notes) ? [readFileSync(notes, "utf8").trim()] : []),
    method,
    ...results.map(section),
  ];
  const path = join(target, "performance.md");
  const options = { ...(await resolveConfig(join(root, "docs/performance.md"))), filepath: path };
  writeFileSync(path, await format(`${parts.join("\n\n")}\n`, options));
  const written = [path];
  for (const result of results) {
    if (result.kind !== "scaling") continue;
    mkdirSync(join(target, "images"), { recursive: true });
    const image = join(target, "images/performance-scaling.png");
    writeFileSync(image, await scalingFigure(result));
    written.push(image);
  }
  return written;
}

/** docs/performance.md from the results of the parts. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { scalingFigure } from "./figure.js";
import { partNames, type PartResult } from "./results.js";
import { machineText, section, targetTable } from "./sections.js";
import { root } from "./settings.js";

const introduction = `# Performance

How fast atlasc is, compared with the usual ways of getting the same numbers and with the limit of the machine.
\`npm run bench\` writes this file ([how to run it](../bench/README.md)), except for the section on missed targets, which is
written by hand.`;

const method = `## How it is measured

- **Programs**: every timing is one whole process; atlasc starts with an empty run folder. The programs of a part take turns,
  so that all of them see the same machine. With several rounds, the table gives the median, and the range in parentheses.
- **Work** is what a program does after loading its model until it has its numbers. For atlasc, it is what a run itself counts:
  opening graphs (which includes rearranging weights), computing, and writing every batch to disk. For the others, it is the
  loop alone; they may run the clean model once before the clock starts. Targets are judged by work. The times of whole
  processes are shown beside it; they include starting Python, importing, and loading the model.
- **Samples**: the usual loops take equally long for every head, so they are measured on heads spread evenly over the
  model and scaled up to all of them. The naive plan of atlasc (\`--no-opt\`) is measured in full, once.
- **The same numbers**: every value of every program (mean over prompts, for each head and the clean run) is compared with
  that of atlasc. A difference of more than 2·10⁻⁴ stops the benchmark, because being faster at other numbers means nothing.
- **Memory**: the largest sum over a process and its children, sampled every 50 ms. Anonymous memory is what they wrote
  themselves; resident memory also counts the weights' file, which is mapped and not copied.
- **The limit** counts only matrix products that no program can avoid; \`bench/limit.ts\` says which. Their work is divided by
  the best rate that onnxruntime reaches on one f32 product of the model's shapes with the same threads, before or after the
  part.`;

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

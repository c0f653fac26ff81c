/** What was measured, as documents: docs/performance/MACHINE.md for each machine, and a summary in docs/performance.md. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { scalingFigure } from "./figure.js";
import { partNames, type PartResult } from "./results.js";
import { machineName, machineText, section, targetTable } from "./sections.js";
import { root } from "./settings.js";
import { factsOf, knownFacts, summaryText } from "./summary.js";

const introduction = (name: string): string => `# Performance on ${name}

How fast atlasc is on one machine, compared with the usual ways of getting the same numbers and with the limit of the machine.
\`npm run bench\` writes this file ([how to run it](../../bench/README.md)), except for the section on missed targets, which is
written by hand. [All machines](../performance.md).`;

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
  the best rate that onnxruntime or PyTorch reaches on one f32 product of the model's shapes with the same threads, before or
  after the part.`;

/** The name of a machine's files: letters, digits and hyphens. */
function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/**
 * Writes the report of the machine with its picture, and the summary of all machines, and gives their paths. `folder` is
 * where the report goes, alone; null: into docs/. Parts that were not measured are named as such.
 */
export async function writeReport(results: readonly PartResult[], folder: string | null): Promise<readonly string[]> {
  const docs = join(root, "docs");
  const target = folder ?? join(docs, "performance");
  const name = machineName(results);
  const slug = slugOf(name);
  const lacking = partNames.filter((part) => !results.some(({ part: measured }) => part === measured));
  const notes = join(root, "bench/notes", `${slug}.md`);
  const figure = results.find((result) => result.kind === "scaling");
  const image = `${slug}-scaling.png`;
  const parts = [
    introduction(name),
    ...(results.some(({ quick }) => quick)
      ? ["**Made with `--quick`: small shapes, whose numbers say nothing about speed.**"]
      : []),
    machineText(results),
    ...(lacking.length === 0 ? [] : [`Not measured: parts ${lacking.join(", ")}.`]),
    `## Targets\n\n${targetTable(results)}`,
    ...(existsSync(notes) ? [readFileSync(notes, "utf8").trim()] : []),
    method,
    ...results.map((result) => section(result, image)),
  ];
  const written: string[] = [];
  const write = async (path: string, text: string): Promise<void> => {
    const options = { ...(await resolveConfig(join(docs, "performance.md"))), filepath: path };
    writeFileSync(path, await format(text, options));
    written.push(path);
  };
  mkdirSync(target, { recursive: true });
  await write(join(target, `${slug}.md`), `${parts.join("\n\n")}\n`);
  if (figure !== undefined) {
    const path = join(target, image);
    writeFileSync(path, await scalingFigure(figure));
    written.push(path);
  }
  if (folder !== null) return written;
  await write(join(target, `${slug}.json`), JSON.stringify(factsOf(name, slug, results)));
  await write(join(docs, "performance.md"), summaryText(knownFacts(target)));
  return written;
}

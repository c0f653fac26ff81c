/** `atlasc report`. */
import { relative } from "node:path";
import { redrawRun } from "../runtime/redraw.js";
import { exitCodes } from "./exit-codes.js";
import { messages, output } from "./screen.js";
import { printRejection } from "./source.js";
import { counted } from "../compiler/base/counted.js";

export async function reportCommand(
  run: string,
  { runs, json }: { readonly runs: string; readonly json: boolean },
): Promise<number> {
  const outcome = await redrawRun(run, runs);
  if (outcome.kind === "refused") {
    printRejection(outcome.diagnostics, outcome.sources, json);
    return exitCodes.wrongInput;
  }
  const { folder, written } = outcome;
  if (json) {
    output.json({ folder: folder.folder, report: written.report, outputs: written.files, warnings: written.warnings });
    return exitCodes.done;
  }
  for (const warning of written.warnings) messages.line(`warning: ${warning}`);
  const figures = written.files.filter(({ path }) => path.endsWith(".svg")).length;
  output.line(
    `Drawn from the store, with nothing computed: ${counted(written.tables.length, "table")}, ${counted(figures, "figure")}.`,
  );
  output.line(`report  ${relative(process.cwd(), written.report)}`);
  return exitCodes.done;
}

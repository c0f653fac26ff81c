/** `atlasc judge`. */
import { judgeRun, type Judgement } from "../runtime/judge.js";
import { subjectText } from "../runtime/report/judgement-html.js";
import { exitCodes } from "./exit-codes.js";
import { messages, output } from "./screen.js";
import { printRejection } from "./source.js";

export async function judgeCommand(
  run: string,
  { runs, json, ...judgement }: Judgement & { readonly runs: string; readonly json: boolean },
): Promise<number> {
  const outcome = await judgeRun(run, judgement, { runs });
  if (outcome.kind === "refused") {
    printRejection(outcome.diagnostics, new Map(), json);
    return exitCodes.wrongInput;
  }
  const { folder, number, file, entry, reportProblem } = outcome;
  if (json) output.json({ folder: folder.folder, file, number, ...entry, reportProblem });
  else {
    const { time, by, verdict, note, hypothesis } = entry;
    output.line(
      `Judgement ${number} of ${folder.folder}${entry.of.status === "finished" ? "" : ` (${entry.of.status})`}, on ${subjectText(hypothesis)}`,
    );
    output.line(`verdict  ${verdict}`);
    output.line(`by       ${by}, ${time}`);
    if (note !== null)
      for (const [i, line] of note.split("\n").entries()) output.line(`${i === 0 ? "note  " : "      "}   ${line}`);
    output.line(`written  ${folder.folder}/${file}`);
    if (reportProblem === null) output.line(`report   ${folder.report}`);
  }
  if (reportProblem === null) return exitCodes.done;
  messages.line(
    `warning: the judgement is written down, but ${reportProblem}. Run the protocol again to see it there.`,
  );
  return exitCodes.done;
}

/** `atlasc graph`. */
import { join } from "node:path";
import { diagnostic } from "../compiler/diagnostics/create.js";
import { encodeModel } from "../compiler/onnx/encode.js";
import { loweredGraphs } from "../runtime/execute-stage.js";
import { replaceFile } from "../runtime/store/atomic.js";
import { makeFolder } from "../runtime/store/make-folder.js";
import { exitCodes } from "./exit-codes.js";
import type { CommonOptions } from "./options.js";
import { output } from "./screen.js";
import { planFile } from "./source.js";
import { counted } from "../compiler/base/counted.js";
import { printDiagnostics } from "./terminal.js";

export async function graphCommand(
  file: string,
  options: CommonOptions & { out: string; json: boolean },
): Promise<number> {
  const planned = await planFile(file, options);
  if (planned === null) return exitCodes.wrongInput;
  const { plan, loaded } = planned;
  const graphs = loweredGraphs(plan, loaded.compiled.value.models);
  await makeFolder(options.out);
  const written = [];
  for (const graph of plan.graphs) {
    const lowered = graphs(graph.id);
    const path = join(options.out, `${graph.id.slice(0, 12)}.onnx`);
    const problem = await replaceFile(path, encodeModel(lowered));
    if (problem !== null) return notWritten(path, problem);
    written.push({
      path,
      model: graph.model,
      externalData: loaded.models.get(graph.model)?.externalDataFolder ?? null,
      nodes: lowered.nodes.length,
      gates: graph.gates.map((gate) => gate.key),
      inputs: lowered.inputs.map((input) => input.name),
      outputs: lowered.outputs.map((output) => output.name),
    });
  }
  if (options.json) output.json(written);
  else {
    for (const graph of written) {
      output.line(
        `${graph.path}: ${graph.model}, ${counted(graph.nodes, "node")}, ${counted(graph.gates.length, "gate")}, ` +
          `${counted(graph.outputs.length, "output")}; weights in ${graph.externalData ?? "the graph"}`,
      );
    }
  }
  return exitCodes.done;
}

function notWritten(path: string, problem: string): number {
  const hint = "`--out FOLDER` writes the graphs to another folder";
  printDiagnostics([diagnostic("A5006", null, { path, problem }, { hint })], new Map());
  return exitCodes.fault;
}

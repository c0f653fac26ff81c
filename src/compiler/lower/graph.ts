/** A plan's graph: the model with gates where the plan intervenes and the measures computed inside. */
import type { GraphPlan } from "../ir/plan.js";
import type { Axis } from "../ir/tensor-type.js";
import type { ModelGraph } from "../models/model.js";
import { siteKey, sites, type SiteReference } from "../models/sites.js";
import { createGraphBuilder } from "../onnx/builder.js";
import { addOutput, appendNodes, eliminateDeadNodes, gateNames, insertGate } from "../onnx/edit.js";
import type { Dimension, Graph } from "../onnx/graph.js";
import { expandFault } from "../operations/faults.js";
import { lowerMeasure } from "./measure.js";

/** Inputs that carry what is known of each row's text, float32 [row]. */
export const textInputs = { tokens: "text/tokens", bytes: "text/bytes" } as const;

/** Name of the output that tells by how much a gate changed its site: float32 [row]. */
export function changeOutput(site: SiteReference): string {
  return gateNames("", siteKey(site)).change;
}

/** Name of the inputs of a site's gate. */
export function gateInputs(site: SiteReference): { readonly mask: string; readonly replacement: string } {
  const { mask, replacement } = gateNames("", siteKey(site));
  return { mask, replacement };
}

/** Rank of a site's value in a graph: the row axis and the site's own. */
export function siteRank(site: SiteReference): number {
  return 1 + sites[site.site].axes.length;
}

/**
 * The ONNX graph of a plan. Inputs: `input_ids` [row, pos], the gates' masks and replacements, and what texts are known
 * by; outputs: the measures [row, …axes], their fault numbers (int32), and each gate's change. Whatever these do not
 * need is gone: later layers, the unembedding, other sites.
 */
export function lowerGraph(model: ModelGraph, plan: GraphPlan): Graph {
  let graph = model.graph;
  const values = new Map(Object.entries(model.values));
  const valueOf = (site: SiteReference): string => {
    const value = values.get(siteKey(site));
    if (value === undefined) throw new RangeError(`the model graph has no ${siteKey(site)}`);
    return value;
  };
  for (const site of plan.gates) {
    const value = valueOf(site);
    const key = siteKey(site);
    graph = insertGate(graph, value, key, siteRank(site));
    // Measures see what the rest of the model sees: the value after its gate.
    values.set(key, gateNames(value, key).gated);
  }

  const builder = createGraphBuilder("measures");
  for (const name of Object.values(textInputs)) builder.input(name, "float32", ["row"]);
  const scope = builder.scope("measure");
  const lowered = plan.outputs.map((output) => {
    const { value, fault } = lowerMeasure(scope, output.expression, valueOf, (quantity) => textInputs[quantity]).output;
    // An operation that can fail in general may be known not to fail here (the last position is always there).
    const sound = (): string => expandFault({ builder: scope, reason: 0 }, scope.constant("int32", [1], [0]), value);
    return { output, value, fault: output.fault === null ? null : (fault ?? sound()) };
  });
  const measures = builder.finish();
  graph = appendNodes(graph, measures.nodes, measures.initializers);
  graph = { ...graph, inputs: [...graph.inputs, ...measures.inputs] };

  for (const { output, value, fault } of lowered) {
    graph = addOutput(graph, value, {
      name: output.name,
      type: "float32",
      shape: ["row", ...output.type.axes.map((axis) => axisDimension(output.name, axis))],
    });
    if (output.fault === null || fault === null) continue;
    graph = addOutput(graph, fault, {
      name: output.fault,
      type: "int32",
      shape: ["row", ...output.type.axes.map((axis) => axisDimension(output.name, axis))],
    });
  }
  for (const site of plan.gates) {
    graph = addOutput(graph, changeOutput(site), { name: changeOutput(site), type: "float32", shape: ["row"] });
  }
  return eliminateDeadNodes(graph);
}

function axisDimension(output: string, axis: Axis): Dimension {
  return axis.extent.kind === "fixed" ? axis.extent.size : `${output}.${axis.name}`;
}

/** Names of everything that a run of the graph returns. */
export function graphFetches(plan: GraphPlan): readonly string[] {
  return [
    ...plan.outputs.flatMap((output) => (output.fault === null ? [output.name] : [output.name, output.fault])),
    ...plan.gates.map(changeOutput),
  ];
}

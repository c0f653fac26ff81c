/** A plan's graph: the model with gates where the plan intervenes and the measures computed inside. */
import { neededNodes, resultType, type GivenSource, type MeasureExpression, type TextQuantity } from "../ir/expression.js"; // prettier-ignore
import type { Gate, GraphPlan } from "../ir/plan.js";
import type { Axis, TensorType } from "../ir/tensor-type.js";
import type { ModelGraph } from "../models/model.js";
import { siteKey, sites, type SiteReference } from "../models/sites.js";
import { int } from "../onnx/attributes.js";
import { createGraphBuilder, type GraphBuilder } from "../onnx/builder.js";
import {
  addOutput,
  appendNodes,
  eliminateDeadNodes,
  gateNames,
  insertGate,
  replaceByInput,
  type GateReplacement,
} from "../onnx/edit.js";
import type { Dimension, Graph, OnnxNode, ValueInfo } from "../onnx/graph.js";
import { expandGradients } from "../autodiff/expand-gradients.js";
import { alignValue } from "../operations/broadcast.js";
import { expandFault } from "../operations/faults.js";
import { siteType } from "../ir/site-types.js";
import type { KnownGraph } from "../passes/pass.js";
import { pipeline } from "../passes/pipeline.js";
import { runGraphPasses } from "../passes/run-passes.js";
import { givenFaultInput, givenInput } from "../ir/expression-key.js";
import { gateFaultNodes, gateFaultOutput, type ReplacementFault } from "./gate-faults.js";
import { lowerMeasure, type LoweredMeasure, type MeasureValues } from "./measure.js";
import { recompute, weightsFirst } from "./recompute.js";

/** Name of the input that carries what is known of each row's text, float32 [row]. */
export function textInput(quantity: TextQuantity): string {
  return `text/${quantity}`;
}

/** Name of the output that tells by how much a gate changed its site: float32 [row]. */
export function changeOutput(gate: Gate): string {
  return gateNames("", gate.key).change;
}

/** Names of a gate's inputs; `replacement` carries the factor of a `scale` gate and does not exist for `compute`. */
export function gateInputs(gate: Gate): { readonly mask: string; readonly replacement: string } {
  const { mask, replacement } = gateNames("", gate.key);
  return { mask, replacement };
}

/** Rank of a site's value in a graph: the row axis and the site's own. */
function siteRank(site: SiteReference): number {
  return 1 + sites[site.site].axes.length;
}

/** Input of a graph that begins with sites of the clean run: which of the texts in {@link startInput} each row is, int64 [row]. */
export const startRows = "start/rows";

/** Name of the input with a site's values for the texts of a unit, float32 [text, …axes]. */
export function startInput(site: SiteReference): string {
  return `start/${siteKey(site)}`;
}

/**
 * Takes a value from an input, row by row, instead of computing it. The rows of one text share its values; and they are
 * copied, because onnxruntime adds float32 in an order that depends on the address, which an input's may be anything.
 */
function takeRows(graph: Graph, value: string, rank: number): Graph {
  const input = `start/${value}`;
  const shape = Array.from({ length: rank }, (_, i) => `${input}.${i}`);
  const begun = replaceByInput(graph, value, "float32", shape);
  const inputs = begun.inputs.filter(({ name }) => name !== value && name !== startRows);
  const rows = { name: startRows, type: "int64" as const, shape: ["row"] };
  const node: OnnxNode = {
    op: "Gather",
    domain: "",
    inputs: [input, startRows],
    outputs: [value],
    attributes: { axis: int(0) },
  };
  return {
    ...begun,
    inputs: [...inputs, { name: input, type: "float32", shape }, rows],
    nodes: [node, ...begun.nodes],
  };
}

/** The inputs that measures and computed replacements turn out to need, each declared once. */
interface NeededInputs {
  readonly text: (quantity: TextQuantity) => string;
  readonly given: (source: GivenSource) => string;
  readonly givenFault: (source: GivenSource) => string;
  readonly declared: () => readonly ValueInfo[];
}

function neededInputs(): NeededInputs {
  const inputs = new Map<string, ValueInfo>();
  const asGiven = (name: string, type: "float32" | "int32", source: GivenSource): string => {
    const rank = 1 + givenType(source).axes.length;
    // Names of its own for every dimension, as for gates: one row may stand for all.
    inputs.set(name, { name, type, shape: Array.from({ length: rank }, (_, i) => `${name}.${i}`) });
    return name;
  };
  return {
    text: (quantity) => {
      const name = textInput(quantity);
      inputs.set(name, { name, type: "float32", shape: ["row"] });
      return name;
    },
    given: (source) => asGiven(givenInput(source), "float32", source),
    givenFault: (source) => asGiven(givenFaultInput(source), "int32", source),
    declared: () => [...inputs.values()],
  };
}

/** Whether an expression has a value for each row; otherwise it has one for all of them. */
function dependsOnRow(expression: MeasureExpression): boolean {
  return neededNodes(expression).some((index) => {
    const node = expression.nodes[index];
    if (node?.kind === "given") return node.source.take === "paired";
    return node?.kind === "site" || node?.kind === "ids" || node?.kind === "text";
  });
}

/** The type that a given value has for each row: averages have no positions any more. */
function givenType({ expression, take }: GivenSource): TensorType {
  const type = resultType(expression);
  return take === "mean" ? { ...type, axes: type.axes.filter((axis) => axis.name !== "pos") } : type;
}

/**
 * The ONNX graph of a plan. Inputs: `input_ids` [row, pos], the gates' masks and replacements, what texts are known by
 * and values of other runs, and the sites that it begins with; outputs: the measures [row, …axes], their fault numbers and causes (int32), and each gate's change and faults.
 * Whatever these do not need is gone: later layers, the unembedding, other sites.
 */
export function lowerGraph(model: ModelGraph, plan: GraphPlan): Graph {
  return lowerKnown(model, plan).graph;
}

/** {@link lowerGraph} with what passes found out about the result. `verify`: checks what they require and ensure. */
export function lowerKnown(model: ModelGraph, plan: GraphPlan, verify = false): KnownGraph {
  let graph = model.graph;
  // Each comes to the front: the first of them last, so that they stand in the order in which the model computes them.
  for (const reference of [...plan.inputs].reverse()) {
    const value = model.values[siteKey(reference)] ?? "";
    graph = takeRows(graph, value, siteRank(reference));
  }
  if (plan.gates.some(({ through }) => through !== undefined)) graph = weightsFirst(graph);
  const values = new Map(Object.entries(model.values));
  const site = (reference: SiteReference): string => {
    const value = values.get(siteKey(reference));
    if (value === undefined) throw new RangeError(`the model graph has no ${siteKey(reference)}`);
    return value;
  };
  const needed = neededInputs();
  const parameter = (name: string): string => {
    const value = model.parameters[name];
    if (value === undefined) throw new RangeError(`the model graph has no parameter ${name}`);
    return value;
  };
  const { text, given: givenValue, givenFault } = needed;
  const from: MeasureValues = { site, parameter, ids: () => "input_ids", text, given: givenValue, givenFault };
  const given = new Map(values);
  for (const gate of inGraphOrder(model, plan.gates)) {
    const key = siteKey(gate.site);
    const value = site(gate.site);
    // Changes of one site happen at once: each reads the site as it comes, so that their order means nothing.
    const before: MeasureValues = {
      ...from,
      site: (reference) => (siteKey(reference) === key ? (given.get(key) ?? value) : site(reference)),
    };
    const replacement = replacementOf(gate, model, before);
    const rank = siteRank(gate.site);
    const fault = gateFaultNodes(gate, gateNames(value, gate.key), rank, replacement.fault);
    graph = insertGate(graph, value, gate.key, rank, replacement.put, fault);
    // What comes after, and measures too, see the value after its gate.
    values.set(key, gateNames(value, gate.key).gated);
  }

  const builder = createGraphBuilder("measures");
  const scope = builder.scope("measure");
  const lowered = plan.outputs.map((output) => {
    const { output: made, cause } = lowerMeasure(scope, output.expression, from);
    const { value, fault } = made;
    // An operation that can fail in general may be known not to fail here (the last position is always there).
    const sound = (): string => expandFault(scope, scope.constant("int32", [1], [0]), value);
    return { output, value, fault: output.fault === null ? null : (fault ?? sound()), cause };
  });
  const measures = builder.finish();
  graph = appendNodes(graph, measures.nodes, measures.initializers);
  graph = { ...graph, inputs: [...graph.inputs, ...needed.declared()] };

  for (const { output, value, fault, cause } of lowered) {
    const row = dependsOnRow(output.expression) ? "row" : 1;
    const shape = [row, ...output.type.axes.map((axis) => axisDimension(output.name, axis))];
    graph = addOutput(graph, value, { name: output.name, type: "float32", shape });
    if (output.fault !== null && fault !== null) {
      graph = addOutput(graph, fault, { name: output.fault, type: "int32", shape });
    }
    if (output.cause === null || cause === null) continue;
    graph = addOutput(graph, cause, { name: output.cause, type: "int32", shape: [`${output.cause}.row`] });
  }
  for (const gate of plan.gates) {
    graph = addOutput(graph, changeOutput(gate), { name: changeOutput(gate), type: "float32", shape: ["row"] });
    const fault = gateFaultOutput(gate);
    graph = addOutput(graph, fault, { name: fault, type: "int32", shape: [`${fault}.row`] });
  }
  if (plan.settings.whole) graph = runToTheEnd(graph, values.get("logits") ?? "");
  const known = runGraphPasses(pipeline, eliminateDeadNodes(graph), model, plan.settings, verify);
  // What goes backwards is made of what passes leave of the way there.
  return { ...known, graph: expandGradients(known.graph, plan.settings.checkpoints === true ? streamOf(values) : []) };
}

/** The residual streams before the layers, as what comes after them reads them. */
function streamOf(values: ReadonlyMap<string, string>): readonly string[] {
  const before = Array.from({ length: values.size }, (_, layer) => values.get(siteKey({ site: "resid_pre", layer })));
  return before.filter((value) => value !== undefined);
}

/** Output of a graph that runs to its logits whether or not they are read: the largest of each row. */
const wholeOutput = "whole/largest_logit";

function runToTheEnd(graph: Graph, logits: string): Graph {
  const builder = createGraphBuilder("whole");
  const axes = builder.constant("int64", [2], [1, 2]);
  builder.node("ReduceMax", [logits, axes], { keepdims: int(0) }, wholeOutput);
  const { nodes, initializers } = builder.finish();
  const appended = appendNodes(graph, nodes, initializers);
  return addOutput(appended, wholeOutput, { name: wholeOutput, type: "float32", shape: ["row"] });
}

/** Gates in the order in which the model computes their sites, so that a computed replacement reads gated values. */
function inGraphOrder(model: ModelGraph, gates: readonly Gate[]): readonly Gate[] {
  const place = new Map<string, number>();
  model.graph.nodes.forEach((node, i) => {
    for (const output of node.outputs) place.set(output, i);
  });
  const placeOf = (gate: Gate): number => place.get(model.values[siteKey(gate.site)] ?? "") ?? -1;
  return [...gates].sort((a, b) => placeOf(a) - placeOf(b));
}

/** What the model makes of a residual stream, and where that fails. */
function pathReplacement(
  gate: Gate,
  through: SiteReference,
  model: ModelGraph,
  builder: GraphBuilder,
  { output, cause }: Pick<LoweredMeasure, "output" | "cause">,
): { readonly put: GateReplacement; readonly fault: ReplacementFault } {
  const scope = builder.scope(`gate/${gate.key}`);
  const stream = alignValue(scope, output.value, output.type.axes, siteType(through.site, model.signature).axes);
  const made = recompute(model.graph, {
    source: model.values[siteKey(through)] ?? "",
    target: model.values[siteKey(gate.site)] ?? "",
    value: stream,
    prefix: `gate/${gate.key}`,
  });
  const { nodes, initializers } = builder.finish();
  return {
    put: { kind: "computed", value: made.value, nodes: [...nodes, ...made.nodes], constants: initializers },
    // Sums and differences of other runs' values do not fail by themselves.
    fault: { value: made.value, fault: null, cause },
  };
}

/** What a gate puts in place, and where that fails. */
function replacementOf(
  gate: Gate,
  model: ModelGraph,
  from: MeasureValues,
): { readonly put: GateReplacement; readonly fault: ReplacementFault | null } {
  if (gate.kind === "replace") return { put: { kind: "input" }, fault: null };
  if (gate.kind === "scale" || gate.expression === null) return { put: { kind: "factor" }, fault: null };
  const builder = createGraphBuilder("replacement");
  const scope = builder.scope(`gate/${gate.key}`);
  const { output, cause } = lowerMeasure(scope, gate.expression, from);
  if (gate.through !== undefined) return pathReplacement(gate, gate.through, model, builder, { output, cause });
  const { axes } = siteType(gate.site.site, model.signature);
  const aligned = alignValue(scope, output.value, output.type.axes, axes);
  const fault = output.fault === null ? null : alignValue(scope, output.fault, output.type.axes, axes);
  const value = gate.add ? scope.node("Add", [from.site(gate.site), aligned]) : aligned;
  const { nodes, initializers } = builder.finish();
  return {
    put: { kind: "computed", value, nodes, constants: initializers },
    fault: { value: aligned, fault, cause },
  };
}

function axisDimension(output: string, axis: Axis): Dimension {
  return axis.extent.kind === "fixed" ? axis.extent.size : `${output}.${axis.name}`;
}

/** Names of everything that a run of the graph returns. */
export function graphFetches(plan: GraphPlan): readonly string[] {
  return [
    ...plan.outputs.flatMap(({ name, fault, cause }) => [name, fault, cause].filter((output) => output !== null)),
    ...plan.gates.flatMap((gate) => [changeOutput(gate), gateFaultOutput(gate)]),
    ...(plan.settings.whole ? [wholeOutput] : []),
  ];
}

/**
 * The derivative rule of a loop whose steps know nothing of each other: another such loop. Each of its steps computes a step again
 * and takes the gradient of what it yields back to what it reads, so that nothing of a step is kept. Where the step itself
 * is still to come, both become one loop (`merge-scans.ts`).
 */
import { bodyOf, int, integerAttribute, subgraph } from "../../onnx/attributes.js";
import { eliminateDeadNodes } from "../../onnx/edit.js";
import type { ElementType, Graph, Initializer, OnnxNode, ValueInfo } from "../../onnx/graph.js";
import { takenFromOutside } from "../../onnx/reads.js";
import type { GradientRule, RuleContext } from "../rule.js";

const real: ReadonlySet<ElementType> = new Set<ElementType>(["float32", "float64"]);

export const scan: GradientRule = (context) => {
  const { builder, node, gradientOf, wants } = context;
  const body = statelessBody(node);
  const wanted = body.inputs.flatMap(({ type }, i) => (real.has(type) && wants(i) ? [i] : []));
  const given = body.outputs.flatMap((output, i) => {
    const gradient = gradientOf(i);
    return gradient === null ? [] : [{ output, gradient }];
  });
  const prefix = `${node.outputs[0] ?? ""}/back/`;
  const seeds = new Map(given.map(({ output: { name } }) => [name, `${prefix}${name}`]));
  const inputs = [
    ...body.inputs,
    ...given.map(({ output }): ValueInfo => ({ ...output, name: seeds.get(output.name) ?? "" })),
  ];
  const step: Graph = { ...body, inputs };
  const alone = { ...step, ...surroundings(context, step) };
  const values = wanted.flatMap((i) => body.inputs[i]?.name ?? []);
  const gradients = context.pullBack(alone, seeds, values, prefix);
  for (const { type, shape, data } of gradients.constants) {
    if (data.kind === "inline") builder.constant(type, shape, data.values);
  }
  const outputs = wanted.map((i): ValueInfo => {
    const own = body.inputs[i];
    if (own === undefined) throw new RangeError("a wanted input is one of the body's");
    return { ...own, name: gradients.of.get(own.name) ?? "" };
  });
  const made = eliminateDeadNodes({ ...step, nodes: [...body.nodes, ...gradients.nodes], outputs });
  const back = builder.nodeWithOutputs(
    "Scan",
    [...node.inputs, ...given.map(({ gradient }) => gradient)],
    outputs.map(() => "Scan"),
    { num_scan_inputs: int(inputs.length), body: subgraph({ ...made, inputs }) },
  );
  return node.inputs.map((_, i) => back[wanted.indexOf(i)] ?? null);
};

/** The body of a loop without states. @throws RangeError (a fault of ours) for one with states or axes of its own */
function statelessBody(node: OnnxNode): Graph {
  const body = bodyOf(node);
  const inputs = integerAttribute(node, "num_scan_inputs", 0);
  if (body === null || inputs !== node.inputs.length) throw new RangeError("a Scan with states has no rule");
  return body;
}

/** What a body takes from the graph around it, as inputs and constants of its own. */
function surroundings({ type, shape, constant }: RuleContext, body: Graph): Pick<Graph, "inputs" | "initializers"> {
  const taken = [...new Set(takenFromOutside(body))].map((name): ValueInfo => ({
    name,
    type: type(name),
    shape: shape(name),
  }));
  const initializers = taken.flatMap(({ name, type: own, shape: lengths }): readonly Initializer[] => {
    const values = constant(name);
    const sizes = lengths.filter((length) => typeof length === "number");
    return values === null ? [] : [{ name, type: own, shape: sizes, data: { kind: "inline", values } }];
  });
  const constants = new Set(initializers.map(({ name }) => name));
  return { inputs: [...body.inputs, ...taken.filter(({ name }) => !constants.has(name))], initializers };
}

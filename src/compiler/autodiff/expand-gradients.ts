/** Puts the computation of gradients in the place of the nodes that ask for them. */
import { appendNodes } from "../onnx/edit.js";
import type { Graph, OnnxNode } from "../onnx/graph.js";
import { domainOf } from "../onnx/operators.js";
import { descendants } from "../onnx/reachability.js";
import { computedAgain } from "./checkpoints.js";
import { differentiate } from "./differentiate.js";
import { tidied } from "./tidy.js";

/**
 * The operator of a node that asks for the gradient of its second input, a number for each row, with respect to its first. It
 * exists between the lowering of measures and {@link expandGradients} only: onnxruntime has no such operator.
 */
const gradientOperator = "Gradient";

/**
 * The graph with every {@link gradientOperator} computed. All that is asked of one target is computed by one backward pass. A
 * gradient of something that is itself made of gradients comes out right because the earlier ones are ordinary nodes by then.
 *
 * @param checkpoints values, in the graph's order, that are kept for the way back; what lies between them is computed again
 */
export function expandGradients(graph: Graph, checkpoints: readonly string[] = []): Graph {
  let expanded = graph;
  for (let pass = 0; ; pass++) {
    const at = expanded.nodes.findIndex(({ op }) => op === gradientOperator);
    const asked = expanded.nodes[at];
    if (asked === undefined) return pass === 0 ? graph : tidied(expanded);
    const [, target = ""] = asked.inputs;
    const before = { ...expanded, nodes: expanded.nodes.slice(0, at) };
    const there = new Set([
      ...before.nodes.flatMap(({ outputs }) => outputs),
      ...before.inputs.map(({ name }) => name),
    ]);
    const same = expanded.nodes.filter(
      ({ op, inputs: [value = "", of] }) => op === gradientOperator && of === target && there.has(value),
    );
    const values = [...new Set(same.map(({ inputs: [value = ""] }) => value))];
    const reached: ReadonlySet<string> = checkpoints.length === 0 ? new Set() : descendants(before, values);
    const borders = checkpoints.filter((value) => there.has(value) && reached.has(value));
    const gradients = differentiate(before, target, [...new Set([...values, ...borders])], `gradient/${pass}/`);
    const named = same.map(({ inputs: [value = ""], outputs }): OnnxNode => {
      const inputs = [gradients.of.get(value) ?? ""];
      return { op: "Identity", domain: domainOf("Identity"), inputs, outputs, attributes: {} };
    });
    const after = expanded.nodes.slice(at).filter((node) => !same.includes(node));
    const made = appendNodes(before, [...gradients.nodes, ...named], gradients.constants);
    expanded = { ...made, nodes: [...made.nodes, ...after] };
    if (borders.length > 0) {
      const late = new Set(gradients.nodes.flatMap((node) => node.outputs));
      expanded = computedAgain(expanded, { checkpoints, gradients: gradients.of, late, prefix: `again/${pass}` });
    }
  }
}

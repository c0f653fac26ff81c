/**
 * Products of a generalised Gauss–Newton matrix Jᵀ H J and a vector without the matrix (Schraudolph, "Fast curvature
 * matrix-vector products for second-order gradient descent", 2002): J is the derivative of the logits with respect to weights, H the
 * Hessian of a value with respect to the logits. By reverse mode alone: Jᵀ u is linear in u, so that its product with a
 * vector has J · vector as its gradient with respect to u.
 */
import { createGraphBuilder } from "../onnx/builder.js";
import { appendNodes } from "../onnx/edit.js";
import type { Graph, OnnxNode } from "../onnx/graph.js";
import { domainOf } from "../onnx/operators.js";
import { differentiate } from "./differentiate.js";
import { factsOf } from "./facts.js";
import { numberOfType, shapeOf, sumOver } from "./emit.js";
import { dotWithDirections, productsAsOutputs, valuesOf, type DifferentiatedWeight } from "./hessian-products.js";

/**
 * The graph that multiplies the Gauss–Newton matrix of a value's sum with directions that are inputs; as `hessianProducts`
 * otherwise. The value must be computed from the logits and from nothing else that the weights change.
 *
 * @throws RangeError (a fault of ours) where the graph computes no logits, or a node has no derivative rule
 */
export function gaussNewtonProducts(
  graph: Graph,
  logits: string,
  target: string,
  weights: readonly DifferentiatedWeight[],
  kept: readonly string[] = [],
): Graph {
  const { graph: split, before } = withLogitsApart(graph, logits);
  const there = valuesOf(split);
  const values = weights.map(({ value }) => value).filter((value) => there.has(value));

  // Jᵀ u, for a u that will be given later.
  const builder = createGraphBuilder("gauss").scope("gauss/cotangent");
  const facts = factsOf(split);
  const axes = [...facts.shape(before).keys()];
  const placeholder = builder.node("Expand", [numberOfType(builder, 0, facts.type(before)), shapeOf(builder, before)]);
  const paired = sumOver(builder, builder.node("Mul", [before, placeholder]), axes, false);
  const inner = appended(split, builder.finish());
  const back = differentiate(inner, paired, values, "gauss/back/");
  const backwards = appendNodes(inner, back.nodes, back.constants);

  // J · direction, and what the value's Hessian makes of it. It hangs on the logits before they were set apart, and is
  // therefore constant for a derivative with respect to those after.
  const dotted = dotWithDirections(backwards, weights, there, back.of);
  const forward = differentiate(dotted.graph, dotted.dot, [placeholder], "gauss/forward/");
  const pushed = appendNodes(dotted.graph, forward.nodes, forward.constants);
  const slope = differentiate(pushed, target, [logits], "gauss/slope/");
  const sloped = appendNodes(pushed, slope.nodes, slope.constants);
  const turn = createGraphBuilder("gauss").scope("gauss/turn");
  const along = sumOver(
    turn,
    turn.node("Mul", [slope.of.get(logits) ?? "", forward.of.get(placeholder) ?? ""]),
    axes,
    false,
  );
  const turned = appended(sloped, turn.finish());
  const bent = differentiate(turned, along, [logits], "gauss/bent/");
  const whole = appendNodes(turned, bent.nodes, bent.constants);

  // Jᵀ once more, of that.
  const again = (name: string): string => (made.has(name) ? `gauss/again/${name}` : name);
  const made = new Set(back.nodes.flatMap(({ outputs }) => outputs));
  const copies = back.nodes.map((node): OnnxNode => {
    const inputs = node.inputs.map((input) => (input === placeholder ? (bent.of.get(logits) ?? "") : again(input)));
    return { ...node, inputs, outputs: node.outputs.map(again) };
  });
  const products = new Map([...back.of].map(([weight, gradient]) => [weight, again(gradient)]));
  return productsAsOutputs(appendNodes(whole, copies, []), graph, weights, there, products, kept);
}

function appended(
  graph: Graph,
  { nodes, initializers }: ReturnType<ReturnType<typeof createGraphBuilder>["finish"]>,
): Graph {
  return appendNodes(graph, nodes, initializers);
}

/** The graph with the logits under another name where they are made, and under their own where they are read. */
function withLogitsApart(graph: Graph, logits: string): { readonly graph: Graph; readonly before: string } {
  const at = graph.nodes.findIndex(({ outputs }) => outputs.includes(logits));
  if (at < 0) throw new RangeError("gaussNewtonProducts: the graph computes no logits");
  const before = `${logits}/apart`;
  const made = graph.nodes.slice(0, at + 1).map((node) => {
    return { ...node, outputs: node.outputs.map((output) => (output === logits ? before : output)) };
  });
  const identity: OnnxNode = {
    op: "Identity",
    domain: domainOf("Identity"),
    inputs: [before],
    outputs: [logits],
    attributes: {},
  };
  return { graph: { ...graph, nodes: [...made, identity, ...graph.nodes.slice(at + 1)] }, before };
}

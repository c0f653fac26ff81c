/**
 * log Σ exp x as model builders write it (models/parts/log-probabilities.ts): the first entry less its log-softmax. Node by node, its
 * gradient would be made of several values as large as x that are 0 but for their first entries; as a whole it is the softmax.
 */
import { integerAttribute } from "../onnx/attributes.js";
import type { Graph, OnnxNode } from "../onnx/graph.js";
import { producersIn } from "../onnx/producers.js";

export interface LogSumExp {
  /** What is summed along its last axis. */
  readonly of: string;
  /** Its log-softmax, a value of the graph. */
  readonly logSoftmax: string;
}

/** The nodes of a graph that yield a log Σ exp. `asked`: values whose own gradients are asked for, which must not be skipped. */
export function logSumExps(graph: Graph, asked: ReadonlySet<string>): ReadonlyMap<OnnxNode, LogSumExp> {
  const producers = producersIn(graph);
  const constants = new Map(
    graph.initializers.flatMap(({ name, data }) => (data.kind === "inline" ? [[name, data.values] as const] : [])),
  );
  /** What a node takes the first entry of, along the last axis. */
  const firstOf = (value: string | undefined): string | null => {
    const node = producers.get(value ?? "");
    if (node?.op !== "Slice" || node.inputs.length !== 4 || asked.has(value ?? "")) return null;
    const [start, end, axis] = node.inputs.slice(1).map((bound) => constants.get(bound)?.join());
    return start === "0" && end === "1" && axis === "-1" ? (node.inputs[0] ?? null) : null;
  };
  return new Map(
    graph.nodes.flatMap((node): readonly (readonly [OnnxNode, LogSumExp])[] => {
      if (node.op !== "Sub") return [];
      const [of, logSoftmax] = node.inputs.map(firstOf);
      const softmax = producers.get(logSoftmax ?? "");
      if (of == null || logSoftmax == null || softmax?.op !== "LogSoftmax" || asked.has(logSoftmax)) return [];
      if (softmax.inputs[0] !== of || integerAttribute(softmax, "axis", -1) !== -1) return [];
      return [[node, { of, logSoftmax }]];
    }),
  );
}

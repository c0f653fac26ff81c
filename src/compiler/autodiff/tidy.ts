/** What is done with a graph when all its derivatives stand in it. */
import { eliminateDeadNodes } from "../onnx/edit.js";
import type { Graph } from "../onnx/graph.js";
import { mergeScans } from "./merge-scans.js";
import { shapesFromInputs } from "./shapes-from-inputs.js";

/** The same outputs, without waiting for values of which only the shapes are read, and with loops that belong together as one. */
export function tidied(graph: Graph): Graph {
  return mergeScans(eliminateDeadNodes(shapesFromInputs(eliminateDeadNodes(graph))));
}

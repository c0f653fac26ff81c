/**
 * What planning finds out that does not depend on the passes: work and weights of graphs. Several
 * plans of one protocol (with other passes, or of a later stage) share a memory and find it out once.
 */
import type { GraphPlan } from "../ir/plan.js";
import type { ModelGraph } from "../models/model.js";
import { externalBytes } from "../onnx/external-bytes.js";
import { rowWorkOf, type RowWork } from "./cost.js";
import { lowerKnown } from "./graph.js";

export interface GraphFacts {
  /** Work of one row of so many tokens. */
  readonly work: (positions: number) => RowWork;
  /** Bytes of weights that the graph reads. */
  readonly weightBytes: number;
}

export interface PlanMemory {
  /** By the graph's id, which names the model's weights too. */
  readonly graphs: Map<string, GraphFacts>;
}

export function createPlanMemory(): PlanMemory {
  return { graphs: new Map() };
}

/**
 * Lowers the graph when nothing is known of it yet, and keeps nothing of what was lowered. `verify`: checks what the passes
 * require and ensure.
 */
export function graphFacts(memory: PlanMemory, graph: GraphPlan, model: ModelGraph, verify = false): GraphFacts {
  const known = memory.graphs.get(graph.id);
  if (known !== undefined) return known;
  const lowered = lowerKnown(model, graph, verify);
  const work = rowWorkOf(graph, lowered, model);
  const works = new Map<number, RowWork>();
  const facts: GraphFacts = {
    work: (positions) => {
      const counted = works.get(positions) ?? work(positions);
      works.set(positions, counted);
      return counted;
    },
    weightBytes: externalBytes(lowered.graph),
  };
  memory.graphs.set(graph.id, facts);
  return facts;
}

/**
 * What a chain of graphs needs and yields: each graph takes its inputs by name from the feeds and from the outputs of
 * the graphs before it. Plain functions of names and shapes, without onnxruntime.
 */
import { inputsProblem, tensorProblem } from "./feeds.js";
import type { EngineTensors, EngineValue } from "./messages.js";

/** An open graph of a chain: what it takes and what it yields. */
export interface ChainGraph {
  readonly inputs: readonly EngineValue[];
  readonly outputs: readonly EngineValue[];
}

/** One graph's turn in a chain. */
export interface ChainStep<G extends ChainGraph> {
  readonly graph: G;
  /** The outputs that a later graph or the fetches need: only these are computed for anybody. */
  readonly fetches: readonly string[];
  /** Of these, those that a later graph takes: they stay where they were computed. */
  readonly passed: ReadonlySet<string>;
  /** The inputs that nothing after this graph needs, so that their memory can go. */
  readonly lastUses: readonly string[];
}

function namesOf(values: readonly EngineValue[]): string[] {
  return values.map((value) => value.name);
}

/** Names as a readable list, for messages. */
function listed(names: Iterable<string>): string {
  const all = [...names];
  return all.length === 0 ? "none" : all.join(", ");
}

/** How messages call a graph of a chain; a graph that is alone needs no number. */
export function graphName(index: number, graphs: readonly ChainGraph[]): string {
  return graphs.length === 1 ? "the graph" : `graph ${index + 1} of ${graphs.length}`;
}

/** What is asked of each graph of a chain, and what is no longer needed after it. */
export function chainSteps<G extends ChainGraph>(
  graphs: readonly G[],
  fetches: readonly string[],
): readonly ChainStep<G>[] {
  const needed = new Set(fetches);
  const taken = new Set<string>();
  const steps = graphs.toReversed().map((graph) => {
    const { inputs, outputs } = graph;
    const step = {
      graph,
      fetches: namesOf(outputs).filter((name) => needed.has(name)),
      passed: new Set(namesOf(outputs).filter((name) => taken.has(name))),
      lastUses: namesOf(inputs).filter((name) => !needed.has(name)),
    };
    for (const { name } of inputs) {
      needed.add(name);
      taken.add(name);
    }
    return step;
  });
  return steps.reverse();
}

/** The inputs of a chain that come from outside, or a sentence about names that do not make a chain. */
function outsideInputs(graphs: readonly ChainGraph[], feeds: EngineTensors): Set<string> | string {
  const origins = new Map(Object.keys(feeds).map((name) => [name, "a feed"]));
  const outside = new Set<string>();
  for (const [i, { inputs, outputs }] of graphs.entries()) {
    for (const { name } of inputs) {
      const origin = origins.get(name);
      if (origin === undefined && graphs.slice(i).some((later) => namesOf(later.outputs).includes(name))) {
        return `${graphName(i, graphs)} takes ${name}, which no graph before it yields`;
      }
      if (origin === undefined || origin === "a feed") outside.add(name);
    }
    for (const { name } of outputs) {
      const origin = origins.get(name);
      // Whoever takes the name would silently get one of the two.
      if (origin !== undefined) return `${graphName(i, graphs)} yields ${name}, which is ${origin} already`;
      origins.set(name, `an output of ${graphName(i, graphs)}`);
    }
  }
  return outside;
}

/**
 * What is wrong with a request to run a chain, as a sentence, or null; the shapes of what one graph passes to the next
 * are known only when it has run. onnxruntime ignores feeds that it does not know, so an intervention under a wrong name
 * would silently do nothing: names must be exactly those of the graphs.
 */
export function chainProblem(
  graphs: readonly ChainGraph[],
  feeds: EngineTensors,
  fetches: readonly string[],
): string | null {
  if (graphs.length === 0) return "no graph is to be run";
  const whole = graphs.length === 1 ? "the graph" : "the chain";
  const known = outsideInputs(graphs, feeds);
  if (typeof known === "string") return known;
  const unknown = Object.keys(feeds).filter((name) => !known.has(name));
  if (unknown.length > 0) return `${whole} has no input ${listed(unknown)}; its inputs are ${listed(known)}`;
  const missing = [...known].filter((name) => !Object.hasOwn(feeds, name));
  if (missing.length > 0) return `the feeds lack ${listed(missing)}`;

  for (const [name, tensor] of Object.entries(feeds)) {
    const problem = tensorProblem(name, tensor);
    if (problem !== null) return problem;
  }
  for (const { inputs } of graphs) {
    const problem = inputsProblem(inputs, (name) => feeds[name]);
    if (problem !== null) return problem;
  }

  if (fetches.length === 0) return "no output is asked for";
  const yielded = new Set(graphs.flatMap(({ outputs }) => namesOf(outputs)));
  const absent = fetches.filter((name) => !yielded.has(name));
  if (absent.length > 0) return `${whole} has no output ${listed(absent)}; its outputs are ${listed(yielded)}`;
  const idle = chainSteps(graphs, fetches).findIndex((step) => step.fetches.length === 0);
  return idle < 0 ? null : `${graphName(idle, graphs)} yields nothing that a later one or the fetches need`;
}

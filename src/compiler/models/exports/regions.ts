/** Parts of a graph as functions of the values that they begin with, to be tried out on numbers. */
import type { ExportedNode } from "../../onnx/exported-graph.js";
import type { Walk } from "./interpret.js";
import { kernelOf } from "./kernels.js";
import { movesOf } from "./moves.js";
import { pick, sizeOf, type Tensor } from "./tensors.js";

export interface Region {
  readonly output: string;
  /** The values that depend on tokens and that the part does not compute itself. */
  readonly leaves: readonly string[];
  /** The values that it reads and that tokens do not decide: single numbers, and others. */
  readonly numbers: readonly string[];
  readonly vectors: readonly string[];
  readonly nodes: readonly ExportedNode[];
}

/** What computes a value, back to where `belongs` ends. */
export function regionOf(walk: Walk, output: string, belongs: (node: ExportedNode, name: string) => boolean): Region {
  const leaves = new Set<string>();
  const numbers = new Set<string>();
  const vectors = new Set<string>();
  const nodes = new Set<ExportedNode>();
  const seen = new Set<string>();
  const open = [output];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name) || name === "") continue;
    seen.add(name);
    const value = walk.values.get(name);
    if (value === undefined) continue;
    if (value.origin !== "token") {
      (sizeOf(value.shape) === 1 ? numbers : vectors).add(name);
      continue;
    }
    const node = walk.makers.get(name);
    if (node === undefined || !belongs(node, name)) leaves.add(name);
    else {
      nodes.add(node);
      open.push(...node.inputs);
    }
  }
  return { output, leaves: [...leaves], numbers: [...numbers], vectors: [...vectors], nodes: [...nodes] };
}

/** What a region gives when some values are these; null where a kernel is missing. */
export function evaluate(walk: Walk, output: string, given: ReadonlyMap<string, Tensor>): Tensor | null {
  const known = new Map<string, Tensor | null>(given);
  function tensorOf(name: string): Tensor | null {
    const own = known.get(name);
    if (own !== undefined) return own;
    const made = compute(name);
    known.set(name, made);
    return made;
  }
  function compute(name: string): Tensor | null {
    const value = walk.values.get(name);
    if (value === undefined) return null;
    if (value.origin !== "token") {
      const data = value.data();
      return data === null ? null : { shape: value.shape, data };
    }
    const node = walk.makers.get(name);
    if (node === undefined) return null;
    const inputs = node.inputs.map((input) => (input === "" ? undefined : tensorOf(input)));
    if (inputs.includes(null)) return null;
    const given = inputs.map((input) => input ?? undefined);
    const kernel = kernelOf(node);
    const index = node.outputs.indexOf(name);
    if (kernel !== undefined) return kernel(node, given)?.[index] ?? null;
    const shapes = given.map((input) => input?.shape ?? []);
    const move = movesOf(node, { shapes, values: (i) => given[i]?.data ?? null })?.[index];
    const from = move?.from();
    if (move === undefined || from === undefined || from.inputs !== undefined) return null;
    return { shape: move.shape, data: pick(given[0]?.data ?? [], from.entries) };
  }
  return tensorOf(output);
}

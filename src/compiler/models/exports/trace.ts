/**
 * Where the entries of a value come from. What only moves, scales and adds entries (splitting into heads, repeating groups,
 * rotary positions, factors) is a sparse matrix, whichever operators an exporter writes it with; it is computed here for one
 * text of a few tokens, and what it does is read off its numbers.
 */
import { isMove, keepsOrder, movesOf } from "./moves.js";
import type { Value, Walk } from "./interpret.js";
import { broadcastIndices, sameShape, sizeOf } from "./tensors.js";

/** Each entry of a value as Σ coefficient · entry of `source`. */
export interface Trace {
  readonly source: string;
  readonly shape: readonly number[];
  readonly terms: readonly Term[];
}

/** One summand of every entry: which entry of the source (−1: none) and its factor. */
interface Term {
  readonly entries: Int32Array;
  readonly factors: Float64Array;
}

/** The value before everything that moves, scales or adds entries of one source. */
export function traceOf(walk: Walk, name: string): Trace {
  return step(walk, name) ?? itself(walk, name);
}

function itself(walk: Walk, name: string): Trace {
  const shape = walk.values.get(name)?.shape ?? [];
  const length = sizeOf(shape);
  const term = { entries: Int32Array.from({ length }, (_, i) => i), factors: new Float64Array(length).fill(1) };
  return { source: name, shape, terms: [term] };
}

/** The same by the node that computes the value; null where that does more. */
function step(walk: Walk, name: string): Trace | null {
  const node = walk.makers.get(name);
  if (node === undefined) return null;
  const inputs = node.inputs.map((input) => walk.values.get(input));
  const [a = "", b = ""] = node.inputs;
  if (isMove(node)) {
    const shapes = inputs.map((input) => input?.shape ?? []);
    const moves = movesOf(node, { shapes, values: (i) => inputs[i]?.data() ?? null });
    const move = moves?.[node.outputs.indexOf(name)];
    if (move === undefined) return null;
    const { inputs: chosen, entries } = move.from();
    if (chosen === undefined) return moved(traceOf(walk, a), move.shape, entries);
    return joinedTrace(walk, node.inputs, chosen, move.shape, entries);
  }
  const output = walk.values.get(name)?.shape ?? [];
  switch (node.op) {
    case "Neg":
      return scaled(traceOf(walk, a), output, new Float64Array([-1]), []);
    case "Mul":
    case "Div": {
      const [first, second] = inputs;
      if (first === undefined || second === undefined) return null;
      if (isFactor(second)) return scaledBy(walk, a, second, output, node.op === "Div");
      return node.op === "Mul" && isFactor(first) ? scaledBy(walk, b, first, output, false) : null;
    }
    case "Add":
    case "Sub": {
      if (!inputs.every((input) => input?.origin === "token")) return null;
      const [left, right] = [traceOf(walk, a), traceOf(walk, b)];
      if (left.source !== right.source || !sameShape(left.shape, right.shape)) return null;
      const signed = node.op === "Add" ? right : scaled(right, right.shape, new Float64Array([-1]), []);
      return compact({ ...left, terms: [...left.terms, ...signed.terms] });
    }
    default:
      return null;
  }
}

/** Factors that are read off: single numbers, and what positions decide. Vectors of weights are not. */
function isFactor(value: Value): boolean {
  return value.origin === "position" || (value.origin === "parameter" && sizeOf(value.shape) === 1);
}

function scaledBy(walk: Walk, x: string, factor: Value, shape: readonly number[], divides: boolean): Trace | null {
  const data = factor.data();
  if (data === null) return null;
  return scaled(
    traceOf(walk, x),
    shape,
    Float64Array.from(data, (value) => (divides ? 1 / value : value)),
    factor.shape,
  );
}

function moved({ source, terms }: Trace, shape: readonly number[], entries: Int32Array): Trace {
  const along = terms.map((term) => ({
    entries: entries.map((entry) => term.entries[entry] ?? -1),
    factors: Float64Array.from(entries, (entry) => term.factors[entry] ?? 0),
  }));
  return { source, shape, terms: along };
}

function scaled(trace: Trace, shape: readonly number[], factors: Float64Array, own: readonly number[]): Trace {
  const wide = sameShape(trace.shape, shape) ? trace : moved(trace, shape, broadcastIndices(trace.shape, shape));
  const places = broadcastIndices(own, shape);
  return compact({
    ...wide,
    terms: wide.terms.map((term) => ({
      entries: term.entries,
      factors: term.factors.map((factor, i) => factor * (factors[places[i] ?? 0] ?? NaN)),
    })),
  });
}

/** Parts of one source side by side; inputs without entries (an empty past) do not count. */
function joinedTrace(
  walk: Walk,
  names: readonly string[],
  chosen: Int32Array,
  shape: readonly number[],
  entries: Int32Array,
): Trace | null {
  const traces = names.map((name) => {
    const value = walk.values.get(name);
    return value === undefined || sizeOf(value.shape) === 0 ? null : traceOf(walk, name);
  });
  const given = traces.filter((trace) => trace !== null);
  const [first] = given;
  if (first === undefined || given.some(({ source }) => source !== first.source)) return null;
  const count = Math.max(...given.map(({ terms }) => terms.length));
  const terms = Array.from({ length: count }, (_, k) => ({
    entries: entries.map((entry, i) => traces[chosen[i] ?? 0]?.terms[k]?.entries[entry] ?? -1),
    factors: Float64Array.from(entries, (entry, i) => traces[chosen[i] ?? 0]?.terms[k]?.factors[entry] ?? 0),
  }));
  return { source: first.source, shape, terms };
}

/** Summands of the same entry as one, without those that are 0. */
function compact(trace: Trace): Trace {
  if (trace.terms.length === 1) return trace;
  const size = sizeOf(trace.shape);
  const terms: Term[] = [];
  for (let i = 0; i < size; i++) {
    let count = 0;
    for (const [k, term] of trace.terms.entries()) {
      const entry = term.entries[i] ?? -1;
      if (entry < 0 || isRepeated(trace.terms, k, i)) continue;
      let factor = 0;
      for (const other of trace.terms) if (other.entries[i] === entry) factor += other.factors[i] ?? 0;
      if (factor === 0) continue;
      const target = (terms[count] ??= { entries: new Int32Array(size).fill(-1), factors: new Float64Array(size) });
      target.entries[i] = entry;
      target.factors[i] = factor;
      count++;
    }
  }
  return { ...trace, terms };
}

function isRepeated(terms: readonly Term[], k: number, i: number): boolean {
  return terms.slice(0, k).some(({ entries }) => entries[i] === terms[k]?.entries[i]);
}

/** The value whose entries these are, in the same order: what reshapes, casts and whole slices are taken off. */
export function plain(walk: Walk, name: string): string {
  const node = walk.makers.get(name);
  const [input = ""] = node?.inputs ?? [];
  const [from, to] = [walk.values.get(input)?.shape, walk.values.get(name)?.shape];
  if (node === undefined || from === undefined || to === undefined || !isMove(node)) return name;
  if (keepsOrder(node, from, to)) return plain(walk, input);
  if (node.op !== "Concat") return name;
  const filled = node.inputs.filter((own) => sizeOf(walk.values.get(own)?.shape ?? []) > 0);
  return filled.length === 1 ? plain(walk, filled[0] ?? "") : name;
}

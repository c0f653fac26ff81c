/** The numbers of a measure in a unit's tensors, row by row, and why one of them is none. */
import type { MeasureExpression } from "../ir/expression.js";
import { remembered } from "../base/remembered.js";
import type { Gate, GraphOutput, GraphPlan } from "../ir/plan.js";
import type { Condition, SiteWrite } from "../ir/protocol.js";
import { gateKey } from "../analysis/gates.js";
import { gateFaultOutput } from "../lower/gate-faults.js";
import { reasonsOfWrite } from "../replacements/index.js";
import { outputFinder } from "../lower/graph-plan.js";
import { logOfSoftmax } from "../passes/log-of-softmax.js";
import { causesOf, type Cause } from "../operations/causes.js";
import { evaluateReference } from "../operations/reference.js";
import { missingReasons, reasonsOf, undecidedReason } from "../operations/reasons.js";
import { outsideInputs, tailInputs, type TailInput } from "../operations/tail.js";
import { expressionText } from "../operations/text.js";
import type { UnitTensor, UnitTensors } from "./cells.js";

/** The values of one row. */
export interface RowNumbers {
  readonly data: Float64Array;
  /** Places in the list of reasons that was asked for, from 1; 0 where there is a value. Null for 0 everywhere. */
  readonly fault: Int32Array | null;
  /** What comes first on the way to the values that is not finite; null where all is. */
  readonly cause: Cause | null;
  /** Why −∞ is an honest value; null where it is none. */
  readonly masked: string | null;
}

/** Reads the values of a row out of a unit's tensors. */
export type RowReader = (tensors: UnitTensors, row: number) => RowNumbers;

/** Where the entries of a row lie in a tensor: [start, end). A value that does not depend on the row is there once for all. */
export function rowRange(
  { dims, data }: Pick<UnitTensor, "dims"> & { readonly data: { readonly length: number } },
  row: number,
): readonly [number, number] {
  const count = dims[0] ?? 1;
  const size = data.length / count;
  const start = count === 1 ? 0 : row * size;
  return [start, start + size];
}

/** The numbers of a row, one entry after the other. */
function entriesOfRow(tensor: UnitTensor, row: number): Float64Array {
  const [start, end] = rowRange(tensor, row);
  const entries = new Float64Array(end - start);
  for (let i = 0; i < entries.length; i++) entries[i] = Number(tensor.data[start + i]);
  return entries;
}

function tensorOf(tensors: UnitTensors, name: string): UnitTensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new RangeError(`the unit has no ${name}`);
  return tensor;
}

/**
 * Reads an expression from units of a graph. What its end loses because float32 cannot hold it is computed again in
 * float64 (`tail.ts`); numbers that float32 holds stay as they are.
 *
 * @param reasons the sentences in which faults are counted.
 */
export function rowReader(graph: GraphPlan, expression: MeasureExpression, reasons: readonly string[]): RowReader {
  const asked = logOfSoftmax(expression);
  const outside = outsideInputs(asked);
  if (outside !== null) return outsideReader(endReader(graph, asked, outside, reasons), asked);
  const output = outputFinder(graph)(expression);
  const inputs = tailInputs(output.expression);
  const direct = outputReader(output, reasons);
  if (inputs === null) return direct;
  const readEnd = endReader(graph, output.expression, inputs, reasons);
  return (tensors, row) => {
    const found = direct(tensors, row);
    const doubtful = found.cause?.kind === "operation";
    if (!doubtful && found.fault === null && found.data.every(Number.isFinite)) return found;
    const { again, fault, cause } = readEnd(tensors, row);
    const keeps = (place: number): boolean => {
      const [one = NaN, other = NaN] = [found.data[place], again[place]];
      if ((found.fault?.[place] ?? 0) > 0 || !Number.isFinite(one)) return false;
      return !doubtful || (fault?.[place] ?? 0) > 0 || agree(one, other);
    };
    return {
      data: found.data.map((value, place) => (keeps(place) ? value : (again[place] ?? NaN))),
      fault: fault === null ? null : fault.map((number, place) => (keeps(place) ? 0 : number)),
      cause: cause === null ? beyondFloat64(output.expression) : found.cause,
      masked: found.masked,
    };
  };
}

/** The values of all rows of a unit, where each of them is a finite number. */
export interface SoundValues {
  readonly data: UnitTensor["data"];
  /** Values of one row. */
  readonly perRow: number;
  /** Whether they are there once for all rows. */
  readonly isShared: boolean;
}

/**
 * Reads an expression from a whole unit at once, as {@link rowReader} reads it row by row; null where some value needs
 * a closer look. Nearly all units are sound, and then nothing is made for a row.
 */
export function soundReader(
  graph: GraphPlan,
  expression: MeasureExpression,
): (tensors: UnitTensors) => SoundValues | null {
  const asked = logOfSoftmax(expression);
  if (outsideInputs(asked) !== null) return () => null;
  const { name, fault, cause } = outputFinder(graph)(expression);
  return (tensors) => {
    const tensor = tensorOf(tensors, name);
    const doubts = [fault, cause].flatMap((doubt) => (doubt === null ? [] : [tensorOf(tensors, doubt)]));
    if (!doubts.every(isZero) || !isFinite(tensor)) return null;
    const [start, end] = rowRange(tensor, 0);
    return { data: tensor.data, perRow: end - start, isShared: (tensor.dims[0] ?? 1) === 1 };
  };
}

function isZero({ data }: UnitTensor): boolean {
  for (let i = 0; i < data.length; i++) if (Number(data[i]) !== 0) return false;
  return true;
}

function isFinite({ data }: UnitTensor): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(Number(data[i]))) return false;
  return true;
}

/** The end of an expression, computed in float64 from what the graph yields. */
interface EndNumbers {
  readonly again: Float64Array;
  /** Places in the reasons that were asked for, from 1. */
  readonly fault: Int32Array | null;
  /** The first cause among what the end reads. */
  readonly cause: Cause | null;
}

function endReader(
  graph: GraphPlan,
  expression: MeasureExpression,
  inputs: readonly TailInput[],
  reasons: readonly string[],
): (tensors: UnitTensors, row: number) => EndNumbers {
  const outputOf = outputFinder(graph);
  const own = reasonsOf(expression);
  const sources = inputs.map(({ node, expression: source }) => {
    const from = outputOf(source);
    return { node, from, read: outputReader(from, own) };
  });
  return (tensors, row) => {
    const read = sources.map(({ node, from, read: numbers }) => ({ node, from, ...numbers(tensors, row) }));
    const known = new Map(
      read.map(({ node, from, data, fault }) => {
        const sizes = tensorOf(tensors, from.name).dims.slice(1);
        const axes = from.type.axes.map(({ name }, axis) => ({ name, size: sizes[axis] ?? 1 }));
        return [node, { axes, data, fault }] as const;
      }),
    );
    const { data, fault } = evaluateReference(expression, unknown, undefined, { known });
    const cause = read.find((numbers) => numbers.cause !== null)?.cause ?? null;
    return { again: data, fault: mapped(fault, own, reasons), cause };
  };
}

/** Reads an expression whose end no graph can compute. */
function outsideReader(
  readEnd: (tensors: UnitTensors, row: number) => EndNumbers,
  expression: MeasureExpression,
): RowReader {
  const { masked } = causesOf(expression);
  return (tensors, row) => {
    const { again, fault, cause } = readEnd(tensors, row);
    const isSound = again.every((value, place) => Number.isFinite(value) || (fault?.[place] ?? 0) > 0);
    return { data: again, fault, cause: cause ?? (isSound ? null : beyondFloat64(expression)), masked };
  };
}

function unknown(): never {
  throw new RangeError("rowReader: the graph yields everything that the end of an expression needs");
}

/** Whether a float32 number is what float64 says, up to rounding. */
function agree(narrow: number, wide: number): boolean {
  return Math.abs(narrow - wide) <= 1e-4 * Math.abs(wide);
}

/** The cause of what is computed in float64 from finite numbers and is not finite. */
export function beyondFloat64(expression: MeasureExpression): Cause {
  const text = expressionText(expression);
  return { kind: "operation", reason: `${text}, or a number on the way to it, is beyond the range of float64` };
}

/** Fault numbers of one list of reasons in another. */
function mapped(fault: ArrayLike<number> | null, from: readonly string[], to: readonly string[]): Int32Array | null {
  if (fault === null) return null;
  const numbers = from.map((reason) => to.indexOf(reason) + 1);
  return Int32Array.from(fault, (number) => (number === 0 ? 0 : (numbers[number - 1] ?? 0)));
}

/**
 * Why the entries of a captured value are missing, as places in `missingReasons` of the output's expression, from 1; null
 * where none is missing or none can be.
 */
export function missingEntries(output: GraphOutput): (tensors: UnitTensors, row: number) => Int32Array | null {
  const reasons = missingReasons(output.expression);
  if (reasons.length === 0) return () => null;
  const read = outputReader(output, reasons);
  return (tensors, row) => {
    const { data, fault, cause } = read(tensors, row);
    if (fault === null && data.every(Number.isFinite)) return null;
    const otherwise = cause === null ? 0 : reasons.indexOf(cause.reason) + 1;
    return Int32Array.from(data, (value, place) => {
      const number = fault?.[place] ?? 0;
      return number > 0 || Number.isFinite(value) ? number : otherwise > 0 ? otherwise : reasons.length;
    });
  };
}

/** Reads an output as the graph yields it. */
function outputReader(
  { name, fault, cause, expression, reasons: numbered }: GraphOutput,
  reasons: readonly string[],
): RowReader {
  const { checks, otherwise, masked } = causesOf(expression);
  return (tensors, row) => {
    const data = entriesOfRow(tensorOf(tensors, name), row);
    const faults = fault === null ? null : entriesOfRow(tensorOf(tensors, fault), row);
    const first = cause === null ? 0 : (entriesOfRow(tensorOf(tensors, cause), row)[0] ?? 0);
    const isSound = data.every((value, place) => Number.isFinite(value) || (faults?.[place] ?? 0) > 0);
    const found = checks[first - 1] ?? (isSound ? null : otherwise);
    const failed = faults?.some((number) => number > 0) === true;
    return { data, fault: failed ? mapped(faults, numbered, reasons) : null, cause: found, masked };
  };
}

/**
 * The value at a place of a row, and the sentence that says why it is none. What is not finite is NaN, but for −∞ where
 * attention is masked.
 *
 * @param reasons the sentences in which the row's faults are counted.
 * @param put what an intervention of this row puts in that is not a number, as a sentence.
 */
export function numberAt(
  { data, fault, cause, masked }: RowNumbers,
  place: number,
  reasons: readonly string[],
  put: string | null,
): { readonly value: number; readonly reason: string | null } {
  const value = data[place] ?? NaN;
  const number = fault?.[place] ?? 0;
  const origin = cause === null ? null : cause.kind === "site" && put !== null ? put : cause.reason;
  if (number > 0) {
    const reason = reasons[number - 1] ?? `unknown reason ${number}`;
    return { value: NaN, reason: reason === undecidedReason ? (origin ?? reason) : reason };
  }
  if (Number.isFinite(value)) return { value, reason: null };
  if (value === -Infinity && masked !== null && cause?.kind !== "site") return { value, reason: masked };
  return { value: NaN, reason: origin ?? "it is not a finite number" };
}

/** By condition, what `read` makes of each of its writes that goes through a gate of the graph. */
export function byGate<T>(
  { gates }: GraphPlan,
  conditions: readonly Condition[],
  read: (gate: Gate, write: SiteWrite) => T,
): (condition: number) => readonly T[] {
  const known = new Map(gates.map((gate) => [gate.key, gate]));
  return remembered((condition: number) =>
    (conditions[condition]?.writes ?? []).flatMap((write) => {
      const gate = known.get(gateKey(write));
      return gate === undefined ? [] : [read(gate, write)];
    }),
  );
}

/** Tells what an intervention of a row puts in that is not a number, as a sentence; null where all of it is. */
export function putReader(
  graph: GraphPlan,
  conditions: readonly Condition[],
): (tensors: UnitTensors, row: number, condition: number) => string | null {
  const faultsOf = byGate(graph, conditions, (gate, write) => ({
    output: gateFaultOutput(gate),
    reasons: reasonsOfWrite(write),
  }));
  return (tensors, row, condition) => {
    for (const { output, reasons } of faultsOf(condition)) {
      const tensor = tensors[output];
      const number = tensor === undefined ? 0 : Number(tensor.data[rowRange(tensor, row)[0]] ?? 0);
      if (number > 0) return reasons[number - 1] ?? null;
    }
    return null;
  };
}

/** Values that capture evaluations left in the store: averages of them, and those of single prompts. */
import { captureKey, type Capture } from "../compiler/lower/captures.js";
import type { Evaluation, GraphOutput, Plan } from "../compiler/ir/plan.js";
import { missingEntries, rowRange } from "../compiler/results/numbers.js";
import type { EngineTensor, EngineTensors } from "./engine/messages.js";
import type { ReadUnit } from "./execution.js";

/** A captured value of one prompt, or an average: row-major over `dims`. */
export interface CapturedValue {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** A captured value and where it is none. */
export interface CapturedEntries extends CapturedValue {
  /** Why entries are missing: 0, or a place in `missingReasons` of the captured expression, from 1. Null where none is. */
  readonly missing: Int32Array | null;
}

/** How many entries of an average a prompt contributes. */
export type CountEntries = (prompt: number, tokens: number) => number;

/** Reads captures of a plan. `needs` are the evaluations among which the capture is. */
export interface CapturedValues {
  /** The value of one prompt, float32 [...axes]. */
  ofPrompt(needs: readonly string[], capture: Capture, prompt: number, read: ReadUnit): Promise<CapturedEntries>;
  /**
   * The average over prompts and positions in float64, from sums over positions. `entries` says how many positions were
   * summed for a prompt of so many tokens: 1 when only prompts are averaged, position by position.
   */
  mean(needs: readonly string[], capture: Capture, entries: CountEntries, read: ReadUnit): Promise<CapturedEntries>;
}

/** Units whose tensors are kept in memory: neighbouring units of a sweep patch from the same prompts. */
const keptUnits = 16;

export function capturedValues(plan: Plan): CapturedValues {
  const graphs = new Map(plan.graphs.map((graph) => [graph.id, graph]));
  const evaluations = new Map(plan.evaluations.map((evaluation) => [evaluation.id, evaluation]));
  const kept = new Map<string, Promise<EngineTensors>>();
  const means = new Map<string, Promise<CapturedEntries>>();

  /** What each evaluation's outputs are, found out once: every row of every unit asks. */
  const outputs = new Map<string, ReadonlyMap<string, Source>>();
  function outputsOf({ id, units }: Evaluation): ReadonlyMap<string, Source> {
    const graph = graphs.get(units[0]?.graph ?? "");
    const known = outputs.get(id) ?? new Map(graph?.outputs.map((o) => [captureKey(o.expression), sourceOf(o)]) ?? []);
    outputs.set(id, known);
    return known;
  }

  /** The evaluation that has the capture, and which of its outputs it is. */
  function find(needs: readonly string[], { texts, expression }: Capture): readonly [Evaluation, Source] {
    const key = captureKey(expression);
    for (const id of needs) {
      const evaluation = evaluations.get(id);
      if (evaluation?.purpose !== "capture" || evaluation.texts !== texts) continue;
      const source = outputsOf(evaluation).get(key);
      if (source !== undefined) return [evaluation, source];
    }
    throw new RangeError(`nothing captured this value on ${texts}`);
  }

  function unitOf(id: string, read: ReadUnit): Promise<EngineTensors> {
    const known = kept.get(id) ?? read(id);
    kept.delete(id);
    void keep(kept, id, known);
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - keptUnits))) kept.delete(oldest);
    return known;
  }

  async function average(
    [evaluation, { name, missingIn }]: readonly [Evaluation, Source],
    entries: CountEntries,
    read: ReadUnit,
  ): Promise<CapturedEntries> {
    let sum: Float64Array | null = null;
    let dims: readonly number[] = [];
    let count = 0;
    let missing: Int32Array | null = null;
    for (const unit of evaluation.units) {
      const tensors = await read(unit.id);
      const tensor = tensorOf(tensors, name, unit.id);
      dims = tensor.dims.slice(1);
      const size = dims.reduce((product, d) => product * d, 1);
      sum ??= new Float64Array(size);
      if (sum.length !== size) throw new RangeError(`${name} of ${evaluation.texts} has several lengths`);
      for (const { prompt } of unit.rows) count += entries(prompt, unit.positions);
      for (let row = 0; row < unit.rows.length; row++) {
        const [start] = rowRange(tensor, row);
        for (let i = 0; i < size; i++) sum[i] = (sum[i] ?? 0) + Number(tensor.data[start + i]);
        const own = missingIn(tensors, row);
        if (own === null) continue;
        missing ??= new Int32Array(size);
        for (const [i, number] of own.entries()) missing[i] = Math.max(missing[i] ?? 0, number);
      }
    }
    return { dims, data: (sum ?? new Float64Array()).map((v) => v / count), missing };
  }

  return {
    async ofPrompt(needs, capture, prompt, read) {
      const [evaluation, { name, missingIn }] = find(needs, capture);
      for (const unit of evaluation.units) {
        const row = unit.rows.findIndex((r) => r.prompt === prompt);
        if (row < 0) continue;
        const tensors = await unitOf(unit.id, read);
        const tensor = tensorOf(tensors, name, unit.id);
        const data = (tensor.data as Float32Array).subarray(...rowRange(tensor, row));
        return { dims: tensor.dims.slice(1), data, missing: missingIn(tensors, row) };
      }
      throw new RangeError(`${capture.texts} has no prompt ${prompt}`);
    },
    mean(needs, capture, entries, read) {
      const found = find(needs, capture);
      // What was summed decides how its entries are counted.
      const key = `${found[0].id} ${found[1].name}`;
      return means.get(key) ?? keep(means, key, average(found, entries, read));
    },
  };
}

/** Keeps what is being read, unless that fails: whoever asks later may be able to read it. */
function keep<Value>(kept: Map<string, Promise<Value>>, key: string, value: Promise<Value>): Promise<Value> {
  kept.set(key, value);
  value.catch(() => {
    if (kept.get(key) === value) kept.delete(key);
  });
  return value;
}

/** An output that yields a captured value. */
interface Source {
  readonly name: string;
  readonly missingIn: ReturnType<typeof missingEntries>;
}

function sourceOf(output: GraphOutput): Source {
  return { name: output.name, missingIn: missingEntries(output) };
}

function tensorOf(tensors: EngineTensors, name: string, unit: string): EngineTensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new RangeError(`unit ${unit} has no ${name}`);
  return tensor;
}

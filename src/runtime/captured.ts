/** Values that capture evaluations left in the store: averages of them, and those of single prompts. */
import { captureKey, type Capture } from "../compiler/lower/captures.js";
import type { Evaluation, Plan } from "../compiler/ir/plan.js";
import type { EngineTensor, EngineTensors } from "./engine/messages.js";
import type { ReadUnit } from "./execute.js";

/** A captured value of one prompt, or an average: row-major over `dims`. */
export interface CapturedValue {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** How many entries of an average a prompt contributes. */
export type CountEntries = (prompt: number, tokens: number) => number;

/** Reads captures of a plan. `needs` are the evaluations among which the capture is. */
export interface CapturedValues {
  /** The value of one prompt, float32 [...axes]. */
  ofPrompt(needs: readonly string[], capture: Capture, prompt: number, read: ReadUnit): Promise<CapturedValue>;
  /**
   * The average over prompts and positions in float64, from sums over positions. `entries` says how many positions were
   * summed for a prompt of so many tokens: 1 when only prompts are averaged, position by position.
   */
  mean(needs: readonly string[], capture: Capture, entries: CountEntries, read: ReadUnit): Promise<CapturedValue>;
}

/** Units whose tensors are kept in memory: neighbouring units of a sweep patch from the same prompts. */
const keptUnits = 16;

export function capturedValues(plan: Plan): CapturedValues {
  const graphs = new Map(plan.graphs.map((graph) => [graph.id, graph]));
  const evaluations = new Map(plan.evaluations.map((evaluation) => [evaluation.id, evaluation]));
  const kept = new Map<string, Promise<EngineTensors>>();
  const means = new Map<string, Promise<CapturedValue>>();

  /** What each evaluation's outputs are, found out once: every row of every unit asks. */
  const outputs = new Map<string, ReadonlyMap<string, string>>();
  function outputsOf({ id, units }: Evaluation): ReadonlyMap<string, string> {
    const graph = graphs.get(units[0]?.graph ?? "");
    const known = outputs.get(id) ?? new Map(graph?.outputs.map((o) => [captureKey(o.expression), o.name]) ?? []);
    outputs.set(id, known);
    return known;
  }

  /** The evaluation that has the capture, and which of its outputs it is. */
  function find(needs: readonly string[], { texts, expression }: Capture): readonly [Evaluation, string] {
    const key = captureKey(expression);
    for (const id of needs) {
      const evaluation = evaluations.get(id);
      if (evaluation?.purpose !== "capture" || evaluation.texts !== texts) continue;
      const name = outputsOf(evaluation).get(key);
      if (name !== undefined) return [evaluation, name];
    }
    throw new RangeError(`nothing captured this value on ${texts}`);
  }

  function unitOf(id: string, read: ReadUnit): Promise<EngineTensors> {
    const known = kept.get(id) ?? read(id);
    kept.delete(id);
    kept.set(id, known);
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - keptUnits))) kept.delete(oldest);
    return known;
  }

  async function average(
    [evaluation, name]: readonly [Evaluation, string],
    entries: CountEntries,
    read: ReadUnit,
  ): Promise<CapturedValue> {
    let sum: Float64Array | null = null;
    let dims: readonly number[] = [];
    let count = 0;
    for (const unit of evaluation.units) {
      const tensor = tensorOf(await read(unit.id), name, unit.id);
      dims = tensor.dims.slice(1);
      const size = dims.reduce((product, d) => product * d, 1);
      sum ??= new Float64Array(size);
      if (sum.length !== size) throw new RangeError(`${name} of ${evaluation.texts} has several lengths`);
      for (const { prompt } of unit.rows) count += entries(prompt, unit.positions);
      for (let i = 0; i < tensor.data.length; i++) sum[i % size] = (sum[i % size] ?? 0) + Number(tensor.data[i]);
    }
    return { dims, data: (sum ?? new Float64Array()).map((v) => v / count) };
  }

  return {
    async ofPrompt(needs, capture, prompt, read) {
      const [evaluation, name] = find(needs, capture);
      for (const unit of evaluation.units) {
        const row = unit.rows.findIndex((r) => r.prompt === prompt);
        if (row < 0) continue;
        const tensor = tensorOf(await unitOf(unit.id, read), name, unit.id);
        const dims = tensor.dims.slice(1);
        const size = dims.reduce((product, d) => product * d, 1);
        return { dims, data: (tensor.data as Float32Array).subarray(row * size, (row + 1) * size) };
      }
      throw new RangeError(`${capture.texts} has no prompt ${prompt}`);
    },
    mean(needs, capture, entries, read) {
      const found = find(needs, capture);
      // What was summed decides how its entries are counted.
      const key = `${found[0].id} ${found[1]}`;
      const known = means.get(key) ?? average(found, entries, read);
      means.set(key, known);
      return known;
    },
  };
}

function tensorOf(tensors: EngineTensors, name: string, unit: string): EngineTensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new RangeError(`unit ${unit} has no ${name}`);
  return tensor;
}

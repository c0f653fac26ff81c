/** Rows into units: batches of equal length, as large as the memory budget and about a second of work allow. */
import { canonicalJson, digestOf, digestOfText } from "../base/digest.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Capabilities } from "../ir/capabilities.js";
import type { GraphPlan, Numerics, PlanRow, Unit } from "../ir/plan.js";
import type { Condition, TokenizedTexts } from "../ir/protocol.js";
import type { ModelSignature } from "../models/model.js";
import { textQuantitiesOf } from "../analysis/reads.js";
import { type RowWork } from "./cost.js";
import { writesDigest } from "../replacements/index.js";
import { isPrepacked } from "./prepacking.js";

/** What the units of a plan cost together. */
export interface BatchCost {
  rows: number;
  units: number;
  layerRuns: number;
  naiveLayerRuns: number;
  flops: number;
  peakActivationBytes: number;
}

/** The cost of nothing, to be added to. */
export function noCost(): BatchCost {
  return { rows: 0, units: 0, layerRuns: 0, naiveLayerRuns: 0, flops: 0, peakActivationBytes: 0 };
}

export interface BatchContext {
  readonly memoryBudget: number;
  readonly numerics: Numerics;
  readonly capabilities: Capabilities;
  readonly cost: BatchCost;
  /** Units whose cost is counted: two studies that list the same unit share it. */
  readonly counted: Set<string>;
  /** Whether a batch may hold rows of several conditions. */
  readonly mixed: boolean;
  readonly report: (d: Diagnostic) => void;
}

/** The rows to batch, with everything that decides their numbers. */
export interface Rows {
  readonly graph: GraphPlan;
  /** Work of one row of so many tokens. */
  readonly work: (positions: number) => RowWork;
  readonly signature: ModelSignature;
  readonly texts: TokenizedTexts;
  readonly conditions: readonly Condition[];
  readonly rows: readonly PlanRow[];
  /** What identifies the values of other runs that the rows use. */
  readonly given: readonly string[];
}

/** Splits rows into units, shortest texts first, and counts their cost. A5004 when not even one row fits the budget. */
export function batchRows(
  cx: BatchContext,
  { graph, work, signature, texts, conditions, rows, given }: Rows,
): readonly Unit[] {
  const quantities = textQuantitiesOf(graph);
  const promptDigests = new Map<number, string>();
  const promptDigest = (index: number): string => {
    const prompt = texts.prompts[index];
    const known = promptDigests.get(index) ?? digestOf([prompt?.ids, quantities.map((q) => prompt?.numbers[q])]);
    promptDigests.set(index, known);
    return known;
  };
  // Of a sweep it can be a long list, which every unit would hash again.
  const givenDigest = digestOf(given);
  const conditionDigests = conditions.map((c) => writesDigest(c.writes));
  // Then a prompt's number decides which values of another run belong to it, and which of several positions.
  const paired = given.length > 0 || conditions.some((c) => c.writes.some((write) => write.positions?.kind === "each"));
  const lengthOf = (row: PlanRow): number => texts.prompts[row.prompt]?.ids.length ?? 0;
  const buckets = new Map<string, PlanRow[]>();
  for (const row of rows) {
    const key = cx.mixed ? `${lengthOf(row)}` : `${lengthOf(row)} ${row.condition}`;
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, [row]);
    else bucket.push(row);
  }
  const units: Unit[] = [];
  const longest = rows.reduce((most, row) => Math.max(most, lengthOf(row)), 0);
  let tooLong = false;
  const ordered = [...buckets.values()].map((bucket) => ({ bucket, positions: bucket[0] ? lengthOf(bucket[0]) : 0 }));
  for (const { bucket, positions } of ordered.sort((a, b) => a.positions - b.positions)) {
    const rowWork = work(positions);
    const { bytes: bytesOf, flops, layers } = rowWork;
    const bytes = bytesOf(1);
    if (bytes > cx.memoryBudget) {
      // The longest one says it for all.
      if (positions < longest || tooLong) continue;
      tooLong = true;
      const parameters = { positions, needed: megabytes(bytes), budget: megabytes(cx.memoryBudget) };
      const hint = `give it more with --memory, at least --memory ${Math.ceil(bytes / 2 ** 20)}MB`;
      cx.report(diagnostic("A5004", null, parameters, { hint }));
      continue;
    }
    const prepacked = cx.capabilities.prepacking.holds && isPrepacked(cx.numerics.prepacking, positions);
    const size = largestBatch(rowWork, cx.memoryBudget, cx.capabilities.unitFlops, bucket.length);
    for (let start = 0; start < bucket.length; start += size) {
      const chunk = bucket.slice(start, start + size);
      const about = {
        graph: graph.id,
        positions,
        given: givenDigest,
        numerics: { ...cx.numerics, prepacking: prepacked },
      };
      // Rows may be many, and each has its text already. Of the names, `rows` is the last.
      const rowTexts = chunk.map(({ prompt, condition }) => {
        const own = `"${promptDigest(prompt)}","${conditionDigests[condition] ?? ""}"`;
        return paired ? `[${own},${prompt}]` : `[${own}]`;
      });
      const id = digestOfText(`${canonicalJson(about).slice(0, -1)},"rows":[${rowTexts.join(",")}]}`);
      units.push({ id, graph: graph.id, rows: chunk, positions, prepacked });
      if (cx.counted.has(id)) continue;
      cx.counted.add(id);
      cx.cost.units++;
      cx.cost.rows += chunk.length;
      cx.cost.layerRuns += chunk.length * layers;
      cx.cost.naiveLayerRuns += chunk.length * signature.layers;
      cx.cost.flops += chunk.length * flops;
      cx.cost.peakActivationBytes = Math.max(cx.cost.peakActivationBytes, bytesOf(chunk.length));
    }
  }
  return units;
}

/** Rows of the largest batch, `wanted` at most: as many as memory holds and as are about a second of work; at least one. */
export function largestBatch(
  { bytes, flops }: RowWork,
  memoryBudget: number,
  unitFlops: number,
  wanted: number,
): number {
  const byWork = Math.floor(unitFlops / Math.max(1, flops));
  return mostRows(Math.max(1, Math.min(wanted, byWork)), (count) => bytes(count) <= memoryBudget);
}

/** The largest number of rows, at most `most`, that fits; one row does. Larger batches take more. */
function mostRows(most: number, fits: (rows: number) => boolean): number {
  let low = 1;
  let high = most;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function megabytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} kB` : `${Math.ceil(bytes / 2 ** 20)} MB`;
}

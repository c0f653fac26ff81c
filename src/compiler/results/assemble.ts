/** From finished units to result rows: the inverse of batching. */
import type { Evaluation, GraphOutput, Plan } from "../ir/plan.js";
import type { Coordinate, Coordinates, Measure, Protocol, Study, TokenizedTexts } from "../ir/protocol.js";
import type { ResultRow } from "../ir/results.js";
import { extentSize } from "../ir/tensor-type.js";
import { textsKey } from "../check/check.js";
import { resultAxis } from "../check/measures.js";
import { changeOutput } from "../lower/graph.js";
import { siteKey } from "../models/sites.js";

/** A stored tensor, row-major, as the engine returned it. */
export interface UnitTensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
}

export type UnitTensors = Readonly<Record<string, UnitTensor>>;

export interface Assembled {
  readonly rows: readonly ResultRow[];
  /** Conditions that left their sites exactly as they were for every prompt (max |Δ| = 0): almost surely a mistake. */
  readonly noOps: readonly { readonly experiment: string; readonly coordinates: Coordinates }[];
  /** Conditions that cannot influence what their experiment measures; their values are the baseline's. */
  readonly unaffected: readonly { readonly experiment: string; readonly conditions: number }[];
}

interface Cell {
  readonly prompt: number;
  readonly condition: number;
  readonly measure: number;
  /** Coordinates of the measure's free axes. */
  readonly free: Coordinates;
  readonly value: number;
  readonly reason: string | null;
}

/**
 * All rows of a run, in a stable order: experiments as written, then model and texts, then conditions (the unmodified
 * model first), prompts, measures. `unit` gives a unit's tensors, or null when it has none. The rows of a unit that has
 * not been reached (interrupted) are left out; those of one that failed are NaN with the message that `faults` has for
 * it, so that no average is silently taken over less than was asked for.
 */
export async function assembleResults(
  protocol: Protocol,
  plan: Plan,
  unit: (id: string) => Promise<UnitTensors | null>,
  faults: ReadonlyMap<string, string> = new Map(),
): Promise<Assembled> {
  const rows: ResultRow[] = [];
  const noOps: { experiment: string; coordinates: Coordinates }[] = [];
  const unaffected: { experiment: string; conditions: number }[] = [];
  const texts = new Map(protocol.texts.map((t) => [textsKey(t.name, t.model), t]));
  const graphs = new Map(plan.graphs.map((g) => [g.id, g]));
  for (const evaluation of plan.evaluations) {
    const study = evaluation.study === null ? undefined : protocol.studies[evaluation.study];
    const graph = graphs.get(evaluation.graph);
    if (study === undefined || graph === undefined) continue;
    const set = texts.get(textsKey(study.texts, study.model));
    if (set === undefined) continue;
    const cells: Cell[] = [];
    /** Largest change of any written site, by condition; absent where no unit of the condition is finished. */
    const changes = new Map<number, number>();
    for (const { id, rows: unitRows, positions } of evaluation.units) {
      const tensors = await unit(id);
      const lost = faults.get(id);
      if (tensors === null && lost === undefined) continue;
      const reason = tensors === null ? `not computed: ${lost ?? ""}` : null;
      study.measures.forEach((measure, m) => {
        const output = graph.outputs[m];
        if (output === undefined) return;
        cells.push(...cellsOf(study, measure, m, output, tensors, reason, unitRows, positions));
      });
      if (tensors === null) continue;
      const gated = new Set(graph.gates.map(siteKey));
      unitRows.forEach((row, r) => {
        const writes = study.conditions[row.condition]?.writes.filter((w) => gated.has(siteKey(w.site))) ?? [];
        for (const write of writes) {
          const change = Number(tensors[changeOutput(write.site)]?.data[r] ?? Number.NaN);
          changes.set(row.condition, Math.max(changes.get(row.condition) ?? 0, Number.isNaN(change) ? 1 : change));
        }
      });
    }
    rows.push(...studyRows(study, set, cells, evaluation));
    for (const [condition, change] of [...changes].sort(([a], [b]) => a - b)) {
      if (change > 0) continue;
      noOps.push({ experiment: study.experiment, coordinates: study.conditions[condition]?.coordinates ?? {} });
    }
    if (evaluation.unaffected.length > 0) {
      unaffected.push({ experiment: study.experiment, conditions: evaluation.unaffected.length });
    }
  }
  return { rows, noOps, unaffected };
}

/** Splits one output tensor [row, …axes] into its numbers; where there are no tensors, every number is lost. */
function cellsOf(
  study: Study,
  measure: Measure,
  index: number,
  output: GraphOutput,
  tensors: UnitTensors | null,
  lost: string | null,
  unitRows: Evaluation["units"][number]["rows"],
  positions: number,
): readonly Cell[] {
  const values = tensors?.[output.name];
  const faults = output.fault === null ? undefined : tensors?.[output.fault];
  const conditionAxes = new Set(study.conditions.flatMap((c) => Object.keys(c.coordinates)));
  const axes = measure.type.axes.map((axis) => ({
    name: resultAxis(axis.name, conditionAxes),
    // Entries of an axis that follows the text line up at its end: the last is the last token.
    first: axis.extent.kind === "fixed" ? 0 : positions - extentSize(axis.extent, positions),
    size: extentSize(axis.extent, positions),
  }));
  const perRow = axes.reduce((product, axis) => product * axis.size, 1);
  const cells: Cell[] = [];
  unitRows.forEach((row, r) => {
    for (let i = 0; i < perRow; i++) {
      let rest = i;
      const free: Record<string, Coordinate> = {};
      for (const axis of [...axes].reverse()) {
        free[axis.name] = axis.first + (rest % axis.size);
        rest = Math.floor(rest / axis.size);
      }
      const at = r * perRow + i;
      const value = Number(values?.data[at] ?? Number.NaN);
      const fault = Number(faults?.data[at] ?? 0);
      const reason =
        fault > 0
          ? (output.reasons[fault - 1] ?? `unknown reason ${fault}`)
          : Number.isFinite(value)
            ? null
            : (lost ?? "an activation of the model is not finite");
      cells.push({ prompt: row.prompt, condition: row.condition, measure: index, free, value, reason });
    }
  });
  return cells;
}

function cellKey(cell: Pick<Cell, "prompt" | "measure" | "free">): string {
  return `${cell.prompt} ${cell.measure} ${Object.values(cell.free).join(" ")}`;
}

function studyRows(
  study: Study,
  set: TokenizedTexts,
  cells: readonly Cell[],
  evaluation: Evaluation,
): readonly ResultRow[] {
  const baselines = new Map<string, Cell>();
  for (const cell of cells) if (cell.condition === 0) baselines.set(cellKey(cell), cell);
  const copied = evaluation.unaffected.flatMap((condition) =>
    [...baselines.values()].map((cell) => ({ ...cell, condition })),
  );
  const order = [...cells, ...copied].sort(
    (a, b) => a.condition - b.condition || a.prompt - b.prompt || a.measure - b.measure,
  );
  return order.flatMap((cell) => {
    const measure = study.measures[cell.measure];
    const prompt = set.prompts[cell.prompt];
    const condition = study.conditions[cell.condition];
    if (measure === undefined || prompt === undefined || condition === undefined) return [];
    const row: Omit<ResultRow, "baseline" | "impact" | "relative"> = {
      experiment: study.experiment,
      axes: {
        ...study.coordinates,
        prompt: prompt.index,
        ...prompt.columns,
        ...condition.coordinates,
        ...measure.coordinates,
        ...cell.free,
      },
      metric: measure.metric,
      unit: measure.type.unit,
      value: cell.value,
      reason: cell.reason,
    };
    if (cell.condition === 0) return [{ ...row, baseline: null, impact: null, relative: null }];
    const baseline = baselines.get(cellKey(cell));
    if (baseline === undefined) return [];
    return [{ ...row, ...compared(cell, baseline) }];
  });
}

/** Impact and relative impact, with the reason where one of them is not a number. */
function compared(cell: Cell, baseline: Cell): Pick<ResultRow, "baseline" | "impact" | "relative" | "reason"> {
  const impact = cell.value - baseline.value;
  const relative = baseline.value === 0 ? Number.NaN : impact / Math.abs(baseline.value);
  const reason =
    cell.reason ??
    (baseline.reason !== null
      ? `baseline: ${baseline.reason}`
      : baseline.value === 0
        ? "relative: the baseline is 0"
        : null);
  return { baseline: baseline.value, impact, relative, reason };
}

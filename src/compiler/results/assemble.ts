/** From finished units to result rows: the inverse of batching. */
import { zeroBaseline } from "./columns.js";
import type { Evaluation, GraphPlan, Plan } from "../ir/plan.js";
import { positionOf } from "../ir/origin.js";
import type { Coordinate, Coordinates, Measure, Protocol, Study, TokenizedTexts } from "../ir/protocol.js";
import { wholeName } from "../ir/protocol.js";
import type { ResultColumn, ResultType } from "../ir/result-type.js";
import { conditionLabel, type ResultRow } from "../ir/results.js";
import { extentSize } from "../ir/tensor-type.js";
import { textsKey } from "../ir/texts-key.js";
import { assertUniqueRows } from "../ir/result-rows.js";
import { labelledTexts } from "../ir/labelled-texts.js";
import { gateKey } from "../analysis/gates.js";
import { changeOutput } from "../lower/graph.js";
import { reasonsOf } from "../operations/reasons.js";
import { entriesOf, freeAxes, freeCoordinates, type Cell, type UnitTensors } from "./cells.js";
import { collectDocuments } from "./corpus.js";
import { numberAt, putReader, rowReader, type RowReader } from "./numbers.js";

export type { UnitTensor, UnitTensors } from "./cells.js";

export interface Assembled {
  readonly rows: readonly ResultRow[];
  /** Conditions that left their sites exactly as they were for every prompt (max |Δ| = 0): almost surely a mistake. */
  readonly noOps: readonly { readonly experiment: string; readonly coordinates: Coordinates }[];
  /** Conditions that cannot influence what their experiment measures; their values are the baseline's. */
  readonly unaffected: readonly { readonly experiment: string; readonly conditions: number }[];
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
  const types = new Map(protocol.results.map((type) => [type.experiment, type]));
  for (const type of types.values()) {
    const own = protocol.studies.filter((study) => study.experiment === type.experiment);
    assertUniqueRows(type, own, protocol.texts);
  }
  for (const evaluation of plan.evaluations) {
    const study = evaluation.study === null ? undefined : protocol.studies[evaluation.study];
    if (study === undefined) continue;
    const set = texts.get(textsKey(study.texts, study.model));
    const type = types.get(study.experiment);
    if (set === undefined || type === undefined) continue;
    const cells: Cell[] = [];
    const documents = set.documents === null ? null : collectDocuments(study, set);
    /** Largest change of any written site, by condition; absent where no unit of the condition is finished. */
    const changes = new Map<number, number>();
    const readers = new Map<string, UnitReader>();
    for (const { id, rows: unitRows, positions, graph: through } of evaluation.units) {
      const graph = graphs.get(through);
      if (graph === undefined) throw new RangeError(`assembleResults: the plan has no graph ${through}`);
      const tensors = await unit(id);
      const lost = faults.get(id);
      if (tensors === null && lost === undefined) continue;
      const reason = tensors === null ? `not computed: ${lost ?? ""}` : null;
      documents?.add(unitRows, tensors ?? reason ?? "", graph);
      const read = readers.get(through) ?? unitReader(graph, study, documents === null);
      readers.set(through, read);
      study.measures.forEach((measure, m) => {
        if (documents !== null) return;
        for (const cell of cellsOf(measure, m, read, tensors, reason, unitRows, positions)) cells.push(cell);
      });
      if (tensors === null) continue;
      const gates = new Map(graph.gates.map((gate) => [gate.key, gate]));
      unitRows.forEach((row, r) => {
        for (const write of study.conditions[row.condition]?.writes ?? []) {
          const gate = gates.get(gateKey(write));
          if (gate === undefined) continue;
          const found = Number(tensors[changeOutput(gate)]?.data[r] ?? Number.NaN);
          // The largest of some numbers of which one is NaN may be any of them.
          const change = Number.isNaN(found) || read.put(tensors, r, row.condition) !== null ? Infinity : found;
          changes.set(row.condition, Math.max(changes.get(row.condition) ?? 0, change));
        }
      });
    }
    // One by one: a call with as many arguments as a corpus has tokens overflows the stack.
    for (const row of studyRows(study, type, set, documents?.cells() ?? cells, evaluation)) rows.push(row);
    for (const [condition, change] of [...changes].sort(([a], [b]) => a - b)) {
      if (change > 0) continue;
      noOps.push({ experiment: study.experiment, coordinates: study.conditions[condition]?.coordinates ?? {} });
    }
    if (evaluation.unaffected.length > 0) {
      unaffected.push({ experiment: study.experiment, conditions: evaluation.unaffected.length });
    }
  }
  const inParts = protocol.studies.some(({ texts: name }) => wholeName(name) !== name);
  return { rows: inParts ? joinedParts(rows, protocol) : rows, noOps, unaffected };
}

/** Rows in the order that they had if every prompt set were one: those of its parts come one after the other. */
function joinedParts(rows: readonly ResultRow[], protocol: Protocol): readonly ResultRow[] {
  const axes = new Set(protocol.studies.flatMap(({ coordinates }) => Object.keys(coordinates)));
  const orders = [new Map<string, number>(), new Map<string, number>()] as const;
  const place = (order: Map<string, number>, key: string): number => {
    const known = order.get(key) ?? order.size;
    order.set(key, known);
    return known;
  };
  const keyed = rows.map((row) => {
    const own = Object.entries(row.axes).filter(([axis]) => axes.has(axis));
    const study = place(orders[0], JSON.stringify([row.experiment, own]));
    return { row, study, condition: place(orders[1], JSON.stringify([study, row.condition])) };
  });
  const prompt = ({ axes: { prompt: number } }: ResultRow): number => Number(number ?? 0);
  return keyed
    .sort((a, b) => a.study - b.study || a.condition - b.condition || prompt(a.row) - prompt(b.row))
    .map(({ row }) => row);
}

/** What reads a study's measures from the units of a graph; those of documents are read window by window. */
interface UnitReader {
  /** By measure: its values, with faults counted in the reasons. */
  readonly measures: readonly { readonly row: RowReader; readonly reasons: readonly string[] }[];
  readonly put: ReturnType<typeof putReader>;
}

function unitReader(graph: GraphPlan, study: Study, ofPrompts: boolean): UnitReader {
  const measures = (ofPrompts ? study.measures : []).map(({ expression }) => {
    const reasons = reasonsOf(expression);
    return { row: rowReader(graph, expression, reasons), reasons };
  });
  return { measures, put: putReader(graph, study.conditions) };
}

/** Splits one output tensor [row, …axes] into its numbers; where there are no tensors, every number is lost. */
function cellsOf(
  measure: Measure,
  index: number,
  read: UnitReader,
  tensors: UnitTensors | null,
  lost: string | null,
  unitRows: Evaluation["units"][number]["rows"],
  positions: number,
): readonly Cell[] {
  const { row: rowOf, reasons = [] } = read.measures[index] ?? {};
  const axes = freeAxes(measure, ({ extent }, { origin }) => ({
    first: origin === null ? 0 : positionOf(origin, positions),
    size: extentSize(extent, positions),
  }));
  const perRow = entriesOf(axes);
  const cells: Cell[] = [];
  unitRows.forEach((row, r) => {
    const numbers = tensors === null ? undefined : rowOf?.(tensors, r);
    const put = tensors === null ? null : read.put(tensors, r, row.condition);
    for (let i = 0; i < perRow; i++) {
      const { value, reason } =
        numbers === undefined ? { value: Number.NaN, reason: lost } : numberAt(numbers, i, reasons, put);
      const free = freeCoordinates(axes, i);
      cells.push({ text: row.prompt, condition: row.condition, measure: index, free, value, reason });
    }
  });
  return cells;
}

function cellKey(cell: Pick<Cell, "text" | "measure" | "free">): string {
  return `${cell.text} ${cell.measure} ${Object.values(cell.free).join(" ")}`;
}

function studyRows(
  study: Study,
  type: ResultType,
  set: TokenizedTexts,
  cells: readonly Cell[],
  evaluation: Evaluation,
): readonly ResultRow[] {
  const named = (kind: ResultColumn["kind"], values: Coordinates): readonly (readonly [string, Coordinate])[] =>
    type.columns.flatMap((column) => {
      const value = column.kind === kind && Object.hasOwn(values, column.field) ? values[column.field] : undefined;
      return value === undefined ? [] : [[column.name, value] as const];
    });
  const facts = named("model", study.facts);
  const columns = labelledTexts(set).map(({ place, fields }): readonly (readonly [string, Coordinate])[] => [
    ...Object.entries(place),
    ...named("field", fields),
  ]);
  const drawn = study.conditions.map((condition) =>
    named("places", condition.drawn === undefined ? {} : { places: condition.drawn }),
  );
  const labels = study.conditions.map((condition) => conditionLabel(type, condition));
  const baselines = new Map<string, Cell>();
  for (const cell of cells) if (cell.condition === 0) baselines.set(cellKey(cell), cell);
  const copied = evaluation.unaffected.flatMap((condition) =>
    [...baselines.values()].map((cell) => ({ ...cell, condition })),
  );
  const order = [...cells, ...copied].sort(
    (a, b) => a.condition - b.condition || a.text - b.text || a.measure - b.measure,
  );
  return order.flatMap((cell) => {
    const measure = study.measures[cell.measure];
    const text = columns[cell.text];
    const condition = study.conditions[cell.condition];
    if (measure === undefined || text === undefined || condition === undefined) return [];
    const row: Omit<ResultRow, "baseline" | "impact" | "relative"> = {
      experiment: study.experiment,
      condition: labels[cell.condition] ?? "",
      // Entries instead of a spread of objects: a file may call a field `__proto__`.
      axes: Object.fromEntries([
        ...Object.entries(study.coordinates),
        ...facts,
        ...text,
        ...Object.entries(condition.coordinates),
        ...(drawn[cell.condition] ?? []),
        ...Object.entries(measure.coordinates),
        ...Object.entries(cell.free),
      ]),
      metric: measure.metric,
      unit: measure.type.unit,
      value: cell.value,
      reason: cell.reason,
    };
    if (cell.condition === 0) return [{ ...row, baseline: null, impact: null, relative: null }];
    const baseline = baselines.get(cellKey(cell));
    if (baseline === undefined) return [];
    if (row.unit === "token") return [{ ...row, baseline: baseline.value, impact: null, relative: null }];
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
        ? `relative: ${zeroBaseline}`
        : null);
  return { baseline: baseline.value, impact, relative, reason };
}

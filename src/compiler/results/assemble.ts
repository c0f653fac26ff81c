/** From finished units to result rows: the inverse of batching. */
import { rememberedIn } from "../base/remembered.js";
import type { Evaluation, GraphPlan, Plan } from "../ir/plan.js";
import { positionOf } from "../ir/origin.js";
import type { Coordinates, Protocol, Study, TokenizedTexts } from "../ir/protocol.js";
import { assertUniqueRows } from "../ir/result-rows.js";
import { resultTable, type RowSegment } from "../ir/result-table.js";
import type { ResultType } from "../ir/result-type.js";
import type { ResultRows } from "../ir/results.js";
import type { EntryAxis, StudyRows } from "../ir/study-rows.js";
import { extentSize } from "../ir/tensor-type.js";
import { textsKey } from "../ir/texts-key.js";
import { changeOutput } from "../lower/graph.js";
import { entryAxes, type UnitTensors } from "./cells.js";
import { collectDocuments, documentAxes } from "./corpus.js";
import { joinedParts } from "./joined-parts.js";
import { byGate, putReader } from "./numbers.js";
import { studyBuilder } from "./study-builder.js";
import { unitReader } from "./unit-reader.js";

export type { UnitTensor, UnitTensors } from "./cells.js";

export interface Assembled {
  readonly rows: ResultRows;
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
  const segments: Extract<RowSegment, { kind: "study" }>[] = [];
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
    const { rows, changes } = await studyRows(study, type, set, evaluation, graphs, unit, faults);
    segments.push({ kind: "study", rows, from: 0, to: rows.length });
    for (const [condition, change] of [...changes].sort(([a], [b]) => a - b)) {
      if (change > 0) continue;
      noOps.push({ experiment: study.experiment, coordinates: study.conditions[condition]?.coordinates ?? {} });
    }
    if (evaluation.unaffected.length > 0) {
      unaffected.push({ experiment: study.experiment, conditions: evaluation.unaffected.length });
    }
  }
  return { rows: resultTable(joinedParts(segments, protocol)), noOps, unaffected };
}

interface StudyResults {
  readonly rows: StudyRows;
  /** Largest change of any written site, by condition; absent where no unit of the condition is finished. */
  readonly changes: ReadonlyMap<number, number>;
}

async function studyRows(
  study: Study,
  type: ResultType,
  set: TokenizedTexts,
  { units, unaffected }: Evaluation,
  graphs: ReadonlyMap<string, GraphPlan>,
  unit: (id: string) => Promise<UnitTensors | null>,
  faults: ReadonlyMap<string, string>,
): Promise<StudyResults> {
  const builder = studyBuilder(study, type, set, axesOnTexts(study, set));
  const documents = set.documents === null ? null : collectDocuments(study, set);
  const changes = new Map<number, number>();
  const readers = new Map<string, GraphReader>();
  for (const { id, rows: unitRows, graph: through } of units) {
    const graph = graphs.get(through);
    if (graph === undefined) throw new RangeError(`assembleResults: the plan has no graph ${through}`);
    const tensors = await unit(id);
    const lost = faults.get(id);
    if (tensors === null && lost === undefined) continue;
    const reason = tensors === null ? `not computed: ${lost ?? ""}` : null;
    const reader = rememberedIn(readers, through, () => graphReader(graph, study, documents === null));
    if (documents === null) reader.read?.(builder, unitRows, tensors ?? reason ?? "");
    else documents.add(unitRows, tensors ?? reason ?? "", graph);
    if (tensors === null) continue;
    unitRows.forEach(({ condition }, row) => {
      for (const change of reader.changesOf(condition)) {
        const found = Number(tensors[change]?.data[row] ?? Number.NaN);
        // The largest of some numbers of which one is NaN may be any of them.
        const size = Number.isNaN(found) || reader.put(tensors, row, condition) !== null ? Infinity : found;
        changes.set(condition, Math.max(changes.get(condition) ?? 0, size));
      }
    });
  }
  documents?.fill(builder);
  return { rows: builder.rows(unaffected), changes };
}

/** What reads the units of one graph. */
interface GraphReader {
  /** Null for documents, which are read window by window. */
  readonly read: ReturnType<typeof unitReader> | null;
  readonly put: ReturnType<typeof putReader>;
  /** The outputs that say how much the writes of a condition changed. */
  readonly changesOf: (condition: number) => readonly string[];
}

function graphReader(graph: GraphPlan, study: Study, ofPrompts: boolean): GraphReader {
  const put = putReader(graph, study.conditions);
  return {
    read: ofPrompts ? unitReader(graph, study, put) : null,
    put,
    changesOf: byGate(graph, study.conditions, changeOutput),
  };
}

/** The axes of measures on the texts of a set: those of texts of equal length are the same. */
function axesOnTexts(study: Study, set: TokenizedTexts): (text: number, measure: number) => readonly EntryAxis[] {
  if (set.documents !== null) return documentAxes(study, set);
  const byLength = study.measures.map(() => new Map<number, readonly EntryAxis[]>());
  return (text, m) => {
    const positions = set.prompts[text]?.ids.length ?? 0;
    const [measure, known] = [study.measures[m], byLength[m]];
    if (measure === undefined || known === undefined) return [];
    return rememberedIn(known, positions, () =>
      entryAxes(measure, ({ extent }, { origin }) => ({
        first: origin === null ? 0 : positionOf(origin, positions),
        size: extentSize(extent, positions),
      })),
    );
  };
}

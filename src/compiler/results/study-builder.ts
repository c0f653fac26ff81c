/** Collects the values of a study, in whatever order its units bring them, into rows. */
import type { Coordinates, Study, TokenizedTexts } from "../ir/protocol.js";
import { labelledTexts } from "../ir/labelled-texts.js";
import type { ResultColumn, ResultType } from "../ir/result-type.js";
import { conditionLabel } from "../ir/results.js";
import type { EntryAxis, Labels, StudyRows } from "../ir/study-rows.js";
import { entriesOf } from "./cells.js";

export interface StudyBuilder {
  /** Where the first entry of a measure of a text under a condition lies in `values`. */
  readonly slotOf: (condition: number, text: number, measure: number) => number;
  /** How many entries it has. */
  readonly entries: (text: number, measure: number) => number;
  /** By slot; to be filled. */
  readonly values: Float64Array;
  /** Says why the value of a slot is none. */
  readonly explain: (slot: number, reason: string) => void;
  /** Says that everything measured of a text under a condition is filled in. */
  readonly complete: (condition: number, text: number) => void;
  /** The rows of what is complete; `unaffected` are the conditions whose values are the unmodified model's. */
  readonly rows: (unaffected: readonly number[]) => StudyRows;
}

/**
 * @param axesOf the axes of a measure's value on a text. They are asked for often, and remembered by whoever gives them.
 */
export function studyBuilder(
  study: Study,
  type: ResultType,
  set: TokenizedTexts,
  axesOf: (text: number, measure: number) => readonly EntryAxis[],
): StudyBuilder {
  const labelled = labelledTexts(set);
  const [texts, measures, conditions] = [labelled.length, study.measures.length, study.conditions.length];
  const starts = new Uint32Array(texts * measures + 1);
  for (let block = 0; block < texts * measures; block++) {
    const text = Math.floor(block / measures);
    starts[block + 1] = (starts[block] ?? 0) + entriesOf(axesOf(text, block - text * measures));
  }
  const per = starts[texts * measures] ?? 0;
  const values = new Float64Array(conditions * per);
  const isComplete = new Uint8Array(conditions * texts);
  let reasonOf: Uint32Array | null = null;
  const reasons = new Map<string, number>();

  /** Repeats what the unmodified model came to. */
  const repeat = (condition: number): void => {
    values.copyWithin(condition * per, 0, per);
    reasonOf?.copyWithin(condition * per, 0, per);
    isComplete.copyWithin(condition * texts, 0, texts);
  };

  return {
    slotOf: (condition, text, measure) => condition * per + (starts[text * measures + measure] ?? 0),
    entries: (text, measure) => (starts[text * measures + measure + 1] ?? 0) - (starts[text * measures + measure] ?? 0),
    values,
    explain(slot, reason) {
      const number = reasons.get(reason) ?? reasons.size + 1;
      reasons.set(reason, number);
      reasonOf ??= new Uint32Array(values.length);
      reasonOf[slot] = number;
    },
    complete: (condition, text) => void (isComplete[condition * texts + text] = 1),
    rows(unaffected) {
      for (const condition of unaffected) repeat(condition);
      const slots = slotsOf(isComplete, starts, { conditions, texts, measures });
      return {
        experiment: study.experiment,
        labels: [...Object.entries(study.coordinates), ...named(type, "model", study.facts)],
        conditions: study.conditions.map((condition) => {
          const { coordinates, drawn } = condition;
          const places = drawn === undefined ? {} : { places: drawn };
          return {
            label: conditionLabel(type, condition),
            labels: [...Object.entries(coordinates), ...named(type, "places", places)],
          };
        }),
        texts: labelled.map(({ place, fields }) => [...Object.entries(place), ...named(type, "field", fields)]),
        measures: study.measures.map(({ metric, type: { unit }, coordinates }) => ({
          metric,
          unit,
          labels: Object.entries(coordinates),
        })),
        axesOf,
        starts,
        values,
        reasonOf,
        reasons: [...reasons.keys()],
        slots,
        length: slots?.length ?? values.length,
      };
    },
  };
}

/** Columns of one kind with the values that have one. */
function named({ columns }: ResultType, kind: ResultColumn["kind"], values: Coordinates): Labels {
  return columns.flatMap((column) => {
    const value = column.kind === kind && Object.hasOwn(values, column.field) ? values[column.field] : undefined;
    return value === undefined ? [] : [[column.name, value] as const];
  });
}

/** The slots that are there; null where all are. A value without the unmodified model's beside it says nothing, and is left out. */
function slotsOf(
  isComplete: Uint8Array,
  starts: Uint32Array,
  { conditions, texts, measures }: Readonly<Record<"conditions" | "texts" | "measures", number>>,
): Uint32Array | null {
  const per = starts[texts * measures] ?? 0;
  const isThere = (condition: number, text: number): boolean =>
    isComplete[condition * texts + text] === 1 && isComplete[text] === 1;
  const lengthOf = (text: number): number => (starts[(text + 1) * measures] ?? 0) - (starts[text * measures] ?? 0);
  let count = 0;
  for (let condition = 0; condition < conditions; condition++) {
    for (let text = 0; text < texts; text++) if (isThere(condition, text)) count += lengthOf(text);
  }
  if (count === conditions * per) return null;
  const slots = new Uint32Array(count);
  let at = 0;
  for (let condition = 0; condition < conditions; condition++) {
    for (let text = 0; text < texts; text++) {
      if (!isThere(condition, text)) continue;
      const first = condition * per + (starts[text * measures] ?? 0);
      for (let i = 0; i < lengthOf(text); i++) slots[at++] = first + i;
    }
  }
  return slots;
}

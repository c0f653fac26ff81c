/** The values of prompts out of the tensors of a unit. */
import type { GraphPlan, PlanRow } from "../ir/plan.js";
import type { Study } from "../ir/protocol.js";
import { reasonsOf } from "../operations/reasons.js";
import type { UnitTensors } from "./cells.js";
import { numberAt, rowReader, soundReader, type putReader } from "./numbers.js";
import type { StudyBuilder } from "./study-builder.js";

/** Puts a unit's values where they belong; a text instead of tensors says why all of them are lost. */
export type UnitReader = (builder: StudyBuilder, rows: readonly PlanRow[], tensors: UnitTensors | string) => void;

export function unitReader(graph: GraphPlan, study: Study, put: ReturnType<typeof putReader>): UnitReader {
  const measures = study.measures.map(({ expression }) => {
    const reasons = reasonsOf(expression);
    return { reasons, read: rowReader(graph, expression, reasons), readSound: soundReader(graph, expression) };
  });
  return (builder, rows, tensors) => {
    const { values } = builder;
    measures.forEach(({ reasons, read, readSound }, measure) => {
      const sound = typeof tensors === "string" ? null : readSound(tensors);
      rows.forEach(({ prompt, condition }, row) => {
        const first = builder.slotOf(condition, prompt, measure);
        const count = builder.entries(prompt, measure);
        if (sound !== null) {
          const from = sound.isShared ? 0 : row * sound.perRow;
          for (let i = 0; i < count; i++) values[first + i] = Number(sound.data[from + i]);
          return;
        }
        const numbers = typeof tensors === "string" ? null : read(tensors, row);
        const unsound = typeof tensors === "string" ? null : put(tensors, row, condition);
        for (let i = 0; i < count; i++) {
          const { value, reason } =
            numbers === null ? { value: NaN, reason: tensors as string } : numberAt(numbers, i, reasons, unsound);
          values[first + i] = value;
          if (reason !== null) builder.explain(first + i, reason);
        }
      });
    });
    for (const { prompt, condition } of rows) builder.complete(condition, prompt);
  };
}

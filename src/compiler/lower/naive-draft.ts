/** The plan without any optimisation, from which the passes begin. */
import { gatesOf } from "../analysis/gates.js";
import type { OpenedModel } from "../models/model.js";
import type { MeasureExpression } from "../ir/expression.js";
import type { Protocol, Study, TokenizedTexts } from "../ir/protocol.js";
import { soundParts } from "../operations/documents.js";
import type { Draft, DraftStudy, RowGroup } from "../passes/draft.js";
import { pipeline } from "../passes/pipeline.js";
import { naiveSettings } from "../passes/run-passes.js";

/** Every condition of every study from the tokens to the last layer, in batches of its own. */
export function naiveDraft(
  protocol: Protocol,
  modelOf: (id: string) => OpenedModel,
  textsOf: (name: string, model: string) => TokenizedTexts,
): Draft {
  const studies = protocol.studies.flatMap((study, index): DraftStudy[] => {
    // One that asks for second derivatives alone is planned by itself (curvature-plan.ts).
    if (study.deferred !== null || (study.measures.length === 0 && study.curvature !== undefined)) return [];
    const model = modelOf(study.model);
    const texts = textsOf(study.texts, study.model);
    const measured = measuredOf(study, texts);
    const group: RowGroup = {
      conditions: study.conditions.map((_, i) => i),
      expressions: measured,
      gates: gatesOf(study.conditions, () => true),
      inputs: [],
      start: 0,
    };
    return [{ index, study, texts, model, measured, unaffected: [], groups: [group] }];
  });
  return {
    studies,
    graphs: naiveSettings(pipeline),
    mixedBatches: false,
    sharedCaptures: false,
    segments: false,
  };
}

/** What the graphs of a study yield for each row, in the order of its measures; of a corpus the parts of each. */
function measuredOf(study: Study, texts: TokenizedTexts): readonly MeasureExpression[] {
  const measures = study.measures.map(({ expression }) => expression);
  if (texts.documents === null) return measures;
  return measures.flatMap((expression) => soundParts(expression, texts.name).map((part) => part.expression));
}

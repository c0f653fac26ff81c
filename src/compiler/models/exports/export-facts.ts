import type { ModelFacts } from "../model.js";
import type { RecognisedExport } from "./recognise.js";

/** Facts about a model that is an ONNX export: its file says what it is, and no config. */
export interface ExportFacts extends ModelFacts {
  readonly exported: RecognisedExport;
}

/** What an export was recognised as; null for other models. */
export function exportOf(facts: ModelFacts): RecognisedExport | null {
  return isExport(facts) ? facts.exported : null;
}

function isExport(facts: ModelFacts): facts is ExportFacts {
  return "exported" in facts;
}

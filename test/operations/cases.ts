/** What every operation of the table is tried on. A new operation needs an entry in one of these files. */
import { axisCases } from "./axis-cases.js";
import type { OperationCases } from "./case-parts.js";
import { choiceCases } from "./choice-cases.js";
import { elementwiseCases } from "./elementwise-cases.js";
import { entryCases } from "./entry-cases.js";
import { gradientCases } from "./gradient-cases.js";
import { likenessCases } from "./likeness-cases.js";
import { unembeddingCases } from "./unembedding-cases.js";
import { windowCases } from "./window-cases.js";

/** Cases by operation name. */
export const cases: Readonly<Record<string, OperationCases>> = {
  ...elementwiseCases,
  ...axisCases,
  ...likenessCases,
  ...entryCases,
  ...unembeddingCases,
  ...windowCases,
  ...choiceCases,
  ...gradientCases,
};

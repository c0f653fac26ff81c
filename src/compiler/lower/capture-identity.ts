/**
 * What identifies a value of another run that rows are given: everything that its bits depend on, however and beside
 * whatever it was computed. It enters the identity of every unit that uses the value, so that none is taken for another
 * one's that was computed from a value of other bits (docs/decisions/0034).
 */
import { digestOf } from "../base/digest.js";
import type { Capabilities } from "../ir/capabilities.js";
import type { Evaluation, GraphSettings, Numerics } from "../ir/plan.js";
import type { TokenizedTexts } from "../ir/protocol.js";
import { loweringVersion } from "./graph-plan.js";

/** How the values of one set of texts are captured for one model. */
export interface CaptureRun {
  /** Digest of the model's config and weights. */
  readonly weights: string;
  readonly texts: TokenizedTexts;
  /** The evaluation that captures. */
  readonly evaluation: Evaluation;
  readonly settings: GraphSettings;
  readonly numerics: Numerics;
  readonly capabilities: Capabilities;
}

/** Gives the identity of a captured value by the key of its expression (`captureKey`). */
export function captureIdentities(run: CaptureRun): (key: string) => string {
  const { weights, texts, settings, numerics } = run;
  const { prepacking: _policy, ...shared } = numerics;
  const common = digestOf({
    loweringVersion,
    weights,
    // The name belongs to it: writes and expressions call the set by that, and two names can be exchanged.
    texts: texts.name,
    prompts: texts.prompts.map((prompt) => [prompt.ids, prompt.numbers]),
    settings: { ...settings },
    numerics: shared,
    computed: howComputed(run),
  });
  return (key) => digestOf([common, key]);
}

/**
 * How each prompt was computed. Where neither the rows beside it nor what else is captured change a bit, a unit should be
 * found again whatever the rest of a file captures; what does change bits is whether the weights were rearranged, and, where they were not, whether the batch is a single row of a single token, which onnxruntime multiplies
 * by other code. Elsewhere the value is that of its very units.
 */
function howComputed({ evaluation, capabilities }: CaptureRun): unknown {
  if (!capabilities.rowsIndependent.holds) return evaluation.units.map((unit) => unit.id);
  const rows = evaluation.units.flatMap(({ rows, positions, prepacked }) =>
    rows.map(({ prompt }) => ({ prompt, prepacked, single: rows.length * positions === 1 })),
  );
  const promptsThat = (test: (row: (typeof rows)[number]) => boolean): readonly number[] =>
    rows
      .filter(test)
      .map((row) => row.prompt)
      .sort((a, b) => a - b);
  return { prepacked: promptsThat((row) => row.prepacked), single: promptsThat((row) => row.single) };
}

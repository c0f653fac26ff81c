/** Which texts a study reads. */
import type { MeasureExpression } from "../../ir/expression.js";
import type { ReplacementValue, Study } from "../../ir/protocol.js";
import { carrierOf, otherRunOf } from "../../replacements/index.js";

function textsOfExpression({ nodes }: MeasureExpression): readonly string[] {
  return nodes.flatMap((node) =>
    node.kind === "given" ? [node.source.texts, ...textsOfExpression(node.source.expression)] : [],
  );
}

function textsOfReplacement(replacement: ReplacementValue): readonly string[] {
  const carrier = carrierOf(replacement);
  if (carrier.gate === "compute") return textsOfExpression(carrier.expression);
  const source = otherRunOf(carrier.fed);
  return source === null ? [] : [source.texts];
}

/** Names of the prompt sets that a study reads: its own, and those that its replacements and measures take values from. */
export function textsOfStudy({ texts, conditions, deferred, measures }: Study): readonly string[] {
  const replacements = new Set(conditions.flatMap((c) => c.writes.map((write) => write.replacement)));
  if (deferred !== null) replacements.add(deferred.replacement);
  const others = [
    ...[...replacements].flatMap(textsOfReplacement),
    ...measures.flatMap((measure) => textsOfExpression(measure.expression)),
  ];
  return [...new Set([texts, ...others])];
}

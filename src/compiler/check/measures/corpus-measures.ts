/** Which measures have a value for a text that is longer than the model reads at once. */
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Study, TokenizedTexts } from "../../ir/protocol.js";
import { documentParts } from "../../operations/documents.js";
import type { ExperimentStatement } from "../../syntax/ast.js";
import { measureSpan } from "./measures.js";

/** Reports the measures of a study on a corpus that its windows cannot be put together for. */
export function refuseOnCorpus(
  { measures }: Study,
  texts: TokenizedTexts,
  statement: ExperimentStatement,
  report: (d: Diagnostic) => void,
): void {
  if (texts.documents === null) return;
  const refused = new Set<string>();
  for (const { metric, expression } of measures) {
    const parts = documentParts(expression, texts.name);
    if (!("fault" in parts) || refused.has(metric)) continue;
    // A sweep makes many expressions of one measure, which are all alike in this.
    refused.add(metric);
    const at = measureSpan(statement, metric);
    const hint =
      "possible are sum, mean, max, min, var, std and norm over pos, and a value for each position; anything else is for prompts";
    const place = { span: parts.node.span, text: "here" };
    const inside = parts.node.span.file === at.file;
    report(
      diagnostic(
        "A4112",
        at,
        { metric, texts: texts.name, what: parts.fault },
        { hint, related: inside ? [] : [place] },
      ),
    );
  }
}

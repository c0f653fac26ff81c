/** What makes the results of a study mean something else than their labels say: warnings, and names that clash. */
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { outerAxes } from "../../ir/axes.js";
import type { MeasureNode } from "../../ir/expression.js";
import { declaredName, type Study, type TokenizedTexts } from "../../ir/protocol.js";
import { reservedNames } from "../../ir/result-type.js";
import { extentSize } from "../../ir/tensor-type.js";
import type { ExperimentStatement } from "../../syntax/ast.js";
import type { FieldNames } from "./field-names.js";
import { measureSpan } from "../measures/measures.js";
import { labelledTexts } from "../../ir/labelled-texts.js";
import type { Scope } from "../names/scope.js";
import { textsKey } from "../../ir/texts-key.js";

/** Says when prompts are shorter than a window that a measure asks for: the number then means something else. */
export function warnShortTexts(
  study: Study,
  texts: TokenizedTexts,
  statement: ExperimentStatement,
  report: (d: Diagnostic) => void,
): void {
  const warned = new Set<string>();
  for (const measure of study.measures) {
    for (const node of measure.expression.nodes) {
      for (const axis of node.type.axes) {
        if (axis.name !== "pos" || axis.extent.kind !== "window") continue;
        const { size, of } = axis.extent;
        const short = texts.prompts.filter((p) => extentSize(of, p.ids.length) < size).length;
        const asked = askedPlaces(node, size);
        const key = `${measure.metric} ${asked}`;
        if (short === 0 || warned.has(key)) continue;
        warned.add(key);
        report(
          diagnostic("A8002", measureSpan(statement, measure.metric), {
            count: short,
            total: texts.prompts.length,
            texts: texts.name,
            asked,
            metric: measure.metric,
          }),
        );
      }
    }
  }
}

/** The places that a selection with so many entries asks for, in words. */
function askedPlaces(node: MeasureNode, size: number): string {
  if (node.kind !== "operation" || node.operation !== "slice") {
    return size === 1 ? "the last place" : `the last ${size} places`;
  }
  const [first, last] = [Number(node.attributes["first"]), Number(node.attributes["last"])];
  return first === last ? `place ${first}` : `places ${first} to ${last}`;
}

/** Says when values per token stand side by side for models that read the same texts as different tokens. */
export function warnTokenizers(
  studies: readonly Study[],
  texts: ReadonlyMap<string, TokenizedTexts>,
  statement: ExperimentStatement,
  report: (d: Diagnostic) => void,
): void {
  const readings = new Map<string, Set<string>>();
  for (const study of studies) {
    const set = texts.get(textsKey(study.texts, study.model));
    // Random probes are drawn from each vocabulary: they are different texts anyway.
    if (set?.period !== null) continue;
    const reading = set.prompts.map((prompt) => prompt.ids.join(" ")).join("\n");
    readings.set(study.texts, (readings.get(study.texts) ?? new Set()).add(reading));
  }
  const count = Math.max(0, ...[...readings.values()].map((set) => set.size));
  if (count < 2) return;
  for (const { metric, expression } of studies[0]?.measures ?? []) {
    const perToken = expression.nodes.some((node) => node.kind === "site" && node.site.site === "nll");
    // Bytes and words are the same for every tokenizer.
    const perText = expression.nodes.some(
      (node) => node.kind === "text" && (node.quantity === "bytes" || node.quantity === "words"),
    );
    if (!perToken || perText) continue;
    const hint = "measure bits_per_byte, which does not depend on the tokenizer";
    report(diagnostic("A8007", measureSpan(statement, metric), { metric, count }, { hint }));
  }
}

/** A sweep must not have the name of an axis of models or texts, or of a column of results: one would hide the other. */
export function refuseSharedNames(study: Study, statement: ExperimentStatement, report: (d: Diagnostic) => void): void {
  const hint = "rename the parameter: models and texts give results an axis of that name";
  for (const { metric, coordinates, axes } of study.measures) {
    const axis = [...Object.keys(coordinates), ...axes.map(({ name }) => name)].find((name) =>
      outerAxes.includes(name),
    );
    if (axis === undefined) continue;
    report(diagnostic("A3011", measureSpan(statement, metric), { metric, axis }, { hint }));
  }
  for (const axis of new Set(study.conditions.flatMap((condition) => Object.keys(condition.coordinates)))) {
    if (reservedNames.has(axis)) {
      const parameters = { kind: "axis", name: axis, what: "a column that all results have" };
      report(diagnostic("A2019", study.interventionSpan, parameters, { hint: "rename the parameter that is swept" }));
    }
    if (!outerAxes.includes(axis)) continue;
    report(diagnostic("A3011", study.interventionSpan, { metric: "the intervention", axis }, { hint }));
  }
}

/** Says which fields of prompt files results call by another name, because theirs is taken. */
export function warnRenamedFields(
  { renamed }: FieldNames,
  studies: readonly Study[],
  scope: Scope,
  texts: readonly TokenizedTexts[],
  report: (d: Diagnostic) => void,
): void {
  for (const { field, name, taken } of renamed) {
    for (const set of texts) {
      if (!studies.some((study) => study.texts === set.name && study.model === set.model)) continue;
      if (!labelledTexts(set).some(({ fields }) => Object.hasOwn(fields, field))) continue;
      const statement = scope.texts.get(declaredName(set.name));
      const file = statement?.source.kind === "file" ? statement.source.path : null;
      const span = file?.span ?? statement?.name.span ?? null;
      const path = file?.value ?? set.name;
      report(
        taken === null
          ? diagnostic("A8022", span, { path, renamed: name })
          : diagnostic("A8006", span, { path, field, taken, renamed: name }),
      );
    }
  }
}

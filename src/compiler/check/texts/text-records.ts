/** Records of a file as texts: which field plays which part, and which become columns. */
import { nearestNames } from "../../base/suggest.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Coordinates } from "../../ir/protocol.js";
import type { FieldOption, StringLiteral } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import { readRecords } from "./text-files.js";
import type { TextDraft } from "./text-draft.js";

type Part = FieldOption["part"];

/**
 * The texts of a file with fields. A record must have every field that the options name, and `text` when they name
 * neither a text nor a pair. That of the group, or one called `group` outside of any group, is the axis `group`; every other
 * one but the texts (answers among them) stays a field. Null after an error.
 */
export function readTextRecords(
  options: readonly FieldOption[],
  path: StringLiteral,
  content: string,
  group: string | null,
  report: (d: Diagnostic) => void,
): readonly TextDraft[] | null {
  const name = path.value;
  const records = readRecords(name, content);
  if ("problem" in records) {
    report(diagnostic("A4102", path.span, { path: name, line: records.line, problem: records.problem }));
    return null;
  }
  const fieldOf = new Map<Part, string>(options.map((option) => [option.part, option.field.value]));
  const textPart: Part = fieldOf.has("clean") ? "clean" : "text";
  if (!fieldOf.has(textPart)) fieldOf.set(textPart, "text");
  const groupField = fieldOf.get("group") ?? (group === null ? "group" : null);
  const texts = new Set([fieldOf.get(textPart), fieldOf.get("corrupt")]);

  const drafts: TextDraft[] = [];
  for (const { place, fields } of records) {
    for (const [part, wanted] of fieldOf) {
      if ((fields.get(wanted) ?? null) !== null) continue;
      const suggestions = nearestNames(wanted, fields.keys()).map((s) => `"${s}"`);
      const listed = `its fields are ${[...fields.keys()].join(", ") || "none"}`;
      reportError(
        { report },
        "A4105",
        options.find((option) => option.part === part)?.field.span ?? path.span,
        { path: name, field: `"${wanted}" in ${place}` },
        { suggestions, hint: part === "text" ? `${listed}; say which one is the text: \`text "…"\`` : listed },
      );
      return null;
    }
    const others = [...fields].filter(([key, value]) => value !== null && !texts.has(key) && key !== groupField);
    const valueOf = (part: Part): string | null => {
      const field = fieldOf.get(part);
      return field === undefined ? null : String(fields.get(field));
    };
    drafts.push({
      text: valueOf(textPart) ?? "",
      corrupt: valueOf("corrupt"),
      answer: valueOf("answer"),
      distractor: valueOf("distractor"),
      group: (groupField === null ? null : fields.get(groupField)) ?? group,
      // Defines even a field called `__proto__`, which an assignment would not.
      fields: Object.fromEntries(others) as Coordinates,
      span: path.span,
    });
  }
  return drafts;
}

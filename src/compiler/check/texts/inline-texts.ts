/** Texts that are written in the protocol: strings, lists of token ids, conversations, or records. */
import type { Span } from "../../base/span.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { FieldOption, InlineRecord, InlineValue } from "../../syntax/ast.js";
import { idFault, textInput } from "./draft-inputs.js";
import { inlineKind, inlineRecords, jsonOfValues } from "./inline-records.js";
import { inputDraft, plainDraft, type TextDraft } from "./text-draft.js";
import { recordDrafts } from "./text-records.js";

type Report = (d: Diagnostic) => void;
type Kind = InlineValue["kind"];

/** Fields that play a part by their name: where one record has one, the others need it. */
const standardNames = ["text", "clean", "corrupt", "answer", "distractor", "messages"];

/** Reads a list; `options` name the fields of records. Null after an error. */
export function listDrafts(
  items: readonly InlineValue[],
  options: readonly FieldOption[],
  group: string | null,
  report: Report,
): readonly TextDraft[] | null {
  const [first] = items;
  if (first === undefined) return [];
  const odd = items.find((item) => item.kind !== first.kind) ?? (isText(first.kind) ? undefined : first);
  if (odd !== undefined) {
    const found = inlineKind(odd);
    const problem =
      odd === first ? `${found} is no text` : `${found} stands among items of which the first is ${inlineKind(first)}`;
    const hint =
      odd === first && odd.kind === "signed"
        ? "one prompt of token ids is a list in the list: [[0, 12, 5]]"
        : "a list holds texts, lists of token ids, or records: one of these";
    report(diagnostic("A4120", odd.span, { problem }, { hint }));
    return null;
  }
  if (first.kind === "record") return recordsAsDrafts(items as readonly InlineRecord[], options, group, report);
  const drafts: TextDraft[] = [];
  for (const item of items) {
    const draft = item.kind === "string" ? plainDraft(item.value, group, item.span) : valuesDraft(item, group, report);
    if (draft === null) return null;
    drafts.push(draft);
  }
  return drafts;
}

/** The first item of a list that is no text: a corpus has nothing else. */
export function refuseAllButTexts(items: readonly InlineValue[], report: Report): boolean {
  const odd = items.find(({ kind }) => kind !== "string");
  if (odd === undefined) return false;
  const hint = "records, token ids and conversations are for `prompts`";
  report(diagnostic("A4120", odd.span, { problem: `${inlineKind(odd)} is no text of a corpus` }, { hint }));
  return true;
}

function isText(kind: Kind): boolean {
  return kind === "string" || kind === "values" || kind === "record";
}

function valuesDraft(item: InlineValue, group: string | null, report: Report): TextDraft | null {
  const numbers = item.kind === "values" ? item.items : [];
  const json = jsonOfValues(item, report);
  if (json === null) return null;
  // Of ids, the wrong one is pointed at and not the whole list.
  const areIds = numbers.some(({ kind }) => kind === "signed");
  const wrong = areIds ? numbers.findIndex((_, i) => idFault((json as readonly unknown[])[i]) !== null) : -1;
  const at: Span = numbers[wrong]?.span ?? item.span;
  const input = textInput({ json });
  if (!("problem" in input)) return inputDraft(input, group, item.span);
  const problem = wrong < 0 ? `this list ${input.problem}` : "this is no token id";
  report(diagnostic("A4120", at, { problem }, { hint: input.hint }));
  return null;
}

function recordsAsDrafts(
  items: readonly InlineRecord[],
  options: readonly FieldOption[],
  group: string | null,
  report: Report,
): readonly TextDraft[] | null {
  const records = inlineRecords(items, report);
  const [first] = records ?? [];
  if (records === null || first === undefined) return null;
  for (const name of standardNames) {
    const has = records.filter(({ fields }) => (fields.get(name) ?? null) !== null).length;
    const lacking = records.find(({ fields }) => (fields.get(name) ?? null) === null);
    if (has === 0 || lacking === undefined) continue;
    const problem = `${lacking.place} has no field ${name}, which ${has === 1 ? "another one has" : `${has} others have`}`;
    report(diagnostic("A4120", lacking.span, { problem }, { hint: `give every record one, or none` }));
    return null;
  }
  const span = first.span ?? items[0]?.span;
  return span === undefined ? null : recordDrafts(options, { path: null, span }, records, group, report);
}

/** Records as texts: which field plays which part, and which become columns. */
import { nearestNames } from "../../base/suggest.js";
import type { Span } from "../../base/span.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Coordinate } from "../../ir/protocol.js";
import type { FieldOption, StringLiteral } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import { answerInput, idFault, textInput, type InputFault } from "./draft-inputs.js";
import { fieldAt, type FieldValue, type FileProblem, type TextRecord } from "./text-files.js";
import type { DraftInput, TextDraft, TokenPart } from "./text-draft.js";

type Part = FieldOption["part"];
type Report = (d: Diagnostic) => void;

/** Where records come from: a file by its name, or the protocol itself. */
export interface RecordSource {
  /** Null for records in the protocol. */
  readonly path: string | null;
  /** Where to point at what has no place of its own. */
  readonly span: Span;
}

/** The texts of a file with fields; null after an error. See {@link recordDrafts}. */
export function readTextRecords(
  options: readonly FieldOption[],
  path: StringLiteral,
  records: readonly TextRecord[] | FileProblem,
  group: string | null,
  report: Report,
): readonly TextDraft[] | null {
  if ("problem" in records) {
    report(diagnostic("A4102", path.span, { path: path.value, ...records }));
    return null;
  }
  return recordDrafts(options, { path: path.value, span: path.span }, records, group, report);
}

/**
 * The texts of records. A record must have every field that the options name, and `text` when they name neither a text
 * nor a pair. That of the group, or one called `group` outside of any group, is the axis `group`; every other one but the
 * texts (answers among them) stays a field, if it is a text or a number; A8030 names those of a file that are neither.
 * Null after an error.
 */
export function recordDrafts(
  options: readonly FieldOption[],
  source: RecordSource,
  records: readonly TextRecord[],
  group: string | null,
  report: Report,
): readonly TextDraft[] | null {
  const fieldOf = new Map<Part, string>(options.map((option) => [option.part, option.field.value]));
  const textPart: Part = fieldOf.has("clean") ? "clean" : "text";
  if (!fieldOf.has(textPart)) fieldOf.set(textPart, "text");
  const groupField = fieldOf.get("group") ?? (group === null ? "group" : undefined);
  const texts = new Set([fieldOf.get(textPart), fieldOf.get("corrupt")]);
  const parts = new Set(fieldOf.values());

  const drafts: TextDraft[] = [];
  /** Fields that are no columns, with the first record of each. */
  const nested = new Map<string, TextRecord>();
  for (const record of records) {
    const { fields } = record;
    for (const [part, wanted] of fieldOf) {
      if ((fieldAt(fields, wanted) ?? null) !== null) continue;
      const option = options.find((candidate) => candidate.part === part);
      refuseMissing(record, part, wanted, option, source, report);
      return null;
    }
    // (The assertion: the type checker does not see that functions assign it.)
    let sound = true as boolean;
    const refuse = (field: string, problem: string, hint: string): null => {
      sound = false;
      refuseField(record, field, problem, hint, source, report);
      return null;
    };
    const input = (part: Part, read: typeof textInput): DraftInput | null => {
      const field = fieldOf.get(part);
      const value = field === undefined ? null : (fieldAt(fields, field) ?? null);
      if (field === undefined || value === null) return null;
      const made = read(value);
      return "problem" in made ? refuse(field, `the field "${field}" ${made.problem}`, made.hint) : made;
    };
    const text = input(textPart, textInput);
    const corrupt = input("corrupt", textInput);
    const answerOf = (value: FieldValue): DraftInput | InputFault => {
      if (text?.kind !== "ids" || typeof value !== "number") return answerInput(value);
      const fault = idFault(value);
      return fault === null ? answerInput(value) : { problem: `is ${value}, which is no token id`, hint: fault };
    };
    const [answer, distractor, continuation] = (["answer", "distractor", "continuation"] as const).map((part) =>
      input(part, answerOf),
    );
    const others: [string, Coordinate][] = [];
    const grouped = groupField === undefined ? null : (fieldAt(fields, groupField) ?? null);
    if (grouped !== null && typeof grouped === "object" && groupField !== undefined) {
      refuse(groupField, `the field "${groupField}" ${neither}`, "a group is called by a text or a number");
    }
    const ownGroup = grouped === null || typeof grouped === "object" ? group : grouped;
    for (const [key, value] of fields) {
      if (value === null || texts.has(key) || key === groupField) continue;
      if (typeof value !== "object") others.push([key, value]);
      else if (parts.has(key)) others.push([key, JSON.stringify(value.json)]);
      else if (source.path === null) {
        refuse(key, `the field "${key}" ${neither}`, "leave it out, or say what it is for: atlasc doc prompts");
      } else if (![...parts].some((part) => part.startsWith(`${key}.`)) && !nested.has(key)) nested.set(key, record);
    }
    if (!sound || text === null) return null;
    drafts.push({
      text: text.kind === "text" ? text.text : "",
      input: text,
      corrupt,
      answer: answer ?? null,
      distractor: distractor ?? null,
      continuation: continuation ?? null,
      group: ownGroup,
      // Defines even a field called `__proto__`, which an assignment would not.
      fields: Object.fromEntries(others),
      span: record.span ?? source.span,
      spans: spansOf(record, fieldOf, textPart),
    });
  }
  if (source.path !== null) noteNested(nested, source.path, source.span, report);
  return drafts;
}

const neither = "is neither text nor a number";

/** Says which fields of a file are no columns of the results, because they are lists or objects. */
function noteNested(nested: ReadonlyMap<string, TextRecord>, path: string, span: Span, report: Report): void {
  const [first] = nested;
  if (first === undefined) return;
  const [name, record] = first;
  const value = record.fields.get(name);
  const json = typeof value === "object" && value !== null ? value.json : null;
  const [inner] = typeof json === "object" && json !== null && !Array.isArray(json) ? Object.keys(json) : [];
  const hint = inner === undefined ? {} : { hint: `a part of it can be named: group "${name}.${inner}"` };
  const fields = [...nested.keys()].map((key) => `"${key}"`).join(", ");
  report(diagnostic("A8030", span, { path, fields, place: record.place }, hint));
}

/** Where the parts of a record in the protocol stand. */
function spansOf({ spans }: TextRecord, fieldOf: ReadonlyMap<Part, string>, textPart: Part): TextDraft["spans"] {
  const parts = ["corrupt", "answer", "distractor", "continuation"] as const;
  const named: [TokenPart, string | undefined][] = [
    ["text", fieldOf.get(textPart)],
    ...parts.map((part): [TokenPart, string | undefined] => [part, fieldOf.get(part)]),
  ];
  return new Map(
    named.flatMap(([part, field]) => {
      const span = field === undefined ? undefined : spans.get(field);
      return span === undefined ? [] : [[part, span] as const];
    }),
  );
}

function refuseMissing(
  { place, fields, span }: TextRecord,
  part: Part,
  wanted: string,
  option: FieldOption | undefined,
  source: RecordSource,
  report: Report,
): void {
  const others = [...fields.keys()].filter((name) => name !== wanted);
  const suggestions = nearestNames(wanted, others).map((s) => (source.path === null ? s : `"${s}"`));
  const listed = fields.has(wanted)
    ? `its ${wanted} is null`
    : `its fields are ${[...fields.keys()].join(", ") || "none"}`;
  const [half, other] = fields.has("clean") ? ["clean", "corrupt"] : ["corrupt", "clean"];
  const isHalf = part === "text" && fields.has(half) && !fields.has(other);
  const hint = isHalf
    ? `\`${other}\` is missing: a pair has both, {clean: "…", corrupt: "…"}; a text alone is {text: "…"}`
    : part === "text"
      ? `${listed}; say which one is the text: \`text "…"\``
      : listed;
  if (source.path === null) {
    const problem = `${place} has no field ${wanted}`;
    reportError({ report }, "A4120", span ?? source.span, { problem }, { suggestions, hint });
    return;
  }
  const at = option?.field.span ?? source.span;
  const parameters = { path: source.path, field: `"${wanted}" in ${place}` };
  reportError({ report }, "A4105", at, parameters, { suggestions, hint });
}

function refuseField(
  { place, spans, span }: TextRecord,
  field: string,
  problem: string,
  hint: string,
  source: RecordSource,
  report: Report,
): void {
  if (source.path === null) {
    report(diagnostic("A4120", spans.get(field) ?? span, { problem }, { hint }));
    return;
  }
  report(diagnostic("A4102", source.span, { path: source.path, place, problem }, { hint }));
}

/** Records that are written in the protocol, as a file of JSON Lines would have them. */
import type { Span } from "../../base/span.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { InlineRecord, InlineValue } from "../../syntax/ast.js";
import type { FieldValue, TextRecord } from "./text-files.js";

type Report = (d: Diagnostic) => void;

/** What a kind of value is called in messages. */
export function inlineKind(value: InlineValue): string {
  switch (value.kind) {
    case "string":
      return "a text";
    case "signed":
      return "a number";
    case "word":
      return `\`${value.text}\``;
    case "values":
      return "a list";
    case "record":
      return "a record";
  }
}

/**
 * The records of a list, each with the places of its fields. Null after an error: a field that is there twice, or a word that
 * is no value.
 */
export function inlineRecords(items: readonly InlineRecord[], report: Report): readonly TextRecord[] | null {
  // (The assertion: the type checker does not see that functions assign it.)
  let sound = true as boolean;
  const refuse = (span: Span, problem: string, hint: string): void => {
    report(diagnostic("A4120", span, { problem }, { hint }));
    sound = false;
  };
  const records = items.map((item, i): TextRecord => {
    const fields = new Map<string, FieldValue>();
    const spans = new Map<string, Span>();
    for (const { name, value } of item.fields) {
      if (fields.has(name.text)) refuse(name.span, `the field ${name.text} is there twice`, "keep one of them");
      const json = jsonOf(value, refuse);
      fields.set(name.text, typeof json === "object" && json !== null ? { json } : (json as FieldValue));
      spans.set(name.text, value.span);
    }
    return { place: `record ${i + 1}`, fields, span: item.span, spans };
  });
  return sound ? records : null;
}

/** A list in the protocol as JSON has it; null after an error. */
export function jsonOfValues(value: InlineValue, report: Report): unknown {
  // (The assertion: the type checker does not see that functions assign it.)
  let sound = true as boolean;
  const json = jsonOf(value, (span, problem, hint) => {
    report(diagnostic("A4120", span, { problem }, { hint }));
    sound = false;
  });
  return sound ? json : null;
}

/** The value as JSON has it; truth values are texts, as in files. */
function jsonOf(value: InlineValue, refuse: (span: Span, problem: string, hint: string) => void): unknown {
  switch (value.kind) {
    case "string":
      return value.value;
    case "signed":
      // Adding 0 makes a 0 of −0, which is written as 0 everywhere.
      return (value.negative ? -value.number.value : value.number.value) + 0;
    case "word":
      if (value.text === "true" || value.text === "false") return value.text;
      if (value.text !== "null")
        refuse(value.span, `\`${value.text}\` is no value`, `texts stand in quotes: "${value.text}"`);
      return null;
    case "values":
      return value.items.map((item) => jsonOf(item, refuse));
    case "record": {
      const fields = value.fields.map(({ name, value: inner }) => [name.text, jsonOf(inner, refuse)] as const);
      const seen = new Set<string>();
      for (const { name } of value.fields) {
        if (seen.has(name.text)) refuse(name.span, `the field ${name.text} is there twice`, "keep one of them");
        seen.add(name.text);
      }
      return Object.fromEntries(fields);
    }
  }
}

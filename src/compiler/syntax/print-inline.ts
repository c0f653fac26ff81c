/** The layout of values that stand in a list after `from`. */
import type { Span } from "../base/span.js";
import type { InlineRecord, InlineValue } from "./ast.js";
import { closing, type Doc, group, indent, join, line, soft, source } from "./layout.js";
import { quote } from "./literals.js";
import { endOf, printBracketed, printNumber, printString } from "./print-expressions.js";

/** A list of values with its brackets: a line for each where they do not fit into one, ids as many as fit. */
export function printInlineItems(items: readonly InlineValue[], span: Span): Doc {
  const areNumbers = items.length > 0 && items.every(({ kind }) => kind === "signed");
  const printed = items.map(printInlineValue);
  const end = endOf(items, span.start + 1);
  if (!areNumbers) return printBracketed(printed, end);
  // Each number but the first is a group of its own, which breaks only where it does not fit.
  const filled = printed.map((item, i) => [i === 0 ? item : group(line, item), i < printed.length - 1 ? "," : ""]);
  return ["[", indent(filled, closing(end)), "]"];
}

function printInlineValue(value: InlineValue): Doc {
  switch (value.kind) {
    case "string":
      return printString(value);
    case "signed":
      return [source(value.span.start), value.negative ? "-" : "", printNumber(value.number)];
    case "word":
      return [source(value.span.start), value.text];
    case "values":
      return printInlineItems(value.items, value.span);
    case "record":
      return printRecord(value);
  }
}

function printRecord({ fields, span }: InlineRecord): Doc {
  if (fields.length === 0) return [source(span.start), "{}"];
  const written = fields.map(({ name, value }) => [
    source(name.span.start),
    // `L5` would be read as a place.
    /^(?!L\d)[A-Za-z_][A-Za-z0-9_]*$/.test(name.text) ? name.text : quote(name.text),
    ": ",
    printInlineValue(value),
  ]);
  return group("{", indent(soft, join(written, [",", line]), closing(endOf(fields.map((f) => f.value), span.start))), soft, "}");
}

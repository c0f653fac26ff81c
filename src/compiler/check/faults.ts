/** Shared ways to say that an expression is wrong. Each reports once and yields the error value. */
import type { Span } from "../base/span.js";
import type { Code, ParametersOf } from "../diagnostics/catalogue.js";
import { diagnostic, type Details } from "../diagnostics/create.js";
import type { OperationAttributes } from "../ir/expression.js";
import { markedTypeText, sameExtent, type TensorType } from "../ir/tensor-type.js";
import { operations } from "../operations/index.js";
import type { TypeFault } from "../operations/operation.js";
import { limits } from "./limits.js";
import { errorValue, type Elaboration, type Value } from "./expressions/values.js";

/** Details with near names turned into a hint and, when there is one clear candidate, a fix. */
export interface ErrorDetails extends Details {
  readonly suggestions?: readonly string[];
}

/** `did you mean R_V?` in place of the hint, and the nearest name as an edit. */
export function withSuggestions(span: Span, details: ErrorDetails): Details {
  const { suggestions = [], ...rest } = details;
  const [nearest] = suggestions;
  if (nearest === undefined) return rest;
  return {
    ...rest,
    hint: `did you mean ${suggestions.join(" or ")}?`,
    fixes: [{ title: `change to ${nearest}`, edits: [{ span, replacement: nearest }] }],
  };
}

/** Reports a diagnostic of the catalogue and yields the error value. */
export function reportError<C extends Code>(
  cx: Pick<Elaboration, "report">,
  code: C,
  span: Span,
  parameters: ParametersOf<C>,
  details: ErrorDetails = {},
): Value {
  cx.report(diagnostic(code, span, parameters, withSuggestions(span, details)));
  return errorValue;
}

export function wrongKind(
  cx: Pick<Elaboration, "report">,
  span: Span,
  expected: string,
  found: string,
  details: Details = {},
): Value {
  // The message shows both already.
  return reportError(cx, "A3004", span, { expected, found }, details);
}

export function notYet(cx: Pick<Elaboration, "report">, span: Span, what: string): Value {
  return reportError(cx, "A5001", span, { what });
}

/** Reports that something stands for more than this compiler takes on at once. */
export function tooMany(
  cx: Pick<Elaboration, "report">,
  span: Span,
  limit: keyof typeof limits,
  count: number,
  what: string,
  things: string,
  hint: string,
): Value {
  const shown = count.toLocaleString("en");
  return reportError(
    cx,
    "A3009",
    span,
    { what, count: shown, things, limit: limits[limit].toLocaleString("en") },
    { hint },
  );
}

/** How messages call an operation; null for one that they call by its name. */
function spellingOf(name: string): string | null {
  const written = operations.get(name)?.written;
  if (written?.spelling !== undefined) return written.spelling;
  return written?.operator == null ? null : `\`${written.operator.sign}\``;
}

/** Both operands' types with the axis in which they differ between « and »; null when no axis differs. */
function markDifference(
  left: TensorType,
  right: TensorType,
): { readonly expected: string; readonly found: string } | null {
  const differing = left.axes.find((a) => right.axes.some((b) => a.name === b.name && !sameExtent(a.extent, b.extent)));
  if (differing === undefined) return null;
  return { expected: markedTypeText(left, differing.name), found: markedTypeText(right, differing.name) };
}

/** Reports why an operation does not apply. */
export function reportFault(
  cx: Pick<Elaboration, "report">,
  span: Span,
  operation: string,
  fault: TypeFault,
  types: readonly TensorType[],
): Value {
  const [left, right] = types;
  const marked = left === undefined || right === undefined ? null : markDifference(left, right);
  const written = spellingOf(operation);
  const text =
    written !== null && fault.fault.startsWith(operation) ? written + fault.fault.slice(operation.length) : fault.fault;
  return reportError(
    cx,
    "A3001",
    span,
    { fault: text },
    {
      expected: marked?.expected ?? fault.expected,
      found: marked?.found ?? fault.found,
      ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    },
  );
}

/** The smallest number above 0 that float32 holds with all its digits: below, they are lost one by one. */
const smallestFloat32 = 2 ** -126;

/** Reports a number that float32 cannot hold: it would be infinite, or lose its digits and in the end be 0. */
export function fitsFloat32(cx: Pick<Elaboration, "report">, value: number, span: Span): boolean {
  const size = Math.abs(value);
  if (value === 0 || (size >= smallestFloat32 && Number.isFinite(Math.fround(value)))) return true;
  beyondFloat32(cx, span, value, size >= smallestFloat32 ? "large" : "small");
  return false;
}

/** Reports a number, shown as `value`, that is too large or too small for float32. @error A3005 */
export function beyondFloat32(
  cx: Pick<Elaboration, "report">,
  span: Span,
  value: number | string,
  how: "large" | "small",
): Value {
  const expected =
    how === "large"
      ? "at most 3.4028235e38, the largest number of float32, in which models compute"
      : "0, or at least 1.1754944e-38, the smallest number of float32, in which models compute";
  return reportError(cx, "A3005", span, { value, expected: "a number that float32 can hold" }, { expected });
}

/** The node that stands for a value where a tensor is wanted; null after an error. */
export function asTensor(cx: Elaboration, value: Value, span: Span): number | null {
  if (value.kind === "tensor") return value.node;
  if (value.kind === "number") {
    return fitsFloat32(cx, value.value, span) ? cx.builder.constant(value.value, span) : null;
  }
  if (value.kind === "layer") wrongKind(cx, span, "a tensor or a number", `layer L${value.index}`);
  return null;
}

/** Applies an operation of the table to values; type faults become diagnostics at `expression`. */
export function applyOperation(
  cx: Elaboration,
  operation: string,
  inputs: readonly Value[],
  attributes: OperationAttributes,
  expression: { readonly span: Span },
  reason?: string,
): Value {
  const nodes: number[] = [];
  for (const input of inputs) {
    const node = asTensor(cx, input, expression.span);
    if (node === null) return errorValue;
    nodes.push(node);
  }
  const result = cx.builder.operation(operation, nodes, attributes, expression.span, reason);
  return typeof result === "number"
    ? { kind: "tensor", node: result }
    : reportFault(
        cx,
        expression.span,
        operation,
        result,
        nodes.map((node) => cx.builder.typeOf(node)),
      );
}

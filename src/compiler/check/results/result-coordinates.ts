/** Coordinates as conditions on results write them: names, numbers, layers and ranges. */
import type { Span } from "../../base/span.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Coordinate } from "../../ir/protocol.js";
import type { Expression } from "../../syntax/ast.js";
import { reportError, tooMany, wrongKind } from "../faults.js";
import { limits } from "../limits.js";

interface Context {
  readonly report: (d: Diagnostic) => void;
  readonly sourceOf: (span: Span) => string;
}

/** The coordinates on the right of `is` or `in`. Layers are matched by index; `L-1` needs a model and is refused. */
export function coordinatesOf(cx: Context, expression: Expression): readonly Coordinate[] | null {
  switch (expression.kind) {
    case "name":
      return [expression.text];
    case "string":
    case "number":
      return [expression.value];
    case "unary":
      if (expression.operator === "-" && expression.operand.kind === "number") return [0 - expression.operand.value];
      break;
    case "range":
      return integers(cx, expression, expression.first, expression.last);
    case "list": {
      const all: Coordinate[] = [];
      let sound = true;
      for (const item of expression.items) {
        const own = coordinatesOf(cx, item);
        if (own === null) sound = false;
        else if (all.length + own.length > limits.listed) {
          const count = all.length + own.length;
          tooMany(cx, item.span, "listed", count, "this list", "numbers", "use < and > instead");
          return null;
        } else for (const one of own) all.push(one);
      }
      return sound ? all : null;
    }
    case "place": {
      const { layers } = expression;
      if (expression.unit === "none" && layers.kind === "one" && layers.index >= 0) return [layers.index];
      if (expression.unit === "none" && layers.kind === "range")
        return integers(cx, expression, layers.first, layers.last);
      if (expression.unit === "none" && layers.kind !== "all") {
        return bad(cx, expression, "layers counted from the start, such as L9 or L9..10");
      }
      break;
    }
    default:
  }
  if (expression.kind === "missing") return null;
  return bad(cx, expression, "a name, a number, a layer such as L9 or a range such as L9..10");
}

/** Numbers from `first` to `last`, both included; null after an error. */
function integers(cx: Context, at: Expression, first: number, last: number): readonly number[] | null {
  const count = last - first + 1;
  if (!Number.isInteger(first) || !Number.isInteger(last)) return bad(cx, at, "a range of whole numbers");
  if (count < 1) {
    reportError(cx, "A3012", at.span, { range: cx.sourceOf(at.span) }, { hint: "write the smaller number first" });
    return null;
  }
  if (count > limits.listed) {
    tooMany(cx, at.span, "listed", count, "this range", "numbers", "use < and > instead");
    return null;
  }
  return Array.from({ length: count }, (_, i) => first + i);
}

function bad(cx: Context, expression: Expression, expected: string): null {
  wrongKind(cx, expression.span, expected, cx.sourceOf(expression.span));
  return null;
}

/** Coordinates as conditions on results write them: names, numbers, layers and ranges. */
import type { Span } from "../../base/span.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Coordinate } from "../../ir/protocol.js";
import type { Expression, PlaceLiteral } from "../../syntax/ast.js";
import { tooMany, wrongKind } from "../faults.js";
import { limits } from "../limits.js";
import { rangeValues } from "../ranges.js";

const listed = {
  limit: "listed",
  most: limits.listed,
  what: "this range",
  things: "numbers",
  hint: "use < and > instead",
} as const;

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
      return rangeValues(cx, expression, listed);
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
        return rangeValues(cx, { ...layers, step: null, span: expression.span }, listed);
      const places = placeNamesOf(expression);
      if (places !== null) return places;
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

/** A head or neuron as the axes of pairs have it: `L0.H1`. Null for what is not one place, counted from the start. */
function placeNamesOf({ unit, layers, units }: PlaceLiteral): readonly Coordinate[] | null {
  if (unit === "none" || layers.kind !== "one" || units.kind !== "one") return null;
  if (layers.index < 0 || units.index < 0) return null;
  return [`L${layers.index}.${unit === "head" ? "H" : "N"}${units.index}`];
}

function bad(cx: Context, expression: Expression, expected: string): null {
  wrongKind(cx, expression.span, expected, cx.sourceOf(expression.span));
  return null;
}

/** Counts and layers: values that must be known before anything runs. */
import type { Expression, PlaceLiteral } from "../../syntax/ast.js";
import { wrongKind } from "../faults.js";
import { resolvePlace } from "../models/places.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/** A whole number that is known now; reports and returns null otherwise. */
export function elaborateCount(cx: Elaboration, environment: Environment, expression: Expression): number | null {
  const value = cx.elaborate(cx, environment, expression);
  if (value.kind === "error") return null;
  if (value.kind === "number" && Number.isInteger(value.value)) return value.value;
  wrongKind(cx, expression.span, "a whole number", describe(cx, value));
  return null;
}

/** What a value is, for messages. */
export function describe(cx: Elaboration, value: Value): string {
  switch (value.kind) {
    case "number":
      return `the number ${value.value}`;
    case "layer":
      return `layer L${value.index}`;
    case "tensor":
      return `a tensor ${cx.builder.typeOf(value.node).axes.length === 0 ? "without axes" : "with axes"}`;
    case "error":
      return "an error";
  }
}

/** A place literal as one layer; several layers make the sweep axis `axis`. */
export function elaborateLayer(cx: Elaboration, place: PlaceLiteral, axis: string): Value {
  if (place.unit !== "none") return wrongKind(cx, place.span, "a layer such as L5", place.text);
  const resolved = resolvePlace(place, cx.model, "head", cx.report);
  if (resolved === null) return errorValue;
  const [only, ...more] = resolved.layers;
  if (only === undefined) return errorValue;
  return { kind: "layer", index: more.length === 0 ? only : cx.sweeps.choose(axis, resolved.layers, place.span) };
}

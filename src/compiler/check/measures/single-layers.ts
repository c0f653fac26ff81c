import type { Expression, NamedArgument, Parameter } from "../../syntax/ast.js";
import { resolvePlace } from "../models/places.js";
import type { Elaboration } from "../expressions/values.js";

/**
 * Layers that a use of a metric names where the metric by itself goes through several: `head_norm layer L28` of
 * `head_norm(layer: layer = L*)` is one place on the axis `layer`, which therefore stays. By parameter.
 */
export function singleLayers(
  cx: Pick<Elaboration, "scope" | "model">,
  expression: Expression,
): Readonly<Record<string, number>> {
  if (expression.kind !== "call" && expression.kind !== "metricUse") return {};
  const layers = new Map<string, number>();
  const name = expression.kind === "call" ? expression.callee : expression.metric;
  const metric = cx.scope.metrics.get(name.text);
  const positional = expression.kind === "call" ? expression.positional : [];
  const named = expression.kind === "call" ? expression.named : expression.arguments;
  for (const [i, parameter] of (metric?.parameters ?? []).entries()) {
    const given = positional[i] ?? argumentFor(named, parameter);
    if (given?.kind !== "place" || given.unit !== "none" || !isSweep(parameter.default)) continue;
    const [layer, second] = resolvePlace(given, cx.model, "head", () => undefined)?.layers ?? [];
    if (layer !== undefined && second === undefined) layers.set(parameter.name.text, layer);
  }
  return Object.fromEntries(layers);
}

function argumentFor(named: readonly NamedArgument[], parameter: Parameter): Expression | undefined {
  return named.find((argument) => argument.name.text === parameter.name.text)?.value;
}

/** `L*`, `L2..5`, `[L1, L4]`. */
function isSweep(expression: Expression | null): boolean {
  if (expression?.kind === "list") return true;
  return expression?.kind === "place" && (expression.layers.kind === "all" || expression.layers.kind === "range");
}

/** What elaboration tells an editor: the value of each expression, and what the sound parts of a wrong one are. */
import type { Span } from "../../base/span.js";
import type { Coordinates } from "../../ir/protocol.js";
import { withoutSizes, type TensorType } from "../../ir/tensor-type.js";
import { siteType } from "../../ir/site-types.js";
import type { SiteName } from "../../models/sites.js";
import type { Expression } from "../../syntax/ast.js";
import type { CheckedModel } from "../models/places.js";
import { createSweeps } from "./sweeps.js";
import type { Elaboration, Environment, Value } from "./values.js";

/** Notes the value that stands at a span; nothing of an error. */
export function noteValue(cx: Elaboration, span: Span, value: Value): void {
  const { notes, assumed } = cx.model;
  if (notes?.collecting !== true || value.kind === "error") return;
  const model = assumed ? null : cx.model.name;
  const { point } = cx.sweeps;
  switch (value.kind) {
    case "number":
      notes.value(span, "number", model, null, value.value, point);
      return;
    case "layer":
      // Layers of an assumed model are made up.
      notes.value(span, "layer", model, null, assumed ? null : value.index, point);
      return;
    case "tensor": {
      const node = cx.builder.nodeAt(value.node);
      const site = node.kind !== "site" ? null : assumed ? { ...node.site, layer: null } : node.site;
      notes.value(span, shownType(node.type, cx.model), model, site, null, point);
    }
  }
}

/** Notes the site that an intervention names, whatever the layer. */
export function noteSite(model: CheckedModel, span: Span, site: SiteName): void {
  if (model.notes?.collecting !== true) return;
  const type = shownType(siteType(site, model.signature), model);
  model.notes.value(span, type, model.assumed ? null : model.name, { site, layer: null }, null, nowhere);
}

const nowhere = (): Coordinates => ({});

function shownType(type: TensorType, { assumed }: CheckedModel): TensorType {
  return assumed ? withoutSizes(type) : type;
}

/**
 * Elaborates the parts of an expression with a mistake that its own elaboration did not come to, so that an editor knows
 * what they are. Nothing is reported, and no sweep comes of it.
 */
export function noteParts(cx: Elaboration, environment: Environment, expression: Expression): void {
  const { visited } = cx.work;
  if (visited === null) return;
  const left = partsOf(expression).filter((part) => !visited.has(part));
  if (left.length === 0) return;
  const silent: Elaboration = {
    ...cx,
    sweeps: createSweeps(null),
    work: { ...cx.work },
    report: () => undefined,
  };
  for (const part of left) cx.elaborate(silent, environment, part);
}

/** The parts of an expression that are expressions where the same names are bound. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "call":
      // What an axis is renamed to is a name and no value.
      return expression.callee.text === "rename"
        ? expression.positional
        : [...expression.positional, ...expression.named.map(({ value }) => value)];
    case "metricUse":
      return expression.arguments.map(({ value }) => value);
    case "index":
      return [expression.base, ...expression.indices];
    case "member":
    case "at":
    case "of":
      return [expression.base];
    case "last":
      return [expression.base, expression.count];
    case "where":
      return [expression.base, expression.condition];
    case "let":
      return [expression.value];
    case "conditional":
      return [expression.condition, expression.yes, expression.no];
    case "unary":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
    case "list":
      return expression.items;
    default:
      return [];
  }
}

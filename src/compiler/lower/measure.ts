import { canonicalJson } from "../base/digest.js";
import { neededNodes, type GivenSource, type MeasureExpression, type MeasureNode, type TextQuantity } from "../ir/expression.js"; // prettier-ignore
import { siteKey, type SiteReference } from "../models/sites.js";
import type { GraphBuilder } from "../onnx/builder.js";
import { causesOf, vanishingInputs } from "../operations/causes.js";
import { alignValue } from "../operations/broadcast.js";
import { expandFault } from "../operations/faults.js";
import { operationNamed } from "../operations/index.js";
import { integers } from "../onnx/lists.js";
import { cast, spoilWhere } from "../operations/lowering.js";
import type { Lowered } from "../operations/operation.js";
import { givenReasons, ownReason, reasonsOfNode, undecidedReason } from "../operations/reasons.js";
import { givenInput } from "../ir/expression-key.js";
import { emitFirst, emitNotFinite, emitSomewhere } from "./causes.js";

/** A measurement in the graph. */
export interface LoweredMeasure {
  /**
   * `value`: float32 [row, …axes of the type] (truth values as 1 and 0), NaN where the fault is not 0. `fault`: int32 of
   * the same shape, or null when nothing can fail. An expression without any site has one row.
   */
  readonly output: Lowered;
  /** int32 [row or 1]: the number, from 1, of the first of the expression's checks (`causesOf`) that is not finite; null for an expression without checks. */
  readonly cause: string | null;
  /**
   * The sentence of fault number n is entry n − 1. All measures of one builder share the numbers, so the list begins
   * with the reasons of the measures before this one.
   */
  readonly reasons: readonly string[];
}

/** Names the graph values that a measurement reads. */
export interface MeasureValues {
  /** The float32 value [row, …axes] of a site. */
  readonly site: (site: SiteReference) => string;
  /** The float32 value [...axes] of the model's weights. */
  readonly parameter?: (name: string) => string;
  /** The int64 value [row, pos] of the tokens' ids. */
  readonly ids?: () => string;
  /** The float32 value [row] of what is known of each row's text. */
  readonly text?: (quantity: TextQuantity) => string;
  /** The float32 value [row or 1, …axes] of another run. */
  readonly given?: (source: GivenSource) => string;
  /**
   * Why values of another run are missing: int32 of the same rank, each dimension 1 or the value's, places in
   * `givenReasons` from 1. Asked for where that can be.
   */
  readonly givenFault?: (source: GivenSource) => string;
}

function provided(name: string | undefined, what: string): string {
  if (name === undefined) throw new RangeError(`lowerMeasure: the measure needs ${what}, and nothing provides it`);
  return name;
}

/** What the measures of one builder share. */
interface Shared {
  readonly nodes: Map<string, { readonly id: number; readonly lowered: Lowered }>;
  readonly outputs: Map<number, Lowered>;
  /** Value → bool [row or 1]: whether it is not finite. */
  readonly checks: Map<string, string>;
  readonly reasons: string[];
}

/** Builders are objects with identity, and forgetting a builder forgets what was lowered into it. */
const sharedOf = new WeakMap<GraphBuilder, Shared>();

/**
 * Lowers a measurement into the graph under construction. Equal nodes, also of measures that were lowered into the same
 * builder before, are lowered once: they are compared by operation, attributes, inputs and reason, and sites by the
 * value that `from` names, so that the same measure at other values of the sites is another one.
 *
 * @throws RangeError (a fault of ours) when the expression was not checked.
 */
export function lowerMeasure(
  builder: GraphBuilder,
  expression: MeasureExpression,
  from: MeasureValues,
): LoweredMeasure {
  const shared: Shared = sharedOf.get(builder) ?? {
    nodes: new Map(),
    outputs: new Map(),
    checks: new Map(),
    reasons: [],
  };
  sharedOf.set(builder, shared);
  const ids = new Map<number, number>();
  const values = new Map<number, Lowered>();
  for (const index of neededNodes(expression)) {
    const node = expression.nodes[index];
    if (node === undefined) throw new RangeError(`lowerMeasure: there is no node ${index}`);
    const inputs = node.kind === "operation" ? node.inputs : [];
    const key = nodeKey(
      node,
      inputs.map((input) => find(ids, input)),
      from,
    );
    let known = shared.nodes.get(key);
    if (known === undefined) {
      const read = inputs.map((input) => find(values, input));
      const lowered = lowerNode(builder, shared, node, read, from);
      const vanishing = vanishingInputs(expression, index).flatMap((input) => read[input] ?? []);
      known = { id: shared.nodes.size, lowered: withoutVanishing(builder, lowered, vanishing) };
      shared.nodes.set(key, known);
    }
    ids.set(index, known.id);
    values.set(index, known.lowered);
  }
  const id = find(ids, expression.result);
  const output = shared.outputs.get(id) ?? finishValue(builder, find(values, expression.result));
  shared.outputs.set(id, output);
  return { output, cause: lowerCause(builder, shared, expression, values), reasons: [...shared.reasons] };
}

/** Which check of an expression is the first that is not finite; null without checks. */
function lowerCause(
  builder: GraphBuilder,
  { checks: known }: Shared,
  expression: MeasureExpression,
  values: ReadonlyMap<number, Lowered>,
): string | null {
  const { checks } = causesOf(expression);
  if (checks.length === 0) return null;
  // Named for what is looked at, so that equal measures of several graphs have equal names.
  const within = (value: string): GraphBuilder => builder.scope(`measure/cause/${value}`);
  const found = checks.map(({ node, masked, guards }) => {
    const { value, type } = find(values, node);
    const made = known.get(value) ?? emitNotFinite(within(value), { value, rank: type.axes.length + 1, masked });
    known.set(value, made);
    return guards.reduce((seen, { condition, holds }) => {
      const chosen = find(values, condition);
      const inside = within(`${value}/${chosen.value}`);
      const somewhere = emitSomewhere(inside, chosen.value, chosen.type.axes.length + 1, holds);
      return inside.node("And", [seen, somewhere]);
    }, made);
  });
  return emitFirst(within(find(values, expression.result).value), found);
}

function find<T>(map: ReadonlyMap<number, T>, index: number): T {
  const value = map.get(index);
  if (value === undefined) throw new RangeError(`lowerMeasure: node ${index} is not defined yet`);
  return value;
}

/** What makes two nodes the same, spans left out. */
function nodeKey(node: MeasureNode, inputs: readonly number[], from: MeasureValues): string {
  switch (node.kind) {
    case "site":
      return canonicalJson({ site: siteKey(node.site), value: from.site(node.site), type: node.type });
    case "given":
      return canonicalJson({ given: givenInput(node.source) });
    case "parameter":
      return canonicalJson({ parameter: node.parameter });
    case "ids":
      return canonicalJson({ ids: true });
    case "text":
      return canonicalJson({ text: node.quantity });
    case "constant":
      return canonicalJson({ constant: node.value });
    case "operation":
      return canonicalJson({
        operation: node.operation,
        attributes: node.attributes,
        inputs,
        reasons: reasonsOfNode(node),
        type: node.type,
      });
  }
}

function lowerNode(
  builder: GraphBuilder,
  shared: Shared,
  node: MeasureNode,
  inputs: readonly Lowered[],
  from: MeasureValues,
): Lowered {
  switch (node.kind) {
    case "site":
      return { value: from.site(node.site), fault: null, type: node.type };
    case "given": {
      const { source, type } = node;
      const value = provided(from.given?.(source), `a value of ${source.texts}`);
      const numbers = givenReasons(source).map((reason) => reasonNumber(shared.reasons, reason));
      if (numbers.length === 0) return { value, fault: null, type };
      const own = provided(from.givenFault?.(source), `the reasons of a value of ${source.texts}`);
      const within = builder.scope("measure/given");
      const table = within.constant("int32", [numbers.length + 1], [0, ...numbers]);
      return { value, fault: within.node("Gather", [table, own]), type };
    }
    case "parameter": {
      const name = provided(from.parameter?.(node.parameter), `the parameter ${node.parameter}`);
      const value = builder.scope("measure/parameter").node("Unsqueeze", [name, integers(builder, 0)]);
      return { value, fault: null, type: node.type };
    }
    case "ids": {
      // Ids are far below 2²⁴, up to which float32 holds every integer.
      const value = cast(builder.scope("measure/ids"), provided(from.ids?.(), "the ids of texts"), "float32");
      return { value, fault: null, type: node.type };
    }
    case "text":
      return {
        value: provided(from.text?.(node.quantity), `the ${node.quantity} of texts`),
        fault: null,
        type: node.type,
      };
    case "constant":
      return { value: builder.constant("float32", [1], [node.value]), fault: null, type: node.type };
    case "operation": {
      const operation = operationNamed(node.operation);
      const context = {
        builder: builder.scope(`measure/${node.operation}`),
        reason: reasonNumber(shared.reasons, ownReason(node)),
        undecided: operation.decides ? reasonNumber(shared.reasons, undecidedReason) : 0,
      };
      return operation.lower(context, inputs, node.attributes, node.type);
    }
  }
}

/** The value, and NaN where one of these inputs is infinite. */
function withoutVanishing(builder: GraphBuilder, lowered: Lowered, inputs: readonly Lowered[]): Lowered {
  const within = builder.scope("measure/infinite");
  const value = inputs.reduce((made, input) => {
    const infinite = within.node("IsInf", [input.value]);
    return spoilWhere(within, alignValue(within, infinite, input.type.axes, lowered.type.axes), made);
  }, lowered.value);
  return { ...lowered, value };
}

/** The number of a sentence, which joins the list when it is new; 0 for an operation that cannot fail. */
function reasonNumber(reasons: string[], reason: string | null): number {
  if (reason === null) return 0;
  const known = reasons.indexOf(reason);
  return known >= 0 ? known + 1 : reasons.push(reason);
}

/** The value as it leaves the graph: float32, NaN under a fault, the fault as large as the value. */
function finishValue(builder: GraphBuilder, result: Lowered): Lowered {
  const within = builder.scope("measure/result");
  const value = result.type.element === "truth" ? cast(within, result.value, "float32") : result.value;
  if (result.fault === null) return { ...result, value };
  const fault = expandFault(within, result.fault, value);
  const failed = within.node("Greater", [fault, within.constant("int32", [1], [0])]);
  return { value: spoilWhere(within, failed, value), fault, type: result.type };
}

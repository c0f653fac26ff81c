import { canonicalJson } from "../base/digest.js";
import type { GivenSource, MeasureExpression, MeasureNode, TextQuantity } from "../ir/expression.js";
import { siteKey, type SiteReference } from "../models/sites.js";
import type { GraphBuilder } from "../onnx/builder.js";
import { addOwnFault, expandFault } from "../operations/faults.js";
import { operationNamed } from "../operations/index.js";
import { cast, integers, notANumber } from "../operations/lowering.js";
import type { Lowered } from "../operations/operation.js";
import { neededNodes, reasonOf } from "../operations/reference.js";
import { givenInput } from "../analysis/expression-key.js";

/** A measurement in the graph. */
export interface LoweredMeasure {
  /**
   * `value`: float32 [row, …axes of the type] (truth values as 1 and 0), NaN where the fault is not 0. `fault`: int32 of
   * the same shape, or null when nothing can fail. An expression without any site has one row.
   */
  readonly output: Lowered;
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
}

function provided(name: string | undefined, what: string): string {
  if (name === undefined) throw new RangeError(`lowerMeasure: the measure needs ${what}, and nothing provides it`);
  return name;
}

/** What the measures of one builder share. */
interface Shared {
  readonly nodes: Map<string, { readonly id: number; readonly lowered: Lowered }>;
  readonly outputs: Map<number, Lowered>;
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
  const shared: Shared = sharedOf.get(builder) ?? { nodes: new Map(), outputs: new Map(), reasons: [] };
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
      const lowered = lowerNode(
        builder,
        shared,
        node,
        inputs.map((input) => find(values, input)),
        from,
      );
      known = { id: shared.nodes.size, lowered };
      shared.nodes.set(key, known);
    }
    ids.set(index, known.id);
    values.set(index, known.lowered);
  }
  const id = find(ids, expression.result);
  const output = shared.outputs.get(id) ?? finishValue(builder, find(values, expression.result));
  shared.outputs.set(id, output);
  return { output, reasons: [...shared.reasons] };
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
        reason: reasonOf(node),
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
      const value = provided(from.given?.(node.source), `a value of ${node.source.texts}`);
      const reason = reasonNumber(shared.reasons, reasonOf(node));
      if (reason === 0) return { value, fault: null, type: node.type };
      const context = { builder: builder.scope("measure/given"), reason };
      return { value, fault: addOwnFault(context, null, context.builder.node("IsNaN", [value])), type: node.type };
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
      const context = {
        builder: builder.scope(`measure/${node.operation}`),
        reason: reasonNumber(shared.reasons, reasonOf(node)),
      };
      return operationNamed(node.operation).lower(context, inputs, node.attributes, node.type);
    }
  }
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
  const fault = expandFault({ builder: within, reason: 0 }, result.fault, value);
  const failed = within.node("Greater", [fault, within.constant("int32", [1], [0])]);
  return { value: within.node("Where", [failed, notANumber(within), value]), fault, type: result.type };
}

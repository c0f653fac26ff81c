/** Builds the DAG of a measurement: equal nodes are stored once, types come from the operation table. */
import { canonicalJson } from "../../base/digest.js";
import type { Span } from "../../base/span.js";
import {
  pruneExpression,
  type GivenSource,
  type MeasureExpression,
  type MeasureNode,
  type OperationAttributes,
  type TextQuantity,
} from "../../ir/expression.js";
import { scalar, type TensorType, type Unit } from "../../ir/tensor-type.js";
import { siteKey, type SiteReference } from "../../models/sites.js";
import { operations } from "../../operations/index.js";
import { isFault, type TypeFault } from "../../operations/operation.js";

export interface ExpressionBuilder {
  site(site: SiteReference, type: TensorType, span: Span): number;
  /** A number; `unit` is that of the value it is added to or compared with (a literal has none of its own). */
  constant(value: number, span: Span, unit?: Unit): number;
  /** What is known of the text; the first tokens of its answer and distractor are of unit `token`. */
  text(quantity: TextQuantity, span: Span): number;
  /** Weights of the model by the name that its graph has for them. */
  parameter(name: string, type: TensorType, span: Span): number;
  /** The text's own ids, [pos] of unit `token`. */
  ids(span: Span): number;
  /** The id of a token that the protocol names. */
  token(id: number, span: Span): number;
  /** A value of another run, of the type that it has for each row. */
  given(source: GivenSource, type: TensorType, span: Span): number;
  /** Applies an operation of the table; a fault means that the inputs do not fit it, and nothing was added. */
  operation(
    name: string,
    inputs: readonly number[],
    attributes: OperationAttributes,
    span: Span,
    reason?: string,
  ): number | TypeFault;
  typeOf(node: number): TensorType;
  nodeAt(node: number): MeasureNode;
  /** The part of the DAG that `result` needs. */
  finish(result: number): MeasureExpression;
}

const idsType: TensorType = {
  axes: [{ name: "pos", extent: { kind: "positions", minus: 0 } }],
  unit: "token",
  element: "real",
};

/** The text of a source without the places in the protocol that its expression holds. */
function sourceKey(source: GivenSource): string {
  return JSON.stringify(source, (key, value: unknown) => (key === "span" ? undefined : value));
}

/** What makes two nodes equal, as a text: everything but their places and what follows from the rest. */
function nodeKey(node: MeasureNode): string {
  const { kind, type } = node;
  switch (kind) {
    case "site":
      return `${kind} ${type.unit} ${siteKey(node.site)}`;
    case "given":
      return `${kind} ${type.unit} ${sourceKey(node.source)}`;
    case "parameter":
      return `${kind} ${type.unit} ${node.parameter}`;
    case "ids":
      return kind;
    case "text":
      return `${kind} ${type.unit} ${node.quantity}`;
    case "constant":
      return `${kind} ${type.unit} ${node.value}`;
    case "operation": {
      const attributes = canonicalJson(node.attributes);
      return `${kind} ${type.unit} ${node.operation} ${node.inputs.join(",")} ${attributes} ${node.reason ?? ""}`;
    }
  }
}

export function createExpressionBuilder(): ExpressionBuilder {
  const nodes: MeasureNode[] = [];
  const known = new Map<string, number>();

  function intern(node: MeasureNode): number {
    const key = nodeKey(node);
    const existing = known.get(key);
    if (existing !== undefined) return existing;
    known.set(key, nodes.length);
    return nodes.push(node) - 1;
  }

  function nodeAt(index: number): MeasureNode {
    const node = nodes[index];
    if (node === undefined) throw new RangeError(`no node ${index}`);
    return node;
  }

  return {
    site: (site, type, span) => intern({ kind: "site", site, type, span }),
    constant: (value, span, unit = "none") => intern({ kind: "constant", value, type: { ...scalar, unit }, span }),
    text(quantity, span) {
      const unit: Unit = quantity === "answer" || quantity === "distractor" ? "token" : "none";
      return intern({ kind: "text", quantity, type: { ...scalar, unit }, span });
    },
    parameter: (name, type, span) => intern({ kind: "parameter", parameter: name, type, span }),
    ids: (span) => intern({ kind: "ids", type: idsType, span }),
    token: (id, span) => intern({ kind: "constant", value: id, type: { ...scalar, unit: "token" }, span }),
    given: (source, type, span) => intern({ kind: "given", source, type, span }),
    operation(name, inputs, attributes, span, reason) {
      const operation = operations.get(name);
      if (operation === undefined) throw new RangeError(`no operation ${name}`);
      const type = operation.type(
        inputs.map((i) => nodeAt(i).type),
        attributes,
      );
      if (isFault(type)) return type;
      return intern({
        kind: "operation",
        operation: name,
        inputs,
        attributes,
        type,
        span,
        ...(reason !== undefined && operation.failure !== null ? { reason } : {}),
      });
    },
    typeOf: (node) => nodeAt(node).type,
    nodeAt,
    finish: (result) => pruneExpression({ nodes, result }),
  };
}

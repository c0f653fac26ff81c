/** Builds the DAG of a measurement: equal nodes are stored once, types come from the operation table. */
import { canonicalJson } from "../base/digest.js";
import type { Span } from "../base/span.js";
import {
  pruneExpression,
  type MeasureExpression,
  type MeasureNode,
  type OperationAttributes,
} from "../ir/expression.js";
import { scalar, type TensorType, type Unit } from "../ir/tensor-type.js";
import type { SiteReference } from "../models/sites.js";
import { operations } from "../operations/index.js";
import { isFault, type TypeFault } from "../operations/operation.js";

export interface ExpressionBuilder {
  site(site: SiteReference, type: TensorType, span: Span): number;
  /** A number; `unit` is that of the value it is added to or compared with (a literal has none of its own). */
  constant(value: number, span: Span, unit?: Unit): number;
  text(quantity: "tokens" | "bytes", span: Span): number;
  /** Applies an operation of the table; a fault means that the inputs do not fit it, and nothing was added. */
  operation(
    name: string,
    inputs: readonly number[],
    attributes: OperationAttributes,
    span: Span,
    reason?: string,
  ): number | TypeFault;
  typeOf(node: number): TensorType;
  /** The part of the DAG that `result` needs. */
  finish(result: number): MeasureExpression;
}

export function createExpressionBuilder(): ExpressionBuilder {
  const nodes: MeasureNode[] = [];
  const known = new Map<string, number>();

  function intern(node: MeasureNode): number {
    const { span: _span, type, ...content } = node;
    const key = canonicalJson({ ...content, unit: type.unit });
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
    text: (quantity, span) => intern({ kind: "text", quantity, type: scalar, span }),
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
        ...(reason !== undefined && operation.canFail ? { reason } : {}),
      });
    },
    typeOf: (node) => nodeAt(node).type,
    finish: (result) => pruneExpression({ nodes, result }),
  };
}

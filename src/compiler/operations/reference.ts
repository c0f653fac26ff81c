import type { GivenSource, MeasureExpression, MeasureNode, TextQuantity } from "../ir/expression.js";
import type { SiteReference } from "../models/sites.js";
import { operationNamed } from "./index.js";
import type { ReferenceTensor } from "./operation.js";
import { referenceScalar, referenceTensor } from "./reference-tensor.js";

/** Why operations have no result, for nodes that do not say it in their own words. */
const defaultReasons: Readonly<Record<string, string>> = {
  divide: "the divisor is 0",
  power: "a root of a negative number, or 0 to a negative power",
  log: "the logarithm of a number that is not positive",
  sqrt: "the square root of a negative number",
  entr: "the entropy of a negative number",
  where: "the condition does not hold",
  mean: "there is no entry to average",
  max: "there is no entry to take the largest of",
  min: "there is no entry to take the smallest of",
  var: "there is no entry to take the variance of",
  std: "there is no entry to take the standard deviation of",
  at: "the text has no such position",
  pick: "there is no such entry",
  argmax: "there is no entry to take the largest of",
  unembedding: "there is no such token",
  kl: "the divergence needs probabilities, of which the second is 0 only where the first is",
  pearson: "one side does not vary",
  pearson_between: "one side does not vary",
  cosine: "one side is 0",
  cosine_between: "one side is 0",
};

/** The sentence that becomes the reason of a NaN; null for nodes that cannot fail. */
export function reasonOf(node: MeasureNode): string | null {
  if (node.kind === "given") {
    const reasons = reasonsOf(node.source.expression);
    return reasons.length === 0 ? null : `in the unmodified run on ${node.source.texts}: ${reasons.join("; or ")}`;
  }
  if (node.kind !== "operation" || !operationNamed(node.operation).canFail) return null;
  return node.reason ?? defaultReasons[node.operation] ?? `${node.operation} has no result here`;
}

/** What happens to the result of an operation of that name before others read it. */
export type Rounding = (value: ReferenceTensor, operation: string) => ReferenceTensor;

/** What a row's text and other runs give to an expression; a caller leaves out what its expressions do not ask for. */
export interface ReferenceInputs {
  /** What is known of the text. */
  readonly texts?: Readonly<Partial<Record<TextQuantity, number>>>;
  /** The text's own ids. */
  readonly ids?: readonly number[];
  /** Weights of the model, with their named axes. */
  readonly parameters?: (name: string) => ReferenceTensor;
  /** The value of another run for this row, with its named axes. */
  readonly given?: (source: GivenSource) => ReferenceTensor;
  /** Values of nodes that are there already: what they are made of is not asked for. */
  readonly known?: ReadonlyMap<number, ReferenceTensor>;
}

/** Indices of the nodes that the result needs, in topological order; not what only `known` nodes need. */
export function neededNodes(expression: MeasureExpression, known?: ReadonlyMap<number, unknown>): readonly number[] {
  const needed = new Set([expression.result]);
  for (let index = expression.result; index >= 0; index--) {
    const node = expression.nodes[index];
    if (needed.has(index) && known?.has(index) !== true && node?.kind === "operation")
      node.inputs.forEach((input) => needed.add(input));
  }
  return [...needed].sort((a, b) => a - b);
}

/** Different reasons of an expression in topological order: reason number n is entry n − 1. */
export function reasonsOf(expression: MeasureExpression): readonly string[] {
  const reasons = neededNodes(expression).map((index) => {
    const node = expression.nodes[index];
    return node === undefined ? null : reasonOf(node);
  });
  return [...new Set(reasons.filter((reason) => reason !== null))];
}

/**
 * The value of a measurement for one row in float64: what the lowering must agree with. NaN where the fault is not 0;
 * fault numbers are places in {@link reasonsOf}, from 1.
 *
 * @param sites the value of a site for this row, with its named axes.
 * @param rounding is applied to every operation's result. Tests put float32-sized noise here to learn how far a result
 * may move; it is the identity otherwise.
 * @param inputs what is known of the row's text, and values of other runs.
 */
export function evaluateReference(
  expression: MeasureExpression,
  sites: (site: SiteReference) => ReferenceTensor,
  rounding: Rounding = (value) => value,
  inputs: ReferenceInputs = {},
): ReferenceTensor {
  const reasons = reasonsOf(expression);
  const values = new Map<number, ReferenceTensor>();
  const valueOf = (index: number): ReferenceTensor => {
    const value = values.get(index);
    if (value === undefined) throw new RangeError(`evaluateReference: node ${index} is not defined yet`);
    return value;
  };
  for (const index of neededNodes(expression, inputs.known)) {
    const node = expression.nodes[index];
    if (node === undefined) throw new RangeError(`evaluateReference: there is no node ${index}`);
    const known = inputs.known?.get(index);
    values.set(index, known ?? evaluateNode(node, sites, rounding, valueOf, reasons, inputs));
  }
  return maskFaults(valueOf(expression.result));
}

function evaluateNode(
  node: MeasureNode,
  sites: (site: SiteReference) => ReferenceTensor,
  rounding: Rounding,
  valueOf: (index: number) => ReferenceTensor,
  reasons: readonly string[],
  inputs: ReferenceInputs,
): ReferenceTensor {
  switch (node.kind) {
    case "site":
      return sites(node.site);
    case "given":
      if (inputs.given === undefined) throw new RangeError("evaluateReference: values of other runs are unknown");
      return withOwnFault(inputs.given(node.source), reasonNumber(node, reasons));
    case "parameter":
      if (inputs.parameters === undefined) throw new RangeError("evaluateReference: the model's weights are unknown");
      return inputs.parameters(node.parameter);
    case "ids":
      if (inputs.ids === undefined) throw new RangeError("evaluateReference: the ids of the text are unknown");
      return referenceTensor([{ name: "pos", size: inputs.ids.length }], inputs.ids);
    case "text": {
      const value = inputs.texts?.[node.quantity];
      if (value === undefined) throw new RangeError(`evaluateReference: the ${node.quantity} of the text are unknown`);
      return referenceScalar(value);
    }
    case "constant":
      return referenceScalar(Math.fround(node.value));
    case "operation": {
      const number = reasonNumber(node, reasons);
      const value = operationNamed(node.operation).reference(node.inputs.map(valueOf), node.attributes, number);
      // Ids of tokens are exact in any format.
      return node.type.unit === "token" ? value : rounding(value, node.operation);
    }
  }
}

/** The number of a node's reason; 0 for a node that cannot fail. */
function reasonNumber(node: MeasureNode, reasons: readonly string[]): number {
  const reason = reasonOf(node);
  return reason === null ? 0 : reasons.indexOf(reason) + 1;
}

/** A value of another run is at fault where it has become NaN there. */
function withOwnFault(value: ReferenceTensor, number: number): ReferenceTensor {
  if (number === 0 || !value.data.some(Number.isNaN)) return value;
  return { ...value, fault: Int32Array.from(value.data, (element) => (Number.isNaN(element) ? number : 0)) };
}

/** NaN where the fault is not 0. */
function maskFaults(value: ReferenceTensor): ReferenceTensor {
  const { fault } = value;
  if (fault === null) return value;
  return { ...value, data: value.data.map((element, place) => (fault[place] === 0 ? element : Number.NaN)) };
}

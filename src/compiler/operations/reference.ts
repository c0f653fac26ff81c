import { isOperation, neededNodes, type GivenSource, type MeasureExpression, type MeasureNode, type TextQuantity } from "../ir/expression.js"; // prettier-ignore
import type { SiteReference } from "../models/sites.js";
import { vanishingInputs } from "./causes.js";
import { operationNamed } from "./index.js";
import type { ReferenceTensor } from "./operation.js";
import { givenReasons, ownReason, reasonsOf, undecidedReason } from "./reasons.js";
import { broadcastTo, referenceScalar, referenceTensor } from "./reference-tensor.js";

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
  /** The value of another run for this row, with its named axes; a fault is a place in `givenReasons`, from 1. */
  readonly given?: (source: GivenSource) => ReferenceTensor;
  /** Values of nodes that are there already: what they are made of is not asked for. */
  readonly known?: ReadonlyMap<number, ReferenceTensor>;
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
    if (known !== undefined) {
      values.set(index, known);
      continue;
    }
    const vanishing = isOperation(node) ? vanishingInputs(expression, index).map((i) => node.inputs[i] ?? 0) : [];
    const value = evaluateNode(node, sites, rounding, valueOf, reasons, inputs);
    values.set(index, withoutVanishing(value, vanishing.map(valueOf)));
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
      return withGivenFault(inputs.given(node.source), node.source, reasons);
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
      const number = (reason: string | null): number => (reason === null ? 0 : reasons.indexOf(reason) + 1);
      const operation = operationNamed(node.operation);
      const values = node.inputs.map(valueOf);
      const value = operation.reference(values, node.attributes, number(ownReason(node)), number(undecidedReason));
      // Ids of tokens are exact in any format.
      return node.type.unit === "token" ? value : rounding(value, node.operation);
    }
  }
}

/**
 * A value of another run with its faults, which count in {@link givenReasons} of the source, numbered as reasons of the
 * expression. A NaN without one has the last reason, which stands for all that is not known better.
 */
function withGivenFault(value: ReferenceTensor, source: GivenSource, reasons: readonly string[]): ReferenceTensor {
  const own = givenReasons(source);
  if (own.length === 0) return value;
  const fault = Int32Array.from(value.data, (element, place) => {
    const number = value.fault?.[place] ?? 0;
    const reason = number > 0 ? own[number - 1] : Number.isNaN(element) ? own[own.length - 1] : undefined;
    return reason === undefined ? 0 : reasons.indexOf(reason) + 1;
  });
  return { ...value, fault: fault.some((number) => number > 0) ? fault : null };
}

/** The value, and NaN where one of these inputs is infinite. */
function withoutVanishing(value: ReferenceTensor, inputs: readonly ReferenceTensor[]): ReferenceTensor {
  const aligned = inputs.map((input) => broadcastTo(input, value.axes));
  const isInfinite = (place: number): boolean => aligned.some(({ data }) => Math.abs(data[place] ?? 0) === Infinity);
  return inputs.length === 0
    ? value
    : { ...value, data: value.data.map((element, place) => (isInfinite(place) ? Number.NaN : element)) };
}

/** NaN where the fault is not 0. */
function maskFaults(value: ReferenceTensor): ReferenceTensor {
  const { fault } = value;
  if (fault === null) return value;
  return { ...value, data: value.data.map((element, place) => (fault[place] === 0 ? element : Number.NaN)) };
}

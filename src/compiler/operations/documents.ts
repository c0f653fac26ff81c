/**
 * Measures of a whole document that a model reads in windows: what each window yields, and which values of the
 * document's expression that makes.
 *
 * Along `pos` a window knows each of its scored tokens as well as the document does. Whatever is computed position by
 * position is computed in windows; a sum over positions is the sum of what the windows add up, an extreme the extreme of
 * theirs; and what depends on those is computed for the document. Anything that relates positions to each other
 * (attention patterns, the last 16 positions, a position by its number) has no such meaning and is refused.
 */
import { neededNodes, type MeasureExpression, type MeasureNode, type OperationNode } from "../ir/expression.js";
import { extentSize, type Axis, type Extent, type TensorType } from "../ir/tensor-type.js";
import { operationNamed } from "./index.js";
import { consumedNames } from "./typing.js";

/**
 * One value of a document's expression. `sum`, `max`, `min`: of what the windows yield, each for its scored positions.
 * `mean`: that sum, divided by the document's scored tokens times `entries`. `positions`: the windows' values of
 * their scored positions, one after the other. `same`: any window's value.
 */
export interface DocumentPart {
  /** The node of the document's expression whose value this is. */
  readonly node: number;
  readonly kind: "sum" | "mean" | "max" | "min" | "positions" | "same";
  /** What each window yields: of `positions` all its positions, of which the last ones are scored. */
  readonly expression: MeasureExpression;
  readonly type: TensorType;
  /** Of `mean`: how many entries each position has. */
  readonly entries: number;
}

/** Why an expression has no value for a document. */
export interface DocumentFault {
  readonly node: MeasureNode;
  readonly fault: string;
}

/** Where a node is computed: anywhere, in each window position by position, in any window alike, for the document. */
type Place = "anywhere" | "positions" | "same" | "document";

/** The expression's parts, or why it has none. `texts` is the corpus that it is measured on. */
export function documentParts(expression: MeasureExpression, texts: string): readonly DocumentPart[] | DocumentFault {
  const places = placesOf(expression, texts);
  if ("fault" in places) return places;
  const parts = new Map<number, DocumentPart>();
  const need = (index: number): void => {
    const place = places.get(index);
    if (place !== "positions" && place !== "same") return;
    if (!parts.has(index)) parts.set(index, { ...whole(expression, index), kind: place, entries: 1 });
  };
  for (const [index, place] of places) {
    const node = expression.nodes[index];
    if (place !== "document" || node?.kind !== "operation") continue;
    const made = reducedInWindows(expression, index, node, places);
    if (made !== null) parts.set(index, made);
    else node.inputs.forEach(need);
  }
  if (places.get(expression.result) === "anywhere") {
    parts.set(expression.result, { ...whole(expression, expression.result), kind: "same", entries: 1 });
  } else need(expression.result);
  return [...parts.values()].sort((a, b) => a.node - b.node);
}

/** {@link documentParts} of an expression that was checked. @throws RangeError (a fault of ours) for any other. */
export function soundParts(expression: MeasureExpression, texts: string): readonly DocumentPart[] {
  const parts = documentParts(expression, texts);
  if ("fault" in parts) throw new RangeError(`documentParts: ${parts.fault}`);
  return parts;
}

function whole(expression: MeasureExpression, node: number): Pick<DocumentPart, "node" | "expression" | "type"> {
  return { node, expression: { nodes: expression.nodes, result: node }, type: typeOf(expression, node) };
}

function typeOf(expression: MeasureExpression, index: number): TensorType {
  const node = expression.nodes[index];
  if (node === undefined) throw new RangeError(`documentParts: there is no node ${index}`);
  return node.type;
}

/** A reduction over positions that windows can do for themselves; null for any other node. */
function reducedInWindows(
  expression: MeasureExpression,
  index: number,
  node: OperationNode,
  places: ReadonlyMap<number, Place>,
): DocumentPart | null {
  const [input] = node.inputs;
  if (input === undefined || places.get(input) !== "positions") return null;
  const { type, span } = node;
  const { windows: kind } = operationNamed(node.operation);
  if (kind === undefined || kind === "positions" || kind === "ends") return null;
  const inputType = typeOf(expression, input);
  const over = consumedNames(
    inputType.axes.map((axis) => axis.name),
    node.attributes,
  );
  const others = inputType.axes.filter((axis) => over.includes(axis.name) && axis.name !== "pos");
  const count = expression.nodes.length;
  const sought = kind === "max" ? 1 : kind === "min" ? -1 : 0;
  return {
    node: index,
    kind,
    entries: others.reduce((product, axis) => product * extentSize(axis.extent, 0), 1),
    type,
    expression: {
      nodes: [
        ...expression.nodes,
        { kind: "text", quantity: "scored", type: { axes: [], unit: "none", element: "real" }, span },
        {
          kind: "operation",
          operation: "scored",
          inputs: [input, count],
          attributes: { sought },
          type: inputType,
          span,
        },
        {
          kind: "operation",
          operation: kind === "mean" ? "sum" : node.operation,
          inputs: [count + 1],
          attributes: { over },
          type,
          span,
        },
      ],
      result: count + 2,
    },
  };
}

/** The place of every node that the result needs, in topological order. */
function placesOf(expression: MeasureExpression, texts: string): ReadonlyMap<number, Place> | DocumentFault {
  const places = new Map<number, Place>();
  for (const index of neededNodes(expression)) {
    const node = expression.nodes[index];
    if (node === undefined) throw new RangeError(`documentParts: there is no node ${index}`);
    const place = placeOf(expression, node, places, texts);
    if (typeof place !== "string") return place;
    places.set(index, place);
  }
  return places;
}

function placeOf(
  expression: MeasureExpression,
  node: MeasureNode,
  places: ReadonlyMap<number, Place>,
  texts: string,
): Place | DocumentFault {
  const beyond = node.type.axes.find((axis) => followsText(axis.extent) && !isPosition(axis));
  if (beyond !== undefined) return { node, fault: `${describe(node)} relates positions to each other` };
  switch (node.kind) {
    case "constant":
    case "text":
      return "anywhere";
    case "parameter":
      return "same";
    case "site":
    case "ids":
      return "positions";
    case "given": {
      if (node.source.take === "mean") return "same";
      const own = node.source.texts === texts ? placesOf(node.source.expression, texts) : null;
      if (own !== null && "fault" in own) return { node, fault: own.fault };
      if (own?.get(node.source.expression.result) === "positions") return "positions";
      return { node, fault: `it reads ${node.source.texts} text by text` };
    }
    case "operation": {
      const inputs = node.inputs.map((input) => places.get(input) ?? "anywhere");
      const types = node.inputs.map((input) => typeOf(expression, input));
      const operation = operationNamed(node.operation);
      const relation = alongPositions(node, types);
      // The document's own positions are all scored: there is none more to leave out.
      const trims = operation.windows === "ends";
      if (operation.ofGraph === true && inputs.includes("positions"))
        return { node, fault: `${describe(node)} goes through all positions of a text` };
      if (relation === null || (trims && inputs.includes("document")))
        return { node, fault: `${describe(node)} takes positions by their places` };
      if (relation === "reduced" || inputs.includes("document")) return "document";
      if (inputs.includes("positions")) return "positions";
      return inputs.includes("same") ? "same" : "anywhere";
    }
  }
}

function describe(node: MeasureNode): string {
  if (node.kind === "site") return `\`${node.site.site}\``;
  return node.kind === "operation" ? `\`${node.operation}\`` : "it";
}

function followsText(extent: Extent): boolean {
  switch (extent.kind) {
    case "fixed":
      return false;
    case "positions":
      return true;
    case "product":
      return extent.of.some(followsText);
    case "window":
    case "triangle":
      return followsText(extent.of);
  }
}

/** True for `pos` as long as the text, or one shorter: then its last entries are those of the scored tokens. */
function isPosition({ name, extent }: Axis): boolean {
  return name === "pos" && extent.kind === "positions" && extent.minus <= 1;
}

/** What an operation does along `pos`: nothing or each position by itself, one value for all of them, or else (null). */
function alongPositions(node: OperationNode, inputs: readonly TensorType[]): "each" | "reduced" | null {
  const has = (type: TensorType): boolean => type.axes.some((axis) => axis.name === "pos");
  if (!inputs.some(has)) return "each";
  const { attributes, windows } = operationNamed(node.operation);
  // A slice that is one position shorter leaves out the first or the last: the target of each prediction, say.
  if (windows === "ends") return has(node.type) ? "each" : null;
  const { over } = node.attributes;
  // An operation over axes that names none is over all of them.
  const takesAll = "over" in attributes && !(Array.isArray(over) && over.length > 0);
  const takes = takesAll || Object.values(node.attributes).flat().includes("pos");
  if (has(node.type)) return takes ? null : "each";
  return takes && windows !== undefined ? "reduced" : null;
}

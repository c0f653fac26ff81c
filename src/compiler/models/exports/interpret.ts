/**
 * A walk over an exported graph for one text of a few tokens. It finds the shape of every value, what each depends on, and the
 * numbers of all that do not depend on tokens: masks, positions and angles, however an exporter computes them. Branches are
 * decided and fused operators taken apart on the way, so that what remains is plain operators.
 */
import { dimensionOf } from "../../onnx/attributes.js";
import { intOf } from "./attributes.js";
import { defused } from "./defuse.js";
import type { ExportedGraph, ExportedNode, ExportedTensor } from "../../onnx/exported-graph.js";
import { isElementwise, isOfRows, kernelOf, productShape, reducedShape } from "./kernels.js";
import { isMove, movesOf } from "./moves.js";
import { stop } from "./stop.js";
import { broadcastShapes, pick, sizeOf, type Tensor } from "./tensors.js";

/** What a value follows from: stored tensors alone, the length of the text too, or its tokens. */
export type Origin = "parameter" | "position" | "token";

export interface Value {
  readonly shape: readonly number[];
  readonly origin: Origin;
  /** Whether it holds integers or truths. */
  readonly whole: boolean;
  /** Its numbers; null where they depend on tokens or are too many. */
  readonly data: () => ArrayLike<number> | null;
}

/** Numbers of a stored tensor; null where there are too many to look at. */
export type ReadTensor = (tensor: ExportedTensor) => ArrayLike<number> | null;

/** A graph that was walked over: plain operators only. */
export interface Walk {
  readonly values: ReadonlyMap<string, Value>;
  /** The node that computes a value. */
  readonly makers: ReadonlyMap<string, ExportedNode>;
  /** The nodes that read a value. */
  readonly readers: ReadonlyMap<string, readonly ExportedNode[]>;
  readonly tensors: ReadonlyMap<string, ExportedTensor>;
  /** The value that the logits are. */
  readonly logits: string;
}

/**
 * Walks over what the output `logits` needs.
 *
 * @param feeds the inputs by name; those of tokens have no data
 * @param changed other numbers for stored tensors
 * @throws a stop at an operator that is not known
 */
export function walk(
  graph: ExportedGraph,
  logits: string,
  feeds: ReadonlyMap<string, Value>,
  read: ReadTensor,
  changed: ReadonlyMap<string, readonly number[]> = new Map(),
): Walk {
  const values = new Map<string, Value>(feeds);
  const makers = new Map<string, ExportedNode>();
  const readers = new Map<string, ExportedNode[]>();
  const tensors = new Map<string, ExportedTensor>();

  function addTensor(name: string, tensor: ExportedTensor): void {
    tensors.set(name, tensor);
    let known: ArrayLike<number> | null | undefined;
    const data = (): ArrayLike<number> | null => (known ??= changed.get(name) ?? read(tensor));
    values.set(name, { shape: tensor.shape, origin: "parameter", whole: wholeTypes.has(tensor.type), data });
  }

  function addNode(node: ExportedNode): void {
    const constant = constantOf(node);
    if (constant !== null) {
      addTensor(node.outputs[0] ?? "", constant);
      return;
    }
    if (node.op === "If") {
      addBranch(node);
      return;
    }
    const inputs = node.inputs.map((name) => (name === "" ? undefined : valueOf(values, name, node)));
    const parts = defused(
      node,
      inputs.map((input) => input?.shape),
    );
    if (parts !== null) {
      parts.forEach(addNode);
      return;
    }
    const outputs = outputsOf(node, inputs);
    node.outputs.forEach((name, i) => {
      if (name === "") return;
      const output = outputs[i];
      if (output === undefined) return;
      values.set(name, output);
      makers.set(name, node);
    });
    for (const name of new Set(node.inputs)) readers.set(name, [...(readers.get(name) ?? []), node]);
  }

  /** The nodes of the branch that is taken, in the place of the If. */
  function addBranch(node: ExportedNode): void {
    const condition = valueOf(values, node.inputs[0] ?? "", node).data()?.[0];
    if (condition === undefined) stop(placeOf(node), "whether a branch is taken depends on tokens");
    const branch = node.attributes.get(condition === 0 ? "else_branch" : "then_branch");
    if (branch?.kind !== "graph") stop(placeOf(node), "it has no such branch");
    addGraph(
      branch.value,
      branch.value.outputs.map(({ name }) => name),
    );
    branch.value.outputs.forEach(({ name }, i) => {
      const output = node.outputs[i];
      if (output === undefined || output === "" || !values.has(name)) return;
      addNode({
        op: "Identity",
        domain: "",
        name: node.name,
        inputs: [name],
        outputs: [output],
        attributes: new Map(),
      });
    });
  }

  function addGraph(inner: ExportedGraph, wanted: readonly string[]): void {
    for (const tensor of inner.tensors) addTensor(tensor.name, tensor);
    for (const node of neededNodes(inner, wanted)) addNode(node);
  }

  addGraph(graph, [logits]);
  if (!values.has(logits)) stop(logits, "nothing computes it");
  return { values, makers, readers, tensors, logits };
}

/** What a file calls a node. */
export function placeOf({ op, name, outputs }: ExportedNode): string {
  return `${op} ${name === "" ? (outputs[0] ?? "") : name}`;
}

function valueOf(values: ReadonlyMap<string, Value>, name: string, node: ExportedNode): Value {
  return values.get(name) ?? stop(placeOf(node), `it reads ${name}, which nothing before it computes`);
}

/** The tensor of a Constant; null for other nodes. */
function constantOf(node: ExportedNode): ExportedTensor | null {
  if (node.op !== "Constant") return null;
  const name = node.outputs[0] ?? "";
  const made = (values: readonly number[], shape: readonly number[], type: "int64" | "float32"): ExportedTensor => ({
    ...{ name, type, storedType: type === "int64" ? 7 : 1, shape },
    data: { kind: "values", values },
  });
  for (const attribute of node.attributes.values()) {
    if (attribute.kind === "tensor") return { ...attribute.value, name };
    if (attribute.kind === "int") return made([attribute.value], [], "int64");
    if (attribute.kind === "float") return made([attribute.value], [], "float32");
    if (attribute.kind === "ints") return made(attribute.value, [attribute.value.length], "int64");
    if (attribute.kind === "floats") return made(attribute.value, [attribute.value.length], "float32");
  }
  return stop(placeOf(node), "it holds no numbers");
}

/** The nodes that some values need, in the order of the file. */
function neededNodes(graph: ExportedGraph, wanted: readonly string[]): readonly ExportedNode[] {
  const needed = new Set(wanted);
  const kept: ExportedNode[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    kept.push(node);
    for (const name of namesRead(node)) needed.add(name);
  }
  return kept.reverse();
}

/** What a node reads, the graphs inside it included. */
function namesRead(node: ExportedNode): readonly string[] {
  const inner = [...node.attributes.values()].flatMap((a) => (a.kind === "graph" ? [a.value] : []));
  return [
    ...node.inputs,
    ...inner.flatMap((graph) => [...graph.nodes.flatMap(namesRead), ...graph.outputs.map(({ name }) => name)]),
  ];
}

function joined(inputs: readonly (Value | undefined)[]): Origin {
  const origins = inputs.map((input) => input?.origin);
  if (origins.includes("token")) return "token";
  return origins.includes("position") ? "position" : "parameter";
}

/** Values of more numbers are not computed: no mask or table of angles of a short text has as many. */
const largest = 1 << 22;

const none = (): null => null;

function outputsOf(node: ExportedNode, inputs: readonly (Value | undefined)[]): readonly Value[] {
  const given = inputs.map((input) => input?.shape ?? []);
  if (node.op === "Shape" || node.op === "Size") {
    const made = kernelOf(node)?.(node, [{ shape: given[0] ?? [], data: [] }]);
    return (made ?? []).map(({ shape, data }) => ({ shape, origin: "position", whole: true, data: () => data }));
  }
  const origin = joined(inputs);
  const whole = isWhole(node, inputs);
  const moves = movesOf(node, { shapes: given, values: (i) => inputs[i]?.data() ?? null });
  if (moves !== null) {
    return moves.map(({ shape, from }) => ({
      shape,
      origin,
      whole,
      data: origin === "token" ? none : once(() => moved(shape, from(), inputs)),
    }));
  }
  const compute = once((): readonly Tensor[] | null => {
    const kernel = kernelOf(node);
    const known: (Tensor | undefined)[] = [];
    for (const input of inputs) {
      const data = input?.data();
      if (input !== undefined && data == null) return null;
      known.push(input === undefined || data == null ? undefined : { shape: input.shape, data, whole: input.whole });
    }
    return kernel === undefined || known.some((t) => t !== undefined && t.data.length > largest)
      ? null
      : kernel(node, known);
  });
  const shape = shapeOf(node, inputs);
  if (shape !== null)
    return [{ shape, origin, whole, data: origin === "token" ? none : () => compute()?.[0]?.data ?? null }];
  const tensors = origin === "token" ? null : compute();
  if (tensors !== null) return tensors.map(({ shape: own, data }) => ({ shape: own, origin, whole, data: () => data }));
  const what = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
  return stop(placeOf(node), `the operator ${what} is not understood here`);
}

const wholeTypes: ReadonlySet<string> = new Set(["int64", "int32", "bool"]);

const truths: ReadonlySet<string> = new Set([
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor", "Not", "IsNaN", "IsInf"],
]);

/** Whether a node gives integers or truths. */
function isWhole(node: ExportedNode, inputs: readonly (Value | undefined)[]): boolean {
  if (truths.has(node.op)) return true;
  if (node.op === "Cast") return [2, 3, 4, 5, 6, 7, 9, 12, 13].includes(intOf(node, "to", 1));
  if (node.op === "ConstantOfShape") {
    const value = node.attributes.get("value");
    return value?.kind === "tensor" && wholeTypes.has(value.value.type);
  }
  return inputs[node.op === "Where" ? 1 : 0]?.whole === true;
}

/** A function that is called once. */
function once<T>(compute: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: compute() }).value;
}

function moved(
  shape: readonly number[],
  { inputs: chosen, entries }: { readonly inputs?: Int32Array; readonly entries: Int32Array },
  inputs: readonly (Value | undefined)[],
): ArrayLike<number> | null {
  if (sizeOf(shape) > largest) return null;
  if (chosen === undefined) {
    const data = inputs[0]?.data() ?? null;
    return data === null ? null : pick(data, entries);
  }
  const lists = inputs.map((input) => input?.data() ?? null);
  if (lists.includes(null)) return null;
  return Float64Array.from(entries, (entry, i) => lists[chosen[i] ?? 0]?.[entry] ?? NaN);
}

/** Operators that keep the shape of their first input. */
const keepsShape: ReadonlySet<string> = new Set([
  ...["Softmax", "LogSoftmax", "LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization", "CumSum"],
  ...["Trilu", "ScatterND", "ScatterElements"],
]);

/** The shape of a node's first output where it follows from the shapes of the inputs; null otherwise. */
function shapeOf(node: ExportedNode, inputs: readonly (Value | undefined)[]): readonly number[] | null {
  const shapes = inputs.flatMap((input) => (input === undefined ? [] : [input.shape]));
  const [first = [], second = []] = shapes;
  const fits = (shape: readonly number[] | null): readonly number[] =>
    shape ?? stop(placeOf(node), `shapes ${shapes.map((own) => `[${own.join(", ")}]`).join(" and ")} do not fit`);
  if (isElementwise(node)) return fits(broadcastShapes(shapes));
  if (isOfRows(node) && node.op.startsWith("Reduce")) {
    const axes = inputs[1]?.data();
    return reducedShape(node, first, axes == null ? undefined : { shape: [axes.length], data: axes });
  }
  if (keepsShape.has(node.op)) return first;
  if (node.op === "MatMul") return fits(productShape(first, second));
  if (node.op === "FusedMatMul") {
    const turned = (shape: readonly number[], flag: string): readonly number[] =>
      intOf(node, flag, 0) === 1 ? [...shape.slice(0, -2), ...shape.slice(-2).reverse()] : shape;
    return fits(productShape(turned(first, "transA"), turned(second, "transB")));
  }
  if (node.op === "Gemm") {
    const turned = (shape: readonly number[], flag: string): readonly number[] =>
      intOf(node, flag, 0) === 1 ? [...shape].reverse() : shape;
    return fits(productShape(turned(first, "transA"), turned(second, "transB")));
  }
  if (node.op === "Gather") {
    const axis = dimensionOf(intOf(node, "axis", 0), first.length);
    return [...first.slice(0, axis), ...second, ...first.slice(axis + 1)];
  }
  if (isMove(node)) stop(placeOf(node), "where it takes its entries from depends on tokens, or does not fit");
  return null;
}

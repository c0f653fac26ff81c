/**
 * A model that another program exported to ONNX, as plain values. Unlike `onnx/graph.ts`, which holds what atlasc emits, this
 * holds whatever a file says: any operator, any attribute, graphs in graphs.
 */
import onnxProto from "onnx-proto";
import { dataTypes } from "./data-types.js";
import type { ElementType } from "./graph.js";

const { onnx } = onnxProto;

export interface ExportedModel {
  readonly producer: string;
  readonly graph: ExportedGraph;
}

export interface ExportedGraph {
  readonly inputs: readonly ExportedInput[];
  readonly outputs: readonly ExportedInput[];
  readonly nodes: readonly ExportedNode[];
  readonly tensors: readonly ExportedTensor[];
}

/** An input or an output. */
export interface ExportedInput {
  readonly name: string;
  /** Null for what is no tensor, or of another type. */
  readonly type: ElementType | null;
  /** A size, or null where only a run tells it. */
  readonly shape: readonly (number | null)[];
}

export interface ExportedNode {
  readonly op: string;
  readonly domain: string;
  /** The name in the file, for messages; it may be empty. */
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, ExportedAttribute>;
}

export type ExportedAttribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "tensor"; readonly value: ExportedTensor }
  | { readonly kind: "graph"; readonly value: ExportedGraph }
  | { readonly kind: "other" };

export interface ExportedTensor {
  readonly name: string;
  /** "other": one of the types that atlasc does not compute with, `storedType` of ONNX's numbering. */
  readonly type: ElementType | "other";
  readonly storedType: number;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export type TensorData =
  | { readonly kind: "values"; readonly values: readonly number[] }
  /** Little-endian bytes in a file beside the model, or in the model's own. Length null: as many as the shape says. */
  | { readonly kind: "file"; readonly file: string; readonly offset: number; readonly length: number | null };

/** Bytes of an element. */
export const elementBytes: Readonly<Record<ElementType, number>> = {
  ...{ float32: 4, float64: 8, float16: 2, bfloat16: 2 },
  ...{ int64: 8, int32: 4, bool: 1 },
};

/**
 * The model in the bytes of a ModelProto.
 *
 * @throws Error of protobufjs for bytes that are no protobuf, RangeError with a sentence for what is not a model
 */
export function decodeExport(bytes: Uint8Array): ExportedModel {
  const model = onnx.ModelProto.decode(bytes);
  if (!model.graph || (model.graph.node ?? []).length === 0) throw new RangeError("it holds no graph");
  return { producer: model.producerName, graph: decodeGraph(model.graph) };
}

type Int64 = number | { toNumber(): number };

function numberOf(value: unknown): number {
  const int = (value ?? 0) as Int64;
  return typeof int === "number" ? int : int.toNumber();
}

const typeOf = new Map(Object.entries(dataTypes).map(([type, number]) => [number, type as ElementType]));

function decodeGraph(graph: onnxProto.onnx.IGraphProto): ExportedGraph {
  const tensors = (graph.initializer ?? []).map(decodeTensor);
  const stored = new Set(tensors.map(({ name }) => name));
  const nodes = (graph.node ?? []).map(decodeNode);
  return {
    inputs: (graph.input ?? []).map(decodeInput).filter(({ name }) => !stored.has(name)),
    outputs: (graph.output ?? []).map(decodeInput),
    nodes,
    tensors,
  };
}

function decodeInput({ name, type }: onnxProto.onnx.IValueInfoProto): ExportedInput {
  const tensor = type?.tensorType;
  const shape = (tensor?.shape?.dim ?? []).map(({ dimValue }) =>
    dimValue === undefined || dimValue === null || numberOf(dimValue) <= 0 ? null : numberOf(dimValue),
  );
  return { name: name ?? "", type: typeOf.get(tensor?.elemType ?? 0) ?? null, shape };
}

function decodeNode(node: onnxProto.onnx.INodeProto): ExportedNode {
  return {
    op: node.opType ?? "",
    domain: node.domain === "ai.onnx" ? "" : (node.domain ?? ""),
    name: node.name ?? "",
    inputs: node.input ?? [],
    outputs: node.output ?? [],
    attributes: new Map((node.attribute ?? []).map((a) => [a.name ?? "", decodeAttribute(a)])),
  };
}

function decodeAttribute(attribute: onnxProto.onnx.IAttributeProto): ExportedAttribute {
  const { AttributeType } = onnx.AttributeProto;
  switch (attribute.type) {
    case AttributeType.INT:
      return { kind: "int", value: numberOf(attribute.i) };
    case AttributeType.INTS:
      return { kind: "ints", value: (attribute.ints ?? []).map(numberOf) };
    case AttributeType.FLOAT:
      return { kind: "float", value: attribute.f ?? 0 };
    case AttributeType.FLOATS:
      return { kind: "floats", value: attribute.floats ?? [] };
    case AttributeType.STRING:
      return { kind: "string", value: new TextDecoder().decode(attribute.s ?? new Uint8Array()) };
    case AttributeType.TENSOR:
      return attribute.t ? { kind: "tensor", value: decodeTensor(attribute.t) } : { kind: "other" };
    case AttributeType.GRAPH:
      return attribute.g ? { kind: "graph", value: decodeGraph(attribute.g) } : { kind: "other" };
    default:
      return { kind: "other" };
  }
}

function decodeTensor(tensor: onnxProto.onnx.ITensorProto): ExportedTensor {
  const storedType = tensor.dataType ?? 0;
  const type: ExportedTensor["type"] = typeOf.get(storedType) ?? "other";
  const head = { name: tensor.name ?? "", type, storedType, shape: (tensor.dims ?? []).map(numberOf) };
  if (tensor.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL) {
    const entries = new Map((tensor.externalData ?? []).map((e) => [e.key ?? "", e.value ?? ""]));
    const length = entries.get("length");
    const place = { file: entries.get("location") ?? "", offset: Number(entries.get("offset") ?? 0) };
    return { ...head, data: { kind: "file", ...place, length: length === undefined ? null : Number(length) } };
  }
  const raw = tensor.rawData ?? new Uint8Array();
  return { ...head, data: { kind: "values", values: raw.length > 0 ? valuesOf(type, raw) : listedValues(tensor) } };
}

/** Values that are listed in a field of their type instead of as bytes. */
function listedValues(tensor: onnxProto.onnx.ITensorProto): readonly number[] {
  const lists = [tensor.floatData, tensor.doubleData, (tensor.int64Data ?? []).map(numberOf)];
  const listed = lists.find((list) => (list ?? []).length > 0);
  if (listed) return listed;
  const ints = tensor.int32Data ?? [];
  if (tensor.dataType === dataTypes.float16) return ints.map(float16);
  if (tensor.dataType === dataTypes.bfloat16) return ints.map(bfloat16);
  return ints;
}

/** The values that little-endian bytes stand for; none for types that are not computed with. */
export function valuesOf(type: ElementType | "other", bytes: Uint8Array): readonly number[] {
  if (type === "other") return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = elementBytes[type];
  const read: Readonly<Record<ElementType, (at: number) => number>> = {
    float32: (at) => view.getFloat32(at, true),
    float64: (at) => view.getFloat64(at, true),
    float16: (at) => float16(view.getUint16(at, true)),
    bfloat16: (at) => bfloat16(view.getUint16(at, true)),
    int64: (at) => Number(view.getBigInt64(at, true)),
    int32: (at) => view.getInt32(at, true),
    bool: (at) => view.getUint8(at),
  };
  return Array.from({ length: Math.floor(bytes.byteLength / size) }, (_, i) => read[type](i * size));
}

function bfloat16(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits << 16);
  return view.getFloat32(0);
}

/** IEEE 754 binary16: sign, 5 bits of exponent, 10 of mantissa. */
function float16(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

import onnxProto from "onnx-proto";
import { dataTypes } from "./data-types.js";
import type { Attribute, Dimension, ElementType, Graph, Initializer, OnnxNode, ValueInfo } from "./graph.js";

const { onnx } = onnxProto;

/**
 * An int64 of protobuf: protobufjs gives a Long object, or a number when the value was made in JavaScript. The
 * declarations of onnx-proto name a type that does not resolve here, hence the assertions below.
 */
type Int64 = number | { toNumber(): number };

/**
 * Reads back what {@link encodeModel} writes: `decodeModel(encodeModel(graph))` equals `graph`.
 *
 * @throws RangeError for anything that the graph value cannot hold (tensor attributes, other types or
 * domains): reading foreign exports is another module's work.
 */
export function decodeModel(bytes: Uint8Array): Graph {
  const model = onnx.ModelProto.decode(bytes);
  const graph = model.graph;
  if (!graph) throw new RangeError("decodeModel: the model has no graph");
  const standard = model.opsetImport.find((entry) => (entry.domain ?? "") === "");
  return decodeGraph(graph, toNumber((standard?.version ?? 0) as Int64));
}

function decodeGraph(graph: onnxProto.onnx.IGraphProto, opset: number): Graph {
  return {
    name: graph.name ?? "",
    opset,
    inputs: (graph.input ?? []).map(decodeValueInfo),
    outputs: (graph.output ?? []).map(decodeValueInfo),
    nodes: (graph.node ?? []).map((node) => decodeNode(node, opset)),
    initializers: (graph.initializer ?? []).map(decodeInitializer),
  };
}

function toNumber(value: Int64): number {
  return typeof value === "number" ? value : value.toNumber();
}

function decodeType(dataType: number | null | undefined): ElementType {
  for (const [type, number] of Object.entries(dataTypes)) if (number === dataType) return type as ElementType;
  throw new RangeError(`decodeModel: element type ${String(dataType)} is not supported`);
}

function decodeValueInfo(value: onnxProto.onnx.IValueInfoProto): ValueInfo {
  const tensor = value.type?.tensorType;
  const shape = (tensor?.shape?.dim ?? []).map((d): Dimension => {
    const name = d.dimParam ?? "";
    return name === "" ? toNumber((d.dimValue ?? 0) as Int64) : name;
  });
  return { name: value.name ?? "", type: decodeType(tensor?.elemType), shape };
}

function decodeNode(node: onnxProto.onnx.INodeProto, opset: number): OnnxNode {
  const domain = node.domain ?? "";
  if (domain !== "" && domain !== "com.microsoft") throw new RangeError(`decodeModel: domain ${domain}`);
  const attributes = (node.attribute ?? []).map((a) => [a.name ?? "", decodeAttribute(a, opset)] as const);
  return {
    op: node.opType ?? "",
    domain,
    inputs: [...(node.input ?? [])],
    outputs: [...(node.output ?? [])],
    attributes: Object.fromEntries(attributes),
  };
}

function decodeAttribute(attribute: onnxProto.onnx.IAttributeProto, opset: number): Attribute {
  const { AttributeType } = onnx.AttributeProto;
  switch (attribute.type) {
    case AttributeType.INT:
      return { kind: "int", value: toNumber((attribute.i ?? 0) as Int64) };
    case AttributeType.INTS:
      return { kind: "ints", value: (attribute.ints ?? []).map(toNumber) };
    case AttributeType.FLOAT:
      return { kind: "float", value: attribute.f ?? 0 };
    case AttributeType.STRING:
      return { kind: "string", value: new TextDecoder().decode(attribute.s ?? new Uint8Array()) };
    case AttributeType.GRAPH:
      return { kind: "graph", value: decodeGraph(attribute.g ?? {}, opset) };
    default:
      throw new RangeError(`decodeModel: attribute type ${String(attribute.type)} is not supported`);
  }
}

function decodeInitializer(tensor: onnxProto.onnx.ITensorProto): Initializer {
  const type = decodeType(tensor.dataType);
  const head = { name: tensor.name ?? "", type, shape: (tensor.dims ?? []).map(toNumber) };
  if (tensor.dataLocation !== onnx.TensorProto.DataLocation.EXTERNAL) {
    return { ...head, data: { kind: "inline", values: inlineValues(type, tensor.rawData ?? new Uint8Array()) } };
  }
  const entries = new Map((tensor.externalData ?? []).map((e) => [e.key ?? "", e.value ?? ""]));
  const file = entries.get("location") ?? "";
  return {
    ...head,
    data: {
      kind: "external",
      file,
      offset: Number(entries.get("offset") ?? 0),
      length: Number(entries.get("length") ?? 0),
    },
  };
}

function inlineValues(type: ElementType, bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const each = (size: number, read: (offset: number) => number): number[] =>
    Array.from({ length: bytes.byteLength / size }, (_, i) => read(i * size));
  switch (type) {
    case "float32":
      return each(4, (offset) => view.getFloat32(offset, true));
    case "int32":
      return each(4, (offset) => view.getInt32(offset, true));
    case "int64":
      return each(8, (offset) => Number(view.getBigInt64(offset, true)));
    case "bool":
      return each(1, (offset) => view.getUint8(offset));
    default:
      throw new RangeError(`decodeModel: inline constants of type ${type} are not read`);
  }
}

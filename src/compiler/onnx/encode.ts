import onnxProto from "onnx-proto";
import { dataTypes } from "./data-types.js";
import { elementTypes } from "./element-types.js";
import type { Attribute, Dimension, ElementType, Graph, Initializer, OnnxNode, ValueInfo } from "./graph.js";
import { valueShapes } from "./shapes.js";

const { onnx } = onnxProto;

/** IR version of the models that atlasc writes: the newest that onnx-proto 8 knows. */
export const irVersion = 8;

/**
 * The graph as the bytes of an ONNX ModelProto (operator set of the graph + com.microsoft 1). External initializers
 * keep only file name, offset and length. With `shapes`, the shapes of the values between are told as far as they are known.
 *
 * @source onnx/onnx docs/IR.md and docs/ExternalData.md
 */
export function encodeModel(graph: Graph, { shapes = false } = {}): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion,
    producerName: "atlasc",
    opsetImport: [
      { domain: "", version: graph.opset },
      { domain: "com.microsoft", version: 1 },
    ],
    graph: { ...encodeGraph(graph), valueInfo: shapes ? knownValues(graph).map(encodeValueInfo) : [] },
  });
  return onnx.ModelProto.encode(model).finish();
}

function encodeGraph(graph: Graph): onnxProto.onnx.IGraphProto {
  return {
    name: graph.name,
    input: graph.inputs.map(encodeValueInfo),
    output: graph.outputs.map(encodeValueInfo),
    node: graph.nodes.map(encodeNode),
    initializer: graph.initializers.map(encodeInitializer),
  };
}

/** The values between inputs and outputs whose type and shape are known. */
function knownValues(graph: Graph): readonly ValueInfo[] {
  const [shapes, types] = [valueShapes(graph), elementTypes(graph)];
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  return graph.nodes
    .flatMap((node) => node.outputs)
    .flatMap((name) => {
      const [shape, type] = [shapes.get(name), types.get(name)];
      return shape === undefined || type === undefined || outputs.has(name) ? [] : [{ name, type, shape }];
    });
}

function encodeValueInfo(value: ValueInfo): onnxProto.onnx.IValueInfoProto {
  const dim = value.shape.map((d: Dimension) => (typeof d === "number" ? { dimValue: d } : { dimParam: d }));
  return { name: value.name, type: { tensorType: { elemType: dataTypes[value.type], shape: { dim } } } };
}

function encodeNode(node: OnnxNode): onnxProto.onnx.INodeProto {
  return {
    // Node names are optional, and the first output is a unique one that profiles and errors can show.
    name: node.outputs[0] ?? "",
    opType: node.op,
    domain: node.domain,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, attribute]) => encodeAttribute(name, attribute)),
  };
}

function encodeAttribute(name: string, attribute: Attribute): onnxProto.onnx.IAttributeProto {
  const { AttributeType } = onnx.AttributeProto;
  switch (attribute.kind) {
    case "int":
      return { name, type: AttributeType.INT, i: attribute.value };
    case "ints":
      return { name, type: AttributeType.INTS, ints: [...attribute.value] };
    case "float":
      return { name, type: AttributeType.FLOAT, f: attribute.value };
    case "string":
      return { name, type: AttributeType.STRING, s: new TextEncoder().encode(attribute.value) };
    case "graph":
      return { name, type: AttributeType.GRAPH, g: encodeGraph(attribute.value) };
  }
}

function encodeInitializer(initializer: Initializer): onnxProto.onnx.ITensorProto {
  const head = { name: initializer.name, dataType: dataTypes[initializer.type], dims: [...initializer.shape] };
  if (initializer.data.kind === "inline") {
    return { ...head, rawData: inlineBytes(initializer.type, initializer.data.values) };
  }
  const { file, offset, length } = initializer.data;
  return {
    ...head,
    dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
    externalData: [
      { key: "location", value: file },
      { key: "offset", value: String(offset) },
      { key: "length", value: String(length) },
    ],
  };
}

/** Little-endian bytes of inline values, as ONNX wants raw_data whatever the machine. */
function inlineBytes(type: ElementType, values: readonly number[]): Uint8Array {
  const size = { float32: 4, float64: 0, int32: 4, int64: 8, bool: 1, float16: 0, bfloat16: 0 }[type];
  if (size === 0) throw new RangeError(`encodeModel: inline constants of type ${type} are not emitted`);
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (type === "float32") view.setFloat32(4 * i, value, true);
    else if (type === "int32") view.setInt32(4 * i, value, true);
    else if (type === "int64") view.setBigInt64(8 * i, BigInt(value), true);
    else view.setUint8(i, value === 0 ? 0 : 1);
  });
  return bytes;
}

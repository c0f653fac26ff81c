/** Where the external data of a model lies. */
import onnxProto from "onnx-proto";

const { onnx } = onnxProto;

type Graph = onnxProto.onnx.IGraphProto;
type Tensor = onnxProto.onnx.ITensorProto;

/**
 * A model whose tensors lie in files called by other names, and whose constants outside of it are initializers, since only
 * these may lie in files. Where `output` is given, it is the only output.
 *
 * @throws Error of protobufjs for bytes that are no model
 */
export function relocated(bytes: Uint8Array, nameOf: (location: string) => string, output?: string): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  if (model.graph) {
    relocateGraph(model.graph, nameOf);
    if (output !== undefined) model.graph.output = (model.graph.output ?? []).filter(({ name }) => name === output);
  }
  return onnx.ModelProto.encode(model).finish();
}

function relocateGraph(graph: Graph, nameOf: (location: string) => string): void {
  const lifted: Tensor[] = [];
  const kept = (graph.node ?? []).filter((node) => {
    for (const attribute of node.attribute ?? []) if (attribute.g) relocateGraph(attribute.g, nameOf);
    const constant = node.opType === "Constant" ? node.attribute?.[0]?.t : null;
    if (!constant || (constant.externalData ?? []).length === 0) return true;
    lifted.push({ ...constant, name: node.output?.[0] ?? "" });
    return false;
  });
  graph.node = kept;
  graph.initializer = [...(graph.initializer ?? []), ...lifted];
  for (const tensor of graph.initializer) {
    for (const entry of tensor.externalData ?? [])
      if (entry.key === "location") entry.value = nameOf(entry.value ?? "");
  }
}

/** The files outside the model in which tensors lie, as it calls them. */
export function locationsOf(bytes: Uint8Array): readonly string[] {
  const found = new Set<string>();
  relocated(bytes, (location) => {
    found.add(location);
    return location;
  });
  return [...found];
}

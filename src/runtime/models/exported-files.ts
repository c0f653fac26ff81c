/** The files of an ONNX export: the model, and those beside it that hold its tensors. */
import { closeSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import onnxProto from "onnx-proto";
import { elementBytes, valuesOf, type ExportedTensor } from "../../compiler/exports/export-graph.js";
import type { Outcome } from "./outcome.js";
import { openRegular, readFully } from "./regular-file.js";

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

/** The real path of a file that a model names: one in its folder, or what a link there leads to. */
export function pathOfLocation(model: string, location: string): Outcome<string> {
  const segments = location.split(/[/\\]/);
  if (location === "" || isAbsolute(location) || /^[A-Za-z]:/.test(location) || segments.includes("..")) {
    return { ok: false, reason: "its tensors lie outside of its folder" };
  }
  try {
    return { ok: true, value: realpathSync(join(dirname(model), location)) };
  } catch {
    return { ok: false, reason: "it is missing" };
  }
}

/** Tensors with more numbers are not looked at. */
const mostNumbers = 1 << 22;

/** The numbers of a stored tensor, read from its file; null where there are too many or the file has not as many. */
export function readNumbers(
  tensor: ExportedTensor,
  pathOf: (location: string) => string | null,
): readonly number[] | null {
  const { data, type, shape } = tensor;
  if (data.kind === "values") return data.values;
  const count = shape.reduce((product, size) => product * size, 1);
  const path = pathOf(data.file);
  if (path === null || type === "other" || !(count <= mostNumbers)) return null;
  const opened = openRegular(path);
  if (!opened.ok) return null;
  try {
    const length = count * elementBytes[type];
    if (data.offset + length > opened.value.size) return null;
    const bytes = Buffer.alloc(length);
    readFully(opened.value.file, bytes, data.offset);
    return valuesOf(type, bytes);
  } finally {
    closeSync(opened.value.file);
  }
}

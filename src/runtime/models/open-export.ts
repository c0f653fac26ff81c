/** Opens the files of an ONNX export: what model it is, and where its weights lie. */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Json } from "../../compiler/base/digest.js";
import { diagnostic } from "../../compiler/diagnostics/create.js";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import {
  decodeExport,
  elementBytes,
  type ExportedGraph,
  type ExportedModel,
  type ExportedTensor,
} from "../../compiler/onnx/exported-graph.js";
import { storedTensorName } from "../../compiler/models/exports/exported-model.js";
import { recogniseExport, type RecognisedExport } from "../../compiler/models/exports/recognise.js";
import type { TensorEntry } from "../../compiler/models/model.js";
import { reasonOf } from "../store/fault.js";
import { locationsOf, relocated } from "../../compiler/onnx/relocate.js";
import { pathOfLocation, readNumbers } from "./exported-files.js";
import { fileIdentity, settledFileIdentity, type IdentifiedFile } from "./file-identity.js";
import { isFolder } from "./model-advice.js";
import type { JsonObject } from "./model-json.js";
import type { ModelRequest } from "./model-request.js";
import { readLeanOnnx } from "./onnx-file.js";
import { commonFolder, locationOf, type Weights } from "./weights.js";

/** An export that was understood. */
export interface OpenedExport {
  readonly weights: Weights;
  readonly exported: RecognisedExport;
  /** The file's own graph with its logits as the only output, to be compared with what is built from it. */
  readonly original: Uint8Array;
}

/** Names that exporters give a model without a past, or with one that may be empty. */
const usualNames = ["model.onnx", "decoder_model.onnx", "decoder_model_merged.onnx"];

/** The ONNX model of a folder that holds no other weights; null where there is none, or more than one and none is usual. */
export function exportIn(folder: string): string | null {
  for (const own of [folder, join(folder, "onnx")]) {
    if (!isFolder(own)) continue;
    const names = readdirSync(own).filter((name) => name.endsWith(".onnx"));
    const usual = usualNames.find((name) => names.includes(name)) ?? (names.length === 1 ? names[0] : undefined);
    if (usual !== undefined) return join(own, usual);
  }
  return null;
}

/**
 * Reads an export and recognises its model. What is wrong with it is a diagnostic: A4022 for a file that cannot be read,
 * A4023 for a graph that is not understood.
 */
export async function openExport(
  path: string,
  config: JsonObject,
  { source, span }: ModelRequest,
  diagnostics: Diagnostic[],
): Promise<OpenedExport | null> {
  const file = basename(path);
  function refuse(reason: string): null {
    diagnostics.push(diagnostic("A4022", span, { source, file, reason }));
    return null;
  }

  if (!existsSync(path)) return refuse("there is no such file");
  const real = realpathSync(path);
  const lean = readLeanOnnx(real, file);
  if (!lean.ok) return refuse(lean.reason);
  let model: ExportedModel;
  let locations: readonly string[];
  try {
    model = decodeExport(lean.value);
    locations = locationsOf(lean.value);
  } catch (error) {
    return refuse(error instanceof RangeError ? error.message : `it is no ONNX model: ${reasonOf(error)}`);
  }
  const paths = new Map<string, string>([[file, real]]);
  for (const location of locations) {
    if (location === file) continue;
    const found = pathOfLocation(path, location);
    if (!found.ok) return refuse(`its tensors are in ${JSON.stringify(location)}, and ${found.reason}`);
    paths.set(location, found.value);
  }
  const files: (IdentifiedFile & { readonly name: string })[] = [];
  for (const [name, own] of [...paths].sort(([a], [b]) => (a < b ? -1 : 1))) {
    try {
      files.push({ name, path: own, identity: await settledFileIdentity(own) });
    } catch (error) {
      return refuse(`${name} cannot be read: ${reasonOf(error)}`);
    }
  }
  const misplaced = misplacedTensor(model.graph, paths);
  if (misplaced !== null) return refuse(misplaced);

  const recognised = recogniseExport(
    model,
    (tensor) => readNumbers(tensor, (name) => paths.get(name) ?? null),
    longestOf(config),
  );
  if (!recognised.ok) {
    diagnostics.push(diagnostic("A4023", span, { source, file, reason: recognised.reason }));
    return null;
  }
  const exported = recognised.value;
  for (const { name: input, kind } of exported.feeds) {
    if (kind === "mask") diagnostics.push(diagnostic("A8045", span, { source, input }));
  }
  const folder = commonFolder(files.map((own) => dirname(own.path)));
  const nameOf = (location: string): string => locationOf(paths.get(location) ?? location, folder);
  const stored = new Map(tensorsIn(model.graph).map((tensor) => [tensor.name, tensor]));
  const tensors = exported.tensors.map((name): readonly [string, TensorEntry] => {
    const tensor = stored.get(name);
    if (tensor?.data.kind !== "file" || tensor.type === "other")
      throw new RangeError(`openExport: ${name} has no file`);
    const { type, shape, data } = tensor;
    const length = bytesOf(tensor);
    return [
      storedTensorName(name),
      { type, storedType: type, shape, file: nameOf(data.file), offset: data.offset, length },
    ];
  });
  const original = relocated(lean.value, nameOf, exported.logits);
  return { weights: { tensors: Object.fromEntries(tensors), files, folder }, exported, original };
}

/** How long texts may be, by a config that lies beside the export. */
function longestOf(config: JsonObject): number | null {
  const spellings: readonly (Json | undefined)[] = [config["max_position_embeddings"], config["n_positions"]];
  const stated = spellings.find((value) => typeof value === "number" && Number.isInteger(value) && value > 0);
  return typeof stated === "number" ? stated : null;
}

/** Every stored tensor, those of constants and of inner graphs included. */
function tensorsIn(graph: ExportedGraph): readonly ExportedTensor[] {
  const inner = graph.nodes.flatMap((node) =>
    [...node.attributes.values()].flatMap((attribute) => {
      if (attribute.kind === "tensor") return [{ ...attribute.value, name: node.outputs[0] ?? "" }];
      return attribute.kind === "graph" ? tensorsIn(attribute.value) : [];
    }),
  );
  return [...graph.tensors, ...inner];
}

function bytesOf({ type, shape }: ExportedTensor): number {
  return shape.reduce((product, size) => product * size, 1) * (type === "other" ? 0 : elementBytes[type]);
}

/** What is wrong with the place of a tensor in its file, if anything is. */
function misplacedTensor(graph: ExportedGraph, paths: ReadonlyMap<string, string>): string | null {
  for (const tensor of tensorsIn(graph)) {
    const { data, name, shape } = tensor;
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return `the tensor ${name} has no sizes`;
    if (data.kind !== "file" || tensor.type === "other") continue;
    const path = paths.get(data.file);
    const size = path === undefined ? 0 : fileIdentity(path).size;
    const length = bytesOf(tensor);
    const isWhole = Number.isSafeInteger(data.offset) && data.offset >= 0 && Number.isSafeInteger(length);
    if (!isWhole || data.offset + length > size || (data.length !== null && data.length !== length)) {
      return `the tensor ${name} of ${length} bytes is not where the file says, in ${data.file} of ${size} bytes`;
    }
  }
  return null;
}

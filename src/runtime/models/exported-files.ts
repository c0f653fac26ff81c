/** The files of an ONNX export: the model, and those beside it that hold its tensors. */
import { closeSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { elementBytes, valuesOf, type ExportedTensor } from "../../compiler/onnx/exported-graph.js";
import type { Outcome } from "./outcome.js";
import { openRegular, readFully } from "./regular-file.js";

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

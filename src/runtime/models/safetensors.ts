/** Safetensors files: headers of weights from disk, and the results of units, which are written and read whole. */
import { closeSync } from "node:fs";
import type { Json } from "../../compiler/base/digest.js";
import { reasonOf } from "../store/fault.js";
import type { Outcome } from "./outcome.js";
import { openRegular, readFully } from "./regular-file.js";
import { headerLength, headerOf, parseHeader, type SafetensorsHeader } from "./safetensors-header.js";

/** Reads and checks the header of a file; file-system errors come out as reasons too. */
export function readSafetensorsHeader(path: string): Outcome<SafetensorsHeader> {
  const opened = openRegular(path);
  if (!opened.ok) return opened;
  const { file, size } = opened.value;
  try {
    const first = Buffer.alloc(8);
    readFully(file, first, 0);
    const length = headerLength(first, size);
    if (!length.ok) return length;
    const header = Buffer.alloc(length.value);
    readFully(file, header, 8);
    return parseHeader(header, size);
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  } finally {
    closeSync(file);
  }
}

/** A tensor in memory, of the types that results are stored in. */
export interface MemoryTensor {
  readonly type: "float32" | "int32" | "int64";
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array;
}

const storedTypes = { float32: "F32", int32: "I32", int64: "I64" } as const;

/**
 * A safetensors file in memory. Tensors are written in the order of their names, so that equal contents have equal
 * bytes; the header is padded to a multiple of 8, so that every tensor may be read in place.
 *
 * @throws RangeError (a fault of ours) when data do not fill their shape
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, MemoryTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Buffer {
  const header: Record<string, Json> = {};
  if (Object.keys(metadata).length > 0) header["__metadata__"] = metadata;
  const parts: Uint8Array[] = [];
  let offset = 0;
  // 8-byte elements first, so that they stay aligned whatever the 4-byte tensors' lengths.
  const order = (tensor: MemoryTensor): number => (tensor.type === "int64" ? 0 : 1);
  const sorted = Object.entries(tensors).sort(([a, x], [b, y]) => order(x) - order(y) || (a < b ? -1 : 1));
  for (const [name, { type, shape, data }] of sorted) {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (size !== data.length) throw new RangeError(`writeSafetensors: ${name} has ${data.length} values, not ${size}`);
    header[name] = { dtype: storedTypes[type], shape, data_offsets: [offset, offset + data.byteLength] };
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header), "utf8");
  const padding = Buffer.alloc((8 - (text.length % 8)) % 8, " ");
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length + padding.length));
  return Buffer.concat([length, text, padding, ...parts]);
}

/** Reads what {@link writeSafetensors} wrote; other element types and damaged files are reasons. */
export function readSafetensors(bytes: Uint8Array): Outcome<{
  readonly tensors: Readonly<Record<string, MemoryTensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}> {
  const header = headerOf(bytes);
  if (!header.ok) return header;
  const tensors: Record<string, MemoryTensor> = {};
  for (const [name, { storedType, shape, offset, length: size }] of Object.entries(header.value.tensors)) {
    // A copy, because typed arrays must start at a multiple of their element size, which a slice of a file need not.
    const { buffer } = new Uint8Array(bytes.subarray(offset, offset + size));
    if (storedType === "F32") tensors[name] = { type: "float32", shape, data: new Float32Array(buffer) };
    else if (storedType === "I32") tensors[name] = { type: "int32", shape, data: new Int32Array(buffer) };
    else if (storedType === "I64") tensors[name] = { type: "int64", shape, data: new BigInt64Array(buffer) };
    else return { ok: false, reason: `tensor ${name} is of type ${storedType}` };
  }
  return { ok: true, value: { tensors, metadata: header.value.metadata } };
}

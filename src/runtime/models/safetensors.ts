import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Json } from "../../compiler/base/digest.js";
import { entryOf } from "../../compiler/base/entry.js";

/**
 * The safetensors format: 8 bytes little-endian length N of the header, N bytes of JSON, then the tensors' bytes.
 *
 * @source huggingface/safetensors README.md and safetensors/src/tensor.rs (what its reader refuses, this one refuses)
 */

/** A value, or why there is none (a sentence's end: "the file ends after 12 of 300 bytes"). */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** One tensor: its bytes are [offset, offset + length) of the file. */
export interface StoredTensor {
  /** The format's name of the element type: `F32`, `BF16`, … */
  readonly storedType: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

export interface SafetensorsHeader {
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes per element of every type of the format. */
const elementSizes: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
  C64: 8,
};

/** The reference implementation's limit: a longer header is taken for a damaged file. */
const longestHeader = 100_000_000;

/** Reads and checks the header of a file; file-system errors come out as reasons too. */
export function readSafetensorsHeader(path: string): Outcome<SafetensorsHeader> {
  let file: number | null = null;
  try {
    file = openSync(path, "r");
    const size = fstatSync(file).size;
    const first = Buffer.alloc(8);
    readFully(file, first, 0);
    const length = headerLength(first, size);
    if (!length.ok) return length;
    const header = Buffer.alloc(length.value);
    readFully(file, header, 8);
    return parseHeader(header, size);
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** Fills a buffer from a place in a file; what lies past the end stays zero and is caught by the size checks. */
function readFully(file: number, into: Buffer, position: number): void {
  let done = 0;
  while (done < into.length) {
    const count = readSync(file, into, done, into.length - done, position + done);
    if (count === 0) return;
    done += count;
  }
}

function headerLength(first: Uint8Array, fileSize: number): Outcome<number> {
  if (fileSize < 8) return { ok: false, reason: `it is ${fileSize} bytes long, too short for a header` };
  const view = new DataView(first.buffer, first.byteOffset, 8);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(longestHeader)) {
    return { ok: false, reason: `it claims a header of ${length} bytes, so it is damaged or no safetensors file` };
  }
  if (length < 2n) return { ok: false, reason: `it claims a header of ${length} bytes` };
  if (8n + length > BigInt(fileSize)) {
    return { ok: false, reason: `it ends after ${fileSize} bytes, inside its header of ${length} bytes` };
  }
  return { ok: true, value: Number(length) };
}

function parseHeader(bytes: Uint8Array, fileSize: number): Outcome<SafetensorsHeader> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { ok: false, reason: "its header is not valid JSON" };
  }
  if (!isRecord(header)) return { ok: false, reason: "its header is not a JSON object" };
  const start = 8 + bytes.length;
  const stored: [string, StoredTensor][] = [];
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      if (!isRecord(entry) || !Object.values(entry).every((value) => typeof value === "string")) {
        return { ok: false, reason: "its metadata is not a table of strings" };
      }
      metadata = entry as Record<string, string>;
      continue;
    }
    const tensor = parseTensor(name, entry, start);
    if (!tensor.ok) return tensor;
    stored.push([name, tensor.value]);
  }
  const tensors = Object.fromEntries(stored);
  const fault = coverageFault(tensors, start, fileSize);
  return fault === null ? { ok: true, value: { tensors, metadata } } : { ok: false, reason: fault };
}

function parseTensor(name: string, entry: unknown, start: number): Outcome<StoredTensor> {
  const fault = (what: string): Outcome<StoredTensor> => ({ ok: false, reason: `tensor ${name} ${what}` });
  if (!isRecord(entry)) return fault("is not described by an object");
  const { dtype, shape, data_offsets: offsets } = entry;
  const size = typeof dtype === "string" ? entryOf(elementSizes, dtype) : undefined;
  if (typeof dtype !== "string" || size === undefined) return fault(`has the unknown type ${JSON.stringify(dtype)}`);
  if (!isCounts(shape)) return fault(`has the shape ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2) return fault(`has the offsets ${JSON.stringify(offsets)}`);
  const [begin = 0, end = 0] = offsets;
  if (begin > end) return fault(`has the offsets ${begin} and ${end}, the wrong way round`);
  const expected = shape.reduce((product, dimension) => product * dimension, size);
  if (expected !== end - begin) return fault(`of shape [${shape.join(", ")}] ${dtype} has ${end - begin} bytes`);
  return { ok: true, value: { storedType: dtype, shape, offset: start + begin, length: end - begin } };
}

/** The tensors must fill the file without gap or overlap, up to its last byte. */
function coverageFault(
  tensors: Readonly<Record<string, StoredTensor>>,
  start: number,
  fileSize: number,
): string | null {
  const sorted = Object.entries(tensors).sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
  let end = start;
  for (const [name, tensor] of sorted) {
    if (tensor.offset < end) return `tensor ${name} overlaps another`;
    if (tensor.offset > end) return `there is a gap of ${tensor.offset - end} bytes before tensor ${name}`;
    end = tensor.offset + tensor.length;
    if (end > fileSize) return `it ends after ${fileSize} bytes, inside tensor ${name}, which ends at byte ${end}`;
  }
  return end === fileSize ? null : `it has ${fileSize - end} bytes after its last tensor`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
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
  const length = headerLength(bytes.subarray(0, 8), bytes.length);
  if (!length.ok) return length;
  const header = parseHeader(bytes.subarray(8, 8 + length.value), bytes.length);
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

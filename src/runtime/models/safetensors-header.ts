/** What the header of a safetensors file says: bytes in, tensors out. Files are read by `safetensors.ts`. */
import { entryOf } from "../../compiler/base/entry.js";
import type { Outcome } from "./outcome.js";
import { parseModelJson, repeatedKey } from "./model-json.js";
import type { TensorEntry } from "../../compiler/models/model.js";

/**
 * The safetensors format: 8 bytes little-endian length N of the header, N bytes of JSON, then the tensors' bytes.
 *
 * @source huggingface/safetensors README.md and safetensors/src/tensor.rs (what its reader refuses, this one refuses)
 */

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

/** The header of a file that is in memory. */
export function headerOf(bytes: Uint8Array): Outcome<SafetensorsHeader> {
  const length = headerLength(bytes.subarray(0, 8), bytes.length);
  return length.ok ? parseHeader(bytes.subarray(8, 8 + length.value), bytes.length) : length;
}

/** Element types that a graph can name, by the names of safetensors. */
const graphTypes: Readonly<Record<string, TensorEntry["type"]>> = {
  F32: "float32",
  F64: "float64",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  BOOL: "bool",
};

/** The tensors of a file as the compiler is told of them; graphs call the file `location`. */
export function tensorEntries(
  { tensors }: SafetensorsHeader,
  location: string,
): readonly (readonly [string, TensorEntry])[] {
  return Object.entries(tensors).map(([name, { storedType, shape, offset, length }]) => [
    name,
    { type: entryOf(graphTypes, storedType) ?? "other", storedType, shape, file: location, offset, length },
  ]);
}

/** Bytes of JSON of a header, by the first 8 bytes of a file and its size. */
export function headerLength(first: Uint8Array, fileSize: number): Outcome<number> {
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

/** What the JSON of a header says, of a file of so many bytes. */
export function parseHeader(bytes: Uint8Array, fileSize: number): Outcome<SafetensorsHeader> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { ok: false, reason: "its header is not UTF-8 text" };
  }
  const parsed = parseModelJson(text);
  if (!parsed.ok) return { ok: false, reason: `its header is not a JSON object: ${parsed.reason}` };
  const header = parsed.value;
  const repeated = repeatedKey(text);
  if (repeated !== null) return { ok: false, reason: `its header names ${repeated} twice` };
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

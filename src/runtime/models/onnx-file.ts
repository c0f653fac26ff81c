/**
 * ONNX files without their weights. The bytes of large tensors are left where they are and become external data: a file name,
 * an offset and a length. What remains is a small model that says the same, so that a file of gigabytes is opened in a moment.
 *
 * @source onnx/onnx onnx/onnx.proto: the numbers of fields
 */
import { closeSync } from "node:fs";
import { fileLimits } from "../../compiler/base/file-limits.js";
import { sizeText } from "../read-text.js";
import { reasonOf } from "../store/fault.js";
import type { Outcome } from "./outcome.js";
import { openRegular, readFully } from "./regular-file.js";

/** A kind of message, and which of its fields are messages that may hold tensors. */
interface Message {
  readonly fields: ReadonlyMap<number, () => Message>;
  /** Fields of a tensor that hold its entries as they lie in memory. */
  readonly bytes?: ReadonlySet<number>;
}

const tensor: Message = { fields: new Map(), bytes: new Set([4, 9]) };
const attribute: Message = {
  fields: new Map([
    [5, () => tensor],
    [6, () => graph],
    [10, () => tensor],
    [11, () => graph],
  ]),
};
const node: Message = { fields: new Map([[5, () => attribute]]) };
const graph: Message = {
  fields: new Map([
    [1, () => node],
    [5, () => tensor],
  ]),
};
const model: Message = { fields: new Map([[7, () => graph]]) };

/** Messages that are shorter are taken as they are. */
const small = 256;

/** Graphs in graphs, and messages in them. */
const deepest = 64;

/** The bytes of the model in a file, its large tensors as external data in a file called `name`. */
export function readLeanOnnx(path: string, name: string): Outcome<Uint8Array> {
  const opened = openRegular(path);
  if (!opened.ok) return opened;
  const { file, size } = opened.value;
  try {
    if (size === 0) return { ok: false, reason: "it is empty" };
    return { ok: true, value: Buffer.concat(lean(reader(file, size, name), model, 0, size, 0)) };
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  } finally {
    closeSync(file);
  }
}

interface Reader {
  readonly name: string;
  /** Bytes [from, to); kept ones count. */
  readonly bytes: (from: number, to: number) => Buffer;
  readonly keep: (from: number, to: number) => Buffer;
}

/** So much is read at once where single numbers are looked at. */
const blockBytes = 1 << 16;

function reader(file: number, size: number, name: string): Reader {
  let kept = 0;
  let start = 0;
  let block = Buffer.alloc(0);
  function bytes(from: number, to: number): Buffer {
    if (to > size) throw new RangeError(`it ends after ${size} bytes, in the middle of a field`);
    if (to - from > blockBytes) {
      const own = Buffer.alloc(to - from);
      readFully(file, own, from);
      return own;
    }
    if (from < start || to > start + block.length) {
      start = from;
      block = Buffer.alloc(Math.min(blockBytes, size - from));
      readFully(file, block, from);
    }
    return block.subarray(from - start, to - start);
  }
  return {
    name,
    bytes,
    keep(from, to) {
      kept += to - from;
      const most = fileLimits.modelJsonBytes;
      if (kept > most) throw new RangeError(`it has more than ${sizeText(most)} beside its tensors`);
      // A copy: the block is read anew.
      return Buffer.from(bytes(from, to));
    },
  };
}

/** The fields of a message in [start, end), without the bytes of large tensors. */
function lean(read: Reader, kind: Message, start: number, end: number, depth: number): Buffer[] {
  if (depth > deepest) throw new RangeError("graphs in it are nested too deep");
  const parts: Buffer[] = [];
  // What says where the bytes are comes last, so that it goes before what the file says of it.
  const places: Buffer[] = [];
  let at = start;
  while (at < end) {
    const from = at;
    const tag = varint(read, at, end);
    at = tag.next;
    const field = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    if (wire === 0) at = varint(read, at, end).next;
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire !== 2) throw new RangeError(`it is no ONNX model: byte ${from} begins no field`);
    if (wire !== 2) {
      if (at > end) throw new RangeError(`it is no ONNX model: the field at byte ${from} is longer than what it is in`);
      parts.push(read.keep(from, at));
      continue;
    }
    const length = varint(read, at, end);
    at = length.next + length.value;
    if (at > end) throw new RangeError(`it ends too early: the field at byte ${from} is longer than what it is in`);
    const inner = kind.fields.get(field)?.();
    if (length.value <= small) parts.push(read.keep(from, at));
    else if (kind.bytes?.has(field) === true) places.push(externalData(read.name, length.next, length.value));
    else if (inner === undefined) parts.push(read.keep(from, at));
    else parts.push(...lengthDelimited(field, lean(read, inner, length.next, at, depth + 1)));
  }
  return [...parts, ...places];
}

function varint(read: Reader, at: number, end: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    if (at + i >= end) throw new RangeError("it ends too early, in the middle of a number");
    const byte = read.bytes(at + i, at + i + 1)[0] ?? 0;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, next: at + i + 1 };
  }
  throw new RangeError("it is no ONNX model: a number in it never ends");
}

function encodedVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function lengthDelimited(field: number, parts: readonly Buffer[]): readonly Buffer[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [encodedVarint(8 * field + 2), encodedVarint(length), ...parts];
}

/** The fields of a tensor that say where its bytes are: external_data (13) and data_location (14). */
function externalData(file: string, offset: number, length: number): Buffer {
  const text = (field: number, value: string): readonly Buffer[] =>
    lengthDelimited(field, [Buffer.from(value, "utf8")]);
  const entries = [
    ["location", file],
    ["offset", String(offset)],
    ["length", String(length)],
  ] as const;
  const listed = entries.flatMap(([key, value]) => lengthDelimited(13, [...text(1, key), ...text(2, value)]));
  return Buffer.concat([...listed, encodedVarint(8 * 14), Buffer.from([1])]);
}

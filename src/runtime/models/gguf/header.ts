/**
 * What the head of a GGUF file says: metadata and where its tensors lie. Files come from anybody: nothing is taken at its
 * word, sizes are compared with the file before memory is taken for them, and what is wrong is told by its name.
 *
 * @source ggml-org/ggml docs/gguf.md, versions 2 and 3
 */
import { closeSync } from "node:fs";
import { reasonOf } from "../../store/fault.js";
import type { Outcome } from "../outcome.js";
import { openRegular, readFully } from "../regular-file.js";
import { refuse } from "../tokenizer/fields.js";
import { nameOfOtherType, storageTypes, type StorageType } from "./storage-types.js";

/** What is no list. Strings may hold anything. */
export type MetadataItem = number | boolean | string;

export type MetadataValue = MetadataItem | readonly MetadataItem[];

export type Metadata = ReadonlyMap<string, MetadataValue>;

/** One tensor: its bytes are [offset, offset + length) of the file. */
export interface GgufTensor {
  readonly name: string;
  readonly type: StorageType;
  /** Slowest dimension first, as torch writes it. */
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

export interface GgufHeader {
  readonly metadata: Metadata;
  readonly tensors: readonly GgufTensor[];
}

/** What no file that somebody uses comes near to. */
const most = {
  headerBytes: 256 * 2 ** 20,
  keys: 65_536,
  tensors: 65_536,
  keyBytes: 65_535,
  stringBytes: 16 * 2 ** 20,
  /** Items of all lists together: a vocabulary of 256,000 tokens has about a million. */
  items: 8 * 2 ** 20,
  dimensions: 4,
  alignment: 2 ** 20,
} as const;

/** Reads and checks the head of a file; whatever is wrong with it is a reason. */
export function readGgufHeader(path: string): Outcome<GgufHeader> {
  const opened = openRegular(path);
  if (!opened.ok) return opened;
  const { file, size } = opened.value;
  try {
    return { ok: true, value: parseHeader(createCursor(file, size), size) };
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  } finally {
    closeSync(file);
  }
}

/** Reads a file from its beginning on. */
interface Cursor {
  readonly position: () => number;
  /** The next bytes, which are valid until the next call. */
  readonly take: (count: number) => Buffer;
}

function createCursor(file: number, size: number): Cursor {
  const end = Math.min(size, most.headerBytes);
  let buffer = Buffer.alloc(0);
  let start = 0;
  let at = 0;
  return {
    position: () => at,
    take(count) {
      if (at + count > end) {
        refuse(
          at + count > size
            ? `it ends after ${size} bytes, inside its header`
            : `its header has more than ${end} bytes`,
        );
      }
      if (at + count > start + buffer.length) {
        buffer = Buffer.alloc(Math.min(Math.max(count, 2 ** 20), end - at));
        readFully(file, buffer, at);
        start = at;
      }
      const bytes = buffer.subarray(at - start, at - start + count);
      at += count;
      return bytes;
    },
  };
}

/** A count or size of 64 bits that does not exceed `largest`. */
function count(cursor: Cursor, largest: number, what: string): number {
  const value = cursor.take(8).readBigUInt64LE();
  return value <= BigInt(largest)
    ? Number(value)
    : refuse(`it claims ${value} ${what}, and at most ${largest} are read`);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function string(cursor: Cursor, largest: number, what: string): string {
  const bytes = cursor.take(count(cursor, largest, `bytes for ${what}`));
  try {
    return utf8.decode(bytes);
  } catch {
    return refuse(`${what} is not UTF-8 text`);
  }
}

function parseHeader(cursor: Cursor, size: number): GgufHeader {
  if (size < 24) refuse(`it is ${size} bytes long, too short for a header`);
  if (cursor.take(4).toString("latin1") !== "GGUF") refuse("it does not begin with GGUF");
  const version = cursor.take(4).readUInt32LE();
  if (version > 0 && (version & 0xffff) === 0) refuse("its numbers are big-endian, which is not read");
  if (version !== 2 && version !== 3) refuse(`it is of version ${version}, and versions 2 and 3 are read`);
  const tensorCount = count(cursor, most.tensors, "tensors");
  const keyCount = count(cursor, most.keys, "keys of metadata");
  const metadata = new Map<string, MetadataValue>();
  let items = 0;
  for (let i = 0; i < keyCount; i++) {
    const key = string(cursor, most.keyBytes, `the key number ${i + 1} of its metadata`);
    if (metadata.has(key)) refuse(`its metadata has the key ${shownName(key)} twice`);
    const value = valueOf(cursor, key, most.items - items);
    if (typeof value === "object") items += value.length;
    metadata.set(key, value);
  }
  const alignment = metadata.get("general.alignment") ?? 32;
  if (typeof alignment !== "number" || alignment < 8 || alignment > most.alignment || alignment % 8 !== 0) {
    refuse(`its tensors are aligned to ${String(alignment)} bytes`);
  }
  const listed = Array.from({ length: tensorCount }, (_, i) => tensorOf(cursor, i));
  const data = Math.ceil(cursor.position() / alignment) * alignment;
  const tensors = listed.map(({ offset, ...tensor }) => {
    if (offset % alignment !== 0) refuse(`the tensor ${shownName(tensor.name)} is not aligned to ${alignment} bytes`);
    return { ...tensor, offset: data + offset };
  });
  refuseOverlaps(tensors, size);
  return { metadata, tensors };
}

/** Types of metadata by their numbers: how many bytes a value has, and how it is read. */
const scalars: ReadonlyMap<number, readonly [bytes: number, read: (bytes: Buffer) => number | bigint | boolean]> =
  new Map<number, readonly [number, (bytes: Buffer) => number | bigint | boolean]>([
    [0, [1, (b) => b.readUInt8()]],
    [1, [1, (b) => b.readInt8()]],
    [2, [2, (b) => b.readUInt16LE()]],
    [3, [2, (b) => b.readInt16LE()]],
    [4, [4, (b) => b.readUInt32LE()]],
    [5, [4, (b) => b.readInt32LE()]],
    [6, [4, (b) => b.readFloatLE()]],
    [7, [1, (b) => b.readUInt8() !== 0]],
    [10, [8, (b) => b.readBigUInt64LE()]],
    [11, [8, (b) => b.readBigInt64LE()]],
    [12, [8, (b) => b.readDoubleLE()]],
  ]);

const stringType = 8;
const listType = 9;

function valueOf(cursor: Cursor, key: string, itemsLeft: number): MetadataValue {
  const type = cursor.take(4).readUInt32LE();
  if (type !== listType) return item(cursor, type, key);
  const itemType = cursor.take(4).readUInt32LE();
  if (itemType === listType) refuse(`the value of ${shownName(key)} is a list of lists`);
  const length = count(cursor, itemsLeft, `items in the list ${shownName(key)}`);
  const list: MetadataItem[] = [];
  // One by one, so that a list that the file does not hold takes no memory.
  for (let i = 0; i < length; i++) list.push(item(cursor, itemType, key));
  return list;
}

function item(cursor: Cursor, type: number, key: string): MetadataItem {
  if (type === stringType) return string(cursor, most.stringBytes, `the value of ${shownName(key)}`);
  const scalar =
    scalars.get(type) ?? refuse(`the value of ${shownName(key)} is of type ${type}, which GGUF does not have`);
  const [bytes, read] = scalar;
  const value = read(cursor.take(bytes));
  if (typeof value === "boolean") return value;
  if (!Number.isSafeInteger(Number(value)) && typeof value === "bigint") {
    refuse(`the value of ${shownName(key)} is ${value}, which is too large`);
  }
  return Number(value);
}

/** One line of the list of tensors; its offset counts from where the tensors begin. */
function tensorOf(cursor: Cursor, index: number): GgufTensor {
  const name = string(cursor, 1024, `the name of the tensor number ${index + 1}`);
  const what = `the tensor ${shownName(name)}`;
  const dimensions = cursor.take(4).readUInt32LE();
  if (dimensions < 1 || dimensions > most.dimensions) refuse(`${what} has ${dimensions} dimensions`);
  // GGUF has the fastest dimension first.
  const shape = Array.from({ length: dimensions }, () =>
    count(cursor, Number.MAX_SAFE_INTEGER, `rows of ${what}`),
  ).reverse();
  const id = cursor.take(4).readUInt32LE();
  const offset = count(cursor, Number.MAX_SAFE_INTEGER, `bytes before ${what}`);
  const type = storageTypes.get(id);
  if (type === undefined) {
    const read = [...storageTypes.values()].map((known) => known.name).join(", ");
    return refuse(`${what} is stored as ${nameOfOtherType(id)}; ${read} are read`);
  }
  const numbers = shape.reduce((product, dimension) => product * dimension, 1);
  if (!Number.isSafeInteger(numbers) || numbers === 0) refuse(`${what} has the shape [${shape.join(", ")}]`);
  if ((shape.at(-1) ?? 0) % type.numbers !== 0) {
    refuse(`${what} has rows of ${shape.at(-1) ?? 0} numbers, which are no whole blocks of ${type.name}`);
  }
  return { name, type, shape, offset, length: (numbers / type.numbers) * type.bytes };
}

/** Tensors lie in the file, each in a place of its own. */
function refuseOverlaps(tensors: readonly GgufTensor[], size: number): void {
  const names = new Set<string>();
  let end = 0;
  for (const { name, offset, length } of [...tensors].sort((a, b) => a.offset - b.offset)) {
    if (names.has(name)) refuse(`it has the tensor ${shownName(name)} twice`);
    names.add(name);
    if (offset < end) refuse(`the tensor ${shownName(name)} overlaps another`);
    end = offset + length;
    if (end > size) refuse(`it ends after ${size} bytes, and the tensor ${shownName(name)} would end after ${end}`);
  }
}

/** A name from the file in a sentence, cut where it is long. */
export function shownName(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 77)}...` : name);
}

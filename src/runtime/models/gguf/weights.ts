/** The tensors of a GGUF file under their names in transformers, as they were before llama.cpp's converter. */
import { readFully } from "../regular-file.js";
import { refuse } from "../tokenizer/fields.js";
import { nameInTransformers, type Architecture, type Change } from "./architectures.js";
import { shownName, type GgufTensor } from "./header.js";

/** A tensor as it will be written. */
export interface PlannedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** What is quantised, or computed with, becomes float32; the rest stays as it is stored. */
  readonly type: "F32" | "F16" | "BF16";
  readonly bytes: number;
  readonly from: GgufTensor;
  readonly change: Change | null;
}

/** Heads by which rows are sorted. */
export interface Heads {
  readonly query: number;
  readonly key: number;
}

/** What becomes of each tensor. A tensor that the architecture does not know keeps its name, so that its model can tell of it. */
export function planTensors(
  tensors: readonly GgufTensor[],
  architecture: Architecture,
  heads: Heads,
): readonly PlannedTensor[] {
  const names = new Set<string>();
  return tensors.map((from) => {
    const own = nameInTransformers(architecture, from.name);
    const change = own === null ? null : architecture.change(from.name);
    const name = own ?? from.name;
    // What the header of a safetensors file has beside tensors.
    if (name === "__metadata__") refuse(`one of its tensors is called ${name}`);
    if (names.has(name)) refuse(`two of its tensors are ${shownName(name)}`);
    names.add(name);
    refuseChange(from, change, heads);
    const { plain } = from.type;
    const type = plain === null || change?.kind === "less-one" || change?.kind === "transpose" ? "F32" : plain;
    const shape = change?.kind === "transpose" ? [...from.shape].reverse() : from.shape;
    const bytes = shape.reduce((product, size) => product * size, type === "F32" ? 4 : 2);
    return { name, shape, type, bytes, from, change };
  });
}

/** Numbers of the largest tensor that is turned round, which is held in memory. */
const largestTransposed = 2 ** 28;

function refuseChange({ name, shape, type }: GgufTensor, change: Change | null, heads: Heads): void {
  const what = `the tensor ${shownName(name)} of shape [${shape.join(", ")}]`;
  const [rows = 0] = shape;
  if (change === null || change.kind === "less-one") return;
  if (change.kind === "transpose") {
    if (shape.length !== 2 || shape.reduce((a, b) => a * b) > largestTransposed)
      refuse(`${what} cannot be turned round`);
    return;
  }
  const parts = change.kind === "unpair" ? 2 * heads[change.heads] : 3 * heads.query;
  if (rows % parts !== 0 || (shape.length === 1 && type.numbers > 1)) refuse(`${what} has no rows for each head`);
}

/** Bytes that are read at once. */
const chunk = 4 * 2 ** 20;

/** The bytes of a tensor as they are written, piece by piece. `file` is the open GGUF file. */
export function* tensorBytes(file: number, planned: PlannedTensor, heads: Heads): Generator<Buffer> {
  const { from, change, type } = planned;
  const { numbers, bytes, plain } = from.type;
  const read = (offset: number, length: number): Buffer => {
    const buffer = Buffer.alloc(length);
    readFully(file, buffer, from.offset + offset);
    return buffer;
  };
  if (change?.kind === "transpose") {
    yield bytesOf(transposed(unpacked(read(0, from.length), from), from.shape));
    return;
  }
  const finish = (stored: Buffer): Buffer => {
    if (type === plain && change?.kind !== "less-one") return stored;
    const values = unpacked(stored, from);
    return bytesOf(change?.kind === "less-one" ? values.map((value) => value - 1) : values);
  };
  if (change === null || change.kind === "less-one") {
    const step = Math.max(1, Math.floor(chunk / bytes)) * bytes;
    for (let at = 0; at < from.length; at += step) yield finish(read(at, Math.min(step, from.length - at)));
    return;
  }
  const [rows = 0] = from.shape;
  const rowBytes = (((from.length / bytes) * numbers) / rows / numbers) * bytes;
  const sourceOf = rowSource(change, rows, heads);
  const step = Math.max(1, Math.floor(chunk / rowBytes));
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    yield finish(Buffer.concat(Array.from({ length: count }, (_, i) => read(sourceOf(row + i) * rowBytes, rowBytes))));
  }
}

/** Where a row of the original lies in the file. */
function rowSource(change: Change, rows: number, heads: Heads): (row: number) => number {
  if (change.kind === "unpair") {
    const size = rows / heads[change.heads];
    return (row) => {
      const [head, inHead] = [Math.floor(row / size), row % size];
      const [side, pair] = [Math.floor(inHead / (size / 2)), inHead % (size / 2)];
      return head * size + pair * 2 + side;
    };
  }
  const size = rows / heads.query / 3;
  return (row) => {
    const [head, part, inHead] = [Math.floor(row / (3 * size)), Math.floor(row / size) % 3, row % size];
    return (part * heads.query + head) * size + inHead;
  };
}

/** The numbers that stored blocks stand for. */
export function unpacked(stored: Uint8Array, { type }: Pick<GgufTensor, "type">): Float32Array {
  const { numbers, bytes, unpack } = type;
  const count = stored.length / bytes;
  const values = new Float32Array(count * numbers);
  for (let i = 0; i < count; i++) unpack(stored, i * bytes, values, i * numbers);
  return values;
}

function transposed(values: Float32Array, [rows = 0, columns = 0]: readonly number[]): Float32Array {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return turned;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

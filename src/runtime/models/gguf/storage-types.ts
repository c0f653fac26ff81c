/**
 * How GGUF files store numbers, and what the stored bytes stand for: float32 as gguf-py computes it, bit by bit. Products and
 * sums of two float32 numbers are rounded to float32 once, wherever the formula has one.
 *
 * @source ggml-org/llama.cpp ggml/src/ggml-common.h and ggml-quants.c; gguf-py 0.19, gguf/quants.py
 */

/** A type of stored numbers: blocks of so many numbers in so many bytes. */
export interface StorageType {
  readonly name: string;
  /** Numbers of one block; rows of a tensor are whole blocks. */
  readonly numbers: number;
  readonly bytes: number;
  /** The same type in a safetensors file; null: it is quantised. */
  readonly plain: "F32" | "F16" | "BF16" | null;
  /** Puts the numbers of the block that begins at `at` into `into`, from `to` on. */
  readonly unpack: (from: Uint8Array, at: number, into: Float32Array, to: number) => void;
}

const round = Math.fround;

/** Every float16 as a number; a table, since JavaScript reads none. */
const halves = Float32Array.from({ length: 1 << 16 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
});

const byte = (from: Uint8Array, at: number): number => from[at] ?? 0;
const half = (from: Uint8Array, at: number): number => halves[byte(from, at) | (byte(from, at + 1) << 8)] ?? 0;

const words = new Uint32Array(1);
const single = new Float32Array(words.buffer);

function unpackF32(from: Uint8Array, at: number, into: Float32Array, to: number): void {
  words[0] = byte(from, at) | (byte(from, at + 1) << 8) | (byte(from, at + 2) << 16) | (byte(from, at + 3) << 24);
  into[to] = single[0] ?? 0;
}

function unpackBf16(from: Uint8Array, at: number, into: Float32Array, to: number): void {
  words[0] = (byte(from, at) << 16) | (byte(from, at + 1) << 24);
  into[to] = single[0] ?? 0;
}

/** 32 numbers of 4 bits, with a fifth from `high` where that is no −1: scale · (q − middle), or scale · q + least. */
function small(scaleAt: number, leastAt: number, highAt: number, lowAt: number, middle: number): StorageType["unpack"] {
  return (from, at, into, to) => {
    const scale = half(from, at + scaleAt);
    const least = leastAt < 0 ? 0 : half(from, at + leastAt);
    for (let i = 0; i < 32; i++) {
      const low = byte(from, at + lowAt + (i & 15));
      const high = highAt < 0 ? 0 : (byte(from, at + highAt + (i >> 3)) >> (i & 7)) & 1;
      const q = ((i < 16 ? low & 15 : low >> 4) | (high << 4)) - middle;
      into[to + i] = leastAt < 0 ? scale * q : round(scale * q) + least;
    }
  };
}

function unpackQ8(from: Uint8Array, at: number, into: Float32Array, to: number): void {
  const scale = half(from, at);
  for (let i = 0; i < 32; i++) into[to + i] = scale * ((byte(from, at + 2 + i) << 24) >> 24);
}

/** 256 numbers in 8 groups, each with a scale and a least value of 6 bits; `highAt` as above. */
function large(highAt: number, lowAt: number): StorageType["unpack"] {
  return (from, at, into, to) => {
    const [scale, least] = [half(from, at), half(from, at + 2)];
    for (let group = 0; group < 8; group++) {
      const [a, b] = sixBits(from, at + 4, group);
      const step = round(scale * a);
      const start = round(least * b);
      for (let i = 0; i < 32; i++) {
        const low = byte(from, at + lowAt + (group >> 1) * 32 + i);
        const high = highAt < 0 ? 0 : (byte(from, at + highAt + i) >> group) & 1;
        const q = (group & 1 ? low >> 4 : low & 15) | (high << 4);
        into[to + group * 32 + i] = round(step * q) - start;
      }
    }
  };
}

/** Scale and least value of a group, out of 12 bytes for all eight. */
function sixBits(from: Uint8Array, at: number, group: number): readonly [number, number] {
  const [scale, least] = [byte(from, at + (group & 3)), byte(from, at + 4 + (group & 3))];
  if (group < 4) return [scale & 63, least & 63];
  const rest = byte(from, at + 4 + group);
  return [(rest & 15) | ((scale >> 2) & 48), (rest >> 4) | ((least >> 2) & 48)];
}

/** 256 numbers of 6 bits in 16 groups, each with a scale of 8 bits. */
function unpackQ6K(from: Uint8Array, at: number, into: Float32Array, to: number): void {
  const scale = half(from, at + 208);
  for (let i = 0; i < 256; i++) {
    const [part, quarter, place] = [i >> 7, (i >> 5) & 3, i & 31];
    const low = byte(from, at + part * 64 + (quarter & 1) * 32 + place);
    const high = byte(from, at + 128 + part * 32 + place) >> (2 * quarter);
    const q = ((quarter < 2 ? low & 15 : low >> 4) | ((high & 3) << 4)) - 32;
    into[to + i] = round(scale * ((byte(from, at + 192 + (i >> 4)) << 24) >> 24)) * q;
  }
}

/** The types that are read, by their numbers in a file. */
export const storageTypes: ReadonlyMap<number, StorageType> = new Map([
  [0, { name: "F32", numbers: 1, bytes: 4, plain: "F32", unpack: unpackF32 }],
  [
    1,
    {
      name: "F16",
      numbers: 1,
      bytes: 2,
      plain: "F16",
      unpack: (from, at, into, to) => {
        into[to] = half(from, at);
      },
    },
  ],
  [30, { name: "BF16", numbers: 1, bytes: 2, plain: "BF16", unpack: unpackBf16 }],
  [2, { name: "Q4_0", numbers: 32, bytes: 18, plain: null, unpack: small(0, -1, -1, 2, 8) }],
  [3, { name: "Q4_1", numbers: 32, bytes: 20, plain: null, unpack: small(0, 2, -1, 4, 0) }],
  [6, { name: "Q5_0", numbers: 32, bytes: 22, plain: null, unpack: small(0, -1, 2, 6, 16) }],
  [7, { name: "Q5_1", numbers: 32, bytes: 24, plain: null, unpack: small(0, 2, 4, 8, 0) }],
  [8, { name: "Q8_0", numbers: 32, bytes: 34, plain: null, unpack: unpackQ8 }],
  [12, { name: "Q4_K", numbers: 256, bytes: 144, plain: null, unpack: large(-1, 16) }],
  [13, { name: "Q5_K", numbers: 256, bytes: 176, plain: null, unpack: large(16, 48) }],
  [14, { name: "Q6_K", numbers: 256, bytes: 210, plain: null, unpack: unpackQ6K }],
] satisfies readonly (readonly [number, StorageType])[]);

const others: Readonly<Record<number, string>> = {
  ...{ 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S" },
  ...{ 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64" },
  ...{ 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4" },
};

/** What ggml calls a type that is not read; its number where that is no type of ggml. */
export function nameOfOtherType(id: number): string {
  return others[id] ?? `number ${id}`;
}

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from "../../src/runtime/models/safetensors.js";
import { temporaryFolder } from "./temporary.js";

/** A file with the given header and number of data bytes. */
function fileWith(header: unknown, dataLength: number): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataLength)]);
}

test("tensors survive writing and reading; equal contents have equal bytes", () => {
  const tensors = {
    b: { type: "float32" as const, shape: [3], data: Float32Array.of(1.5, NaN, -Infinity) },
    a: { type: "int64" as const, shape: [2, 1], data: BigInt64Array.of(-1n, 2n ** 62n) },
    empty: { type: "float32" as const, shape: [0, 4], data: new Float32Array() },
    c: { type: "int32" as const, shape: [], data: Int32Array.of(7) },
  };
  const bytes = writeSafetensors(tensors, { unit: "nats" });
  const read = readSafetensors(bytes);
  assert.ok(read.ok);
  assert.deepEqual(read.value, { tensors, metadata: { unit: "nats" } });
  const reversed = Object.fromEntries(Object.entries(tensors).reverse());
  assert.deepEqual(writeSafetensors(reversed, { unit: "nats" }), bytes);
  // A view that does not start at a multiple of 8 is read all the same.
  const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
  assert.deepEqual(readSafetensors(shifted), read);
  assert.throws(
    () => writeSafetensors({ x: { type: "int32", shape: [2], data: Int32Array.of(1) } }),
    /1 values, not 2/,
  );
});

const whole = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
const faults: readonly (readonly [name: string, bytes: Buffer, reason: RegExp])[] = [
  ["an empty file", Buffer.alloc(0), /too short/],
  ["a header length beyond the file", Buffer.from([200, 0, 0, 0, 0, 0, 0, 0, 123]), /inside its header/],
  ["an absurd header length", Buffer.alloc(16, 255), /damaged/],
  [
    "a header that is no JSON",
    Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from("{x")]),
    /not a JSON object/,
  ],
  ["a header that is no object", fileWith([1], 0), /not a JSON object/],
  ["a truncated file", fileWith({ a: whole }, 7), /inside tensor a/],
  ["bytes after the last tensor", fileWith({ a: whole }, 9), /1 bytes after its last tensor/],
  ["overlapping tensors", fileWith({ a: whole, b: { ...whole, data_offsets: [4, 12] } }, 12), /tensor b overlaps/],
  ["a gap", fileWith({ a: whole, b: { ...whole, data_offsets: [12, 20] } }, 20), /gap of 4 bytes before tensor b/],
  ["a shape that does not fit", fileWith({ a: { ...whole, shape: [3] } }, 8), /of shape \[3\] F32 has 8 bytes/],
  ["an unknown type", fileWith({ a: { ...whole, dtype: "F31" } }, 8), /unknown type "F31"/],
  ["a type that every object has", fileWith({ a: { ...whole, dtype: "toString" } }, 8), /unknown type "toString"/],
  ["a negative size", fileWith({ a: { ...whole, shape: [-2] } }, 8), /has the shape \[-2\]/],
  ["offsets the wrong way round", fileWith({ a: { ...whole, data_offsets: [8, 0] } }, 8), /wrong way round/],
  ["metadata that are no strings", fileWith({ __metadata__: { n: 1 }, a: whole }, 8), /metadata/],
];

for (const [name, bytes, reason] of faults) {
  test(`safetensors: ${name} is refused`, (t) => {
    const path = join(temporaryFolder(t), "x.safetensors");
    writeFileSync(path, bytes);
    for (const outcome of [readSafetensorsHeader(path), readSafetensors(bytes)]) {
      assert.ok(!outcome.ok);
      assert.match(outcome.reason, reason);
    }
  });
}

test("safetensors: a file that is not there is a reason, not an exception", (t) => {
  const outcome = readSafetensorsHeader(join(temporaryFolder(t), "none"));
  assert.ok(!outcome.ok);
});

/** Which version of onnxruntime a provider's library is of is read from its file; a wrong pair is refused before it is loaded. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { memoryOf } from "../../src/runtime/engine/backends/cuda-memory.js";
import { checkCudaLibraries, cudaLibraries } from "../../src/runtime/engine/runtimes/cuda-libraries.js";
import { versionInLibrary } from "../../src/runtime/engine/runtimes/library-version.js";
import { temporaryFolder } from "../end-to-end/support.js";

/** A 64-bit ELF file with two sections: constants, and the names of sections. */
function libraryWith(constants: Buffer, section = ".rodata"): Buffer {
  const names = Buffer.from(`\0${section}\0.shstrtab\0`, "latin1");
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  const tableAt = 64 + constants.length + names.length;
  header.writeBigUInt64LE(BigInt(tableAt), 0x28);
  header.writeUInt16LE(64, 0x3a);
  header.writeUInt16LE(3, 0x3c);
  header.writeUInt16LE(2, 0x3e);
  const entry = (name: number, offset: number, size: number): Buffer => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(name, 0);
    bytes.writeBigUInt64LE(BigInt(offset), 0x18);
    bytes.writeBigUInt64LE(BigInt(size), 0x20);
    return bytes;
  };
  const sections = [
    Buffer.alloc(64),
    entry(1, 64, constants.length),
    entry(section.length + 2, 64 + constants.length, names.length),
  ];
  return Buffer.concat([header, constants, names, ...sections]);
}

function fileWith(context: TestContext, bytes: Buffer): string {
  const path = join(temporaryFolder(context), "library.so");
  writeFileSync(path, bytes);
  return path;
}

test("a library's version is the one text of that form among its constants", (context) => {
  const text = (...parts: readonly string[]): Buffer => Buffer.from(`\0${parts.join("\0")}\0`, "latin1");
  const filler = "x".repeat(2 ** 22 - 4);
  const cases: readonly (readonly [Buffer, string | null])[] = [
    [libraryWith(text("cuda", "1.29.0", "other")), "1.29.0"],
    [libraryWith(text("1.30.1", "1.30.1")), "1.30.1"],
    // It lies across two of the pieces that are read.
    [libraryWith(text(filler, "1.29.0", filler)), "1.29.0"],
    [libraryWith(text("1.29.0", "1.30.0")), null],
    [libraryWith(text("v1.29.0", "1.29.0-dev", "1.29")), null],
    [libraryWith(text("1.29.0"), ".data"), null],
    [libraryWith(Buffer.alloc(0)), null],
    [Buffer.from("1.29.0"), null],
    [Buffer.alloc(0), null],
    [libraryWith(text("1.29.0")).subarray(0, 100), null],
  ];
  for (const [i, [bytes, version]] of cases.entries()) {
    assert.equal(versionInLibrary(fileWith(context, bytes)), version, `case ${i}`);
  }
});

test("CUDA's libraries must be there, and of the version of the library that loads them", (context) => {
  const folder = join(temporaryFolder(context), "libraries");
  mkdirSync(folder);
  const { provider, shared } = cudaLibraries();
  assert.throws(() => checkCudaLibraries(folder, "1.29.0"), /CUDA is not here: it takes \S*cuda\S* and \S*shared\S* of onnxruntime 1\.29\.0/); // prettier-ignore
  writeFileSync(join(folder, shared), "");
  assert.throws(
    () => checkCudaLibraries(folder, "1.29.0"),
    /CUDA is not here: it takes \S*cuda\S* of onnxruntime 1\.29\.0/,
  );
  writeFileSync(join(folder, provider), libraryWith(Buffer.from("\x001.30.0\0", "latin1")));
  assert.throws(() => checkCudaLibraries(folder, "1.29.0"), /is of onnxruntime 1\.30\.0, and the library that would load it is 1\.29\.0/); // prettier-ignore
  writeFileSync(join(folder, provider), "no library");
  assert.throws(() => checkCudaLibraries(folder, "1.29.0"), /names no version of onnxruntime/);
  writeFileSync(join(folder, provider), libraryWith(Buffer.from("\x001.29.0\0", "latin1")));
  checkCudaLibraries(folder, "1.29.0");
});

test("a device's memory is what its driver says, and unknown without one", () => {
  assert.equal(memoryOf(null, 0), null);
  const driver = {
    init: () => 0,
    device: (out: [number], ordinal: number) => {
      out[0] = 40 + ordinal;
      return ordinal < 2 ? 0 : 101;
    },
    total: (out: [number | bigint], device: number) => {
      out[0] = device === 41 ? 141n * 2n ** 30n : 2 ** 34;
      return 0;
    },
  };
  assert.deepEqual([0, 1, 2].map((i) => memoryOf(driver, i)), [2 ** 34, 141 * 2 ** 30, null]); // prettier-ignore
  assert.equal(memoryOf({ ...driver, init: () => 100 }, 0), null);
});

/** The version of onnxruntime that a library was built for, found in its file without loading it. */
import { closeSync, openSync, readSync } from "node:fs";

const elf = Buffer.from("\x7fELF", "latin1");

/** A text of its own among a library's constants. */
const versionText = /\0(\d{1,3}\.\d{1,3}\.\d{1,3})(?=\0)/g;

/** Bytes that are looked through at a time. */
const atOnce = 2 ** 22;

/** Bytes of a section that are looked at in the next piece again, since a text may lie across the border. */
const overlap = 32;

/**
 * The version, or null where the file has none, has several, or is no library: onnxruntime's providers have it as a constant. Only
 * the constants are read, which are a few megabytes of hundreds.
 *
 * @throws Error of the system where the file cannot be read
 */
export function versionInLibrary(path: string): string | null {
  const file = openSync(path, "r");
  try {
    const read = (offset: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
    };
    const constants = constantsOf(read);
    if (constants === null) return null;
    const found = new Set<string>();
    const { offset, size } = constants;
    for (let at = 0; at < size; at += atOnce) {
      const piece = read(offset + at, Math.min(atOnce + overlap, size - at)).toString("latin1");
      for (const [, version] of piece.matchAll(versionText)) if (version !== undefined) found.add(version);
    }
    const [version = null] = found;
    return found.size === 1 ? version : null;
  } finally {
    closeSync(file);
  }
}

/** Where the section `.rodata` of a 64-bit ELF file lies; null for any other file. */
function constantsOf(
  read: (offset: number, length: number) => Buffer,
): { readonly offset: number; readonly size: number } | null {
  const header = read(0, 64);
  if (header.length < 64 || !header.subarray(0, 4).equals(elf) || header[4] !== 2) return null;
  const [at, size, count, names] = [
    Number(header.readBigUInt64LE(0x28)),
    header.readUInt16LE(0x3a),
    header.readUInt16LE(0x3c),
    header.readUInt16LE(0x3e),
  ];
  const table = read(at, size * count);
  if (size < 64 || table.length < size * count || names >= count) return null;
  const section = (i: number): { readonly name: number; readonly offset: number; readonly size: number } => ({
    name: table.readUInt32LE(size * i),
    offset: Number(table.readBigUInt64LE(size * i + 0x18)),
    size: Number(table.readBigUInt64LE(size * i + 0x20)),
  });
  const texts = read(section(names).offset, section(names).size);
  for (let i = 0; i < count; i++) {
    const { name, ...place } = section(i);
    if (texts.subarray(name, name + 8).toString("latin1") === ".rodata\0") return place;
  }
  return null;
}

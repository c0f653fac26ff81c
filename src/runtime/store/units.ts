import { createHash, randomUUID } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson } from "../../compiler/base/digest.js";
import type { EngineTensor, EngineTensors } from "../engine/messages.js";
import { readSafetensors, writeSafetensors, type MemoryTensor } from "../models/safetensors.js";
import { writeFileAtomic } from "./atomic.js";
import { errorCode, reasonOf, StoreFault } from "./fault.js";

/** A finished unit: what its graph yielded, by output name, and remarks (graph, versions, seconds …) as text. */
export interface StoredUnit {
  readonly id: string;
  readonly tensors: EngineTensors;
  readonly about: Readonly<Record<string, string>>;
}

/** A unit file that is there and cannot be used. It counts as absent and is overwritten when the unit is computed. */
export interface UnitDamage {
  readonly unit: string;
  readonly path: string;
  readonly reason: string;
}

/**
 * Finished units on disk, keyed by the digest of everything that can change their numbers, so that a folder may serve
 * any number of protocols and processes at once. Every method rejects with StoreFault when the disk does not let it
 * (full, no rights), and with RangeError for an id that cannot be a file name.
 */
export interface UnitStore {
  readonly folder: string;
  /** True when the unit is there and whole. Reads it, to be sure, unless its file is as it was when it was read last. */
  has(id: string): Promise<boolean>;
  /** The unit, or null when it is absent or damaged (damage is reported to `onDamage`). */
  read(id: string): Promise<StoredUnit | null>;
  /** Keeps a unit. When the promise resolves, the unit survives whatever happens to this process. */
  write(unit: StoredUnit): Promise<void>;
  /** SHA-256 of a unit's numbers, whatever its remarks, as it was read or written here last; null when it was neither. */
  digestOf(id: string): string | null;
  /** Where a unit's file lies or would lie. */
  pathOf(id: string): string;
}

const idPattern = /^[\w-]{2,200}$/;

/** Whether a text can be the id of a unit. */
export function isUnitId(text: string): boolean {
  return idPattern.test(text);
}

/** Metadata keys of a unit file. Truth values are stored as int32, since the file writer has no type for them. */
const keys = { id: "atlasc.unit", checksum: "atlasc.sha256", about: "atlasc.about", truth: "atlasc.truth" } as const;

type Table = Readonly<Record<string, MemoryTensor>>;

/** SHA-256 over everything a file says: id, remarks, names, types, shapes, values. */
function checksumOf(id: string, about: string, truth: string, tensors: Table): string {
  return hashOf([id, about, truth], tensors);
}

/** SHA-256 over the numbers alone: when and how fast they were computed is no part of it. */
function contentOf(truth: string, tensors: Table): string {
  return hashOf([truth], tensors);
}

function hashOf(words: readonly string[], tensors: Table): string {
  const names = Object.keys(tensors).sort();
  const shapes = names.map((name) => [name, tensors[name]?.type ?? "", [...(tensors[name]?.shape ?? [])]]);
  const hash = createHash("sha256").update(canonicalJson([...words, shapes]));
  for (const name of names) {
    const data = tensors[name]?.data;
    if (data !== undefined) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** A unit as a file has it. */
interface UnitFile {
  readonly bytes: Buffer;
  /** SHA-256 of its numbers. */
  readonly content: string;
}

/** Tensors as a file holds them, and the names of those that are truth values, as JSON. */
function tableOf(tensors: EngineTensors): { readonly table: Table; readonly truth: string } {
  const table: Record<string, MemoryTensor> = {};
  const truthful: string[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    if (tensor.type === "bool") {
      truthful.push(name);
      table[name] = { type: "int32", shape: tensor.dims, data: Int32Array.from(tensor.data) };
    } else table[name] = { type: tensor.type, shape: tensor.dims, data: tensor.data };
  }
  return { table, truth: JSON.stringify(truthful.sort()) };
}

/** SHA-256 of the numbers of a unit with their names, types and shapes, as `digestOf` of a store gives it. */
export function digestOfNumbers(tensors: EngineTensors): string {
  const { table, truth } = tableOf(tensors);
  return contentOf(truth, table);
}

function encodeUnit({ id, tensors, about }: StoredUnit): UnitFile {
  const { table, truth } = tableOf(tensors);
  const remarks = canonicalJson(about);
  const checksum = checksumOf(id, remarks, truth, table);
  const bytes = writeSafetensors(table, {
    [keys.id]: id,
    [keys.about]: remarks,
    [keys.truth]: truth,
    [keys.checksum]: checksum,
  });
  return { bytes, content: contentOf(truth, table) };
}

function engineTensor(tensor: MemoryTensor, truth: boolean): EngineTensor {
  const dims = tensor.shape;
  if (truth) return { type: "bool", dims, data: Uint8Array.from(tensor.data as Int32Array) };
  // The reader makes the array that belongs to the type.
  return { type: tensor.type, dims, data: tensor.data } as EngineTensor;
}

/** The unit in a file's bytes, or why they are not that unit. */
function decodeUnit(id: string, bytes: Uint8Array): (StoredUnit & { readonly content: string }) | string {
  const file = readSafetensors(bytes);
  if (!file.ok) return file.reason;
  const { tensors, metadata } = file.value;
  const held = metadata[keys.id] ?? "";
  // A damaged name may hold anything, and this is going to be shown.
  if (held !== id) return `it holds the unit ${idPattern.test(held) ? held : "without a readable id"}`;
  const about = metadata[keys.about] ?? "";
  const truth = metadata[keys.truth] ?? "";
  if (checksumOf(id, about, truth, tensors) !== metadata[keys.checksum]) {
    return "its content does not match its checksum";
  }
  const truthful = new Set(JSON.parse(truth) as string[]);
  const named = Object.entries(tensors).map(([name, t]) => [name, engineTensor(t, truthful.has(name))] as const);
  const content = contentOf(truth, tensors);
  return { id, about: JSON.parse(about) as Record<string, string>, tensors: Object.fromEntries(named), content };
}

/** What makes a single file useless and says nothing of the others: no permission, a folder of its name, a bad block. */
const unreadable: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EISDIR", "EIO"]);

/** A folder in the place of a unit's file is renamed: no file can be renamed over it. */
async function setFolderAside(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) await rename(path, `${path}.aside-${randomUUID()}`);
}

/** What changes when a file is written again or put in the place of another. */
function looksOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/**
 * The store in `folder` (made at the first write): `<first two characters of the id>/<id>.safetensors`. Temporary files
 * of processes that were killed while writing are never looked at. `onDamage` is told of each file that is there and cannot
 * be used, each time that it is read.
 */
export function openUnitStore(folder: string, onDamage: (damage: UnitDamage) => void = () => undefined): UnitStore {
  const pathOf = (id: string): string => {
    if (!idPattern.test(id)) throw new RangeError(`unit store: ${JSON.stringify(id)} is not an id`);
    return join(folder, id.slice(0, 2), `${id}.safetensors`);
  };

  /** Unit id → SHA-256 of its numbers. */
  const contents = new Map<string, string>();

  /** Unit id → what its file looked like when it was read here last, and was whole. */
  const seen = new Map<string, string>();

  async function isAsSeen(id: string): Promise<boolean> {
    const known = seen.get(id);
    if (known === undefined) return false;
    const found = await stat(pathOf(id), { bigint: true }).catch(() => null);
    return found !== null && looksOf(found) === known;
  }

  async function read(id: string): Promise<StoredUnit | null> {
    const path = pathOf(id);
    seen.delete(id);
    let bytes: Buffer;
    let looks: string;
    try {
      const file = await open(path, "r");
      try {
        looks = looksOf(await file.stat({ bigint: true }));
        bytes = await file.readFile();
      } finally {
        await file.close();
      }
    } catch (error) {
      const code = errorCode(error) ?? "";
      if (code === "ENOENT") return null;
      if (unreadable.has(code)) {
        onDamage({ unit: id, path, reason: reasonOf(error) });
        return null;
      }
      throw new StoreFault(`cannot read unit ${id} from ${path}: ${reasonOf(error)}`, path, id, error);
    }
    const unit = decodeUnit(id, bytes);
    if (typeof unit !== "string") {
      const { content, ...stored } = unit;
      contents.set(id, content);
      seen.set(id, looks);
      return stored;
    }
    onDamage({ unit: id, path, reason: unit });
    return null;
  }

  return {
    folder,
    pathOf,
    read,
    digestOf: (id) => contents.get(id) ?? null,
    has: async (id) => (await isAsSeen(id)) || (await read(id)) !== null,
    async write(unit) {
      const path = pathOf(unit.id);
      seen.delete(unit.id);
      try {
        await setFolderAside(path);
        const { bytes, content } = encodeUnit(unit);
        await writeFileAtomic(path, bytes);
        contents.set(unit.id, content);
      } catch (error) {
        throw new StoreFault(`cannot write unit ${unit.id} to ${path}: ${reasonOf(error)}`, path, unit.id, error);
      }
    },
  };
}

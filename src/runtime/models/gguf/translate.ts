/**
 * A GGUF file as a folder that is opened like any other: config.json, model.safetensors with the numbers that the stored
 * blocks stand for, and the tokenizer's files. It is made once for each content of a file, in atlasc's cache, and appears
 * there whole or not at all.
 */
import { createHash, randomUUID } from "node:crypto";
import { closeSync, existsSync, readFileSync, realpathSync } from "node:fs";
import { open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Json } from "../../../compiler/base/digest.js";
import { makeFolder } from "../../store/make-folder.js";
import { lackOfRoom } from "../../store/room.js";
import { errorCode, reasonOf } from "../../store/fault.js";
import type { DigestCache } from "../digest-cache.js";
import { fileChange, settledFileIdentity } from "../file-identity.js";
import { openRegular, readFully } from "../regular-file.js";
import { architectureOf, configOf } from "./config.js";
import { readGgufHeader, type GgufHeader } from "./header.js";
import { tokenizerFilesOf } from "./tokenizer-files.js";
import { planTensors, tensorBytes, unpacked, type Heads, type PlannedTensor } from "./weights.js";

/** Part of the name of every translated folder: it changes when the same file is translated otherwise. */
const translationVersion = 1;

/** What became of a GGUF file. */
export interface TranslatedGguf {
  readonly folder: string;
  /** SHA-256 of the file's bytes, and with which version they were translated. */
  readonly source: { readonly sha256: string; readonly version: number };
  /** SHA-256 of the folder's model.safetensors. */
  readonly weights: string;
  /** How many tensors the file stores in which type. */
  readonly storage: Readonly<Record<string, number>>;
  /** What is read otherwise than the file says, a clause each. */
  readonly remarks: readonly string[];
}

/** A file that is translated, or why not: it cannot be read, or the disk has no room for what it becomes. */
export type GgufOutcome =
  | { readonly kind: "translated"; readonly value: TranslatedGguf }
  | { readonly kind: "unreadable" | "no-room"; readonly reason: string };

/** The file that says that a folder is whole. */
const manifest = "gguf.json";

/** Translates a file into `cache`, or finds what was made of it; `afresh`: what was found there turned out to be damaged. */
export async function translateGguf(
  path: string,
  cache: string,
  digests: DigestCache,
  afresh = false,
): Promise<GgufOutcome> {
  try {
    // What is no GGUF file is refused before all of it is hashed.
    const header = readGgufHeader(path);
    if (!header.ok) return { kind: "unreadable", reason: header.reason };
    const real = realpathSync(path);
    const identity = await settledFileIdentity(real);
    const sha256 = await digests.digestOfFile(real);
    const base = join(cache, "gguf");
    const folder = join(base, `${sha256.slice(0, 32)}-${translationVersion}`);
    if (afresh) await rm(folder, { recursive: true, force: true });
    const known = readManifest(folder);
    if (known !== null) return { kind: "translated", value: { folder, ...known } };
    const planned = planFolder(real, header.value);
    const size = planned.tensors.reduce((sum, { bytes }) => sum + bytes, 0);
    const lack = await lackOfRoom(base, size);
    if (lack !== null) return { kind: "no-room", reason: lack };
    await removeAbandoned(base);
    const made = join(base, `.${sha256.slice(0, 32)}.${randomUUID()}.part`);
    try {
      const told = { source: { sha256, version: translationVersion }, storage: storageOf(header.value) };
      const value = await writeFolder(real, made, planned, told);
      const change = fileChange({ path: real, identity });
      if (change !== null) return { kind: "unreadable", reason: `while it was being read, it ${change}` };
      await moveInPlace(made, folder);
      return { kind: "translated", value: { folder, ...value } };
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  } catch (error) {
    return { kind: "unreadable", reason: reasonOf(error) };
  }
}

interface PlannedFolder {
  readonly files: readonly (readonly [name: string, content: Json])[];
  readonly tensors: readonly PlannedTensor[];
  readonly heads: Heads;
  readonly remarks: readonly string[];
}

/** Everything but the numbers; whatever cannot be translated is an error with the reason. */
function planFolder(path: string, header: GgufHeader): PlannedFolder {
  const architecture = architectureOf(header);
  const stretched = header.tensors.find(({ name }) => /^rope_factors_(?:long|short)\./.test(name));
  if (stretched !== undefined)
    throw new Error(`its angles of rotation are stretched by ${stretched.name}, which is not read`);
  const config = configOf(header, ropeFactors(path, header));
  const query = Number(config["num_attention_heads"] ?? config["n_head"]);
  const heads = { query, key: Number(config["num_key_value_heads"] ?? query) };
  const stored = header.tensors.filter(({ name }) => name !== ropeTensor);
  // Numbers of 4 bytes first, so that each lies at a multiple of its size.
  const tensors = [...planTensors(stored, architecture, heads)].sort((a, b) => orderOf(a) - orderOf(b));
  const tokenizer = tokenizerFilesOf(header.metadata);
  const files: [string, Json][] = [["config.json", config]];
  if (tokenizer !== null) {
    files.push(["tokenizer.json", tokenizer.definition], ["tokenizer_config.json", tokenizer.config]);
  }
  return { files, tensors, heads, remarks: tokenizer?.remarks ?? [] };
}

const orderOf = ({ type }: PlannedTensor): number => (type === "F32" ? 0 : 1);

const ropeTensor = "rope_freqs.weight";

/** What angles of rotation are divided by: one number for each pair of dimensions. */
function ropeFactors(path: string, { tensors }: GgufHeader): readonly number[] | null {
  const tensor = tensors.find(({ name }) => name === ropeTensor);
  if (tensor === undefined) return null;
  if (tensor.shape.length !== 1 || tensor.length > 2 ** 16) throw new Error(`${ropeTensor} is no short list`);
  const opened = openRegular(path);
  if (!opened.ok) throw new Error(opened.reason);
  try {
    const bytes = Buffer.alloc(tensor.length);
    readFully(opened.value.file, bytes, tensor.offset);
    return [...unpacked(bytes, tensor)];
  } finally {
    closeSync(opened.value.file);
  }
}

function storageOf({ tensors }: GgufHeader): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { type } of tensors) counts.set(type.name, (counts.get(type.name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Manifest = Omit<TranslatedGguf, "folder">;

async function writeFolder(
  path: string,
  folder: string,
  { files, tensors, heads, remarks }: PlannedFolder,
  told: Pick<Manifest, "source" | "storage">,
): Promise<Manifest> {
  await makeFolder(folder);
  for (const [name, content] of files) await writeFile(join(folder, name), JSON.stringify(content));
  const weights = await writeWeights(path, join(folder, "model.safetensors"), tensors, heads);
  const value = { ...told, weights, remarks };
  await writeFile(join(folder, manifest), JSON.stringify(value));
  return value;
}

/** Writes the numbers as one safetensors file; resolves to its SHA-256. */
async function writeWeights(
  path: string,
  target: string,
  tensors: readonly PlannedTensor[],
  heads: Heads,
): Promise<string> {
  const opened = openRegular(path);
  if (!opened.ok) throw new Error(opened.reason);
  const hash = createHash("sha256");
  const out = await open(target, "wx");
  const write = async (bytes: Uint8Array): Promise<void> => {
    hash.update(bytes);
    await out.write(bytes);
  };
  try {
    await write(safetensorsHeader(tensors));
    for (const tensor of tensors) {
      for (const bytes of tensorBytes(opened.value.file, tensor, heads)) await write(bytes);
    }
    await out.sync();
  } finally {
    await out.close();
    closeSync(opened.value.file);
  }
  return hash.digest("hex");
}

function safetensorsHeader(tensors: readonly PlannedTensor[]): Buffer {
  let end = 0;
  const entries = tensors.map(({ name, type, shape, bytes }) => {
    const begin = end;
    end += bytes;
    return [name, { dtype: type, shape, data_offsets: [begin, end] }] as const;
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)), "utf8");
  const padding = Buffer.alloc((8 - (text.length % 8)) % 8, " ");
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length + padding.length));
  return Buffer.concat([length, text, padding]);
}

/** The manifest of a translated folder; null where there is none, or somebody took a file away. */
function readManifest(folder: string): Manifest | null {
  try {
    if (!existsSync(join(folder, "model.safetensors"))) return null;
    return JSON.parse(readFileSync(join(folder, manifest), "utf8")) as Manifest;
  } catch {
    return null;
  }
}

/** Another process may have made the same folder meanwhile, with the same bytes in it. */
async function moveInPlace(made: string, folder: string): Promise<void> {
  try {
    await rename(made, folder);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes(errorCode(error) ?? "")) throw error;
    if (readManifest(folder) !== null) return;
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
  }
}

/** Takes away what processes left that were killed: nobody works on a folder for a day. */
async function removeAbandoned(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    if (!/^\..*\.part$/.test(name)) continue;
    const path = join(base, name);
    const age =
      Date.now() -
      (await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => Date.now(),
      ));
    if (age > 24 * 3600 * 1000) await rm(path, { recursive: true, force: true });
  }
}

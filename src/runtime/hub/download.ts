/** One file of a repository into the cache: resumed where it stopped, compared with its digest, then renamed. */
import { createHash, type Hash } from "node:crypto";
import { open, rename, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode, reasonOf } from "../store/fault.js";
import { makeFolder } from "../store/make-folder.js";
import { HubFault, PassingFault } from "./fault.js";
import { brokenBy, refuseBusy, retried, type Http, type HubResponse } from "./http.js";
import { addressOf, blobPath, repositoryFolder } from "./layout.js";
import { refuseAbsent, type RemoteFile, type Repository } from "./repository.js";

/** A file that is not complete: not the name that Hugging Face's tools use, because they may be writing theirs just now. */
const partSuffix = ".atlasc.incomplete";

export function partPath(folder: string, digest: string): string {
  return `${blobPath(folder, digest)}${partSuffix}`;
}

/** Bytes that are there of a file; 0 of one that is not. */
export async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

/**
 * Puts the content of a file in its blob. `onBytes` is told of every byte that is there, with a negative number when bytes
 * are given up. Rejects with HubFault; what was received stays for the next time, unless its digest is wrong.
 */
export async function downloadBlob(
  http: Http,
  repository: Pick<Repository, "id" | "commit">,
  file: RemoteFile,
  onBytes: (count: number) => void,
): Promise<void> {
  const folder = repositoryFolder(http.settings.cache, repository.id);
  const part = partPath(folder, file.digest);
  await makeFolder(dirname(part));
  const handle = await open(part, "a+");
  const transfer: Transfer = { file, handle, hash: hashOf(file), at: 0, onBytes };
  try {
    await takeUp(transfer, (await handle.stat()).size);
    let wrong = 0;
    for (;;) {
      if (transfer.at < file.size) {
        const attempt = (): Promise<void> => receive(http, repository, transfer);
        await retried(http.settings, attempt, () => transfer.at);
      }
      if (transfer.hash.copy().digest("hex") === file.digest) break;
      // The part of an earlier time may have been damaged; what arrives damaged twice is so at its source.
      await restart(transfer);
      wrong += 1;
      if (wrong < 2) continue;
      const problem = `${file.path} does not have the ${file.algorithm} that the Hub says: ${file.digest}`;
      throw new HubFault("A4030", problem, "it was thrown away; try again, or without a proxy that changes files");
    }
    await handle.sync();
  } catch (error) {
    if (errorCode(error) === "ENOSPC" || errorCode(error) === "EDQUOT") {
      throw new HubFault(
        "A4033",
        `the disk is full while ${file.path} is written`,
        "make room; what was received is kept",
      );
    }
    if (error instanceof HubFault) throw error;
    throw new HubFault("A4030", `${file.path} cannot be written: ${reasonOf(error)}`, `the cache is ${folder}`);
  } finally {
    await handle.close();
  }
  await rename(part, blobPath(folder, file.digest));
}

/** A file on its way. */
interface Transfer {
  readonly file: RemoteFile;
  readonly handle: FileHandle;
  /** Of the bytes so far. */
  hash: Hash;
  at: number;
  readonly onBytes: (count: number) => void;
}

/** The digest that the Hub knows a file by, before its first byte. */
function hashOf({ algorithm, size }: RemoteFile): Hash {
  return algorithm === "sha256" ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
}

/** Goes on behind the bytes of an earlier time, which are read once for their digest. */
async function takeUp(transfer: Transfer, size: number): Promise<void> {
  if (size > transfer.file.size) return restart(transfer);
  const bytes = Buffer.alloc(2 ** 20);
  while (transfer.at < size) {
    const { bytesRead } = await transfer.handle.read(bytes, 0, bytes.length, transfer.at);
    if (bytesRead === 0) break;
    took(transfer, bytes.subarray(0, bytesRead));
  }
}

function took(transfer: Transfer, bytes: Uint8Array): void {
  transfer.hash.update(bytes);
  transfer.at += bytes.length;
  transfer.onBytes(bytes.length);
}

async function restart(transfer: Transfer): Promise<void> {
  await transfer.handle.truncate(0);
  transfer.onBytes(-transfer.at);
  transfer.at = 0;
  transfer.hash = hashOf(transfer.file);
}

/** One request for what is missing. */
async function receive(
  http: Http,
  { id, commit }: Pick<Repository, "id" | "commit">,
  transfer: Transfer,
): Promise<void> {
  const { file } = transfer;
  const place = file.path.split("/").map(encodeURIComponent).join("/");
  const url = `${http.settings.endpoint}/${addressOf(id)}/resolve/${commit}/${place}`;
  const response = await http.get(url, transfer.at === 0 ? {} : { range: `bytes=${transfer.at}-` });
  const { status, headers, body } = response;
  const { host } = new URL(http.settings.endpoint);
  await refuseBusy(http, response, host);
  if (status === 416) {
    await body.dump();
    await restart(transfer);
    throw new PassingFault(`${host} does not have the rest of ${file.path}`);
  }
  const isListed = !/^(?:Repo|Revision)NotFound$/.test(response.first.get("x-error-code") ?? "");
  if (status === 404 && isListed) {
    await body.dump();
    throw new HubFault("A4030", `the Hub lists ${file.path} and does not have it`, "try again later");
  }
  await refuseAbsent(http, response, id, commit);
  await refuseOther(response, file, commit);
  // A server that knows no ranges sends everything.
  if (status !== 206) await restart(transfer);
  else if (!(headers.get("content-range") ?? "").startsWith(`bytes ${transfer.at}-`)) {
    await body.dump();
    throw new HubFault("A4030", `${host} sends another part of ${file.path} than was asked for`, "try again later");
  }
  try {
    for await (const chunk of body) {
      const bytes = chunk as Buffer;
      if (transfer.at + bytes.length > file.size) {
        await restart(transfer);
        throw new HubFault("A4030", `${file.path} has more bytes than the Hub says: ${file.size}`, "try again later");
      }
      await transfer.handle.appendFile(bytes);
      took(transfer, bytes);
    }
  } catch (error) {
    if (error instanceof HubFault || errorCode(error) === "ENOSPC" || errorCode(error) === "EDQUOT") throw error;
    throw brokenBy(error, { host });
  }
  if (transfer.at < file.size) throw new PassingFault(`${host} ended ${file.path} too early`);
}

/** Rejects where the Hub's answer is of another file than the one that it listed. */
async function refuseOther({ first, body }: HubResponse, file: RemoteFile, commit: string): Promise<void> {
  const digest = (first.get("x-linked-etag") ?? "").replaceAll('"', "");
  const size = first.get("x-linked-size");
  const answers = first.get("x-repo-commit") ?? commit;
  if (
    (digest === "" || digest === file.digest) &&
    (size === undefined || Number(size) === file.size) &&
    answers === commit
  )
    return;
  await body.dump();
  throw new HubFault(
    "A4030",
    `${file.path} is another file than the Hub lists`,
    "its files are being changed: try again later",
  );
}

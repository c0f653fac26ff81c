/** What a repository of the Hub holds at a revision. */
import { HubFault } from "./fault.js";
import { brokenBy, refuseBusy, retried, type Http, type HubResponse } from "./http.js";
import { addressOf, isCommit, type RepositoryId } from "./layout.js";

/** A file of a repository, with the digest that its content must have. */
export interface RemoteFile {
  /** With forward slashes, inside the repository. */
  readonly path: string;
  readonly size: number;
  /** SHA-256 of the content for large files (LFS), else the SHA-1 that git gives the blob. The cache calls the blob so. */
  readonly digest: string;
  readonly algorithm: "sha256" | "git-sha1";
}

export interface Repository {
  readonly id: RepositoryId;
  /** 40 hex digits. */
  readonly commit: string;
  readonly files: readonly RemoteFile[];
}

/** Whether a text can be a repository's name, so that it leads nowhere else in a path or an address. */
export function isRepositoryName(name: string): boolean {
  return name.length <= 96 && /^[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9_][\w.-]*)?$/.test(name) && !/\.\.|--/.test(name);
}

/** Whether a text can be a branch, a tag or a commit: no path that leads out of `refs`. */
export function isRevisionName(revision: string): boolean {
  return (
    revision.length <= 255 && !/[\u0000-\u001f\u007f\\?#%:*"<>|]|^\/|\/$|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/.test(revision)
  );
}

/** The same for the path of a file in a repository. */
export function isFilePath(path: string): boolean {
  return path.length <= 1_000 && !/[\u0000-\u001f\u007f\\]|^\/|\/$|\/\/|(?:^|\/)\.{1,2}(?:\/|$)|^[A-Za-z]:/.test(path);
}

/** Bytes of an answer of the Hub's API. */
const mostAnswer = 64 * 2 ** 20;

/** Asks the Hub which files a revision has, with sizes and digests. Rejects with HubFault. */
export async function describeRepository(http: Http, id: RepositoryId, revision: string): Promise<Repository> {
  const { endpoint } = http.settings;
  const url = `${endpoint}/api/${id.kind}/${id.name}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const answer = await retried(http.settings, async () => {
    const response = await http.get(url);
    await refuseBusy(http, response, new URL(url).host);
    await refuseAbsent(http, response, id, revision);
    return jsonOf(response);
  });
  return readAnswer(answer, id, new URL(endpoint).host);
}

async function jsonOf({ body }: HubResponse): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of body) {
      const bytes = part as Buffer;
      size += bytes.length;
      if (size > mostAnswer) throw new HubFault("A4030", "the Hub's answer is too large", "name a folder instead");
      parts.push(bytes);
    }
  } catch (error) {
    throw brokenBy(error, { host: "the Hub" });
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return null;
  }
}

/** Rejects for an answer that is no file: who may not read it, what is not there. */
export async function refuseAbsent(
  http: Http,
  { status, headers, first, body }: HubResponse,
  id: RepositoryId,
  revision: string,
): Promise<void> {
  if (status >= 200 && status < 300) return;
  await body.dump();
  const code = first.get("x-error-code") ?? headers.get("x-error-code") ?? "";
  const said = first.get("x-error-message") ?? headers.get("x-error-message") ?? "";
  const { token, endpoint } = http.settings;
  const { kind, name } = id;
  const what = kind === "models" ? "model" : "dataset";
  const page = `${endpoint}/${addressOf(id)}`;
  const logIn = token === null ? "log in with `hf auth login`, or set HF_TOKEN" : "the token may not read it";
  if (code === "GatedRepo" || (status === 403 && /gated|access/i.test(said))) {
    const hint =
      token === null
        ? `ask for access at ${page}, and ${logIn}`
        : `ask for access at ${page} with the account of the token`;
    throw new HubFault("A4031", `${name} is given only to those who accepted its conditions`, hint);
  }
  if (code === "RevisionNotFound") {
    throw new HubFault("A4017", revision, "look at its branches and tags on the Hub, or take it out of the list");
  }
  if (status === 401 && /invalid|credentials|expired/i.test(said)) {
    throw new HubFault(
      "A4031",
      "the Hub does not know this token",
      "log in anew with `hf auth login`, or set HF_TOKEN",
    );
  }
  if (code === "RepoNotFound" || status === 401 || status === 404) {
    throw new HubFault(
      "A4031",
      `the Hub has no ${what} ${name}, or none for you`,
      `look at the name; if it is private, ${logIn}`,
    );
  }
  const why = said === "" ? `status ${status}` : `${said} (status ${status})`;
  throw new HubFault(status === 403 ? "A4031" : "A4030", `the Hub refuses ${name}: ${why}`, `see ${page}`);
}

/** What the Hub says of a large file, as far as anything does. */
interface LargeFile {
  readonly sha256: unknown;
  readonly size: unknown;
}

function readAnswer(answer: unknown, id: RepositoryId, host: string): Repository {
  const broken = (problem: string): HubFault =>
    new HubFault("A4030", `${host} gives an answer that is not understood: ${problem}`, "is HF_ENDPOINT a Hub?");
  const { sha, siblings } = (answer ?? {}) as { sha?: unknown; siblings?: unknown };
  if (typeof sha !== "string" || !isCommit(sha) || !Array.isArray(siblings)) throw broken("it lists no files");
  const files = (siblings as readonly unknown[]).map((sibling): RemoteFile => {
    const { rfilename, size, blobId, lfs } = (sibling ?? {}) as Readonly<Record<string, unknown>>;
    // What would lie outside of the cache is not left out in silence: nothing of such a repository is read.
    if (typeof rfilename !== "string" || !isFilePath(rfilename)) throw broken("a file has an impossible name");
    const large = typeof lfs === "object" ? (lfs as LargeFile | null) : null;
    const digest = large === null ? blobId : large.sha256;
    const bytes = large === null ? size : large.size;
    const form = large === null ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/;
    if (typeof digest !== "string" || !form.test(digest)) throw broken(`${rfilename} has no digest`);
    if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0)
      throw broken(`${rfilename} has no size`);
    return { path: rfilename, size: bytes, digest, algorithm: large === null ? "git-sha1" : "sha256" };
  });
  return { id, commit: sha, files };
}

/**
 * A Hub on this machine: the parts of its API that downloads need, with large files on a host of their own, and faults on
 * request. It speaks to huggingface_hub as well.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A repository by revision: what each holds. Files of at least `largeFrom` bytes are large ones (LFS). */
export interface ServedRepository {
  readonly kind?: "models" | "datasets";
  readonly revisions: Readonly<Record<string, Readonly<Record<string, Buffer>>>>;
  /** `gated`: only with this token may files be read. `private`: without it there is nothing. */
  readonly gated?: string;
  readonly private?: string;
}

/** What goes wrong with an answer. */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection breaks behind so many bytes of the body. */
  | { readonly kind: "cut"; readonly after: number }
  /** Other bytes than the Hub said. */
  | { readonly kind: "wrong" }
  /** Ranges are not known: everything is sent. */
  | { readonly kind: "whole" }
  /** So many bytes, a pause, and so on. */
  | { readonly kind: "slow"; readonly bytes: number; readonly milliseconds: number };

export interface Asked {
  /** `hub` or `cdn`. */
  readonly host: "hub" | "cdn";
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly token: string | null;
}

export interface HubServer {
  readonly endpoint: string;
  readonly asked: readonly Asked[];
  /** Bytes of bodies that were sent, of files only. */
  readonly sent: () => number;
  readonly close: () => Promise<void>;
}

export interface HubServerOptions {
  readonly repositories: Readonly<Record<string, ServedRepository>>;
  /** What is wrong with the answer to a request; null for nothing. */
  readonly fault?: (asked: Asked) => Fault | null;
  readonly largeFrom?: number;
}

/** The commit that the server gives to a revision. */
export function commitOf(name: string, revision: string): string {
  return createHash("sha1").update(`${name} ${revision}`).digest("hex");
}

export function gitDigest(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

export function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(handle);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

export async function startHub({
  repositories,
  fault = () => null,
  largeFrom = 100_000,
}: HubServerOptions): Promise<HubServer> {
  const asked: Asked[] = [];
  const large = new Map<string, Buffer>();
  let sent = 0;

  /** Sends a file or a part of it, with its fault. */
  const send = async (
    request: IncomingMessage,
    response: ServerResponse,
    content: Buffer,
    headers: Readonly<Record<string, string>>,
    wrong: Fault | null,
  ): Promise<void> => {
    const from = wrong?.kind === "whole" ? 0 : Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from > 0 && from >= content.length) {
      response.writeHead(416).end();
      return;
    }
    const body = Buffer.from(content.subarray(from));
    if (wrong?.kind === "wrong") body[0] = (body[0] ?? 0) ^ 1;
    response.writeHead(from === 0 ? 200 : 206, {
      ...headers,
      "content-length": String(body.length),
      "accept-ranges": "bytes",
      ...(from === 0 ? {} : { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` }),
    });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const count = (chunk: Buffer): Buffer => {
      sent += chunk.length;
      return chunk;
    };
    if (wrong?.kind === "cut") {
      response.write(count(body.subarray(0, wrong.after)), () => setTimeout(() => response.destroy(), 20));
      return;
    }
    if (wrong?.kind === "slow") {
      for (let at = 0; at < body.length && !response.destroyed; at += wrong.bytes) {
        response.write(count(body.subarray(at, at + wrong.bytes)));
        await new Promise((later) => setTimeout(later, wrong.milliseconds));
      }
      response.end();
      return;
    }
    response.end(count(body));
  };

  const answer = (
    host: Asked["host"],
    request: IncomingMessage,
    response: ServerResponse,
  ): Fault | null | undefined => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? null;
    const { method = "GET", url = "/" } = request;
    const one = {
      host,
      method,
      path: decodeURIComponent(url.split("?")[0] ?? ""),
      range: request.headers.range ?? null,
      token,
    };
    asked.push(one);
    const wrong = fault(one);
    if (wrong?.kind !== "status") return wrong;
    response.writeHead(wrong.status, wrong.headers).end();
    return undefined;
  };

  const cdn = await listen((request, response) => {
    const wrong = answer("cdn", request, response);
    if (wrong === undefined) return;
    const content = large.get((request.url ?? "").slice(1).split("?")[0] ?? "");
    if (content === undefined) response.writeHead(404).end();
    else void send(request, response, content, { etag: '"of-the-cdn"' }, wrong);
  });

  const hub = await listen((request, response) => {
    const wrong = answer("hub", request, response);
    if (wrong === undefined) return;
    const { path, token } = asked.at(-1) ?? { path: "", token: null };
    const refuse = (status: number, code: string, message = ""): void => {
      response.writeHead(status, { "x-error-code": code, "x-error-message": message }).end();
    };
    const api = /^\/api\/(models|datasets)\/([^/]+\/[^/]+)(?:\/(revision|tree)\/(.+))?$/.exec(path);
    const file = /^\/(?:(datasets)\/)?([^/]+\/[^/]+)\/resolve\/([^/]+(?:\/[^/]+)*?)\/(.+)$/.exec(path);
    const name = api?.[2] ?? file?.[2] ?? "";
    const repository = Object.hasOwn(repositories, name) ? repositories[name] : undefined;
    const kind = api?.[1] ?? file?.[1] ?? "models";
    if (repository === undefined || (repository.kind ?? "models") !== kind) {
      refuse(401, "RepoNotFound", "");
      return;
    }
    if (repository.private !== undefined && token !== repository.private) {
      refuse(401, "RepoNotFound");
      return;
    }
    const named = Object.keys(repository.revisions);
    const find = (wanted: string): string | undefined =>
      named.find((revision) => revision === wanted || commitOf(name, revision) === wanted);
    if (api !== null) {
      const revision = find((api[4] ?? "main").replace(/\/$/, ""));
      if (revision === undefined) {
        refuse(404, "RevisionNotFound");
        return;
      }
      const siblings = Object.entries(repository.revisions[revision] ?? {}).map(([rfilename, content]) => ({
        rfilename,
        size: content.length,
        blobId: gitDigest(content),
        ...(content.length < largeFrom
          ? {}
          : { lfs: { sha256: sha256(content), size: content.length, pointerSize: 134 } }),
      }));
      response.setHeader("content-type", "application/json");
      if (api[3] === "tree") {
        // As huggingface_hub asks for it.
        const tree = siblings.map(({ rfilename, size, blobId, lfs }) => ({
          type: "file",
          path: rfilename,
          size,
          oid: blobId,
          ...(lfs === undefined ? {} : { lfs: { oid: lfs.sha256, size, pointerSize: lfs.pointerSize } }),
        }));
        response.end(JSON.stringify(tree));
        return;
      }
      response.end(JSON.stringify({ id: name, sha: commitOf(name, revision), siblings, tags: [] }));
      return;
    }
    // A revision may have slashes, and so may a path.
    const rest = path.slice(path.indexOf("/resolve/") + "/resolve/".length);
    const revision = named.find((own) => rest.startsWith(`${own}/`) || rest.startsWith(`${commitOf(name, own)}/`));
    if (revision === undefined) {
      refuse(404, "RevisionNotFound");
      return;
    }
    if (repository.gated !== undefined && token !== repository.gated) {
      refuse(token === null ? 401 : 403, "GatedRepo", "Access to this model is restricted.");
      return;
    }
    const commit = commitOf(name, revision);
    const place = rest.slice((rest.startsWith(`${revision}/`) ? revision : commit).length + 1);
    const files = repository.revisions[revision] ?? {};
    const content = Object.hasOwn(files, place) ? files[place] : undefined;
    if (content === undefined) {
      refuse(404, "EntryNotFound");
      return;
    }
    if (content.length < largeFrom) {
      void send(request, response, content, { etag: `"${gitDigest(content)}"`, "x-repo-commit": commit }, wrong);
      return;
    }
    const digest = sha256(content);
    large.set(digest, content);
    response
      .writeHead(302, {
        location: `${addressOf(cdn)}/${digest}`,
        "x-repo-commit": commit,
        "x-linked-etag": `"${digest}"`,
        "x-linked-size": String(content.length),
        etag: `"${digest}"`,
      })
      .end();
  });

  return {
    endpoint: addressOf(hub),
    asked,
    sent: () => sent,
    close: async () => {
      for (const server of [hub, cdn]) {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
    },
  };
}

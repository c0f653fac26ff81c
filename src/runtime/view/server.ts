/**
 * A server for one person's browser on the same machine: a page of all runs, their reports, and what changes while runs go
 * on. It listens on 127.0.0.1 and answers only requests that name it so, which no page of another site can make a browser
 * send (DNS rebinding); it reads and never writes.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { basename } from "node:path";
import { listRuns } from "./listing.js";
import { fragmentOf, indexPage, viewScript } from "./page.js";
import { servedFile } from "./served-file.js";

export interface ViewServer {
  /** With a slash at the end. */
  readonly address: string;
  /** Ends every connection. Resolves when the port is free. */
  close(): Promise<void>;
}

/** How often a folder is looked at while somebody watches; less often where looking takes long. */
const millisecondsBetween = 1000;
/** Browsers that watch at a time; more than a person has open. */
const mostWatchers = 32;

const scriptHash = createHash("sha256").update(viewScript).digest("base64");
const pagePolicy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'; connect-src 'self'; base-uri 'none'; form-action 'none'`;
/** A report has a policy of its own; in a sandbox without an origin it cannot ask this server for anything either. */
const filePolicy = "sandbox allow-scripts allow-downloads allow-popups; frame-ancestors 'none'";

/** Serves `folder`; `port` 0 takes one that is free. Rejects when the folder is not there or the port is taken. */
export async function startViewServer(folder: string, port: number): Promise<ViewServer> {
  const root = await realpath(folder);
  await listRuns(root);
  const watchers = new Set<ServerResponse>();
  let hosts: ReadonlySet<string> = new Set();
  const server = createServer((request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) refuse(response, 500, "This could not be read.");
      else response.destroy();
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(commonHeaders)) response.setHeader(name, value);
    if (!hosts.has(request.headers.host ?? "")) {
      refuse(response, 421, "This server answers to its own address only.");
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      refuse(response, 405, "This server only shows.");
      return;
    }
    // What a browser sends by itself for another site's page is not answered, whatever it could read of it.
    const from = request.headers["sec-fetch-site"];
    if (from === "cross-site" && request.headers["sec-fetch-mode"] !== "navigate") {
      refuse(response, 403, "Other sites get nothing.");
      return;
    }
    const [path = "/"] = (request.url ?? "/").split(/[?#]/);
    if (path === "/") {
      const page = indexPage(basename(root), await listRuns(root), pagePolicy);
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": pagePolicy });
      response.end(request.method === "HEAD" ? undefined : page);
    } else if (path === "/events") watch(request, response);
    else if (path.startsWith("/run/")) await sendFile(path.slice("/run/".length), request, response);
    else refuse(response, 404, "There is nothing here.");
  }

  async function sendFile(address: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = await servedFile(root, address);
    if (file === null) {
      refuse(response, 404, "There is no such file of a run.");
      return;
    }
    response.writeHead(200, {
      "Content-Type": file.type,
      "Content-Length": file.size,
      "Content-Security-Policy": filePolicy,
    });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const stream = createReadStream(file.path);
    stream.on("error", () => response.destroy());
    response.on("close", () => stream.destroy());
    stream.pipe(response);
  }

  function watch(request: IncomingMessage, response: ServerResponse): void {
    if (watchers.size >= mostWatchers) {
      refuse(response, 503, "Too many pages watch already.");
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream", "Content-Security-Policy": "default-src 'none'" });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    response.write("retry: 2000\n\n");
    watchers.add(response);
    response.on("close", () => watchers.delete(response));
    if (watchers.size === 1) look();
  }

  let last = "";
  let timer: NodeJS.Timeout | null = null;
  function look(): void {
    if (timer !== null) return;
    const started = Date.now();
    const again = (): void => {
      const took = Date.now() - started;
      if (watchers.size > 0) timer = setTimeout(next, Math.max(millisecondsBetween, 5 * took));
    };
    const next = (): void => {
      timer = null;
      look();
    };
    timer = setTimeout(next, 60_000);
    listRuns(root)
      .then(({ runs }) => {
        const data = JSON.stringify(runs.map(fragmentOf));
        // A page that has just begun to watch may be older than what was sent last.
        const isNew = data !== last;
        last = data;
        for (const watcher of watchers) if (isNew || !told.has(watcher)) watcher.write(`data: ${data}\n\n`);
        for (const watcher of watchers) told.add(watcher);
      })
      // A folder that is gone for a moment may come back.
      .catch(() => undefined)
      .finally(() => {
        if (timer !== null) clearTimeout(timer);
        timer = null;
        again();
      });
  }
  const told = new WeakSet<ServerResponse>();

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const bound = server.address();
  const own = typeof bound === "object" && bound !== null ? bound.port : port;
  hosts = new Set([`127.0.0.1:${own}`, `localhost:${own}`, ...(own === 80 ? ["127.0.0.1", "localhost"] : [])]);
  return {
    address: `http://127.0.0.1:${own}/`,
    close: () =>
      new Promise((resolve) => {
        if (timer !== null) clearTimeout(timer);
        for (const watcher of watchers) watcher.destroy();
        watchers.clear();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

const commonHeaders: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
};

function refuse(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'",
  });
  response.end(`${sentence}\n`);
}

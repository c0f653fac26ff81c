/** A small repository, a folder for a cache, and what downloads report. */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { createHttp, type Http } from "../../src/runtime/hub/http.js";
import { HubFault } from "../../src/runtime/hub/fault.js";
import type { PullEvents } from "../../src/runtime/hub/pull.js";
import type { HubSettings } from "../../src/runtime/hub/settings.js";
import { packageRoot } from "../../src/runtime/models/places.js";
import { startHub, type HubServer, type HubServerOptions } from "../support/hub-server.js";

const from = join(packageRoot(), "stdlib", "models", "gpt2-tiny");

/** A model of 1.5 MB, with files that nobody needs. */
export const files: Readonly<Record<string, Buffer>> = {
  "README.md": Buffer.from("# A model\n"),
  "config.json": readFileSync(join(from, "config.json")),
  "tokenizer.json": readFileSync(join(from, "tokenizer.json")),
  "tokenizer_config.json": readFileSync(join(from, "tokenizer_config.json")),
  "model.safetensors": readFileSync(join(from, "model.safetensors")),
  "pytorch_model.bin": Buffer.alloc(300_000, 7),
  "onnx/model.onnx": Buffer.alloc(10, 1),
};

export const needed = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

/** `org/tiny` at `main`, and whatever else. */
export const tiny = { "org/tiny": { revisions: { main: files } } } as const;

export interface Place {
  readonly hub: HubServer;
  readonly http: Http;
  readonly cache: string;
  readonly said: string[];
  readonly events: PullEvents;
}

export function settingsFor(endpoint: string, cache: string, more: Partial<HubSettings> = {}): HubSettings {
  const proxies = { http: null, https: null, none: "" };
  return { endpoint, cache, token: null, offline: false, proxies, pause: 10, ...more };
}

/** A Hub and an empty cache; both are gone when the test file ends. */
export async function createPlace(
  options: Partial<HubServerOptions> = {},
  settings: Partial<HubSettings> = {},
): Promise<Place> {
  const hub = await startHub({ repositories: tiny, ...options });
  const cache = join(mkdtempSync(join(tmpdir(), "atlasc-hub-")), "hub");
  const http = createHttp(settingsFor(hub.endpoint, cache, settings));
  const said: string[] = [];
  after(async () => {
    await http.close();
    await hub.close();
    rmSync(join(cache, ".."), { recursive: true, force: true });
  });
  const events = { say: (sentence: string) => void said.push(sentence), progress: () => undefined };
  return { hub, http, cache, said, events };
}

/** The fault of what must fail: code, sentence and hint. */
export async function faultOf(work: Promise<unknown>): Promise<readonly [code: string, problem: string, hint: string]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof HubFault) return [error.code, error.message, error.hint];
    throw error;
  }
  throw new Error("nothing failed");
}

/** Everything in a folder by its path: links as `→ target`, files as their size. */
export function treeOf(folder: string): Readonly<Record<string, number | "link">> {
  const entries = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    entries.flatMap((path): [string, number | "link"][] => {
      const found = lstatSync(join(folder, path));
      if (found.isSymbolicLink()) return [[path, "link"]];
      return found.isDirectory() ? [] : [[path, found.size]];
    }),
  );
}

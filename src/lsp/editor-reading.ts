/**
 * How an editor's host reads: texts that are open in the editor as they are there, and everything else once, until it
 * changes on disk. Between two keys nothing is read, opened or tokenised again.
 */
import { stat } from "node:fs/promises";
import { digestOf } from "../compiler/base/digest.js";
import type { FileFact } from "../compiler/base/file-fact.js";
import type { SourceFile } from "../compiler/base/span.js";
import type { Staged } from "../compiler/diagnostics/staged.js";
import type { EncodedText } from "../compiler/ir/encodings.js";
import { diskReading, type Reading } from "../runtime/load.js";
import type { OpenedModel } from "../runtime/models/open-model.js";
import type { Tokenizer } from "../runtime/models/tokenizer.js";

/** The text of a file that is open in the editor, by its path; null for any other. */
export type OpenText = (path: string) => string | null;

export interface EditorReading extends Reading {
  /** Forgets what was read of models: their folders may have changed. */
  readonly forgetModels: () => void;
}

/** Encodings that are kept for each tokenizer; the oldest are dropped. */
const keptEncodings = 64;

export function createEditorReading(openText: OpenText): EditorReading {
  const files = new Map<string, { readonly stamp: string; readonly fact: FileFact }>();
  const models = new Map<string, Staged<OpenedModel | null>>();
  const encodings = new WeakMap<Tokenizer, Map<string, readonly EncodedText[]>>();
  let library: Promise<readonly SourceFile[]> | null = null;
  return {
    standardLibrary: () => (library ??= diskReading.standardLibrary()),
    pathOf: diskReading.pathOf,
    folderOf: diskReading.folderOf,
    identity: diskReading.identity,
    async file(path, most, options) {
      const text = openText(path);
      if (text !== null) return { text };
      const stamp = await stampOf(path);
      const known = files.get(path);
      if (stamp !== null && known?.stamp === stamp) return known.fact;
      const fact = await diskReading.file(path, most, options);
      if (stamp !== null) files.set(path, { stamp, fact });
      return fact;
    },
    async model(request, options) {
      const key = JSON.stringify([request.source, request.revision, request.baseFolder]);
      const known = models.get(key);
      if (known !== undefined) return known;
      const opened = await diskReading.model(request, options);
      // What has something to say is read again: its place in the text moves.
      if (opened.value !== null && opened.diagnostics.length === 0) models.set(key, opened);
      return opened;
    },
    async encode(tokenizer, request) {
      const kept = encodings.get(tokenizer) ?? new Map<string, readonly EncodedText[]>();
      encodings.set(tokenizer, kept);
      const { as, limit, texts, turn = null } = request;
      const key = digestOf([as, limit, texts, turn]);
      const encoded = kept.get(key) ?? (await diskReading.encode(tokenizer, request));
      kept.delete(key);
      kept.set(key, encoded);
      for (const oldest of kept.keys()) {
        if (kept.size <= keptEncodings) break;
        kept.delete(oldest);
      }
      return encoded;
    },
    forgetModels: () => {
      models.clear();
    },
  };
}

/** What tells whether a file is the one that was read; null for what is not there. */
async function stampOf(path: string): Promise<string | null> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return null;
  }
}

/** The analyses of open documents: made when they are asked for, kept until a text changes. */
import { setImmediate } from "node:timers/promises";
import type { SourceFile } from "../compiler/base/span.js";
import { declarationsOf } from "../compiler/compile.js";
import { docEntries } from "../compiler/docs/entries.js";
import { documentationOf, movedAnalysis, type Analysis, type Documentation } from "../compiler/ide/index.js";
import { createParseMemory, type ParseMemory } from "../compiler/syntax/parse-memory.js";
import { parseOnce } from "../compiler/syntax/parse.js";
import { loadProtocol, type Reading } from "../runtime/load.js";
import type { EditorReading } from "./editor-reading.js";

export interface Analyses {
  /** What is known of a text as it is now; what is asked for twice is made once. @error One that {@link isOutdated} where the text changes. */
  readonly of: (path: string, text: string) => Promise<Analysis>;
  /**
   * What can be said of a text at once: its analysis where that is there, else the one before it, carried over to this text.
   * Null where nothing was known before.
   */
  readonly soon: (path: string, text: string) => Soon | null;
  /** What a text would be, were other files as `texts` has them, by their paths. Nothing of it is kept. */
  readonly asIf: (source: SourceFile, texts?: ReadonlyMap<string, string>) => Promise<Analysis>;
  /** Forgets all of them: something that they read has changed. */
  readonly forget: () => void;
  /** Forgets all but one: its text is what has changed. */
  readonly forgetOthers: (path: string) => void;
}

export interface Soon {
  readonly analysis: Analysis;
  /** False while the text waits to be checked. */
  readonly isChecked: boolean;
}

/** Why an analysis came to no end: its text has changed meanwhile. */
const outdated = new Error("the text has changed while it was checked");

export function isOutdated(error: unknown): boolean {
  return error === outdated;
}

/** What is kept of one document. */
interface Kept {
  readonly memory: ParseMemory;
  source: SourceFile;
  /** Of `source`; null until somebody asks. */
  analysis: Promise<Analysis> | null;
  /** The newest, of `source` or of a text before it. */
  known: Soon | null;
}

/** Of so many documents: the oldest are dropped. */
const keptDocuments = 20;

/** How long somebody who asks may have to wait for work that is under way, in milliseconds. */
const longestStep = 8;

export function createAnalyses(reading: EditorReading): Analyses {
  const documents = new Map<string, Kept>();
  let documentation: Promise<Documentation> | null = null;

  /** What is kept of a document, which has this text now. */
  function keptOf(path: string, text: string): Kept {
    const kept = documents.get(path) ?? {
      memory: createParseMemory(),
      source: { path, text },
      analysis: null,
      known: null,
    };
    documents.delete(path);
    documents.set(path, kept);
    const [oldest] = documents.keys();
    if (documents.size > keptDocuments && oldest !== undefined) documents.delete(oldest);
    if (kept.source.text !== text) {
      kept.source = { path, text };
      kept.analysis = null;
    }
    return kept;
  }

  /** {@link Analyses.soon} of a document's text. */
  function broughtUp(kept: Kept): Soon | null {
    const { source, known, memory } = kept;
    if (known === null || known.analysis.source.text === source.text) return known;
    const moved = movedAnalysis(known.analysis, source, parseOnce(source, memory), declarationsOf);
    kept.known = { analysis: moved.analysis, isChecked: known.isChecked && moved.isChecked };
    return kept.known;
  }

  async function analyse(kept: Kept): Promise<Analysis> {
    const { source, memory } = kept;
    parseOnce(source, memory);
    const pause = pausing(() => {
      if (kept.source !== source) throw outdated;
    });
    return analysisOf(source, reading, pause);
  }

  async function analysisOf(source: SourceFile, from: Reading, pause: () => Promise<void>): Promise<Analysis> {
    documentation ??= reading.standardLibrary().then((files) => documentationOf(docEntries(files)));
    const loaded = await loadProtocol(source, { reading: from, sideTable: true, pause });
    const { value: checked } = loaded.compiled;
    // A file that only declares, for others to import, is no mistake; running it is.
    const diagnostics = loaded.compiled.diagnostics.filter(({ code }) => code !== "A5002");
    return { source, checked, diagnostics, documentation: await documentation, texts: loaded.sources };
  }

  return {
    of(path, text) {
      const kept = keptOf(path, text);
      if (kept.analysis !== null) return kept.analysis;
      const moved = broughtUp(kept);
      if (moved?.isChecked === true) return (kept.analysis = Promise.resolve(moved.analysis));
      const { source } = kept;
      const analysis = analyse(kept);
      kept.analysis = analysis;
      analysis.then(
        (made) => {
          // What was forgotten while it was made may be wrong by now.
          if (kept.source === source && kept.analysis === analysis) kept.known = { analysis: made, isChecked: true };
        },
        // A failure is told to whoever asked, and the next one tries again.
        () => {
          if (kept.analysis === analysis) kept.analysis = null;
        },
      );
      return analysis;
    },
    soon: (path, text) => broughtUp(keptOf(path, text)),
    asIf(source, texts = new Map()) {
      const file: Reading["file"] = (path, ...asked) => {
        const text = texts.get(path);
        return text === undefined ? reading.file(path, ...asked) : Promise.resolve({ text });
      };
      return analysisOf(source, { ...reading, file }, pausing());
    },
    forget() {
      for (const kept of documents.values()) unchecked(kept);
    },
    forgetOthers(path) {
      for (const [other, kept] of documents) if (other !== path) unchecked(kept);
    },
  };
}

/** Waits while others are answered, and looks then whether there is still something to do. */
function pausing(look: () => void = () => undefined): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < longestStep) return;
    await setImmediate();
    look();
    since = performance.now();
  };
}

/** What is known of a document goes on answering until it is checked again. */
function unchecked(kept: Kept): void {
  kept.analysis = null;
  if (kept.known !== null) kept.known = { ...kept.known, isChecked: false };
}

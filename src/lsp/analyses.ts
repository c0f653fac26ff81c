/** The analyses of open documents: made when they are asked for, kept until a text changes. */
import { docEntries } from "../compiler/docs/entries.js";
import { documentationOf, type Analysis, type Documentation } from "../compiler/ide/index.js";
import { loadProtocol } from "../runtime/load.js";
import type { EditorReading } from "./editor-reading.js";

export interface Analyses {
  /** What is known of a text as it is now; what is asked for twice is made once. */
  readonly of: (path: string, text: string) => Promise<Analysis>;
  /**
   * What was last known of a file, about another text of it, where the analysis of this text is not there yet: declarations,
   * types and documentation are those of the older text, and there is no side table. Null where nothing better than waiting
   * can be done.
   */
  readonly before: (path: string, text: string) => Analysis | null;
  /** Forgets all of them: something that they read has changed. */
  readonly forget: () => void;
  /** Forgets all but one: its text is what has changed. */
  readonly forgetOthers: (path: string) => void;
}

/** Analyses that are kept: of each document the last, and of few documents. */
const keptDocuments = 20;

export function createAnalyses(reading: EditorReading): Analyses {
  const kept = new Map<string, { readonly text: string; readonly analysis: Promise<Analysis> }>();
  const finished = new Map<string, Analysis>();
  let documentation: Promise<Documentation> | null = null;
  return {
    of(path, text) {
      const known = kept.get(path);
      if (known?.text === text) return known.analysis;
      documentation ??= reading.standardLibrary().then((files) => documentationOf(docEntries(files)));
      const analysis = analyse(path, text, reading, documentation);
      kept.delete(path);
      kept.set(path, { text, analysis });
      const [oldest] = kept.keys();
      if (kept.size > keptDocuments && oldest !== undefined) {
        kept.delete(oldest);
        finished.delete(oldest);
      }
      // A failure is told to whoever asked, and the next one tries again.
      analysis.then(
        (known) => finished.set(path, known),
        () => kept.delete(path),
      );
      return analysis;
    },
    before(path, text) {
      const known = finished.get(path);
      if (known === undefined || known.source.text === text) return null;
      const texts = new Map([...known.texts, [path, text]]);
      return { ...known, source: { path, text }, texts, checked: { ...known.checked, sideTable: null } };
    },
    forget: () => {
      kept.clear();
      finished.clear();
    },
    forgetOthers: (path) => {
      for (const other of [...kept.keys()]) if (other !== path) kept.delete(other);
    },
  };
}

async function analyse(
  path: string,
  text: string,
  reading: EditorReading,
  documentation: Promise<Documentation>,
): Promise<Analysis> {
  const source = { path, text };
  const loaded = await loadProtocol(source, { reading, sideTable: true });
  const { value: checked } = loaded.compiled;
  // A file that only declares, for others to import, is no mistake; running it is.
  const diagnostics = loaded.compiled.diagnostics.filter(({ code }) => code !== "A5002");
  return { source, checked, diagnostics, documentation: await documentation, texts: loaded.sources };
}

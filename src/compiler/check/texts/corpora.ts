/** Corpora: long texts, read as one stream of tokens each and cut into windows. */
import type { FileFact } from "../../base/file-fact.js";
import type { Span } from "../../base/span.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type {
  Coordinate,
  CorpusDocument,
  Coordinates,
  ModelInstance,
  Prompt,
  TokenizedTexts,
} from "../../ir/protocol.js";
import type { ModelFacts, ModelSignature } from "../../models/model.js";
import type { CorpusStatement, NumberLiteral } from "../../syntax/ast.js";
import { textSize, type EncodedText } from "../../ir/encodings.js";
import { reportError, tooMany } from "../faults.js";
import { limits } from "../limits.js";
import { spellsOut } from "../../models/beginnings.js";
import { refuseAllButTexts } from "./inline-texts.js";
import { plainDraft } from "./text-draft.js";
import { recordsOf } from "./text-files.js";
import { readTextRecords } from "./text-records.js";
import { isReadingSound, readSource } from "./texts.js";
import { addsBos } from "./tokenised.js";
import { cutWindows, firstScored, tokensInWindows } from "./windows.js";

type Report = (d: Diagnostic) => void;

export interface DocumentDraft {
  readonly text: string;
  /** Within its group, from 0; null where no group has several. */
  readonly number: number | null;
  readonly group: Coordinate | null;
  readonly fields: Coordinates;
  readonly span: Span;
}

/** A corpus before tokenisation. */
export interface CorpusDraft {
  readonly documents: readonly DocumentDraft[];
  /** Tokens of each document that are read at most, BOS not counted; null without a limit. */
  readonly limit: number | null;
}

/** Longest window that a corpus has without `window`. */
const defaultWindow = 1024;

/**
 * Reads a declaration with its files' contents. A plain text file is one document, whatever lines it has; of a file with
 * fields each record's `text` is one, and of a list each string. Where a file or list has several documents they get
 * numbers within their group, from 0. Null after an error.
 */
export function draftCorpus(
  statement: CorpusStatement,
  files: ReadonlyMap<string, FileFact>,
  report: Report,
): CorpusDraft | null {
  const { name, source, fields, limit } = statement;
  const sound = checkNumbers(statement, report) && isReadingSound(statement, report);
  const drafts = readSource(
    {
      statement,
      files,
      readFile: (path, format, fact, group) =>
        format === "plain"
          ? [plainDraft(fact.text, group, path.span)]
          : readTextRecords(fields, path, recordsOf(format, fact), group, report),
      readList: (items, group) =>
        refuseAllButTexts(items, report)
          ? null
          : items.flatMap((item) => (item.kind === "string" ? [plainDraft(item.value, group, item.span)] : [])),
      report,
    },
    source,
    null,
  );
  if (drafts === null || !sound) return null;
  const blank = drafts.find((draft) => draft.text.trim() === "");
  if (blank !== undefined || drafts.length === 0) {
    const hint = "a corpus needs texts with something in them";
    report(diagnostic("A4103", blank?.span ?? name.span, { name: name.text }, { hint }));
    return null;
  }
  const counts = new Map<string, number>();
  const numbers = drafts.map(({ group }) => {
    const own = String(group ?? "");
    const number = counts.get(own) ?? 0;
    counts.set(own, number + 1);
    return number;
  });
  const several = numbers.some((number) => number > 0);
  const documents = drafts.map(({ text, group, fields, span }, i) => ({
    text,
    number: several ? (numbers[i] ?? 0) : null,
    group,
    fields,
    span,
  }));
  return { documents, limit: limit?.count.value ?? null };
}

function checkNumbers({ window, stride, limit }: CorpusStatement, report: Report): boolean {
  const check = (literal: NumberLiteral | null, least: number, expected: string): boolean => {
    if (literal === null || (Number.isInteger(literal.value) && literal.value >= least)) return true;
    reportError({ report }, "A3005", literal.span, { value: literal.text, expected });
    return false;
  };
  const sound = [
    check(window, 2, "a window of at least 2 tokens"),
    check(stride, 1, "a stride of at least 1 token"),
    check(limit?.count ?? null, 2, "a limit of at least 2 tokens"),
  ].every(Boolean);
  return sound && (window === null || stride === null || checkStride(stride, window.value, report));
}

function checkStride(stride: NumberLiteral, window: number, report: Report): boolean {
  if (stride.value <= window) return true;
  const expected = `a stride of at most the window of ${window} tokens: tokens between windows would be left out`;
  reportError({ report }, "A3005", stride.span, { value: stride.text, expected });
  return false;
}

/** Tokens of each document to ask for: one more than can be used tells that there are too many. */
export function documentLimit({ limit }: CorpusDraft): number {
  return Math.min(limit ?? Number.POSITIVE_INFINITY, limits.corpusTokens + 1);
}

/** A corpus as one model reads it, and the pieces of its documents' scored tokens. */
export interface TokenizedCorpus {
  readonly texts: TokenizedTexts;
  readonly pieces: readonly (readonly string[])[];
}

/**
 * The windows of a corpus. With BOS (by the declaration's `bos`, or else the tokenizer's own convention) every window
 * begins with it and every token is scored; without, the first token of each document is not. What measures may know of
 * a window is its document's number of scored tokens, their bytes and words, and how many the window itself scores.
 */
export function tokeniseCorpus(
  statement: CorpusStatement,
  draft: CorpusDraft,
  encoded: readonly EncodedText[],
  instance: ModelInstance,
  facts: ModelFacts,
  signature: ModelSignature,
  report: Report,
): TokenizedCorpus | null {
  const name = statement.name.text;
  const bos = addsBos(statement, facts.tokenizer, facts.tokenizer?.addsBos === true, instance, report);
  if (bos === null) return null;
  const begins = bos.ids.length > 0;
  if (bos.ids.length > 1) {
    const hint = "leave them out with `bos off`";
    const problem = `begins with ${bos.ids.length} special tokens, and a window has one at most`;
    report(diagnostic("A4123", statement.name.span, { what: "every text", name, problem }, { hint }));
    return null;
  }
  const after = facts.tokenizer?.after ?? [];
  const most = signature.maxPositions;
  const window = statement.window?.value ?? Math.min(most ?? defaultWindow, defaultWindow);
  if (most !== null && window > most) {
    const parameters = { name, window, model: instance.id, limit: most };
    report(diagnostic("A4111", statement.window?.span ?? statement.name.span, parameters));
    return null;
  }
  if (statement.stride !== null && !checkStride(statement.stride, window, report)) return null;
  const stride = statement.stride?.value ?? window;

  const prompts: Prompt[] = [];
  const documents: CorpusDocument[] = [];
  const pieces: (readonly string[])[] = [];
  let total = 0;
  for (const [i, { number, group, fields, span }] of draft.documents.entries()) {
    const { ids: read, pieces: own, problem } = encoded[i] ?? { ids: [], pieces: [] };
    if (problem !== undefined) {
      const parameters = {
        what: "tokenizer",
        model: instance.name,
        result: "tokens",
        text: `text ${i}`,
        name,
        problem,
      };
      report(diagnostic("A4124", span, parameters));
      return null;
    }
    // Where only a beginning of the text is read, it does not end.
    const all = [...read, ...(draft.limit === null ? after : [])];
    // A text that spells BOS out has it already, and it is not one of its tokens.
    const spelled = begins && spellsOut(bos.ids, { ids: all, pieces: own }, facts.tokenizer) ? 1 : 0;
    const ids = all.slice(spelled);
    if (total + tokensInWindows(ids.length, window, stride, begins) > limits.corpusTokens) {
      const count = total + tokensInWindows(ids.length, window, stride, begins);
      const hint = "take fewer with `limit 100k tokens`, or a longer stride";
      tooMany({ report }, statement.span, "corpusTokens", count, "this corpus", "tokens in its windows", hint);
      return null;
    }
    const windows = cutWindows(ids.length, window, stride, begins);
    if (windows.length === 0) {
      const hint = "a token is predicted from the ones before it; `bos on` puts one before the first";
      report(diagnostic("A4110", span, { name, tokens: ids.length }, { hint }));
      return null;
    }
    total += windows.reduce((sum, { begin, end }) => sum + end - begin, 0);
    const first = firstScored(begins);
    const scoredPieces = [...own, ...all.slice(read.length).map(() => "")].slice(spelled + first);
    const size = { tokens: ids.length - first, ...textSize(scoredPieces.join("")) };
    const indices: number[] = [];
    const starts: number[] = [];
    for (const { begin, end, scored } of windows) {
      const index = prompts.length;
      indices.push(index);
      starts.push(end - scored);
      const windowIds = ids.slice(begin, end);
      prompts.push({
        index,
        text: "",
        ids: [...bos.ids, ...windowIds],
        group,
        fields,
        numbers: { ...size, scored },
      });
    }
    documents.push({ number, group, fields, ...size, windows: indices, starts });
    pieces.push(scoredPieces);
  }
  const texts: TokenizedTexts = {
    name,
    model: instance.id,
    prompts,
    bos: begins,
    input: "text",
    continuation: 0,
    period: null,
    documents,
  };
  return { texts, pieces };
}

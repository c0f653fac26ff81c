/** All texts of a protocol: from declarations and files to what must be encoded, and from encodings to ids. */
import type { FileFact } from "../../base/file-fact.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { ModelInstance, TokenizedTexts } from "../../ir/protocol.js";
import type { ModelFacts, ModelSignature } from "../../models/model.js";
import type { CorpusStatement, PromptsStatement } from "../../syntax/ast.js";
import { answerTokens } from "./answers.js";
import { documentLimit, draftCorpus, tokeniseCorpus, type CorpusDraft } from "./corpora.js";
import type { EncodedText, EncodingRequest, TextPieces } from "../../ir/encodings.js";
import type { TokenLiterals } from "./named-tokens.js";
import type { Scope } from "../names/scope.js";
import { inputReader, needsTokenizer, requestsOf } from "./set-encodings.js";
import { draftTexts, type TextsDraft } from "./texts.js";
import { textsKey } from "../../ir/texts-key.js";
import { haveRows } from "./rows-of-ids.js";
import { tokeniseTexts } from "./tokenised.js";

type Report = (d: Diagnostic) => void;

/** A declaration as far as it can be read without a tokenizer. */
export type Draft =
  | { readonly statement: PromptsStatement; readonly draft: TextsDraft }
  | { readonly statement: CorpusStatement; readonly draft: CorpusDraft };

/** Every declared prompt set and corpus, by name; those with errors are left out. */
export function draftAll(
  scope: Scope,
  files: ReadonlyMap<string, FileFact>,
  report: Report,
): ReadonlyMap<string, Draft> {
  const drafts = new Map<string, Draft>();
  for (const [name, statement] of scope.texts) {
    if (statement.kind === "corpus") {
      const draft = draftCorpus(statement, files, report);
      if (draft !== null) drafts.set(name, { statement, draft });
    } else {
      const draft = draftTexts(statement, files, report);
      if (draft !== null) drafts.set(name, { statement, draft });
    }
  }
  return drafts;
}

/** A model that texts are read for. */
export interface Reader {
  readonly instance: ModelInstance;
  readonly facts: ModelFacts;
  readonly signature: ModelSignature;
}

function isCorpus(draft: Draft): draft is Extract<Draft, { statement: CorpusStatement }> {
  return draft.statement.kind === "corpus";
}

/** What the models' tokenizers should encode. Models without a tokenizer are not asked. */
export function encodingsWanted(
  drafts: ReadonlyMap<string, Draft>,
  literals: TokenLiterals,
  readers: readonly Reader[],
): readonly EncodingRequest[] {
  const requests: EncodingRequest[] = [];
  for (const { instance, facts } of readers) {
    if (facts.tokenizer === null) continue;
    const model = instance.id;
    const continuations = new Set(literals.values);
    for (const [name, draft] of drafts) {
      const texts = new Set<string>();
      if (isCorpus(draft)) for (const { text } of draft.draft.documents) texts.add(text);
      else if (draft.draft.kind === "texts") {
        const wanted = requestsOf(draft.statement, draft.draft.items, model);
        requests.push(...wanted.requests);
        for (const text of wanted.continuations) continuations.add(text);
      }
      if (texts.size === 0) continue;
      const limit = isCorpus(draft) ? documentLimit(draft.draft) : null;
      requests.push({ key: textsKey(name, model), model, texts: [...texts], as: "text", limit });
    }
    if (continuations.size === 0) continue;
    requests.push({
      key: `continuations for ${model}`,
      model,
      texts: [...continuations],
      as: "continuation",
      limit: null,
    });
  }
  return requests;
}

/** Texts as the models read them. */
export interface ReadTexts {
  /** By `textsKey`; sets with errors are left out. */
  readonly texts: ReadonlyMap<string, TokenizedTexts>;
  readonly pieces: TextPieces;
  /** The tokens of a string that the protocol names as a value; null where the model has no tokenizer. */
  readonly tokenOf: (model: string, text: string) => EncodedText | null;
}

/** Tokenises everything, given the answers to {@link encodingsWanted} by their keys. */
export function readTexts(
  drafts: ReadonlyMap<string, Draft>,
  literals: TokenLiterals,
  readers: readonly Reader[],
  requests: readonly EncodingRequest[],
  answers: ReadonlyMap<string, readonly EncodedText[]>,
  report: Report,
): ReadTexts {
  const encoded = new Map(
    requests.map(({ key, texts }) => {
      const found = answers.get(key) ?? [];
      return [key, new Map(texts.map((text, i) => [text, found[i] ?? { ids: [], pieces: [] }]))];
    }),
  );
  const encodingOf =
    (key: string) =>
    (text: string): EncodedText =>
      encoded.get(key)?.get(text) ?? { ids: [], pieces: [] };
  const said = new Set<string>();
  const texts = new Map<string, TokenizedTexts>();
  const pieces = new Map<string, readonly (readonly string[])[]>();
  for (const [name, draft] of drafts) {
    for (const { instance, facts, signature } of readers) {
      const model = instance.id;
      const key = textsKey(name, model);
      const isText = isCorpus(draft) || needsTokenizer(draft.draft);
      if (isText && facts.tokenizer === null) {
        const hint = `put tokenizer.json beside config.json${isCorpus(draft) ? "" : ", or use token ids, [[0, 12, 5]], or `random tokens`"}`;
        report(diagnostic("A4107", draft.statement.name.span, { model, name }, { hint }));
        continue;
      }
      if (isCorpus(draft)) {
        const own = draft.draft.documents.map(({ text }) => encodingOf(key)(text));
        const read = tokeniseCorpus(draft.statement, draft.draft, own, instance, facts, signature, report);
        if (read === null) continue;
        if (!haveRows(read.texts, instance, signature, draft.statement.name.span, report)) continue;
        texts.set(key, read.texts);
        pieces.set(key, read.pieces);
        continue;
      }
      // Checkpoints of one model share a tokenizer: what is wrong with an answer is said once.
      const first = !said.has(`${name} ${facts.tokenizer?.digest ?? ""}`);
      said.add(`${name} ${facts.tokenizer?.digest ?? ""}`);
      const items = draft.draft.kind === "texts" ? draft.draft.items : [];
      const quiet: Report = (d) => {
        if (first) report(d);
      };
      const reader = inputReader(
        draft.statement,
        items,
        encodingOf(key),
        encodingOf(`continuations for ${model}`),
        instance,
        facts,
        signature,
        report,
        quiet,
      );
      const answers = answerTokens(draft.statement, items, reader.answerOf, instance.name, quiet);
      if (answers === null) continue;
      const read = tokeniseTexts(
        draft.statement,
        draft.draft,
        reader.textOf,
        answers,
        literals.positions,
        instance,
        facts,
        signature,
        report,
      );
      const { span } = draft.statement.name;
      if (read?.sets.every((set) => haveRows(set, instance, signature, span, report)) !== true) continue;
      for (const [i, set] of read.sets.entries()) {
        texts.set(textsKey(set.name, model), set);
        const own = read.pieces[i];
        if (own !== undefined) pieces.set(textsKey(set.name, model), own);
      }
    }
  }
  const named = new Set(literals.values);
  const tokenOf = (model: string, text: string): EncodedText | null =>
    named.has(text) ? (encoded.get(`continuations for ${model}`)?.get(text) ?? null) : null;
  return { texts, pieces, tokenOf };
}

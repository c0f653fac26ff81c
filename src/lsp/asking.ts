/** Questions about open documents: some are answered at once, some once the text is checked. */
import { fileURLToPath } from "node:url";
import { ResponseError, type TextDocuments } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { Analysis } from "../compiler/ide/index.js";
import { isOutdated, type Analyses } from "./analyses.js";

/** What a question names. */
interface Asked {
  readonly uri: string;
}

export interface Asking {
  /**
   * Answers a question about a document once it is checked; null for one that is not open.
   * @error ContentModified where it was typed in meanwhile: offsets would not fit. An editor asks again.
   */
  readonly about: <T>(
    asked: Asked,
    answer: (analysis: Analysis, document: TextDocument) => T | Promise<T>,
  ) => Promise<T | null>;
  /**
   * Answers at once while somebody types: by what was known before the last key where the text is not checked yet. Null for a
   * document that is not open.
   */
  readonly atOnce: <T>(
    asked: Asked,
    answer: (analysis: Analysis, document: TextDocument, isChecked: boolean) => T | Promise<T>,
  ) => Promise<T | null>;
}

export function createAsking(documents: TextDocuments<TextDocument>, analyses: Analyses): Asking {
  const about: Asking["about"] = async ({ uri }, answer) => {
    const document = documents.get(uri);
    if (document === undefined) return null;
    const analysis = await analyses.of(pathOf(uri), document.getText()).catch((error: unknown) => {
      throw isOutdated(error) ? modified() : error;
    });
    const now = documents.get(uri);
    if (now?.getText() !== analysis.source.text) throw modified();
    return answer(analysis, now);
  };
  return {
    about,
    atOnce: async ({ uri }, answer) => {
      const document = documents.get(uri);
      if (document === undefined) return null;
      const soon = analyses.soon(pathOf(uri), document.getText());
      if (soon === null) return about({ uri }, (...known) => answer(...known, true));
      return answer(soon.analysis, document, soon.isChecked);
    },
  };
}

/** @source Language Server Protocol: ContentModified */
function modified(): ResponseError {
  const contentModified = -32801;
  return new ResponseError(contentModified, "the text has changed");
}

/** Told to the user as it is. @source Language Server Protocol: RequestFailed */
export function refused(reason: string): ResponseError {
  const requestFailed = -32803;
  return new ResponseError(requestFailed, reason);
}

/** A document's path on this machine. One that is not saved yet goes by its address, and its paths start here. */
export function pathOf(uri: string): string {
  if (!uri.startsWith("file:")) return uri;
  try {
    return fileURLToPath(uri);
  } catch {
    return uri;
  }
}

/** What an editor knows of a protocol: the answer of the compiler, and the documentation of every word. */
import type { SourceFile, Span } from "../base/span.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Protocol } from "../ir/protocol.js";
import type { ResultType } from "../ir/result-type.js";
import type { Declaration, SideTable } from "../ir/side-table.js";
import type { OpenedModel } from "../models/model.js";
import type { FileSyntax } from "../syntax/ast.js";
import type { Documentation } from "./documentation.js";

/** What `compile` gives of a checked protocol, as far as editors ask for it; its comments say what is there when. */
export interface CheckedText {
  readonly protocol: Protocol | null;
  readonly models: ReadonlyMap<string, OpenedModel>;
  readonly syntax: readonly FileSyntax[];
  readonly imports: number;
  readonly scope: readonly Declaration[];
  readonly results: readonly ResultType[];
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly sideTable: SideTable | null;
}

/** Plain data; made anew after every change of a text. */
export interface Analysis {
  readonly source: SourceFile;
  readonly checked: CheckedText;
  readonly diagnostics: readonly Diagnostic[];
  readonly documentation: Documentation;
  /** Every text that a span may point into, by its path; the protocol's own among them. */
  readonly texts: ReadonlyMap<string, string>;
}

const nothingKnown: SideTable = { entries: [] };

/** The side table; an empty one where none was asked for. */
export function tableOf({ checked }: Analysis): SideTable {
  return checked.sideTable ?? nothingKnown;
}

export function textOf({ texts }: Analysis, { file, start, end }: Span): string {
  return texts.get(file)?.slice(start, end) ?? "";
}

/** Whether a file is one that a user can change. */
export function isOwnFile(file: string): boolean {
  return !file.startsWith("@stdlib/") && !file.startsWith("--set ");
}

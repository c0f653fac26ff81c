/** From plain data with offsets to what the Language Server Protocol calls them. */
import { pathToFileURL } from "node:url";
import { TextDocument } from "vscode-languageserver-textdocument";
import {
  CompletionItemKind,
  DiagnosticSeverity,
  InsertTextFormat,
  MarkupKind,
  SymbolKind,
  type CompletionItem,
  type Diagnostic as ProtocolDiagnostic,
  type DocumentSymbol,
  type Location,
  type Range,
  type TextEdit,
} from "vscode-languageserver";
import type { Span } from "../compiler/base/span.js";
import { printable } from "../compiler/base/printable.js";
import { inQuotes } from "../compiler/syntax/literals.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import type { Analysis, Completion, CompletionKind, Edit, OutlineItem } from "../compiler/ide/index.js";
import { filePath } from "../runtime/load.js";
import type { PathProposal } from "./paths.js";

/** A place in a document. */
export function rangeIn(document: TextDocument, { start, end }: Pick<Span, "start" | "end">): Range {
  return { start: document.positionAt(start), end: document.positionAt(end) };
}

/** A place in a text that may not be open. Lines are counted as in one that is. */
export function rangeOf(text: string, span: Pick<Span, "start" | "end">): Range {
  return rangeIn(TextDocument.create("", "", 0, text), span);
}

/** The address of a file that a span names: the document's own keeps the address that the editor gave it. */
export function uriOf(file: string, { source }: Analysis, uri: string): string {
  return file === source.path ? uri : pathToFileURL(filePath(file)).href;
}

export function locationOf(span: Span, analysis: Analysis, uri: string): Location {
  return { uri: uriOf(span.file, analysis, uri), range: rangeOf(analysis.texts.get(span.file) ?? "", span) };
}

const severities = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
} as const;

/**
 * The diagnostics of an analysis, at places of the document. What is wrong in a file that it imports is told at its start,
 * with the place beside it.
 */
export function diagnosticsOf(analysis: Analysis, document: TextDocument): readonly ProtocolDiagnostic[] {
  return analysis.diagnostics.map((diagnostic) => {
    const { primary, related, code, severity } = diagnostic;
    const isHere = primary?.span.file === analysis.source.path;
    const labels = isHere || primary === null ? related : [primary, ...related];
    return {
      range: isHere ? rangeIn(document, primary.span) : rangeIn(document, { start: 0, end: 0 }),
      severity: severities[severity],
      code,
      source: "atlasc",
      message: messageOf(diagnostic),
      relatedInformation: labels.map(({ span, text }) => ({
        location: locationOf(span, analysis, document.uri),
        message: text === "" ? diagnostic.message : text,
      })),
    };
  });
}

function messageOf({ message, primary, expected, found, hint }: Diagnostic): string {
  const label = primary?.text ?? "";
  return [
    label === "" ? message : `${message}: ${label}`,
    ...(expected === undefined ? [] : [`expected: ${expected}`]),
    ...(found === undefined ? [] : [`found: ${found}`]),
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
  ]
    .map(printable)
    .join("\n");
}

const completionKinds: Readonly<Partial<Record<CompletionKind, CompletionItemKind>>> = {
  keyword: CompletionItemKind.Keyword,
  model: CompletionItemKind.Class,
  prompts: CompletionItemKind.Module,
  corpus: CompletionItemKind.Module,
  half: CompletionItemKind.Module,
  metric: CompletionItemKind.Function,
  function: CompletionItemKind.Function,
  test: CompletionItemKind.Function,
  correction: CompletionItemKind.Function,
  experiment: CompletionItemKind.Variable,
  result: CompletionItemKind.Variable,
  param: CompletionItemKind.Constant,
  parameter: CompletionItemKind.Property,
  local: CompletionItemKind.Variable,
  site: CompletionItemKind.Field,
  part: CompletionItemKind.Field,
  quantity: CompletionItemKind.Constant,
  axis: CompletionItemKind.Property,
  column: CompletionItemKind.Property,
  field: CompletionItemKind.Property,
  level: CompletionItemKind.EnumMember,
  place: CompletionItemKind.Value,
  type: CompletionItemKind.TypeParameter,
  dtype: CompletionItemKind.TypeParameter,
};

/** A proposal; `order` keeps the compiler's order where an editor would sort by name. */
export function completionItem(completion: Completion, range: Range, order: number): CompletionItem {
  const { label, kind, detail, documentation, insert } = completion;
  return {
    label,
    kind: completionKinds[kind] ?? CompletionItemKind.Text,
    ...(detail === "" ? {} : { detail }),
    ...(documentation === "" ? {} : { documentation: { kind: MarkupKind.Markdown, value: documentation } }),
    sortText: String(order).padStart(5, "0"),
    insertTextFormat: InsertTextFormat.PlainText,
    textEdit: { range, newText: insert },
  };
}

const pathKinds = {
  file: CompletionItemKind.File,
  folder: CompletionItemKind.Folder,
  model: CompletionItemKind.Class,
  revision: CompletionItemKind.EnumMember,
} as const;

export function pathItem({ text, kind }: PathProposal, range: Range): CompletionItem {
  // What stands between quotes is written with escapes.
  const newText = inQuotes(text);
  return { label: printable(text), kind: pathKinds[kind], filterText: newText, textEdit: { range, newText } };
}

const symbolKinds: Readonly<Record<OutlineItem["kind"], SymbolKind>> = {
  model: SymbolKind.Class,
  prompts: SymbolKind.Module,
  corpus: SymbolKind.Module,
  param: SymbolKind.Constant,
  metric: SymbolKind.Function,
  experiment: SymbolKind.Method,
  result: SymbolKind.Variable,
  decision: SymbolKind.Boolean,
  output: SymbolKind.Object,
  import: SymbolKind.Package,
};

export function documentSymbol(item: OutlineItem, document: TextDocument): DocumentSymbol {
  return {
    name: printable(item.name),
    detail: printable(item.detail),
    kind: symbolKinds[item.kind],
    range: rangeIn(document, item.span),
    selectionRange: rangeIn(document, item.nameSpan),
  };
}

export function symbolKindOf(kind: OutlineItem["kind"]): SymbolKind {
  return symbolKinds[kind];
}

/** An edit with the text that it changes. */
export interface EditIn extends Edit {
  readonly text: string;
}

export function editIn(edit: Edit, { texts }: Analysis): EditIn {
  return { ...edit, text: texts.get(edit.span.file) ?? "" };
}

/** Edits by the address of the file that they change. */
export function changesIn(edits: readonly EditIn[], uriFor: (file: string) => string): Record<string, TextEdit[]> {
  const changes = new Map<string, TextEdit[]>();
  for (const { span, replacement, text } of edits) {
    const uri = uriFor(span.file);
    changes.set(uri, [...(changes.get(uri) ?? []), { range: rangeOf(text, span), newText: replacement }]);
  }
  return Object.fromEntries(changes);
}

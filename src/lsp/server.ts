/**
 * The language server: answers of the compiler to questions of an editor, over standard input and output. It knows nothing
 * of the language; what it says comes from `src/compiler/ide/`.
 */
import { dirname } from "node:path";
import { TextDocument } from "vscode-languageserver-textdocument";
import {
  CodeActionKind,
  FoldingRangeKind,
  InlayHintKind,
  LogMessageNotification,
  MarkupKind,
  MessageType,
  ResponseError,
  SemanticTokensBuilder,
  TextDocumentSyncKind,
  type Connection,
  type SelectionRange,
  TextDocuments,
  DidChangeWatchedFilesNotification,
} from "vscode-languageserver";
import {
  changesAt,
  coloursOf,
  colourModifiers,
  colourTypes,
  completionsAt,
  foldsOf,
  hintsIn,
  hoverAt,
  lensesOf,
  outlineOf,
  selectionsAt,
  signatureAt,
  type Analysis,
} from "../compiler/ide/index.js";
import { print } from "../compiler/syntax/print.js";
import { atlascVersion } from "../runtime/version.js";
import { createAnalyses } from "./analyses.js";
import { createAsking, pathOf } from "./asking.js";
import { createEditorReading } from "./editor-reading.js";
import { serveNames } from "./name-answers.js";
import { pathsFor } from "./paths.js";
import { changesIn, completionItem, diagnosticsOf, documentSymbol, editIn, pathItem, rangeIn } from "./shapes.js";
import { createSizes } from "./sizes.js";
import { createWorkspace } from "./workspace.js";

/** How long a text must stay as it is before its mistakes are shown, in milliseconds. */
const settling = 120;

/** Serves one editor until it says goodbye or closes the connection. */
export function serve(connection: Connection): void {
  const documents = new TextDocuments(TextDocument);
  const openText = (path: string): string | null =>
    documents
      .all()
      .find(({ uri }) => pathOf(uri) === path)
      ?.getText() ?? null;
  const reading = createEditorReading(openText);
  const analyses = createAnalyses(reading);
  const asking = createAsking(documents, analyses);
  const { about, atOnce } = asking;
  const sizesOf = createSizes();
  const workspace = createWorkspace(documents);
  const timers = new Map<string, NodeJS.Timeout>();
  let watches = false;
  let hasCommands = false;
  let refreshes = { colours: false, hints: false };
  /** Whether something is shown that was answered before a text was checked. */
  let shownBefore = false;

  /** {@link atOnce}, of what an editor goes on showing. */
  function shown<T>(
    { uri }: { readonly uri: string },
    answer: (analysis: Analysis, document: TextDocument) => T,
  ): Promise<T | null> {
    return atOnce({ uri }, (analysis, document, isChecked) => {
      if (!isChecked) shownBefore = true;
      return answer(analysis, document);
    });
  }

  async function publish(uri: string): Promise<void> {
    await about({ uri }, (analysis, document) =>
      connection.sendDiagnostics({
        uri,
        version: document.version,
        diagnostics: [...diagnosticsOf(analysis, document)],
      }),
    );
    if (!shownBefore) return;
    shownBefore = false;
    if (refreshes.colours) void connection.languages.semanticTokens.refresh();
    if (refreshes.hints) void connection.languages.inlayHint.refresh();
  }

  function publishSoon(uri: string): void {
    clearTimeout(timers.get(uri));
    timers.set(
      uri,
      setTimeout(() => {
        timers.delete(uri);
        publish(uri).catch((error: unknown) => {
          // The next key has a timer of its own.
          if (error instanceof ResponseError) return;
          const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
          void connection.sendNotification(LogMessageNotification.type, { type: MessageType.Error, message });
        });
      }, settling),
    );
  }

  connection.onInitialize((params) => {
    const { capabilities } = params;
    const options: unknown = params.initializationOptions;
    workspace.begin(params);
    watches = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    const { semanticTokens, inlayHint } = capabilities.workspace ?? {};
    refreshes = {
      colours: semanticTokens?.refreshSupport === true,
      hints: inlayHint?.refreshSupport === true,
    };
    hasCommands = (options as { commands?: unknown } | null | undefined)?.commands === true;
    return {
      serverInfo: { name: "atlasc", version: atlascVersion() },
      capabilities: {
        textDocumentSync: TextDocumentSyncKind.Incremental,
        completionProvider: { triggerCharacters: [".", '"', "/", " ", "["] },
        hoverProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        documentHighlightProvider: true,
        renameProvider: { prepareProvider: true },
        documentSymbolProvider: true,
        workspaceSymbolProvider: true,
        foldingRangeProvider: true,
        selectionRangeProvider: true,
        documentFormattingProvider: true,
        signatureHelpProvider: { triggerCharacters: ["(", ",", " "] },
        inlayHintProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
        ...(hasCommands ? { codeLensProvider: {} } : {}),
        semanticTokensProvider: {
          legend: { tokenTypes: [...colourTypes], tokenModifiers: [...colourModifiers] },
          full: true,
        },
      },
    };
  });

  connection.onInitialized(() => {
    workspace.follow(connection);
    if (!watches) return;
    // Prompt files, corpora, imports and models: what a protocol reads besides itself.
    const watchers = ["**/*.{atlas,jsonl,ndjson,json,csv,tsv,parquet,txt,safetensors}"].map((globPattern) => ({
      globPattern,
    }));
    void connection.client.register(DidChangeWatchedFilesNotification.type, { watchers });
  });

  connection.onDidChangeWatchedFiles(() => {
    reading.forgetModels();
    analyses.forget();
    for (const { uri } of documents.all()) publishSoon(uri);
  });

  documents.onDidChangeContent(({ document }) => {
    // A file that others import is a part of them.
    analyses.forgetOthers(pathOf(document.uri));
    for (const { uri } of documents.all()) publishSoon(uri);
  });
  documents.onDidClose(({ document: { uri } }) => {
    clearTimeout(timers.get(uri));
    void connection.sendDiagnostics({ uri, diagnostics: [] });
    // For those who import it the file is again as it is on disk.
    analyses.forgetOthers(pathOf(uri));
    for (const other of documents.all()) publishSoon(other.uri);
  });

  connection.onCompletion(({ textDocument, position }) =>
    atOnce(textDocument, async (analysis, document, isChecked) => {
      const { items, paths, replace } = completionsAt(analysis, document.offsetAt(position));
      const range = rangeIn(document, replace);
      const files = paths === null ? [] : await pathsFor(paths, dirname(analysis.source.path));
      const all = [
        ...items.map((item, order) => completionItem(item, range, order)),
        ...files.map((file) => pathItem(file, range)),
      ];
      // An incomplete list is asked for again with the next key.
      return isChecked ? all : { isIncomplete: true, items: all };
    }),
  );

  connection.onHover(({ textDocument, position }) =>
    atOnce(textDocument, (analysis, document) => {
      const offset = document.offsetAt(position);
      const hover = hoverAt(analysis, offset, sizesOf(analysis));
      if (hover === null) return null;
      return { contents: { kind: MarkupKind.Markdown, value: hover.text }, range: rangeIn(document, hover.span) };
    }),
  );

  connection.onSignatureHelp(({ textDocument, position }) =>
    atOnce(textDocument, (analysis, document) => {
      const signature = signatureAt(analysis, document.offsetAt(position));
      if (signature === null) return null;
      const { label, documentation, parameters, active } = signature;
      const value = { kind: MarkupKind.Markdown, value: documentation };
      return {
        signatures: [{ label, documentation: value, parameters: parameters.map((text) => ({ label: text })) }],
        activeSignature: 0,
        activeParameter: active ?? parameters.length,
      };
    }),
  );

  connection.onDocumentSymbol(({ textDocument }) =>
    atOnce(textDocument, (analysis, document) => outlineOf(analysis).map((item) => documentSymbol(item, document))),
  );

  connection.onFoldingRanges(({ textDocument }) =>
    atOnce(textDocument, (analysis, document) =>
      foldsOf(analysis).map(({ span, kind }) => ({
        startLine: document.positionAt(span.start).line,
        endLine: document.positionAt(span.end).line,
        kind: kind === "comment" ? FoldingRangeKind.Comment : FoldingRangeKind.Region,
      })),
    ),
  );

  connection.onSelectionRanges(({ textDocument, positions }) =>
    atOnce(textDocument, (analysis, document) =>
      positions.map((position): SelectionRange => {
        const spans = [...selectionsAt(analysis, document.offsetAt(position))].reverse();
        const ranges = spans.reduce<SelectionRange | undefined>(
          (parent, span) => ({ range: rangeIn(document, span), ...(parent === undefined ? {} : { parent }) }),
          undefined,
        );
        return ranges ?? { range: { start: position, end: position } };
      }),
    ),
  );

  connection.onDocumentFormatting(({ textDocument }) =>
    atOnce(textDocument, ({ source, checked }, document) => {
      const [syntax] = checked.syntax;
      // What could not be read could be lost: a text with syntax errors stays as it is.
      if (syntax?.complete !== true) return [];
      const formatted = print(syntax, source.text);
      if (formatted === source.text) return [];
      return [{ range: rangeIn(document, { start: 0, end: source.text.length }), newText: formatted }];
    }),
  );

  connection.onCodeAction(({ textDocument, range }) =>
    about(textDocument, (analysis, document) => {
      const changes = changesAt(analysis, document.offsetAt(range.start), document.offsetAt(range.end));
      const shown = diagnosticsOf(analysis, document);
      return changes.map(({ title, diagnostic, edits, preferred }) => ({
        title,
        kind: CodeActionKind.QuickFix,
        isPreferred: preferred,
        diagnostics: shown.filter((_, i) => analysis.diagnostics[i] === diagnostic),
        edit: {
          changes: changesIn(
            edits.map((edit) => editIn(edit, analysis)),
            workspace.uriOf,
          ),
        },
      }));
    }),
  );

  connection.onCodeLens(({ textDocument }) =>
    atOnce(textDocument, (analysis, document) =>
      lensesOf(analysis).map(({ span, action, title }) => ({
        range: rangeIn(document, span),
        command: { title, command: `atlasc.${action}`, arguments: [document.uri] },
      })),
    ),
  );

  connection.languages.inlayHint.on(({ textDocument, range }) =>
    shown(textDocument, (analysis, document) =>
      hintsIn(analysis, document.offsetAt(range.start), document.offsetAt(range.end)).map(({ offset, text }) => ({
        position: document.positionAt(offset),
        label: text,
        kind: InlayHintKind.Type,
        paddingLeft: true,
      })),
    ),
  );

  connection.languages.semanticTokens.on(async ({ textDocument }) => {
    const data = await shown(textDocument, (analysis, document) => {
      const builder = new SemanticTokensBuilder();
      for (const { start, end, type, modifiers } of coloursOf(analysis)) {
        const { line, character } = document.positionAt(start);
        const bits = modifiers.reduce((sum, name) => sum | (1 << colourModifiers.indexOf(name)), 0);
        builder.push(line, character, end - start, colourTypes.indexOf(type), bits);
      }
      return builder.build();
    });
    return data ?? { data: [] };
  });

  serveNames(connection, { documents, analyses, asking, workspace });
  documents.listen(connection);
  connection.listen();
}

/** Answers about names: where they are declared, where else they stand, other names for them. */
import type { Connection, TextDocuments, WorkspaceSymbol } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import {
  declarationsLike,
  definitionAt,
  referencesAt,
  renamableAt,
  type NamedDeclaration,
} from "../compiler/ide/index.js";
import type { Analyses } from "./analyses.js";
import { refused, type Asking } from "./asking.js";
import { declarationsIn } from "./protocols.js";
import { referencesEverywhere, renameEverywhere } from "./renaming.js";
import { changesIn, locationOf, rangeIn, rangeOf, symbolKindOf } from "./shapes.js";
import type { Workspace } from "./workspace.js";

export interface NameSources {
  readonly documents: TextDocuments<TextDocument>;
  readonly analyses: Analyses;
  readonly asking: Asking;
  readonly workspace: Workspace;
}

export function serveNames(connection: Connection, sources: NameSources): void {
  const { documents, analyses, workspace } = sources;
  const { about, atOnce } = sources.asking;
  const { protocols, uriOf } = workspace;

  connection.onDefinition(({ textDocument, position }) =>
    atOnce(textDocument, (analysis, document) => {
      const definition = definitionAt(analysis, document.offsetAt(position));
      return definition === null ? null : locationOf(definition.target, analysis, document.uri);
    }),
  );

  connection.onReferences(({ textDocument, position, context }) =>
    atOnce(textDocument, async (analysis, document) => {
      const offset = document.offsetAt(position);
      const withDeclaration = context.includeDeclaration;
      const places = await referencesEverywhere(analysis, offset, withDeclaration, protocols, analyses);
      return places.map(({ span, text }) => ({ uri: uriOf(span.file), range: rangeOf(text, span) }));
    }),
  );

  connection.onDocumentHighlight(({ textDocument, position }) =>
    atOnce(textDocument, (analysis, document) =>
      referencesAt(analysis, document.offsetAt(position), true)
        .filter(({ file }) => file === analysis.source.path)
        .map((span) => ({ range: rangeIn(document, span) })),
    ),
  );

  connection.onPrepareRename(({ textDocument, position }) =>
    about(textDocument, (analysis, document) => {
      const target = renamableAt(analysis, document.offsetAt(position));
      if ("reason" in target) return refused(target.reason);
      return { range: rangeIn(document, target.span), placeholder: target.symbol.name };
    }),
  );

  connection.onRenameRequest(({ textDocument, position, newName }) =>
    about(textDocument, async (analysis, document) => {
      const offset = document.offsetAt(position);
      const renaming = await renameEverywhere(analysis, offset, newName, protocols, analyses);
      if (renaming.kind === "refused") return refused(renaming.reason);
      return { changes: changesIn(renaming.edits, uriOf) };
    }),
  );

  connection.onWorkspaceSymbol(async ({ query }) => {
    const symbol = (declaration: NamedDeclaration, text: string): WorkspaceSymbol => ({
      name: declaration.name,
      kind: symbolKindOf(declaration.kind),
      location: {
        uri: uriOf(declaration.file),
        range: rangeOf(text, declaration.nameSpan ?? declaration.span),
      },
    });
    // What an open file imports may lie outside of the workspace.
    const opened = await Promise.all(
      documents
        .all()
        .map(({ uri }) =>
          about({ uri }, (analysis) =>
            declarationsLike(analysis, query).map((one) => symbol(one, analysis.texts.get(one.file) ?? "")),
          ),
        ),
    );
    const closed = (await protocols.all()).flatMap((source) =>
      declarationsIn(source)
        .filter(({ name }) => name.toLowerCase().includes(query.toLowerCase()))
        .map((one) => symbol(one, source.text)),
    );
    const symbols = [...opened.flatMap((own) => own ?? []), ...closed];
    // A file that is open and imported is found twice.
    return [...new Map(symbols.map((one) => [JSON.stringify(one), one])).values()];
  });
}

/** References and other names across a workspace: in every protocol that imports the file where something is declared. */
import type { SourceFile, Span } from "../compiler/base/span.js";
import {
  changedMeaning,
  edited,
  referencesAt,
  referencesOf,
  renameAt,
  renamingEdits,
  sharedAt,
  type Analysis,
  type Edit,
} from "../compiler/ide/index.js";
import type { Analyses } from "./analyses.js";
import type { Protocols } from "./protocols.js";
import type { EditIn } from "./shapes.js";

/** A place, with the text of its file. */
export interface PlaceIn {
  readonly span: Span;
  readonly text: string;
}

export type WideRenaming =
  { readonly kind: "edits"; readonly edits: readonly EditIn[] } | { readonly kind: "refused"; readonly reason: string };

/** Analyses of the other protocols that may name what other files may name, too. */
async function others(
  analysis: Analysis,
  shared: ReturnType<typeof sharedAt>,
  protocols: Protocols,
  { asIf }: Analyses,
): Promise<readonly Analysis[]> {
  if (shared === null) return [];
  const importing = await protocols.importing(shared.file);
  const found: Analysis[] = [];
  for (const source of importing) if (source.path !== analysis.source.path) found.push(await asIf(source));
  return found;
}

/** Every place that names what is named at an offset. */
export async function referencesEverywhere(
  analysis: Analysis,
  offset: number,
  withDeclaration: boolean,
  protocols: Protocols,
  analyses: Analyses,
): Promise<readonly PlaceIn[]> {
  const places = new Map<string, PlaceIn>();
  const add = ({ texts }: Analysis, spans: readonly Span[]): void => {
    for (const span of spans) {
      const { file, start } = span;
      places.set(`${start} ${file}`, { span, text: texts.get(file) ?? "" });
    }
  };
  add(analysis, referencesAt(analysis, offset, withDeclaration));
  const shared = sharedAt(analysis, offset);
  if (shared === null) return [...places.values()];
  const { at } = shared.symbol;
  for (const other of await others(analysis, shared, protocols, analyses)) {
    const isDeclaration = ({ file, start }: Span): boolean => file === at?.file && start === at.start;
    add(
      other,
      referencesOf(other, shared.symbol).filter((span) => withDeclaration || !isDeclaration(span)),
    );
  }
  return [...places.values()];
}

/**
 * The edits that give what is named at an offset another name in every protocol; refused where one of them would then mean
 * something else.
 */
export async function renameEverywhere(
  analysis: Analysis,
  offset: number,
  name: string,
  protocols: Protocols,
  analyses: Analyses,
): Promise<WideRenaming> {
  const own = renameAt(analysis, offset, name);
  if (own.kind === "refused") return own;
  const { symbol } = own;
  const affected = [analysis, ...(await others(analysis, sharedAt(analysis, offset), protocols, analyses))];
  const edits = new Map<string, Edit>();
  const texts = new Map<string, string>();
  for (const one of affected) {
    for (const edit of one === analysis ? own.edits : renamingEdits(one, symbol, name)) {
      const { file, start } = edit.span;
      edits.set(`${start} ${file}`, edit);
      texts.set(file, one.texts.get(file) ?? "");
    }
  }
  const all = [...edits.values()];
  const changed = new Map(
    [...texts].map(([file, text]) => {
      const ofFile = all.filter(({ span }) => span.file === file);
      return [file, edited(text, ofFile)];
    }),
  );
  for (const one of affected) {
    const source: SourceFile = { ...one.source, text: changed.get(one.source.path) ?? one.source.text };
    const refused = changedMeaning(one, await analyses.asIf(source, changed), all);
    if (refused === null) continue;
    const where = one === analysis ? "" : `, in ${one.source.path}`;
    return { kind: "refused", reason: `${symbol.name} cannot be called ${name}: ${refused.reason}${where}` };
  }
  const placed = all.map((edit) => ({ ...edit, text: texts.get(edit.span.file) ?? "" }));
  return { kind: "edits", edits: placed };
}

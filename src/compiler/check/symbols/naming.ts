/** What finding the meaning of names knows, and the symbols of what statements declare. */
import type { Span } from "../../base/span.js";
import { referencesName } from "../../ir/references.js";
import type { SymbolReference } from "../../ir/side-table.js";
import type { FieldOption, Name } from "../../syntax/ast.js";
import { meaningOf, type Meaning } from "../names/meaning.js";
import type { Scope } from "../names/scope.js";
import { languageSymbol, type Notes } from "../notes.js";
import type { ResultScope } from "../results/result-scope.js";
import { isHalf, isPaired } from "../texts/text-names.js";

export interface Naming {
  readonly scope: Scope;
  readonly results: ResultScope;
  readonly notes: Notes;
  readonly sourceOf: (span: Span) => string;
  /** Axes of results whose symbols have been looked for. */
  readonly axes: Map<string, SymbolReference>;
}

/** What a name that a declaration gives stands for. */
export function declared(kind: SymbolReference["kind"], { text, span }: Name): SymbolReference {
  return { kind, name: text, at: span };
}

export function noteDefinition({ notes }: Naming, kind: SymbolReference["kind"], name: Name): void {
  notes.name(name.span, "definition", declared(kind, name));
}

/** Notes a name that can only mean a `param`. */
export function noteParam({ notes, scope }: Naming, { text, span }: Name): void {
  const statement = scope.declaredParams.get(text);
  notes.name(span, "reference", statement === undefined ? null : declared("param", statement.name));
}

/** Notes each name as a word of the language. */
export function noteWords({ notes }: Naming, kind: SymbolReference["kind"], names: readonly Name[]): void {
  for (const { text, span } of names) notes.name(span, "word", languageSymbol(kind, text));
}

export function modelSymbol({ scope }: Naming, name: string): SymbolReference | null {
  const statement = scope.models.get(name);
  return statement === undefined ? null : declared("model", statement.name);
}

/**
 * The texts that a name means in an experiment on the declared sets `own`; of a half that several sets have, nothing is said of
 * the place.
 */
export function textsSymbol({ scope }: Naming, name: string, own: readonly string[]): SymbolReference | null {
  const statement = scope.texts.get(name);
  if (statement !== undefined) return declared(statement.kind, statement.name);
  if (!isHalf(scope, name)) return null;
  const [set, ...more] = own.filter((other) => isPaired(scope, other));
  const fields = set === undefined ? undefined : fieldsOf(scope, set);
  const option = more.length > 0 ? undefined : fields?.find(({ part }) => part === name);
  return { kind: "half", name, at: option?.span ?? null };
}

function fieldsOf(scope: Scope, set: string): readonly FieldOption[] {
  const statement = scope.texts.get(set);
  return statement?.kind === "prompts" ? statement.fields : [];
}

/** A fact of models or a field of published values, called as the first statement that has it calls it. */
export function statedSymbol({ scope }: Naming, field: string): SymbolReference | null {
  const facts = [...scope.models.values()].flatMap((model) => model.facts);
  const stated = [...facts, ...scope.references.flatMap(({ fields }) => fields)];
  const named = stated.find(({ name }) => name.text === field);
  return named === undefined ? null : declared("column", named.name);
}

export function experimentSymbol({ scope }: Naming, name: string): SymbolReference | null {
  const [published] = scope.references;
  if (name === referencesName && published !== undefined) return languageSymbol("result", name);
  const probe = scope.probes.get(name);
  if (probe !== undefined) return declared("result", probe.as);
  const statement = scope.experiments.get(name);
  if (statement === undefined) return null;
  return { kind: "experiment", name, at: statement.name?.span ?? statement.span };
}

/** A name of the measurement language outside of every metric. */
export function nameSymbol({ scope }: Naming, name: string): SymbolReference | null {
  const meaning = meaningOf(scope, name);
  return meaning === null ? null : symbolOfMeaning(scope, name, meaning);
}

function symbolOfMeaning(scope: Scope, name: string, meaning: Meaning): SymbolReference {
  switch (meaning.kind) {
    case "site":
    case "quantity":
      return languageSymbol(meaning.kind, name);
    case "metric":
      return declared("metric", meaning.metric.name);
    case "param": {
      const statement = scope.declaredParams.get(name);
      return statement === undefined ? languageSymbol("param", name) : declared("param", statement.name);
    }
  }
}

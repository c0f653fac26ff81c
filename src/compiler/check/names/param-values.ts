/** What `param`s stand for where strings or places are wanted: models' sources and revisions, places of interventions. */
import { nearestNames } from "../../base/suggest.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Expression, ModelStatement, Name, PlaceLiteral, PlaceUse, StringLiteral } from "../../syntax/ast.js";
import { meantUnit } from "../../syntax/meant-words.js";
import { reportError, wrongKind } from "../faults.js";
import type { Scope } from "./scope.js";

interface Params {
  readonly params: ReadonlyMap<string, Expression>;
  readonly report: (d: Diagnostic) => void;
}

/** What a name stands for when it is a `param`, and again when its value is one; else the expression itself. */
export function behindParams(params: ReadonlyMap<string, Expression>, expression: Expression): Expression {
  let found = expression;
  const seen = new Set<Expression>();
  while (found.kind === "name" && !seen.has(found)) {
    seen.add(found);
    const value = params.get(found.text);
    if (value === undefined) break;
    found = value;
  }
  return found;
}

/** The value of the `param` of that name; null after an error, or where the value cannot be read. @error A2003 */
function valueOf(
  { params, report }: Params,
  { text, span }: Name,
  wanted: string,
  meant: string | null = null,
): Expression | null {
  const value = params.get(text);
  if (value === undefined) {
    const suggestions = meant === null ? nearestNames(text, [...params.keys()]) : [];
    const hint = meant ?? `${wanted}, or a param that has one`;
    reportError({ report }, "A2003", span, { name: text }, { suggestions, hint });
    return null;
  }
  const found = behindParams(params, value);
  return found.kind === "missing" ? null : found;
}

/** The scope with models whose sources and revisions are the values of the params that they name. @error A2003, A3004 */
export function scopeWithParams(scope: Scope, report: (d: Diagnostic) => void): Scope {
  const cx = { params: scope.params, report };
  return { ...scope, models: new Map([...scope.models].map(([name, model]) => [name, modelWithParams(cx, model)])) };
}

function modelWithParams(cx: Params, statement: ModelStatement): ModelStatement {
  const { sourcesParam, revisionsParam } = statement;
  const sources = sourcesParam === null ? null : stringsOf(cx, sourcesParam, 'a source such as "org/name"');
  const revisions = revisionsParam === null ? null : stringsOf(cx, revisionsParam, 'a revision such as "step512"');
  return {
    ...statement,
    ...(sources === null ? {} : { sources: sources.items, sourcesAreList: sources.isList }),
    ...(revisions === null ? {} : { revisions: revisions.items, revisionsAreList: revisions.isList }),
  };
}

interface Strings {
  readonly items: readonly StringLiteral[];
  readonly isList: boolean;
}

function stringsOf(cx: Params, name: Name, wanted: string): Strings | null {
  const value = valueOf(cx, name, wanted);
  if (value === null) return null;
  const written = value.kind === "list" ? value.items : [value];
  const items = written.flatMap((item) => (item.kind === "string" ? [item] : []));
  const other = written.find((item) => item.kind !== "string");
  if (other === undefined && items.length > 0) return { items, isList: value.kind === "list" };
  wrongKind(cx, (other ?? value).span, `${wanted}, or a list of such`, other?.kind ?? "an empty list");
  return null;
}

/** Places with those that params name in their stead; null after an error. @error A2003, A3004 */
export function placesWithParams(cx: Params, uses: readonly PlaceUse[]): readonly PlaceLiteral[] | null {
  const wanted = "a place such as L5 or L9.H6";
  const places: PlaceLiteral[] = [];
  let sound = true;
  for (const use of uses) {
    const meant = use.kind === "place" ? null : meantUnit(use.text, places.at(-1)?.text ?? "");
    const value = use.kind === "place" ? use : valueOf(cx, use, wanted, meant);
    const written = value === null ? [] : value.kind === "list" ? value.items : [value];
    if (written.length === 0) sound = false;
    for (const item of written) {
      if (item.kind === "place") places.push(item);
      else {
        sound = false;
        wrongKind(cx, item.span, wanted, item.kind);
      }
    }
  }
  return sound ? places : null;
}

/** `reference "Pythia-6.9B" gain 0.80 norm "LayerNorm"`: published values as results, which statements read like measured ones. */
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { languageAxes, outerAxes } from "../../ir/axes.js";
import { referencesName, type PublishedValue } from "../../ir/references.js";
import type { Coordinate, Coordinates } from "../../ir/result-expression.js";
import { reservedNames, type MetricType, type ResultAxis, type ResultColumn } from "../../ir/result-type.js";
import type { Name, ReferenceStatement } from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { factOf, knownFacts } from "../models/model-columns.js";
import type { ExperimentShape } from "./result-scope.js";

export interface References {
  readonly shape: ExperimentShape;
  readonly values: readonly PublishedValue[];
}

interface Context {
  readonly report: (d: Diagnostic) => void;
}

/** What one statement publishes. */
interface Publication {
  readonly coordinates: Coordinates;
  readonly columns: Coordinates;
  readonly values: ReadonlyMap<string, { readonly value: number; readonly at: Name }>;
}

/** The results that references make; null where there are none. */
export function checkReferences(cx: Context, statements: readonly ReferenceStatement[]): References | null {
  if (statements.length === 0) return null;
  const published: Publication[] = [];
  const seen = new Set<string>();
  const axesOfMetric = new Map<string, readonly string[]>();
  let complete = true;
  for (const statement of statements) {
    const publication = publicationOf(cx, statement);
    complete &&= publication !== null && fits(cx, statement, publication, seen, axesOfMetric);
    if (publication !== null) published.push(publication);
  }
  const axes = axesOf(published.map(({ coordinates }) => coordinates));
  const type = {
    experiment: referencesName,
    axes,
    columns: columnsOf(
      published,
      axes.map(({ name }) => name),
    ),
    metrics: [...axesOfMetric].map(([name, own]): MetricType => ({
      name,
      unit: "none",
      element: "real",
      axes: axes.map((axis) => axis.name).filter((axis) => own.includes(axis)),
      normalised: false,
    })),
    texts: [],
    intervened: false,
  };
  const values = published.flatMap(({ coordinates, columns, values: own }) =>
    [...own].map(([metric, { value }]) => ({ metric, value, axes: { ...coordinates, ...columns } })),
  );
  return { shape: { name: referencesName, type, complete }, values };
}

/** The fields of a reference, by what they are. Null after an error. */
function publicationOf(cx: Context, { title, fields, span }: ReferenceStatement): Publication | null {
  const coordinates = new Map<string, Coordinate>([["model", title.value]]);
  const columns = new Map<string, Coordinate>();
  const values = new Map<string, { readonly value: number; readonly at: Name }>();
  const seen = new Set<string>();
  for (const { name, value } of fields) {
    if (seen.has(name.text)) {
      reportError(cx, "A1003", name.span, { what: `the field ${name.text}` });
      return null;
    }
    seen.add(name.text);
    if (reservedNames.has(name.text)) {
      const what = "a column that all results have";
      reportError(cx, "A2019", name.span, { kind: "field", name: name.text, what }, { hint: "give it another name" });
      return null;
    }
    const fact = factOf(value);
    if (languageAxes.has(name.text) || outerAxes.includes(name.text)) coordinates.set(name.text, fact);
    else if (typeof fact === "string" || knownFacts.has(name.text)) columns.set(name.text, fact);
    else values.set(name.text, { value: fact, at: name });
  }
  if (values.size === 0) {
    wrongKind(cx, span, "a published number such as `gain 0.80`", "none");
    return null;
  }
  return { coordinates: Object.fromEntries(coordinates), columns: Object.fromEntries(columns), values };
}

/** Whether a reference says something new, and says where it is as those before it do. */
function fits(
  cx: Context,
  { title }: ReferenceStatement,
  { coordinates, values }: Publication,
  seen: Set<string>,
  axesOfMetric: Map<string, readonly string[]>,
): boolean {
  const place = JSON.stringify(Object.entries(coordinates).sort());
  if (seen.has(place)) {
    reportError(cx, "A1003", title.span, { what: `the reference “${title.value}” at this place` });
    return false;
  }
  seen.add(place);
  const own = Object.keys(coordinates).sort();
  for (const [metric, { at }] of values) {
    const before = axesOfMetric.get(metric) ?? own;
    axesOfMetric.set(metric, before);
    if (before.join() === own.join()) continue;
    wrongKind(
      cx,
      at.span,
      `${metric} by ${before.join(", ")}, as in the reference before`,
      `${metric} by ${own.join(", ")}`,
    );
    return false;
  }
  return true;
}

function axesOf(places: readonly Coordinates[]): readonly ResultAxis[] {
  const levels = new Map<string, Set<Coordinate>>();
  for (const place of places) {
    for (const [axis, level] of Object.entries(place)) levels.set(axis, (levels.get(axis) ?? new Set()).add(level));
  }
  const names = [
    ...outerAxes.filter((axis) => levels.has(axis)),
    ...[...levels.keys()].filter((axis) => !outerAxes.includes(axis)),
  ];
  return names.map((name) => ({ name, kind: "model", levels: [...(levels.get(name) ?? [])], of: [] }));
}

function columnsOf(published: readonly Publication[], of: readonly string[]): readonly ResultColumn[] {
  const levels = new Map<string, Set<Coordinate>>();
  for (const { columns } of published) {
    for (const [name, level] of Object.entries(columns)) levels.set(name, (levels.get(name) ?? new Set()).add(level));
  }
  return [...levels].map(([name, found]) => ({ name, field: name, kind: "model", levels: [...found], of }));
}

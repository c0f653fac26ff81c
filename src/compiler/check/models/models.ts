/** Model declarations as instances: one for each source, revision and dtype. */
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { ModelInstance } from "../../ir/protocol.js";
import { dtypes, type Dtype } from "../../models/dtype.js";
import type { ModelStatement, Name, StringLiteral } from "../../syntax/ast.js";
import { languageAxes } from "../../ir/axes.js";
import type { Coordinate, Coordinates } from "../../ir/result-expression.js";
import { reservedNames } from "../../ir/result-type.js";
import { reportError, tooMany, wrongKind } from "../faults.js";
import { factOf, knownFacts } from "./model-columns.js";
import { limits } from "../limits.js";

function dtypeOf(name: Name, report: (d: Diagnostic) => void): Dtype | null {
  const found = dtypes.find((d) => d === name.text);
  if (found !== undefined) return found;
  reportError(
    { report },
    "A3004",
    name.span,
    { expected: "f32, bf16 or f16", found: name.text },
    { expected: "f32, bf16 or f16", found: name.text },
  );
  return null;
}

/** Short name of a source, for the axis `model`: its last path component. */
function shortName(source: string): string {
  return (
    source
      .split("/")
      .filter((part) => part !== "")
      .at(-1) ?? source
  );
}

/** Every instance that a declaration stands for, in the order written; lists become axes. */
export function modelInstances(statement: ModelStatement, report: (d: Diagnostic) => void): readonly ModelInstance[] {
  const name = statement.name.text;
  const revisions = statement.revisions.length === 0 ? [null] : statement.revisions.map((r) => r.value);
  const chosen = statement.dtypes.map((d) => dtypeOf(d, report));
  const written = (list: readonly StringLiteral[]): readonly Name[] =>
    list.map(({ value, span }) => ({ text: value, span }));
  const lists = [written(statement.sources), written(statement.revisions), statement.dtypes];
  const count = lists.reduce((product, list) => product * Math.max(1, list.length), 1);
  if (count > limits.models) {
    tooMany({ report }, statement.span, "models", count, name, "models", "name fewer sources, revisions or dtypes");
    return [];
  }
  for (const list of lists) {
    const seen = new Set<string>();
    for (const { text, span } of list) {
      if (seen.has(text)) reportError({ report }, "A1003", span, { what: text });
      seen.add(text);
    }
  }
  const shortNames = statement.sources.map(({ value }) => shortName(value));
  const facts = checkFacts(statement, report);
  const instances: ModelInstance[] = [];
  const ids = new Set<string>();
  for (const [s, { value: source }] of statement.sources.entries()) {
    const short = shortNames[s] ?? source;
    // Two sources can end in the same word: then both go by their whole names.
    const sourceName = shortNames.indexOf(short) === shortNames.lastIndexOf(short) ? short : source;
    for (const revision of revisions) {
      for (const dtype of chosen.length === 0 ? [null] : chosen) {
        const coordinates = {
          ...(statement.sourcesAreList ? { model: sourceName } : {}),
          ...(statement.revisionsAreList && revision !== null ? { revision } : {}),
          ...(statement.dtypesAreList && dtype !== null ? { dtype } : {}),
        };
        const parts = Object.values(coordinates);
        const id = parts.length === 0 ? name : `${name} ${parts.join(" ")}`;
        // What is written twice has been reported.
        if (ids.has(id)) continue;
        ids.add(id);
        const tokenizer = statement.tokenizer === null ? {} : { tokenizer: statement.tokenizer.value };
        instances.push({ id, name, source, revision, ...tokenizer, dtype, coordinates, facts: facts[s] ?? {} });
      }
    }
  }
  return instances;
}

/** What `facts` says of each source. */
function checkFacts({ facts, sources }: ModelStatement, report: (d: Diagnostic) => void): readonly Coordinates[] {
  const found = sources.map(() => new Map<string, Coordinate>());
  const seen = new Set<string>();
  for (const { name, values, isList, span } of facts) {
    const taken = knownFacts.has(name.text)
      ? "a fact that the model itself states"
      : languageAxes.has(name.text) || name.text === "group"
        ? "an axis"
        : reservedNames.has(name.text)
          ? "a column that all results have"
          : null;
    if (taken !== null) {
      const hint = "give it another name";
      reportError({ report }, "A2019", name.span, { kind: "fact", name: name.text, what: taken }, { hint });
    } else if (seen.has(name.text)) reportError({ report }, "A1003", name.span, { what: `the fact ${name.text}` });
    else if (isList && values.length !== sources.length) {
      const expected = `a list with a value for each source (${sources.length})`;
      wrongKind({ report }, span, expected, String(values.length));
    } else {
      sources.forEach((_, s) => {
        const value = isList ? values[s] : values[0];
        if (value !== undefined) found[s]?.set(name.text, factOf(value));
      });
    }
    seen.add(name.text);
  }
  return found.map((entries) => Object.fromEntries(entries));
}

/**
 * What each instance is called on the axis `model` of an experiment, by id; empty where it has no such axis. Two
 * declarations may list sources of the same short name: then the declaration's name stands before it.
 */
export function modelLabels(instances: readonly ModelInstance[]): ReadonlyMap<string, string> {
  const declared = new Set(instances.map(({ name }) => name));
  if (declared.size < 2 && instances.every(({ coordinates }) => coordinates["model"] === undefined)) return new Map();
  const labelOf = ({ name, coordinates }: ModelInstance): string => String(coordinates["model"] ?? name);
  const owners = new Map<string, Set<string>>();
  for (const instance of instances) {
    const label = labelOf(instance);
    owners.set(label, (owners.get(label) ?? new Set()).add(instance.name));
  }
  return new Map(
    instances.map((instance) => {
      const label = labelOf(instance);
      const isShared = (owners.get(label)?.size ?? 0) > 1 && instance.coordinates["model"] !== undefined;
      return [instance.id, isShared ? `${instance.name} ${label}` : label];
    }),
  );
}

/** Model declarations as instances: one for each source, revision and dtype. */
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { ModelInstance } from "../ir/protocol.js";
import type { ModelStatement, Name } from "../syntax/ast.js";
import { notYet, reportError } from "./faults.js";

const dtypes = ["f32", "bf16", "f16"] as const;

function dtypeOf(name: Name, report: (d: Diagnostic) => void): (typeof dtypes)[number] | null {
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
  for (const list of [statement.sources, statement.revisions]) {
    for (const [i, { value, span }] of list.entries()) {
      if (list.findIndex((other) => other.value === value) < i) reportError({ report }, "A1003", span, { what: value });
    }
  }
  reportDtypes(statement, report);
  const shortNames = statement.sources.map(({ value }) => shortName(value));
  const instances: ModelInstance[] = [];
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
        instances.push({ id, name, source, revision, dtype, coordinates });
      }
    }
  }
  return instances;
}

/** Says that a dtype changes nothing yet: silently ignored, it would promise other numbers than a run gives. */
function reportDtypes(statement: ModelStatement, report: (d: Diagnostic) => void): void {
  const [first, second] = statement.dtypes;
  if (first === undefined) return;
  if (second !== undefined) {
    notYet({ report }, { ...first.span, end: second.span.end }, "an axis of dtypes");
  } else if (first.text === "bf16" || first.text === "f16") {
    const hint = "leave it out, or keep it for a build that has it: the record says what was used";
    report(diagnostic("A8005", first.span, { dtype: first.text }, { hint }));
  }
}

/** Model declarations as instances: one for each source, revision and dtype. */
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { ModelInstance } from "../ir/protocol.js";
import type { ModelStatement, Name } from "../syntax/ast.js";
import { reportError } from "./faults.js";

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
  const instances: ModelInstance[] = [];
  for (const { value: source } of statement.sources) {
    for (const revision of revisions) {
      for (const dtype of chosen.length === 0 ? [null] : chosen) {
        const coordinates = {
          ...(statement.sourcesAreList ? { model: shortName(source) } : {}),
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

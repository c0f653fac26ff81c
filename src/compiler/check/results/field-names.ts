/** How fields of prompt files are called in the results of an experiment. */
import { languageAxes } from "../../ir/axes.js";
import { reservedNames } from "../../ir/result-type.js";

/** A field that results call by another name, and why. */
export interface RenamedField {
  readonly field: string;
  readonly name: string;
  /** What has that name already: `an axis`, `a measure`, `a column of results`; null for a field without a name. */
  readonly taken: string | null;
}

export interface FieldNames {
  /** Names by field, in the order of the fields. */
  readonly names: ReadonlyMap<string, string>;
  readonly renamed: readonly RenamedField[];
}

/**
 * A name for each field, no two alike and none that of an axis: the field's own name, or `field_NAME` where it is
 * taken. `axes` are those of the experiments; names of axes that the language makes are taken in every experiment, so that
 * a field is called alike in all of them. `metrics` are those of the experiments on the same texts: a table would have two
 * columns of one name, and `where` would not say which it means.
 */
export function nameFields(
  fields: Iterable<string>,
  axes: ReadonlySet<string>,
  metrics: ReadonlySet<string>,
): FieldNames {
  const all = [...new Set(fields)];
  const takenBy = (field: string): string | null => {
    if (axes.has(field) || languageAxes.has(field)) return "an axis";
    if (metrics.has(field)) return "a measure";
    return reservedNames.has(field) ? "a column of results" : null;
  };
  const plain = new Set(all.filter((field) => field.trim() !== "" && takenBy(field) === null));
  const used = new Set([...plain, ...axes, ...metrics]);
  const names = new Map<string, string>();
  const renamed: RenamedField[] = [];
  for (const field of all) {
    if (plain.has(field)) {
      names.set(field, field);
      continue;
    }
    const name = freeName(field.trim() === "" ? "field_without_name" : `field_${field}`, used);
    used.add(name);
    names.set(field, name);
    renamed.push({ field, name, taken: takenBy(field) });
  }
  return { names, renamed };
}

function freeName(wanted: string, used: ReadonlySet<string>): string {
  const isFree = (name: string): boolean => !used.has(name) && !languageAxes.has(name) && !reservedNames.has(name);
  let name = wanted;
  for (let i = 2; !isFree(name); i++) name = `${wanted}_${i}`;
  return name;
}

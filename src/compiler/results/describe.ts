/** What can be said of a result without evaluating it: its unit, its sign, and where its numbers come from. */
import { entryOf } from "../base/entry.js";
import type { NamedResult, Reduction, ResultExpression } from "../ir/protocol.js";
import type { AveragedAxis } from "./result-array.js";

/** The unit as it is shown; null for plain numbers, and for labels, which are shown themselves. */
export function unitOf({ unit }: Pick<NamedResult, "unit">): Exclude<NamedResult["unit"], "none" | "label"> | null {
  return unit === "none" || unit === "label" ? null : unit;
}

/** True when zero is the natural middle of the values: a difference from a baseline, or between two things. */
export function isSigned(expression: ResultExpression): boolean {
  switch (expression.kind) {
    case "number":
      return false;
    case "column":
      return expression.column === "impact" || expression.column === "relative";
    case "call":
    case "argmax":
    case "rank":
    case "truth":
      return false;
    case "reduce":
      return !withoutSign.has(expression.operation) && isSigned(expression.argument);
    case "quantile":
    case "rename":
    case "where":
      return isSigned(expression.argument);
    case "choice":
      return isSigned(expression.yes) || isSigned(expression.no);
    case "binary":
      if (expression.operation === "-") return true;
      return expression.operation !== "^" && (isSigned(expression.left) || isSigned(expression.right));
  }
}

/** Reductions whose value is never negative, or says nothing of the sign of what was reduced. */
const withoutSign: ReadonlySet<Reduction> = new Set<Reduction>(["std", "var", "count"]);

const plurals: Readonly<Record<string, string>> = {
  prompts: "prompt sets",
  kv_head: "kv heads",
  query: "queries",
  pos: "positions",
};

/** `8 prompts`, `1 layer`: a count with the name of an axis. */
export function countOf(count: number | string, axis: string): string {
  if (count === 1) return `1 ${axis === "prompts" ? "prompt set" : axis.replaceAll("_", " ")}`;
  return `${count} ${entryOf(plurals, axis) ?? `${axis.replaceAll("_", " ")}s`}`;
}

/** `mean over 8 prompts and 12 heads`, or null when nothing was averaged. */
export function describeMean(averaged: readonly AveragedAxis[]): string | null {
  const parts = averaged.map(({ axis, least, most }) => countOf(least === most ? most : `${least}–${most}`, axis));
  if (parts.length === 0) return null;
  const last = parts.at(-1) ?? "";
  return `mean over ${parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${last}` : last}`;
}

/**
 * What every column of a table was averaged over: {@link describeMean} where all agree, and otherwise with the names of the
 * columns, `a.loss: mean over 2 prompts; b.loss: mean over 2 prompts and 12 layers`.
 */
export function describeMeans(
  columns: readonly { readonly label: string; readonly averaged: readonly AveragedAxis[] }[],
): string | null {
  const groups = new Map<string | null, string[]>();
  for (const { label, averaged } of columns) {
    const mean = describeMean(averaged);
    groups.set(mean, [...(groups.get(mean) ?? []), label]);
  }
  if (groups.size <= 1) return [...groups.keys()][0] ?? null;
  const parts = [...groups].flatMap(([mean, labels]) => (mean === null ? [] : [`${labels.join(", ")}: ${mean}`]));
  return parts.join("; ");
}

/** `b.loss has no head: the same in every row`, for each column that lacks an axis of the rows that others have. */
export function describeRepeated(
  columns: readonly { readonly label: string; readonly axes: readonly string[] }[],
  rows: readonly string[],
): string | null {
  const told = rows.filter((axis) => columns.some(({ axes }) => axes.includes(axis)));
  const parts = columns.flatMap(({ label, axes }) => {
    const lacking = told.filter((axis) => !axes.includes(axis));
    if (lacking.length === 0) return [];
    const where = lacking.length === told.length ? "in every row" : `for every ${lacking.join(" and ")}`;
    return [`${label} has no ${lacking.join(" and no ")}: the same ${where}`];
  });
  return parts.length === 0 ? null : parts.join("; ");
}

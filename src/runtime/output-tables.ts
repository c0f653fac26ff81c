/** Outputs of a protocol: what they are called, what they need, and the tables among them. */
import { experimentsIn } from "../compiler/ir/result-expression.js";
import type { Output } from "../compiler/ir/protocol.js";
import type { ResultSet } from "../compiler/ir/results.js";
import { buildTable, type TableData } from "./report/tables.js";
import type { TokenTexts } from "./report/token-texts.js";
import { buildWinnerTable } from "./report/winner-table.js";

/** An output as messages call it: `table NAME`. */
export function outputName(output: Output): string {
  if (output.kind === "save") return `save ${output.path}`;
  return `${output.kind === "winner" ? "table" : output.kind} ${output.title}`;
}

/** Experiments without whose results an output has nothing to show. */
export function experimentsOf(output: Output): readonly string[] {
  switch (output.kind) {
    case "table":
      return [...new Set(output.columns.flatMap(({ expression }) => experimentsIn(expression)))];
    case "winner":
      return [output.experiment];
    case "save":
      if (output.table !== null) return experimentsOf(output.table);
      return output.value === null ? [output.name] : experimentsIn(output.value.expression);
    case "plot":
      return [...output.values, output.against, output.options.text].flatMap((value) =>
        value === null ? [] : experimentsIn(value.expression),
      );
    case "figure":
      return output.panels.flatMap(experimentsOf);
  }
}

export function tableOf(
  output: Extract<Output, { kind: "table" | "winner" }>,
  results: ResultSet,
  tokens: TokenTexts,
): TableData {
  return output.kind === "table" ? buildTable(output, results, tokens) : buildWinnerTable(output, results);
}

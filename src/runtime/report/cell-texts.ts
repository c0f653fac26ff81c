/** What `text VALUE` writes into the cells of a heatmap. */
import { experimentsIn } from "../../compiler/ir/result-expression.js";
import type { Coordinates, PlotOutput } from "../../compiler/ir/protocol.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import { evaluateResult, type OnNote } from "../../compiler/results/evaluate.js";
import { agreeOver, averageOver, coordinateKey } from "../../compiler/results/result-array.js";
import { shortNumbers } from "./format.js";
import { onOneLine, type TokenTexts } from "./token-texts.js";

/**
 * The text at each place; null for a plot that asks for none. Ids of tokens are the tokens, labels their names, numbers
 * are averaged as the colours are. Where several texts would stand in a cell and differ, it has none.
 */
export function cellTexts(
  output: PlotOutput,
  results: ResultSet,
  tokens: TokenTexts,
  onNote: OnNote,
): ((coordinates: Coordinates) => string | null) | null {
  const { text } = output.options;
  if (text === null) return null;
  const keep = [...output.over, ...output.by];
  const full = evaluateResult(text.expression, results, onNote);
  const experiments = experimentsIn(text.expression);
  const isToken = text.unit === "token";
  const { labels } = full;
  const array =
    labels !== null || isToken ? agreeOver(full, keep, isToken ? "tokens" : "labels") : averageOver(full, keep, onNote);
  const own = keep.filter((axis) => array.axes.includes(axis));
  const finite = array.cells.map(({ value }) => value).filter((value) => Number.isFinite(value));
  const formatted = shortNumbers(finite);
  const numbers = new Map(finite.map((value, i) => [value, formatted[i] ?? String(value)]));
  const words = new Map(
    array.cells.map((cell) => [coordinateKey(cell.coordinates, own), wordOf(cell.value, cell.coordinates)]),
  );
  return (coordinates) => words.get(coordinateKey(coordinates, own)) ?? null;

  function wordOf(value: number, coordinates: Coordinates): string | null {
    if (!Number.isFinite(value)) return null;
    if (labels !== null) return labels[value] ?? null;
    if (!isToken) return numbers.get(value) ?? null;
    const read = new Set(experiments.map((experiment) => tokens.tokenAt(experiment, coordinates, value)));
    const [only] = read;
    return onOneLine(read.size === 1 ? (only ?? String(value)) : String(value)).trim() || "␣";
  }
}

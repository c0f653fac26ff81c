/** Axes along a text, whose levels are shown with the tokens that stand there. */
import { entryOf } from "../../compiler/base/entry.js";
import type { NamedResult } from "../../compiler/ir/protocol.js";
import { experimentsIn } from "../../compiler/ir/result-expression.js";
import { coordinateKey, type ResultArray } from "../../compiler/results/result-array.js";
import type { FigureAxis } from "./figure-axis.js";
import { onOneLine, pieceAt, sharedText, type TokenizedText, type TokenTexts } from "./token-texts.js";
import { shortened } from "./text-width.js";

/** Axes whose levels are positions of a text. */
const positionAxes: ReadonlySet<string> = new Set(["position", "measured_position", "query", "key"]);
/** Axes that a text depends on; conditions of a sweep are none of them. */
const textAxes = ["model", "revision", "dtype", "prompts", "group", "prompt", "document"];
/** Characters of a token that a label shows. */
const mostCharacters = 14;

/**
 * The axis with levels such as `3 Mary`, where all texts behind the values have the same token at each position; as it is
 * where they have not, and for axes that are no positions.
 *
 * @param full values before anything was averaged: they say which texts they are of.
 */
export function tokenLevels(
  axis: FigureAxis,
  values: readonly NamedResult[],
  full: readonly ResultArray[],
  tokens: TokenTexts,
): FigureAxis {
  if (!positionAxes.has(axis.name) || axis.levels.length === 0) return axis;
  const found = new Map<string, string>();
  for (const [i, array] of full.entries()) {
    const experiments = experimentsIn(values[i]?.expression ?? { kind: "number", value: 0 });
    const texts = new Map<string, TokenizedText | null>();
    for (const { coordinates } of array.cells) {
      const key = coordinateKey(coordinates, textAxes);
      let text = texts.get(key);
      if (text === undefined) {
        text = sharedText(tokens, experiments, coordinates);
        texts.set(key, text);
      }
      const level = String(entryOf(coordinates, axis.name) ?? "");
      const piece = pieceAt(text, level);
      if (piece === null || (found.has(level) && found.get(level) !== piece)) return axis;
      found.set(level, piece);
    }
  }
  const levels = axis.levels.map((level) => {
    const piece = onOneLine(found.get(String(level)) ?? "").trim();
    // The position in front keeps equal tokens apart.
    return `${level} ${shortened(piece === "" ? "␣" : piece, mostCharacters)}`;
  });
  return { ...axis, levels: levels.map(printable), tokens: true };
}

function printable(label: string): string {
  return label.replaceAll("\\", "∖");
}

/** Axes in the order in which their levels mean something. */
import { coordinateNumber } from "../ir/coordinate-number.js";
import type { Coordinate } from "../ir/result-expression.js";
import { levelsOf, type ResultArray } from "../results/result-array.js";

/** Levels of an axis by their numbers where all have one, else in the order of the protocol. */
export function levelsInOrder(array: ResultArray, axis: string): readonly Coordinate[] {
  const levels = levelsOf(array, axis);
  return levels.some((level) => Number.isNaN(coordinateNumber(level)))
    ? levels
    : [...levels].sort((a, b) => coordinateNumber(a) - coordinateNumber(b));
}

/** Texts of different sets have the same numbers: along them there is no series without their set. Null where all is well. */
export function mixedTexts(array: ResultArray, over: string, by: readonly string[]): string | null {
  if (over !== "prompt" && over !== "document") return null;
  const axis = ["prompts", ...(over === "document" ? ["group"] : [])].find(
    (name) => !by.includes(name) && array.axes.includes(name) && levelsOf(array, name).length > 1,
  );
  return axis === undefined
    ? null
    : `${over}s of different ${axis === "prompts" ? "sets" : "groups"} have the same numbers: select one, or add \`by ${axis}\``;
}

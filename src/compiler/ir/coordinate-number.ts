/** Coordinates as numbers. */
import { stepOf } from "../models/steps.js";
import type { Coordinate } from "./result-expression.js";

/**
 * A coordinate as a number: itself, a text that is one (fields of files are texts), or the training step that a revision is
 * named for. NaN for any other text.
 */
export function coordinateNumber(level: Coordinate): number {
  if (typeof level === "number") return level;
  const text = level.trim();
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : (stepOf(text) ?? Number.NaN);
}

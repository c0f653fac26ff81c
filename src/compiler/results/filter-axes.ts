/** Conditions on axes, applied to arrays that may lack the axes. */
import type { ResultCondition } from "../ir/protocol.js";
import type { ResultSet } from "../ir/results.js";
import { conditionAxes, filterWhere } from "./evaluate.js";
import type { ResultArray } from "./result-array.js";

/** The cells for which all the tests of axes hold. */
export function filterAxes(array: ResultArray, conditions: readonly ResultCondition[]): ResultArray {
  // An array that lacks the axis altogether is the same for every value of it, so the test does not concern it.
  return conditions
    .filter((condition) => conditionAxes(condition).every((axis) => array.axes.includes(axis)))
    .reduce((filtered, condition) => filterWhere(filtered, condition, noResults), array);
}

const noResults: ResultSet = { types: new Map(), rows: [] };

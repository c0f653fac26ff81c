/** The layout of clauses that several statements about results share. */
import type { IntervalClause, Name, TestUse } from "./ast.js";
import { type Doc, group, indent, line, source } from "./layout.js";
import { printName, printNames, printNumber } from "./print-expressions.js";

/** `by AXIS, …`; nothing without axes. */
export const byAxes = (by: readonly Name[]): readonly Doc[] =>
  by.length === 0 ? [] : [[line, source(by[0]?.span.start ?? 0), "by ", group(indent(printNames(by)))]];

/** A test with its numbers. */
export function printTest(test: TestUse): Doc {
  return [
    printName(test.name),
    test.count === null ? "" : ["(", printNumber(test.count), ")"],
    test.seed === null ? "" : [" seed ", printNumber(test.seed)],
  ];
}

/** `with ci …`; nothing without one. */
export function intervalClause(ci: IntervalClause | null): readonly Doc[] {
  if (ci === null) return [];
  const { off, level, draws, span } = ci;
  return [
    [
      line,
      source(span.start),
      off ? "with ci off" : "with ci",
      level === null ? "" : [" ", printNumber(level)],
      draws === null ? "" : [" ", printTest(draws)],
    ],
  ];
}

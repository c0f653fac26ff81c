/** Tests and corrections that a comparison, a correlation or a hypothesis may use. */
import { addBehind } from "../../diagnostics/create.js";
import { nearestNames } from "../../base/suggest.js";
import type { Span } from "../../base/span.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { TestUse } from "../../ir/protocol.js";
import type { Name, NumberLiteral, TestUse as TestSyntax } from "../../syntax/ast.js";
import { statisticalTests, type TestedBy } from "../../statistics/table.js";
import { reportError } from "../faults.js";

interface Context {
  readonly report: (d: Diagnostic) => void;
}

const corrections = ["holm", "bh", "bonferroni"] as const;

/** The tests of a `using` clause; null after an error, which has been reported. */
export function checkTests(cx: Context, using: readonly TestSyntax[], statement: TestedBy): readonly TestUse[] | null {
  const checked = using.map((use, i) => {
    if (using.findIndex((other) => other.name.text === use.name.text) < i) {
      reportError(cx, "A1003", use.span, { what: `the test ${use.name.text}` });
      return null;
    }
    return checkTest(cx, use, statement);
  });
  return checked.includes(null) ? null : checked.flatMap((test) => test ?? []);
}

function checkTest(cx: Context, use: TestSyntax, statement: TestedBy): TestUse | null {
  const name = use.name.text;
  const valid = statisticalTests.filter((test) => test.in.includes(statement)).map((test) => test.name);
  const listed = `for \`${statement}\` there are ${valid.join(", ")}`;
  const kind = statisticalTests.find((test) => test.name === name);
  if (kind === undefined) {
    const suggestions = nearestNames(name, valid);
    reportError(cx, "A2001", use.name.span, { kind: "test", name }, { suggestions, hint: listed });
    return null;
  }
  if (!valid.includes(name)) return noMeaning(cx, use.name.span, name, `\`${statement}\``, listed);
  const { count, seed } = use;
  if (!kind.draws) {
    const extra = count ?? seed;
    if (extra === null) return { name, count: null, seed: null };
    const what = count === null ? "a seed" : "a number of draws";
    return noMeaning(cx, extra.span, what, name, "only bootstrap and permutation draw at random");
  }
  if (count === null) {
    const hint = `write ${name}(10000)`;
    const fixes = [addBehind(use.name.span, "(10000)")];
    reportError(cx, "A2007", use.span, { metric: name, name: "how often to draw" }, { hint, fixes });
    return null;
  }
  if (!isWhole(cx, count, 1) || (seed !== null && !isWhole(cx, seed, 0))) return null;
  return { name, count: count.value, seed: seed?.value ?? 0 };
}

function noMeaning(cx: Context, span: Span, what: string, statement: string, hint: string): null {
  reportError(cx, "A1004", span, { what, statement }, { hint });
  return null;
}

/** A whole number of at least `least`; reports and gives false for another one. */
export function isWhole(cx: Context, literal: NumberLiteral, least: number): boolean {
  if (Number.isInteger(literal.value) && literal.value >= least) return true;
  const expected = `a whole number of at least ${least}`;
  reportError(cx, "A3005", literal.span, { value: literal.text, expected });
  return false;
}

/** A correction for several comparisons; "none" where none is asked for, null after an error. */
export function checkCorrection(cx: Context, name: Name | null): (typeof corrections)[number] | "none" | null {
  if (name === null) return "none";
  const found = corrections.find((correction) => correction === name.text);
  if (found !== undefined) return found;
  const suggestions = nearestNames(name.text, corrections);
  const hint = `there are ${corrections.join(", ")}`;
  reportError(cx, "A2001", name.span, { kind: "correction", name: name.text }, { suggestions, hint });
  return null;
}

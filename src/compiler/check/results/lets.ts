/** Named results, each checked once: a chain of them takes linear time, and one that doubles is refused by its count. */
import type { Span } from "../../base/span.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { ResultExpression } from "../../ir/protocol.js";
import { reportError, tooMany } from "../faults.js";
import { limits } from "../limits.js";
import type { ResultWork } from "./result-context.js";
import type { ResultScope } from "./result-scope.js";

/** A `let` that was checked: what it is, null after an error, and how much of the limits it takes. */
interface CheckedLet {
  readonly value: ResultExpression | null;
  readonly unfolded: number;
  readonly depth: number;
}

const checked = new WeakMap<ResultScope, Map<string, CheckedLet>>();

/**
 * The value of the `let` of that name, made by `check` when it is asked for the first time; null after an error, which is
 * reported then. Its parts count at each use (A3009, A1005), since it is computed as often as it is used.
 */
export function onceChecked(
  cx: { readonly results: ResultScope; readonly work: ResultWork; readonly report: (d: Diagnostic) => void },
  name: string,
  at: Span,
  check: () => ResultExpression | null,
): ResultExpression | null {
  const lets = checked.get(cx.results) ?? new Map<string, CheckedLet>();
  checked.set(cx.results, lets);
  const { work } = cx;
  const known = lets.get(name);
  if (known === undefined) {
    const before = { ...work };
    work.unfolded++;
    work.deepest = work.depth;
    const value = check();
    lets.set(name, { value, unfolded: work.unfolded - before.unfolded, depth: work.deepest - before.depth });
    work.deepest = Math.max(work.deepest, before.deepest);
    return value;
  }
  if (known.value === null) return null;
  work.unfolded += known.unfolded;
  if (work.unfolded > limits.unfolded) {
    const hint = "a `let` that uses another one several times doubles with every step";
    tooMany(cx, at, "unfolded", work.unfolded, name, "uses of `let`", hint);
    return null;
  }
  if (work.depth + known.depth >= limits.depth) {
    reportError(cx, "A1005", at, { limit: limits.depth });
    return null;
  }
  work.deepest = Math.max(work.deepest, work.depth + known.depth);
  return known.value;
}

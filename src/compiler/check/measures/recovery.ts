/** `recovery of m`: how much of a difference between two runs a patch brings back. */
import type { MeasureItem } from "../../syntax/ast.js";
import type { TokenizedTexts } from "../../ir/protocol.js";
import { applyOperation, reportError } from "../faults.js";
import { givenValue } from "../expressions/other-runs.js";
import { errorValue, type Elaboration, type Value } from "../expressions/values.js";

/**
 * (m − m of baseline) / (m of SOURCE − m of baseline), where SOURCE are the prompts that the patch takes values from:
 * 0 where the patch changes nothing, 1 where it gives what the other run gives. NaN with a reason where both runs agree.
 *
 * @param measured the value of m.
 * @param source `MeasureContext.patchSource`.
 */
export function recoveryOf(cx: Elaboration, measured: Value, source: string | null, item: MeasureItem): Value {
  const { span } = item;
  if (source === null) {
    const hint = "add a clause such as `patch heads L* from clean into corrupt`";
    return reportError(cx, "A3015", span, {}, { hint });
  }
  // A patch that is wrong has been reported.
  if (measured.kind === "error" || source === "") return errorValue;
  const node = measured.kind === "tensor" ? measured.node : null;
  if (node === null) return applyOperation(cx, "subtract", [measured, measured], {}, item);
  const run = (name: string, texts: TokenizedTexts | null): Value =>
    givenValue(cx, node, { name, texts }, "paired", span);
  const before = run(cx.texts?.name ?? cx.textsName, cx.texts);
  const whole = run(source, cx.otherTexts(source));
  if (before.kind === "error" || whole.kind === "error") return errorValue;
  const gained = applyOperation(cx, "subtract", [measured, before], {}, item);
  const possible = applyOperation(cx, "subtract", [whole, before], {}, item);
  if (gained.kind === "error" || possible.kind === "error") return errorValue;
  const reason = "nothing to recover: the clean and the corrupt run agree";
  return applyOperation(cx, "divide", [gained, possible], {}, item, reason);
}

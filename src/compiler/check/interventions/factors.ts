/** Numbers that values are multiplied with: one, or a list of them, which is the axis `factor` of the conditions. */
import type { Expression, Parameter } from "../../syntax/ast.js";
import { bindParameter } from "../expressions/arguments.js";
import type { Sweeps } from "../expressions/sweeps.js";
import { wrongKind } from "../faults.js";
import { startElaboration, topLevel } from "../measures/measures.js";
import type { InterventionContext } from "./context.js";

export const factorAxis = "factor";

/**
 * The factor at the point of `sweeps`; null after an error, which has been reported. Numbers, parameters of the protocol,
 * lists and ranges mean here what they mean as a parameter of a metric.
 */
export function factorAt(cx: InterventionContext, written: Expression, sweeps: Sweeps): number | null {
  const { span } = written;
  const type = { kind: "named", name: "scalar", span } as const;
  const parameter: Parameter = { name: { text: factorAxis, span }, type, default: null, span };
  const found = bindParameter(startElaboration(cx, sweeps), topLevel, parameter, written, new Map());
  if (found.kind === "error") return null;
  if (found.kind === "number") return found.value;
  wrongKind(cx, span, "a number such as 0.5, or a list of numbers", cx.sourceOf(span));
  return null;
}

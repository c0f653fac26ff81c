/**
 * Reductions over the entries for which a condition holds: `mean(x where condition over pos)`. They are put together from
 * operations that windows of a corpus know: sums and counts, of which the quotient is taken.
 */
import { operationNamed } from "../../operations/index.js";
import { isFault, type Operation } from "../../operations/operation.js";
import { typeText } from "../../ir/tensor-type.js";
import { typeFault } from "../../operations/typing.js";
import { broadcastTypes } from "../../operations/broadcast.js";
import type { CallExpression, Expression } from "../../syntax/ast.js";
import { applyOperation, asTensor, reportFault } from "../faults.js";
import { axisName } from "./call-forms.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/** A value with its conditions, as `x where a where b` has them. */
interface Guarded {
  readonly value: Expression;
  readonly conditions: readonly Expression[];
}

function guardedBy(expression: Expression): Guarded {
  const conditions: Expression[] = [];
  let value = expression;
  while (value.kind === "where") {
    conditions.unshift(value.condition);
    value = value.base;
  }
  return { value, conditions };
}

/** What a reduction over chosen entries is made of. */
interface Chosen {
  readonly cx: Elaboration;
  readonly call: CallExpression;
  readonly operation: Operation;
  readonly value: Value;
  readonly condition: Value;
  readonly over: readonly string[];
  /** Why there is no value where no entry is chosen. */
  readonly reason: string;
}

/**
 * The value of a call whose argument is `x where condition`, if the condition differs from entry to entry along the axes
 * that the call reduces; null for any other call. A condition on the whole value guards it, as everywhere.
 */
export function elaborateChosen(cx: Elaboration, environment: Environment, call: CallExpression): Value | null {
  const [argument] = call.positional;
  const operation = operationNamed(call.callee.text);
  if (operation.chosen === undefined || argument?.kind !== "where") return null;
  const { value: written, conditions } = guardedBy(argument);
  const value = cx.elaborate(cx, environment, written);
  const tests = conditions.map((condition) => ({ condition, value: cx.elaborate(cx, environment, condition) }));
  if (value.kind === "error" || tests.some((test) => test.value.kind === "error")) return errorValue;
  const axesOf = ({ kind, ...rest }: Value): readonly string[] =>
    kind === "tensor" && "node" in rest ? cx.builder.typeOf(rest.node).axes.map(({ name }) => name) : [];
  const named = call.over.map((axis) => axisName(environment, axis));
  const all = [...new Set([value, ...tests.map((test) => test.value)].flatMap(axesOf))];
  const over = named.length > 0 ? named : all;
  const varying = tests.filter((test) => axesOf(test.value).some((axis) => over.includes(axis)));
  // What is wrong with a name after `over` is told as for any other call.
  if (varying.length === 0 || named.some((axis) => !all.includes(axis))) return null;
  for (const { condition, value: holds } of varying) {
    const type = holds.kind === "tensor" ? cx.builder.typeOf(holds.node) : null;
    if (type === null || type.element === "truth") continue;
    const fault = typeFault("where needs a condition", "truth values", typeText(type), "compare: x > 0");
    return reportFault(cx, condition.span, "where", fault, [type]);
  }
  const condition = varying
    .map((test) => test.value)
    .reduce((left, right) => applyOperation(cx, "and", [left, right], {}, call));
  const reason = `no entry meets ${varying.map((test) => cx.sourceOf(test.condition.span)).join(" and ")}`;
  const reduced = reduceChosen({ cx, call, operation, value, condition, over, reason });
  return tests
    .filter((test) => !varying.includes(test))
    .reduce<Value>((result, { condition: guard, value: holds }) => {
      if (result.kind === "error") return errorValue;
      return applyOperation(cx, "where", [result, holds], {}, call, `requires ${cx.sourceOf(guard.span)}`);
    }, reduced);
}

function reduceChosen(of: Chosen): Value {
  const { cx, call, operation } = of;
  const node = asTensor(cx, of.value, call.positional[0]?.span ?? call.span);
  const holds = asTensor(cx, of.condition, call.span);
  if (node === null || holds === null) return errorValue;
  const types = [cx.builder.typeOf(node), cx.builder.typeOf(holds)];
  const axes = broadcastTypes("where", types);
  if ("fault" in axes) return reportFault(cx, call.span, "where", axes, types);
  const { unit, element } = cx.builder.typeOf(node);
  const isCount = operation.chosen === "count";
  // What the operation does not apply to it does not apply to here.
  const type = operation.type([{ axes, unit, element: isCount ? "truth" : element }], { over: of.over });
  if (isFault(type)) return reportFault(cx, call.span, operation.name, type, types);
  const number = { kind: "number", value: 1 } as const;
  const value: Value =
    element === "truth" && !isCount
      ? applyOperation(cx, "if", [{ kind: "tensor", node }, number, { kind: "number", value: 0 }], {}, call)
      : { kind: "tensor", node };
  return value.kind === "error" ? errorValue : putTogether({ ...of, value });
}

function putTogether(of: Chosen): Value {
  const { cx, call, operation, value, condition, over, reason } = of;
  const apply = (name: string, inputs: readonly Value[], attributes = {}, told?: string): Value =>
    inputs.some(({ kind }) => kind === "error") ? errorValue : applyOperation(cx, name, inputs, attributes, call, told);
  const reduce = (name: string, input: Value): Value => apply(name, [input], { over });
  const kept = (input: Value, sought: number): Value => apply("kept", [input, condition], { sought });
  const count = (): Value => reduce("sum", apply("chosen", [value, condition]));
  const mean = (): Value => apply("divide", [reduce("sum", kept(value, 0)), count()], {}, reason);
  const spread = (): Value => {
    const distance = kept(apply("subtract", [value, mean()]), 0);
    return apply("divide", [reduce("norm", distance), apply("sqrt", [count()])], {}, reason);
  };
  const { chosen } = operation;
  if (chosen === undefined) throw new RangeError(`putTogether: ${operation.name} does not choose entries`);
  switch (chosen) {
    case "all":
      return reduce(operation.name, kept(value, 0));
    case "largest":
    case "smallest": {
      const some = apply("greater", [count(), { kind: "number", value: 0 }]);
      const extreme = reduce(operation.name, kept(value, chosen === "largest" ? 1 : -1));
      return apply("where", [extreme, some], {}, reason);
    }
    case "count":
      return count();
    case "mean":
      return mean();
    case "deviation":
      return spread();
    case "variance": {
      const deviation = spread();
      return apply("multiply", [deviation, deviation]);
    }
  }
}

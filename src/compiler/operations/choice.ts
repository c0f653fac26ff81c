/**
 * Operations in which a condition chooses: `if … then … else`, and what reductions over the entries of a `where` are made
 * of. What is not chosen has no say: neither its number, be it NaN, nor its fault.
 */
import { typeText, type TensorType } from "../ir/tensor-type.js";
import type { GraphBuilder } from "../onnx/builder.js";
import { alignLowered, broadcastTypes } from "./broadcast.js";
import { mergeFaults } from "./faults.js";
import { minusInfinity, zero } from "./lowering.js";
import type { Operation, ReferenceTensor, TypeFault } from "./operation.js";
import { broadcastAxes, broadcastTo } from "./reference-tensor.js";
import { real, typeFault } from "./typing.js";

function conditionFault(operation: string, condition: TensorType): TypeFault | null {
  if (condition.element === "truth") return null;
  return typeFault(`${operation} needs a condition`, "truth values", typeText(condition), "compare: x > 0");
}

/** Why two branches have no type together; null where they have. */
function branchesFault(yes: TensorType, no: TensorType): TypeFault | null {
  const found = `${typeText(yes)} and ${typeText(no)}`;
  const label = [yes, no].find(({ unit }) => unit === "label");
  if (label !== undefined) {
    const hint = "a label is the name of a group, a model or another entry of an axis: compare it inside the condition";
    return typeFault("if does not choose between labels", "numbers, truth values or tokens", typeText(label), hint);
  }
  if (yes.element !== no.element) {
    const hint = "compare on both sides, or on none: if x > 0 then y > 1 else y > 2";
    return typeFault("if chooses between a number and a truth value", "one kind of value on both sides", found, hint);
  }
  if (yes.unit === no.unit) return null;
  const units = [yes.unit, no.unit].map((unit) => (unit === "none" ? "no unit" : unit));
  const hint = units.includes("token")
    ? 'a token is chosen beside a token, such as top_token, answer or " Mary"'
    : "divide by a value in the same unit to get a number without one";
  return typeFault(`if mixes units: ${units.join(" and ")}`, "the same unit on both sides", found, hint);
}

/** The fault of what a condition chooses: the condition's own, and else that of the branch that it takes. */
function chosenFault(
  builder: GraphBuilder,
  condition: { readonly value: string; readonly fault: string | null },
  yes: string | null,
  no: string | null,
): string | null {
  const none = builder.constant("int32", [1], [0]);
  const taken = yes === null && no === null ? null : builder.node("Where", [condition.value, yes ?? none, no ?? none]);
  if (condition.fault === null) return taken;
  if (taken === null) return condition.fault;
  return builder.node("Where", [builder.node("Greater", [condition.fault, none]), condition.fault, taken]);
}

/** {@link chosenFault} for references of equal axes; a branch is null where nothing can be at fault. */
function chosenReferenceFault(
  condition: ReferenceTensor,
  yes: Int32Array | null,
  no: Int32Array | null,
): Int32Array | null {
  if (condition.fault === null && yes === null && no === null) return null;
  return Int32Array.from(condition.data, (holds, place) => {
    const own = condition.fault?.[place] ?? 0;
    return own > 0 ? own : ((holds === 1 ? yes : no)?.[place] ?? 0);
  });
}

/** One of two values of the type's elements; onnxruntime has no Where of truth values. */
function emitChoice(
  builder: GraphBuilder,
  { element }: TensorType,
  condition: string,
  [yes, no]: readonly [string, string],
): string {
  if (element === "real") return builder.node("Where", [condition, yes, no]);
  const otherwise = builder.node("And", [builder.node("Not", [condition]), no]);
  return builder.node("Or", [builder.node("And", [condition, yes]), otherwise]);
}

const conditional: Operation = {
  name: "if",
  documentation:
    "x where the condition holds, y elsewhere, broadcast by axis name: two numbers of one unit, two truth values or two tokens. A NaN on the side that is not taken does not matter; where the condition is undecided there is no value.",
  source: "numpy.where",
  arity: 3,
  sameUnit: true,
  attributes: {},
  written: {
    form: "if condition then x else y",
    call: null,
    operator: null,
    spelling: "`if`",
    text: ({ plain }) => `(if ${plain(0)} then ${plain(1)} else ${plain(2)})`,
  },
  failure: null,
  range: { kind: "bounded", tail: "places", chooses: { condition: 0, where: { 1: true, 2: false } } },
  decides: false,
  gradient: null,
  type: (inputs): TensorType | TypeFault => {
    const [condition, yes, no] = inputs;
    if (condition === undefined || yes === undefined || no === undefined) throw new RangeError("if: three inputs");
    const wrong = conditionFault("if", condition) ?? branchesFault(yes, no);
    if (wrong !== null) return wrong;
    // The branches say the order of axes, as the sides of an addition do.
    const axes = broadcastTypes("if", [yes, no, condition]);
    return "fault" in axes ? axes : { axes, unit: yes.unit, element: yes.element };
  },
  lower: (context, inputs, _attributes, type) => {
    const { builder } = context;
    const [condition, yes, no] = inputs.map((input) => alignLowered(context, input, type.axes));
    if (condition === undefined || yes === undefined || no === undefined) throw new RangeError("if: three inputs");
    const value = emitChoice(builder, type, condition.value, [yes.value, no.value]);
    return { value, fault: chosenFault(builder, condition, yes.fault, no.fault), type };
  },
  reference: ([first, second, third]) => {
    if (first === undefined || second === undefined || third === undefined) throw new RangeError("if: three inputs");
    const axes = broadcastAxes([second, third, first]);
    const [condition, yes, no] = [broadcastTo(first, axes), broadcastTo(second, axes), broadcastTo(third, axes)];
    const data = condition.data.map((holds, place) => (holds === 1 ? yes : no).data[place] ?? Number.NaN);
    return { axes, data, fault: chosenReferenceFault(condition, yes.fault, no.fault) };
  },
};

/** What stands in for an entry that is left out: 0 for sums, and what no maximum (1) or minimum (-1) chooses. */
function standIn(sought: unknown): number {
  const sign = Number(sought ?? 0);
  return sign === 0 ? 0 : sign > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function emitStandIn(builder: GraphBuilder, sought: unknown): string {
  const value = standIn(sought);
  if (value === 0) return zero(builder);
  const lowest = minusInfinity(builder, [1]);
  return value < 0 ? lowest : builder.node("Neg", [lowest]);
}

const kept: Operation = {
  name: "kept",
  documentation:
    "x where the condition holds, and a number in place of every other entry, whatever it was: 0, or with `sought` above or below 0 one that no maximum or minimum chooses.",
  arity: 2,
  attributes: { sought: "integer" },
  // Of the compiler's own making: `sum(x where condition)`.
  written: { form: null, call: null, operator: null, text: ({ plain }) => `${plain(0)} where ${plain(1)}` },
  failure: null,
  range: { kind: "bounded", tail: "places", chooses: { condition: 1, where: { 0: true } } },
  decides: false,
  gradient: null,
  type: ([input, condition]): TensorType | TypeFault => {
    if (input === undefined || condition === undefined) throw new RangeError("kept: two inputs are needed");
    if (input.element === "truth") return typeFault("kept needs numbers", "numbers", typeText(input));
    const wrong = conditionFault("kept", condition);
    if (wrong !== null) return wrong;
    const axes = broadcastTypes("where", [input, condition]);
    return "fault" in axes ? axes : { axes, ...real(input.unit) };
  },
  lower: (context, inputs, attributes, type) => {
    const { builder } = context;
    const [input, condition] = inputs.map((each) => alignLowered(context, each, type.axes));
    if (input === undefined || condition === undefined) throw new RangeError("kept: two inputs are needed");
    const value = builder.node("Where", [condition.value, input.value, emitStandIn(builder, attributes["sought"])]);
    return { value, fault: chosenFault(builder, condition, input.fault, null), type };
  },
  reference: ([first, second], attributes) => {
    if (first === undefined || second === undefined) throw new RangeError("kept: two inputs are needed");
    const axes = broadcastAxes([first, second]);
    const [input, condition] = [broadcastTo(first, axes), broadcastTo(second, axes)];
    const other = standIn(attributes["sought"]);
    const data = condition.data.map((holds, place) => (holds === 1 ? (input.data[place] ?? Number.NaN) : other));
    return { axes, data, fault: chosenReferenceFault(condition, input.fault, null) };
  },
};

const chosen: Operation = {
  name: "chosen",
  documentation: "The condition at every place of x, whatever x is there.",
  arity: 2,
  attributes: {},
  // Of the compiler's own making: it counts the entries of `mean(x where condition)`.
  written: { form: null, call: null, operator: null, text: ({ plain }) => plain(1) },
  failure: null,
  range: { kind: "bounded", tail: "places" },
  decides: false,
  gradient: "it is piecewise constant",
  type: ([input, condition]): TensorType | TypeFault => {
    if (input === undefined || condition === undefined) throw new RangeError("chosen: two inputs are needed");
    const wrong = conditionFault("chosen", condition);
    if (wrong !== null) return wrong;
    const axes = broadcastTypes("where", [input, condition]);
    return "fault" in axes ? axes : { axes, unit: "none", element: "truth" };
  },
  lower: (context, inputs, _attributes, type) => {
    const { builder } = context;
    const [input, condition] = inputs.map((each) => alignLowered(context, each, type.axes));
    if (input === undefined || condition === undefined) throw new RangeError("chosen: two inputs are needed");
    // Only the shape of x is read: the condition is repeated along its axes.
    const shape = builder.node("Shape", [input.value]);
    const value = builder.node("Expand", [condition.value, shape]);
    return { value, fault: mergeFaults(context, [condition.fault]), type };
  },
  reference: ([first, second]) => {
    if (first === undefined || second === undefined) throw new RangeError("chosen: two inputs are needed");
    return broadcastTo(second, broadcastAxes([first, second]));
  },
};

/** The operations in which a condition chooses, in the order of the language reference. */
export const choices: readonly Operation[] = [conditional, kept, chosen];

/** Information: divergence of two distributions, and its units. */
import { typeText, type TensorType, type Unit } from "../ir/tensor-type.js";
import type { GraphBuilder } from "../onnx/builder.js";
import { alignLowered, broadcastTypes } from "./broadcast.js";
import { elementwiseOperation } from "./elementwise-operation.js";
import { addOwnFault, addOwnReferenceFault, mergeFaults, mergeReferenceFaults, reduceFault, reduceReferenceFault } from "./faults.js"; // prettier-ignore
import { cast, sumOver, wideNumber } from "./lowering.js";
import type { Operation, TypeFault } from "./operation.js";
import type { RangeRule } from "./range.js";
import { broadcastAxes, broadcastTo, elementCount, offsetsIn } from "./reference-tensor.js";
import {
  consumedAxes,
  consumedNames,
  findAxis,
  layoutPosition,
  missingAxisFault,
  numberFault,
  typeFault,
  unitFault,
} from "./typing.js";

/** Operation `to`: a value in the unit `from` as one in the unit `to`, which is the value times `factor`. */
function conversion(
  to: "nats" | "bits",
  from: "nats" | "bits",
  documentation: string,
  factor: number,
  range: RangeRule,
): Operation {
  return elementwiseOperation({
    name: to,
    documentation,
    arity: 1,
    gradient: null,
    range,
    resultOf: (inputs): { readonly element: "real"; readonly unit: Unit } | TypeFault => {
      const fault = numberFault(to, inputs);
      if (fault !== null) return fault;
      const [input] = inputs;
      if (input?.unit === from) return { element: "real", unit: to };
      const hint = input?.unit === to ? `it is in ${to} already` : "logarithms and nll are in nats";
      return typeFault(`${to} converts from ${from}`, `a value in ${from}`, input === undefined ? "" : typeText(input), hint); // prettier-ignore
    },
    emit: (builder, [value = ""]) =>
      builder.node("Mul", [value, builder.constant("float32", [1], [Math.fround(factor)])]),
    compute: ([value = Number.NaN]) => value * factor,
  });
}

/** Where the terms p · (ln p − ln q) have no value. */
function undefinedTerm(p: number, q: number): boolean {
  return p < 0 || q < 0 || (p > 0 && q === 0);
}

/** The same places as an ONNX bool value, from float64 values. */
function emitUndefined(builder: GraphBuilder, p: string, q: string): string {
  const none = wideNumber(builder, 0);
  const infinite = builder.node("And", [builder.node("Greater", [p, none]), builder.node("Equal", [q, none])]);
  const negative = builder.node("Or", [builder.node("Less", [p, none]), builder.node("Less", [q, none])]);
  return builder.node("Or", [negative, infinite]);
}

/** p · (ln p − ln q) in float64, 0 where p = 0; what stands where it is undefined is never shown. */
function emitTerms(builder: GraphBuilder, p: string, q: string): string {
  const none = wideNumber(builder, 0);
  const one = wideNumber(builder, 1);
  // A NaN is not replaced: it shows in the sum.
  const logarithm = (value: string): string =>
    builder.node("Log", [builder.node("Where", [builder.node("LessOrEqual", [value, none]), one, value])]);
  return builder.node("Mul", [p, builder.node("Sub", [logarithm(p), logarithm(q)])]);
}

function term(p: number, q: number): number {
  const logarithm = (value: number): number => (value <= 0 ? 0 : Math.log(value));
  return p * (logarithm(p) - logarithm(q));
}

const kl: Operation = {
  name: "kl",
  documentation:
    "Σ p · (ln p − ln q) over the named axes, which both have (all axes when none is named), in nats, with 0 · ln 0 = 0: the Kullback–Leibler divergence of the distribution q from p; NaN with a reason where q = 0 < p, or where one is negative.",
  source: "scipy.special.rel_entr",
  arity: 2,
  attributes: { over: "axes" },
  written: { form: "kl(p, q over axes)", call: { kind: "over" }, operator: null },
  failure: {
    reason: "the divergence needs probabilities, of which the second is 0 only where the first is",
    written: (operands) =>
      `the divergence needs probabilities, of which the second is 0 only where the first is: ${operands.join(", ")}`,
  },
  range: { kind: "growing" },
  decides: false,
  gradient: null,
  type: (inputs, attributes): TensorType | TypeFault => {
    const fault = numberFault("kl", inputs) ?? unitFault("kl", inputs, "kl takes probabilities: softmax(…), exp(logprobs)"); // prettier-ignore
    if (fault !== null) return fault;
    const axes = broadcastTypes("kl", inputs);
    if ("fault" in axes) return axes;
    const names = consumedAxes("kl", { axes, unit: "none", element: "real" }, attributes);
    if ("fault" in names) return names;
    for (const input of inputs) {
      for (const name of names) if (findAxis(input, name) === null) return missingAxisFault("kl", name, input);
    }
    return { axes: axes.filter((axis) => !names.includes(axis.name)), unit: "nats", element: "real" };
  },
  lower: (context, inputs, attributes, type) => {
    const { builder } = context;
    const axes = broadcastTypes(
      "kl",
      inputs.map((input) => input.type),
    );
    if ("fault" in axes) throw new RangeError(axes.fault);
    const aligned = inputs.map((input) => alignLowered(context, input, axes));
    const [p = "", q = ""] = aligned.map((input) => cast(builder, input.value, "float64"));
    const names = consumedNames(
      axes.map((axis) => axis.name),
      attributes,
    );
    const terms = emitTerms(builder, p, q);
    const value = cast(builder, sumOver(context, terms, axes, names), "float32");
    const positions = names.map((name) => layoutPosition({ ...type, axes }, name));
    const merged = mergeFaults(
      context,
      aligned.map((input) => input.fault),
    );
    const inputFault = merged === null ? null : reduceFault(context, merged, terms, positions);
    const failing = reduceFault(context, cast(builder, emitUndefined(builder, p, q), "int32"), terms, positions);
    return { value, fault: addOwnFault(context, inputFault, cast(builder, failing, "bool")), type };
  },
  reference: (inputs, attributes, reason) => {
    const axes = broadcastAxes(inputs);
    const aligned = inputs.map((input) => broadcastTo(input, axes));
    const [p, q] = aligned.map((input) => input.data);
    if (p === undefined || q === undefined) throw new RangeError("kl: two inputs are needed");
    const names = consumedNames(
      axes.map((axis) => axis.name),
      attributes,
    );
    const kept = axes.filter((axis) => !names.includes(axis.name));
    const targets = offsetsIn(axes, kept);
    const data = new Float64Array(elementCount(kept));
    const failing = new Set<number>();
    targets.forEach((target, place) => {
      const [a, b] = [p[place] ?? Number.NaN, q[place] ?? Number.NaN];
      data[target] = (data[target] ?? 0) + term(a, b);
      if (undefinedTerm(a, b)) failing.add(target);
    });
    const inputFault = reduceReferenceFault(mergeReferenceFaults(aligned), targets, data.length);
    return { axes: kept, data, fault: addOwnReferenceFault(kept, inputFault, reason, (place) => failing.has(place)) };
  },
};

/** Divergence and units of information, in the order of the language reference. */
export const informationOperations: readonly Operation[] = [
  conversion("bits", "nats", "A value in nats as one in bits: x / ln 2.", 1 / Math.LN2, {
    kind: "transparent",
    alone: true,
    tail: "places",
  }),
  conversion("nats", "bits", "A value in bits as one in nats: x · ln 2.", Math.LN2, {
    kind: "transparent",
    tail: "places",
  }),
  kl,
];

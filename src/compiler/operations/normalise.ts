/** Operations that bring the entries of some axes to a common scale; the axes stay. */
import { int } from "../onnx/attributes.js";
import type { TensorType, Unit } from "../ir/tensor-type.js";
import { alignValue } from "./broadcast.js";
import { reduceFault, reduceReferenceFault } from "./faults.js";
import { integers } from "../onnx/lists.js";
import { emitLog, sumOver } from "./lowering.js";
import type { Operation, TypeFault } from "./operation.js";
import { elementCount, offsetsIn } from "./reference-tensor.js";
import { consumedAxes, consumedNames, layoutPosition, numberFault, unitFault } from "./typing.js";

function normalisation(name: string, documentation: string, unit: Unit, logarithm: boolean): Operation {
  return {
    name,
    documentation,
    source: `scipy.special.${name}`,
    arity: 1,
    attributes: { over: "axes" },
    written: { form: `${name}(x over axes)`, call: { kind: "over" }, operator: null },
    failure: null,
    range: { kind: logarithm ? "growing" : "bounded" },
    decides: false,
    gradient: null,
    type: ([input], attributes): TensorType | TypeFault => {
      if (input === undefined) throw new RangeError(`${name}: one input is needed`);
      const bits = input.unit === "bits" ? [input] : [];
      const fault = numberFault(name, [input]) ?? unitFault(name, bits, "bits are exponents of 2, softmax is for nats");
      if (fault !== null) return fault;
      const names = consumedAxes(name, input, attributes);
      return "fault" in names ? names : { axes: input.axes, unit, element: "real" };
    },
    lower: (context, inputs, attributes, type) => {
      const input = inputs[0];
      if (input === undefined) throw new RangeError(`${name}: one input is needed`);
      const { builder } = context;
      const names = consumedNames(
        type.axes.map((axis) => axis.name),
        attributes,
      );
      const kept = type.axes.filter((axis) => !names.includes(axis.name));
      const positions = names.map((axis) => layoutPosition(type, axis));
      const largest =
        positions.length === 0
          ? input.value
          : builder.node("ReduceMax", [input.value, integers(builder, ...positions)], { keepdims: int(1) });
      const shifted = builder.node("Sub", [input.value, largest]);
      const exponentials = builder.node("Exp", [shifted]);
      const totals = alignValue(builder, sumOver(context, exponentials, type.axes, names), kept, type.axes);
      const value = logarithm
        ? builder.node("Sub", [shifted, emitLog(builder, totals)])
        : builder.node("Div", [exponentials, totals]);
      const fault = input.fault === null ? null : reduceFault(context, input.fault, input.value, positions, true);
      return { value, fault, type };
    },
    reference: ([input], attributes) => {
      if (input === undefined) throw new RangeError(`${name}: one input is needed`);
      const names = consumedNames(
        input.axes.map((axis) => axis.name),
        attributes,
      );
      const kept = input.axes.filter((axis) => !names.includes(axis.name));
      const targets = offsetsIn(input.axes, kept);
      const largest = new Float64Array(elementCount(kept)).fill(Number.NEGATIVE_INFINITY);
      const totals = new Float64Array(elementCount(kept));
      const at = (list: Float64Array, place: number): number => list[targets[place] ?? 0] ?? Number.NaN;
      targets.forEach((target, place) => {
        largest[target] = Math.max(at(largest, place), input.data[place] ?? Number.NaN);
      });
      const shifted = input.data.map((value, place) => value - at(largest, place));
      targets.forEach((target, place) => {
        totals[target] = at(totals, place) + Math.exp(shifted[place] ?? Number.NaN);
      });
      const data = shifted.map((value, place) =>
        logarithm ? value - Math.log(at(totals, place)) : Math.exp(value) / at(totals, place),
      );
      const reduced = reduceReferenceFault(input.fault, targets, totals.length);
      const fault = reduced === null ? null : Int32Array.from(targets, (target) => reduced[target] ?? 0);
      return { axes: input.axes, data, fault };
    },
  };
}

/** Softmax and its logarithm over one axis or several together. */
export const normalisations: readonly Operation[] = [
  normalisation(
    "softmax",
    "exp(x − m) / Σ exp(x − m) with m the largest x, over the named axes together: probabilities. −∞ (a masked score) gives 0.",
    "none",
    false,
  ),
  normalisation(
    "log_softmax",
    "x − m − ln Σ exp(x − m) with m the largest x, over the named axes together: log probabilities in nats.",
    "nats",
    true,
  ),
];

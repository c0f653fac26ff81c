/** What the cases of several operations share: their form, example types and common faults. */
import type { OperationAttributes } from "../../src/compiler/ir/expression.js";
import type { Extent, TensorType } from "../../src/compiler/ir/tensor-type.js";
import { axes, real, truth, type Values } from "./support.js";

/** One use of an operation that must type, lower and agree with the reference. */
export interface GoodCase {
  readonly inputs: readonly (readonly [TensorType, Values])[];
  readonly attributes?: OperationAttributes;
  /** The result's type. */
  readonly result: TensorType;
}

/** One use that is a type fault whose sentence matches. */
export interface FaultCase {
  readonly inputs: readonly TensorType[];
  readonly attributes?: OperationAttributes;
  readonly fault: RegExp;
}

export interface OperationCases {
  readonly good: readonly GoodCase[];
  readonly faults: readonly FaultCase[];
}

export const shorter: Extent = { kind: "positions", minus: 1 };
export const window4: Extent = { kind: "window", size: 4, of: { kind: "positions", minus: 0 } };
export const scalar = real([]);
export const residual = axes("pos", ["d_model", 5]);
export const heads = axes("pos", ["head", 3], ["d_head", 4]);
export const pattern = axes(["head", 3], "query", "key");
export const nll = real(axes(["pos", shorter]), "nats");

/** Every way to name some of the axes, none (= all) included. */
export function subsets(names: readonly string[]): readonly (readonly string[])[] {
  return names.reduce<readonly (readonly string[])[]>((all, name) => [...all, ...all.map((s) => [...s, name])], [[]]);
}

export const differentLengths: FaultCase = {
  inputs: [real(axes("pos")), real(axes(["pos", shorter]))],
  fault: /the axis pos has different lengths/,
};
export const mixedUnits: FaultCase = {
  inputs: [real([], "nats"), real([], "bits")],
  fault: /mixes units: nats and bits/,
};
export const natsAndNone: FaultCase = {
  inputs: [nll, real(axes(["pos", shorter]))],
  fault: /mixes units: nats and no unit/,
};
export const onTruth: FaultCase = { inputs: [truth([]), scalar], fault: /truth values/ };

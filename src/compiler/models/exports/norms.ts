/** Norms over the last axis, whichever operators they are made of. */
import { seededIntegers } from "../../base/random.js";
import { floatOf } from "./attributes.js";
import type { ExportedNode } from "../../onnx/exported-graph.js";
import type { Walk } from "./interpret.js";
import { isElementwise, isOfRows } from "./kernels.js";
import { evaluate, regionOf, type Region } from "./regions.js";
import { sizeOf } from "./tensors.js";

export interface FoundNorm {
  readonly kind: "layer" | "rms";
  readonly epsilon: number;
  /** The values that its weights and its bias are. */
  readonly weight: string | null;
  readonly bias: string | null;
  /** What it norms. */
  readonly input: string;
}

/**
 * The norm that a value is, found by trying it out: some x and some weights in, and the result must be that of LayerNorm or
 * RMSNorm with one of the ε that the part has. Null where it is none.
 */
export function normOf(walk: Walk, name: string): FoundNorm | null {
  const region = regionOf(
    walk,
    name,
    (node, value) =>
      (isElementwise(node) || isOfRows(node)) && (value === name || !isSummand(walk, value)) && !isSum(walk, node),
  );
  const [leaf, ...others] = region.leaves;
  if (leaf === undefined || others.length > 0 || leaf === name || !region.nodes.some(isOfRows)) return null;
  const width = walk.values.get(leaf)?.shape.at(-1) ?? 0;
  const { vectors } = region;
  if (vectors.length > 2 || vectors.some((own) => sizeOf(walk.values.get(own)?.shape ?? []) !== width)) return null;
  const pairs = pairsOf(vectors);
  for (const epsilon of epsilonsOf(walk, region)) {
    for (const kind of ["layer", "rms"] as const) {
      for (const [weight, bias] of pairs) {
        const norm = { kind, epsilon, weight, bias, input: leaf };
        if (behavesLike(walk, region, norm, width)) return norm;
      }
    }
  }
  return null;
}

/** A sum of two values that depend on tokens: norms hold none, the residual stream consists of them. */
function isSum(walk: Walk, { op, inputs }: ExportedNode): boolean {
  return op === "Add" && inputs.every((input) => walk.values.get(input)?.origin === "token");
}

/** Whether a value is added to another. */
function isSummand(walk: Walk, name: string): boolean {
  return (walk.readers.get(name) ?? []).some((node) => isSum(walk, node));
}

/** Which vector is the weight and which the bias. */
function pairsOf([first, second]: readonly string[]): readonly (readonly [string | null, string | null])[] {
  if (first === undefined) return [[null, null]];
  if (second === undefined)
    return [
      [first, null],
      [null, first],
    ];
  return [
    [first, second],
    [second, first],
  ];
}

function epsilonsOf(walk: Walk, region: Region): readonly number[] {
  const attributes = region.nodes.filter((node) => node.attributes.has("epsilon") || node.op === "LayerNormalization");
  const numbers = region.numbers.map((name) => walk.values.get(name)?.data()?.[0] ?? NaN);
  const found = [...numbers, ...attributes.map((node) => floatOf(node, "epsilon", 1e-5))];
  return [...new Set(found)].filter((epsilon) => epsilon > 0 && epsilon < 0.1);
}

/** Inputs of two sizes, so that ε counts for one of them. */
const scales = [1, 1e-3] as const;

/** At most so large a difference, relative to what a norm gives, which is about 1. */
const tolerance = 1e-6;

function behavesLike(walk: Walk, region: Region, norm: FoundNorm, width: number): boolean {
  const next = seededIntegers(width);
  const random = (): Float64Array => Float64Array.from({ length: width }, () => next(2001) / 1000 - 0.7);
  return scales.every((scale) => {
    const x = random().map((value) => value * scale);
    const vectors = new Map(region.vectors.map((name) => [name, random()]));
    const shape = (walk.values.get(norm.input)?.shape ?? []).map((size, axis, all) =>
      axis === all.length - 1 ? size : 1,
    );
    const given = new Map(
      [...vectors].map(([name, data]) => [name, { shape: walk.values.get(name)?.shape ?? [], data }]),
    );
    const found = evaluate(walk, region.output, given.set(norm.input, { shape, data: x }));
    const centre = norm.kind === "layer" ? x.reduce((sum, value) => sum + value, 0) / width : 0;
    const spread = Math.sqrt(x.reduce((sum, value) => sum + (value - centre) ** 2, 0) / width + norm.epsilon);
    const weight = norm.weight === null ? null : vectors.get(norm.weight);
    const bias = norm.bias === null ? null : vectors.get(norm.bias);
    return (
      found?.data.length === width &&
      x.every((value, i) => {
        const expected = ((value - centre) / spread) * (weight?.[i] ?? 1) + (bias?.[i] ?? 0);
        return Math.abs((found.data[i] ?? NaN) - expected) <= tolerance;
      })
    );
  });
}

/** Functions of single numbers that exporters write out, known by their values. */
import { normalBelow } from "../../statistics/distributions.js";
import type { Activation } from "../parts/activation.js";
import type { Walk } from "./interpret.js";
import { evaluate } from "./regions.js";
import type { Tensor } from "./tensors.js";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Where functions are compared: both tails, and more closely around 0. */
const grid = Float64Array.from({ length: 49 }, (_, i) => (i - 24) / 4 + 0.03);

/** What the activations give, up to the rounding of the constants that exporters write. */
const activations: readonly (readonly [Activation, (x: number) => number])[] = [
  ["gelu", (x) => x * normalBelow(x)],
  ["gelu_tanh", (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2],
  ["silu", (x) => x * sigmoid(x)],
  ["relu", (x) => Math.max(0, x)],
];

/** Constants in float32 leave about this much. */
const tolerance = 1e-6;

/** The activation that a part is of its only leaf; null where it is none that can be built. */
export function activationOf(walk: Walk, output: string, leaf: string): Activation | null {
  return namedBy(values(walk, output, [[leaf, grid]]));
}

/** The activation f where a part is f(a) · b of its two leaves, and which of them is a. */
export function gatedActivationOf(
  walk: Walk,
  output: string,
  [first, second]: readonly [string, string],
): { readonly activation: Activation; readonly gate: string; readonly up: string } | null {
  const ones = grid.map(() => 1);
  for (const [gate, up] of [
    [first, second],
    [second, first],
  ] as const) {
    const alone = values(walk, output, [
      [gate, grid],
      [up, ones],
    ]);
    const tripled = values(walk, output, [
      [gate, grid],
      [up, ones.map(() => -3)],
    ]);
    const activation = namedBy(alone);
    const isLinear = alone?.every((value, i) => Math.abs((tripled?.[i] ?? NaN) + 3 * value) <= tolerance) === true;
    if (activation !== null && isLinear) return { activation, gate, up };
  }
  return null;
}

function namedBy(found: Float64Array | null): Activation | null {
  const same = activations.find(([, f]) => found?.every((y, i) => Math.abs(y - f(grid[i] ?? NaN)) <= tolerance));
  return same?.[0] ?? null;
}

function values(walk: Walk, output: string, leaves: readonly (readonly [string, Float64Array])[]): Float64Array | null {
  const given = new Map<string, Tensor>(leaves.map(([name, data]) => [name, { shape: [1, 1, data.length], data }]));
  const found = evaluate(walk, output, given);
  return found?.data.length === grid.length ? Float64Array.from(found.data) : null;
}

/** cap · tanh(scale · x / cap) + bias, without the tanh where cap is null. */
export interface Bend {
  readonly scale: number;
  readonly softcap: number | null;
  readonly bias: number;
}

/** Where bends are looked at. */
export const probes = [0, 1, -2, 1e6] as const;

/** The bend that has these values at {@link probes}; null where there is none. */
export function bendOf([zero = NaN, one = NaN, other = NaN, far = NaN]: readonly number[]): Bend | null {
  const bias = zero;
  const rise = one - bias;
  const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(b));
  if (isClose(other - bias, -2 * rise) && isClose((far - bias) / 1e6, rise))
    return { scale: rise, softcap: null, bias };
  const cap = Math.abs(far - bias);
  const scale = cap * Math.atanh(rise / cap);
  return isClose(other - bias, cap * Math.tanh((-2 * scale) / cap)) ? { scale, softcap: cap, bias } : null;
}

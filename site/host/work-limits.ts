/** How much a page computes: stated before anything runs, so that nobody waits for what does not end. */
import type { Plan } from "../../src/compiler/ir/plan.js";
import { bytesText, flopsText } from "../../src/compiler/lower/quantity-text.js";

/** Floating-point operations of matrix products: a minute or two of one thread of WebAssembly. */
export const mostFlops = 200e9;
/** Sequences through the model. */
export const mostRows = 50_000;
/** Bytes of activations of the fullest batch. */
export const mostActivationBytes = 512 * 2 ** 20;
/** What plans are told of memory. */
export const memoryBudget = 128 * 2 ** 20;

/** Why a plan is too much for a page, with its estimate and the limit, or null. */
export function tooMuch({ cost }: Plan): string | null {
  const { flops, rows, peakActivationBytes } = cost;
  const limits: readonly (readonly [boolean, string, string])[] = [
    [flops > mostFlops, flopsText(flops), flopsText(mostFlops)],
    [rows > mostRows, counted(rows), counted(mostRows)],
    [
      peakActivationBytes > mostActivationBytes,
      `${bytesText(peakActivationBytes)} of memory at once`,
      bytesText(mostActivationBytes),
    ],
  ];
  const over = limits.find(([isOver]) => isOver);
  if (over === undefined) return null;
  return `This run is about ${over[1]}, and a page computes at most ${over[2]}: take fewer prompts, places or metrics, or run it with atlasc on your machine.`;
}

function counted(rows: number): string {
  return `${rows.toLocaleString("en")} rows (prompts × conditions)`;
}

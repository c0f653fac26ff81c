/** Whether a device computes what the processor does: the sites of one short run, side by side. */
import type { IdentityResult, TappedTensor } from "../../compiler/models/identities.js";
import type { ProductType } from "../../compiler/onnx/products.js";

/**
 * Allowed difference, relative to the largest value of a site. In float32 a value has gone through some hundreds of sums of thousands of
 * terms, each rounded to 6e-8 and added in another order: 1e-4 is ten times what was seen. bfloat16 rounds to 4e-3 and float16 to
 * 5e-4, of what goes into each product and of what comes out; over the layers the roundings add up like a random walk.
 */
const tolerances: Readonly<Record<ProductType, number>> = { float32: 1e-4, bfloat16: 5e-2, float16: 1e-2 };

/** Allowed difference of the two sides of an identity, where products are rounded; the identities' own where they are not. */
export function identityTolerance(type: ProductType): number | undefined {
  return type === "float32" ? undefined : tolerances[type];
}

/** Sites that say where two runs part: the residual stream after each layer, the final norm, the logits. */
function isCompared(site: string): boolean {
  return site.startsWith("resid_post[") || site === "final" || site === "logits";
}

/** A result for each compared site: how far a device's values are from the processor's. */
export function agreement(
  device: string,
  type: ProductType,
  own: Readonly<Record<string, TappedTensor>>,
  reference: Readonly<Record<string, TappedTensor>>,
): readonly IdentityResult[] {
  return Object.entries(reference)
    .filter(([site]) => isCompared(site))
    .map(([site, expected]) => {
      let [largest, difference] = [0, 0];
      const actual = own[site]?.data ?? [];
      for (let i = 0; i < expected.data.length; i++) {
        const value = expected.data[i] ?? Number.NaN;
        largest = Math.max(largest, Math.abs(value));
        const distance = Math.abs((actual[i] ?? Number.NaN) - value);
        // NaN is no number that anything is at most.
        difference = Number.isNaN(distance) ? Number.NaN : Math.max(difference, distance);
      }
      const tolerance = tolerances[type] * Math.max(largest, 1e-3);
      const name = `${site.replace(/\[.*/, "")} on ${device} = ${site.replace(/\[.*/, "")} on the processor`;
      return { name, site, maxAbsDifference: difference, tolerance, ok: difference <= tolerance };
    });
}

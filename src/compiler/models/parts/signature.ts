import type { ModelSignature } from "../model.js";
import { siteNames } from "../sites.js";
import type { ConfigReader } from "./config.js";

/** A signature without what follows from the rest. */
export type SignatureSizes = Omit<ModelSignature, "sites">;

/** Completes a signature: parallel-residual models have no stream between attention and MLP. */
export function signatureOf(sizes: SignatureSizes): ModelSignature {
  return { ...sizes, sites: siteNames.filter((site) => site !== "resid_mid" || !sizes.parallelResidual) };
}

/** d_model / heads; a remainder is reported. */
export function evenHeadSize(config: ConfigReader, dModel: number, heads: number, headsField: string): number {
  if (dModel % heads !== 0) config.refuse(headsField, String(heads), `a divisor of the width ${dModel}`);
  return Math.max(1, Math.floor(dModel / heads));
}

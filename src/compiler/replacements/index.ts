/** The table of the kinds of replacements, the only place where they are told apart. */
import { digestOf } from "../base/digest.js";
import { perObject } from "../base/per-object.js";
import type { MeasureExpression } from "../ir/expression.js";
import type { ReplacementValue, SiteWrite } from "../ir/protocol.js";
import { siteText } from "../operations/text.js";
import { activation } from "./activation.js";
import { constant } from "./constant.js";
import { expression } from "./expression.js";
import type { Carrier, FedValue, ReplacementKind, ReplacementOf } from "./kind.js";
import { mean } from "./mean.js";
import { path } from "./path.js";
import { scale } from "./scale.js";
import { zero } from "./zero.js";

export type { Carrier, FedValue, OtherRunValue } from "./kind.js";
export { isDense, otherRunOf } from "./kind.js";

/** Every kind has its entry, in the order of the language reference. */
const kinds: { readonly [K in ReplacementValue["kind"]]: ReplacementKind<ReplacementOf<K>> } = {
  zero,
  mean,
  constant,
  activation,
  scale,
  expression,
  path,
};

function kindOf(replacement: ReplacementValue): ReplacementKind<ReplacementValue> {
  // The entry at a replacement's own kind takes that replacement, which TypeScript cannot say of a union.
  return kinds[replacement.kind] as ReplacementKind<ReplacementValue>;
}

/** How gates carry a replacement. */
export function carrierOf(replacement: ReplacementValue): Carrier {
  return kindOf(replacement).carrier(replacement);
}

/** What a gate is fed for a replacement; null for one that the graph computes. */
export function fedValueOf(replacement: ReplacementValue): FedValue | null {
  const carrier = carrierOf(replacement);
  return carrier.gate === "compute" ? null : carrier.fed;
}

/** What the graph computes for a replacement; null for one that is fed. */
export function computedValueOf(replacement: ReplacementValue): MeasureExpression | null {
  const carrier = carrierOf(replacement);
  return carrier.gate === "compute" ? carrier.expression : null;
}

/** The sentences that a write's gate numbers, in order: why what is put in may not be finite. */
export function reasonsOfWrite({ site, replacement }: SiteWrite): readonly string[] {
  return kindOf(replacement).reasons(replacement, siteText(site));
}

/** A replacement without spans, for digests. */
export function replacementKey(replacement: ReplacementValue): unknown {
  return kindOf(replacement).key(replacement);
}

/** A write without spans, for digests. */
export function writeKey(write: SiteWrite): unknown {
  return { ...write, replacement: replacementKey(write.replacement) };
}

/** Digest of what a condition writes. */
export const writesDigest = perObject((writes: readonly SiteWrite[]) => digestOf(writes.map(writeKey)));

/** How `ablate … by` asks for a replacement, in every way. */
export const writtenReplacements: readonly string[] = Object.values(kinds).flatMap(({ written }) => written ?? []);

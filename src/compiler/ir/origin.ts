/** Which token of the text the entries of an axis belong to. */
import { extentSize, type Extent } from "./tensor-type.js";

/**
 * Where the first entry of an axis lies along the text. `text`: at the token of that number, from 0. `within`: at the
 * entry `index` of another axis, counted from its end when negative (−4 of an axis of three entries is its first one).
 * `latest`: at the last of several places, because a value that several tokens make belongs to the last of them, as
 * `nll` belongs to the token that it predicts.
 */
export type Origin =
  | { readonly kind: "text"; readonly offset: number }
  | { readonly kind: "within"; readonly of: Origin; readonly extent: Extent; readonly index: number }
  | { readonly kind: "latest"; readonly of: readonly Origin[] };

/** Origins of the axes that run along the text, by axis. The entries of any other axis are numbered from 0. */
export type Origins = ReadonlyMap<string, Origin>;

/** An axis whose entries are the tokens from that one on. */
export function fromToken(offset: number): Origin {
  return { kind: "text", offset };
}

/** The origin of a part of an axis that begins with the entry `index`. */
export function fromEntry(of: Origin, extent: Extent, index: number): Origin {
  if (of.kind === "text" && index >= 0 && extent.kind === "positions") return fromToken(of.offset + index);
  return { kind: "within", of, extent, index };
}

/** The origin of an axis that several values share. */
export function latestOf(origins: readonly Origin[]): Origin | null {
  const different = new Map(origins.map((origin) => [JSON.stringify(origin), origin]));
  const [only, ...others] = different.values();
  if (only === undefined) return null;
  return others.length === 0 ? only : { kind: "latest", of: [...different.values()] };
}

/** The position, from 0, of the first entry in a text of `positions` tokens. */
export function positionOf(origin: Origin, positions: number): number {
  switch (origin.kind) {
    case "text":
      return origin.offset;
    case "within": {
      const size = extentSize(origin.extent, positions);
      const entry = origin.index < 0 ? Math.max(0, size + origin.index) : Math.min(size, origin.index);
      return positionOf(origin.of, positions) + entry;
    }
    case "latest":
      return Math.max(...origin.of.map((of) => positionOf(of, positions)));
  }
}

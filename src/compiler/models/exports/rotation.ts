/** Queries and keys as columns of a product, and the rotation that positions give them. */
import type { Rotary } from "../parts/rotary.js";
import type { Walk } from "./interpret.js";
import { stop } from "./stop.js";
import { broadcastIndices } from "./tensors.js";
import { traceOf } from "./trace.js";

/** How entries of an operand of attention lie: [head, pos, d_head], or [head, d_head, pos] where `transposed`. */
export interface HeadLayout {
  readonly lead: readonly number[];
  readonly heads: number;
  readonly length: number;
  readonly dHead: number;
  readonly transposed: boolean;
}

export interface FoundRotation {
  /** The value whose last axis holds the columns. */
  readonly source: string;
  /** [head][d]: entry of the source at the first position. */
  readonly columns: readonly (readonly number[])[];
  readonly rotary: { readonly settings: Rotary; readonly interleaved: boolean } | null;
  readonly scale: number;
}

/** Angles that exporters keep in float32 are off by this much at most. */
const tolerance = 2e-5;

/** Reads an operand of attention as scaled, rotated columns of one value [pos, columns] or [head, pos, d_head]. */
export function rotationOf(walk: Walk, name: string, layout: HeadLayout): FoundRotation {
  const { lead, heads, length, dHead, transposed } = layout;
  const trace = traceOf(walk, name);
  const whole = [...lead, ...(transposed ? [dHead, length] : [length, dHead])];
  const places = broadcastIndices(trace.shape, whole);
  const at = (h: number, t: number, d: number): number =>
    places[h * length * dHead + (transposed ? d * length + t : t * dHead + d)] ?? 0;
  /** The summands of an entry that are not 0: which entries of the source, and their factors. */
  const summands = (h: number, t: number, d: number): ReadonlyMap<number, number> =>
    new Map(
      trace.terms.flatMap(({ entries, factors }) => {
        const i = at(h, t, d);
        const [entry = -1, factor = 0] = [entries[i], factors[i]];
        return entry < 0 || Math.abs(factor) < 1e-12 ? [] : [[entry, factor] as const];
      }),
    );

  // Nothing is turned at the first position.
  const factors: number[] = [];
  const columns = Array.from({ length: heads }, (_, h) =>
    Array.from({ length: dHead }, (__, d) => {
      const [only, ...more] = summands(h, 0, d);
      if (only === undefined || more.length > 0)
        stop(name, "entries are mixed at the first position, so this is no rotation");
      if (h === 0) factors[d] = only[1];
      else if (only[1] !== factors[d]) stop(name, "heads are scaled differently");
      return only[0];
    }),
  );
  const stride = strideOfPositions(name, columns, summands, length);
  const dimensionOf = columns.map((own) => new Map(own.map((column, d) => [column, d])));

  // What the second position takes from another dimension says which of them make pairs.
  const partners = Array.from({ length: dHead }, (_, d) => partnerOf(0, d));
  function partnerOf(h: number, d: number): number | null {
    for (let t = 1; t < length; t++) {
      for (const entry of summands(h, t, d).keys()) {
        const other = dimensionOf[h]?.get(entry - t * stride);
        if (other === undefined) return stop(name, "entries of other positions or heads are mixed in");
        if (other !== d) return other;
      }
    }
    return null;
  }
  const turned = partners.filter((partner) => partner !== null).length;
  const unturned = factors[dHead - 1] ?? 1;
  const scale = turned === dHead ? (factors[0] ?? 1) : unturned;
  const own = (factors[0] ?? 1) / scale;
  const expected = (d: number): number => (d < turned ? own * scale : scale);
  if (factors.some((factor, d) => Math.abs(factor - expected(d)) > tolerance * Math.abs(scale))) {
    stop(name, "dimensions are scaled differently");
  }
  const interleaved = turned > 2 && partners[0] === 1;
  const half = turned / 2;
  const pairs = Array.from({ length: half }, (_, i): readonly [number, number] =>
    interleaved ? [2 * i, 2 * i + 1] : [i, i + half],
  );
  const angles = pairs.map(([a, b]) => {
    if (partners[a] !== b || partners[b] !== a) return stop(name, "the pairs of the rotation are not understood here");
    const [cosine, sine] = turnOf(0, 1, a, b);
    return Math.atan2(sine, cosine);
  });
  for (let h = 0; h < heads; h++) {
    for (let t = 0; t < length; t++) {
      for (const [i, [a, b]] of pairs.entries()) {
        const [cosine, sine] = turnOf(h, t, a, b);
        const [other, negative] = turnOf(h, t, b, a);
        const [x, y] = [Math.cos(t * (angles[i] ?? 0)), Math.sin(t * (angles[i] ?? 0))];
        const far = Math.max(...[cosine - x, sine - y, other - x, negative + y].map(Math.abs));
        if (!(far <= tolerance * Math.max(1, t))) stop(name, "angles are not multiples of the position");
      }
      for (let d = turned; d < dHead; d++) {
        const [only, ...more] = summands(h, t, d);
        if (only?.[0] !== (columns[h]?.[d] ?? 0) + t * stride || more.length > 0)
          stop(name, "entries are mixed outside the rotation");
      }
    }
  }
  const settings: Rotary = {
    dimensions: turned,
    inverseFrequencies: plainFrequencies(angles),
    scale: own,
    beyond: null,
  };
  return { source: trace.source, columns, scale, rotary: turned === 0 ? null : { settings, interleaved } };

  /** Cosine and sine by which dimension a takes from itself and, negated, from b. */
  function turnOf(h: number, t: number, a: number, b: number): readonly [number, number] {
    const taken = summands(h, t, a);
    const of = (d: number): number => (taken.get((columns[h]?.[d] ?? 0) + t * stride) ?? 0) / (own * scale);
    return [of(a), -of(b)];
  }
}

/** Entries of the source from one position to the next; the same for all heads. */
function strideOfPositions(
  name: string,
  columns: readonly (readonly number[])[],
  summands: (h: number, t: number, d: number) => ReadonlyMap<number, number>,
  length: number,
): number {
  if (length < 3) return stop(name, "its texts are too short to be understood");
  const entries = [...summands(0, 1, 0).keys()];
  const first = columns[0] ?? [];
  // The smallest step by which every entry of the second position is one of the first.
  const steps = first.flatMap((column) => entries.map((entry) => entry - column)).filter((step) => step > 0);
  const fits = (step: number): boolean =>
    first.every((_, d) => [...summands(0, 1, d).keys()].every((entry) => first.includes(entry - step)));
  return [...new Set(steps)].sort((a, b) => a - b).find(fits) ?? stop(name, "positions are mixed");
}

/** θ^(−2i / n) exactly, where the angles are that for a θ of few digits; otherwise as they were read. */
function plainFrequencies(angles: readonly number[]): readonly number[] {
  const count = angles.length;
  const last = angles[count - 1] ?? 1;
  const theta = count < 2 ? NaN : last ** (-count / (count - 1));
  const rounded = Number(theta.toPrecision(5));
  const exact = angles.map((_, i) => Math.fround(1 / Math.fround(rounded ** Math.fround(i / count))));
  const isPlain = exact.every((angle, i) => Math.abs(angle - (angles[i] ?? 0)) <= 1e-6 * angle);
  return isPlain ? exact : angles.map((angle) => Math.fround(angle));
}

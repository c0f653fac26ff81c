/**
 * Sweep axes inside a measured expression. Where one value is wanted and several are written (`layer [L3, L5]`,
 * `L*` as a default, `head_out[L28.H*]`), the expression is elaborated once for each: the first elaboration discovers
 * the axes, later ones follow a choice. Two sweeps of the same name must have the same values; they then move together.
 */
import type { Span } from "../../base/span.js";
import type { Coordinate, Coordinates } from "../../ir/protocol.js";

export interface SweepAxis {
  readonly name: string;
  readonly values: readonly Coordinate[];
  readonly span: Span;
}

export interface Sweeps {
  /** The value chosen for the axis `name`; the first of `values` while axes are being discovered. */
  choose(name: string, values: readonly number[], span: Span): number;
  readonly axes: ReadonlyMap<string, SweepAxis>;
  /** The value that each of `axes` has here. Complete when everything has been elaborated. */
  readonly point: () => Coordinates;
  /** Axes of one name with different values, met while discovering. */
  readonly conflicts: readonly { readonly first: SweepAxis; readonly second: SweepAxis }[];
}

/** `choice` gives each axis's value; null discovers the axes. */
export function createSweeps(choice: ReadonlyMap<string, number> | null): Sweeps {
  const axes = new Map<string, SweepAxis>();
  const conflicts: { first: SweepAxis; second: SweepAxis }[] = [];
  const valueOf = (name: string, values: readonly Coordinate[]): number => choice?.get(name) ?? Number(values[0] ?? 0);
  return {
    axes,
    conflicts,
    point: () => Object.fromEntries([...axes.values()].map(({ name, values }) => [name, valueOf(name, values)])),
    choose(name, values, span) {
      const axis: SweepAxis = { name, values, span };
      const known = axes.get(name);
      if (known === undefined) axes.set(name, axis);
      else if (known.values.length !== values.length || known.values.some((v, i) => v !== values[i])) {
        conflicts.push({ first: known, second: axis });
      }
      return valueOf(name, values);
    },
  };
}

/** Every combination of the axes' values, the last axis fastest. */
export function combinations(axes: readonly SweepAxis[]): readonly ReadonlyMap<string, number>[] {
  let all: Map<string, number>[] = [new Map<string, number>()];
  for (const axis of axes) {
    all = all.flatMap((one) => axis.values.map((value) => new Map([...one, [axis.name, Number(value)]])));
  }
  return all;
}

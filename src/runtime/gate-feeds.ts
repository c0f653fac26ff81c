/** Masks and replacements of one gate for one unit: which entries of which rows are changed, and to what. */
import { isUnit } from "../compiler/base/place-units.js";
import type { Gate, Unit } from "../compiler/ir/plan.js";
import type { Condition, PositionSelection, SiteWrite } from "../compiler/ir/protocol.js";
import { gateKey } from "../compiler/analysis/gates.js";
import type { ModelSignature } from "../compiler/models/model.js";
import { siteDimensions } from "../compiler/models/site-values.js";
import { sites } from "../compiler/models/sites.js";
import type { CapturedValue } from "./captured.js";
import type { EngineTensor } from "./engine/messages.js";

/** What a write puts in place: a number (or a factor), or values over the site's axes, with or without its positions. */
export type Replacement = number | CapturedValue;

export interface GateFeeds {
  readonly mask: EngineTensor;
  /** Null for gates that compute their replacement. */
  readonly replacement: EngineTensor | null;
}

/** The axes of a site as a gate sees them for texts of one length. */
interface Layout {
  /** Length of every axis after the row axis. */
  readonly sizes: readonly number[];
  /** Where the axis of positions (`pos`, or `query` of attention) and the axis of units are; -1 for none. */
  readonly position: number;
  readonly unit: number;
}

function layoutOf(gate: Gate, signature: ModelSignature, positions: number): Layout {
  const axes: readonly string[] = sites[gate.site.site].axes;
  return {
    sizes: siteDimensions(signature, gate.site.site).map((size) => (typeof size === "number" ? size : positions)),
    position: axes.findIndex((axis) => axis === "pos" || axis === "query"),
    unit: axes.findIndex(isUnit),
  };
}

/** A write of a row, with the positions that it changes (null: all) and what it puts there. */
interface RowWrite {
  readonly unit: number | null;
  readonly positions: ReadonlySet<number> | null;
  readonly replacement: Replacement;
}

/**
 * The feeds of a gate. `valueOf` yields what a write puts in place for a prompt; it is not asked for gates that compute.
 * Masks and replacements are as small as they can be: an axis along which nothing differs has length 1.
 */
export async function gateFeeds(
  gate: Gate,
  conditions: readonly Condition[],
  unit: Unit,
  signature: ModelSignature,
  valueOf: (write: SiteWrite, prompt: number) => Promise<Replacement>,
): Promise<GateFeeds> {
  const layout = layoutOf(gate, signature, unit.positions);
  const rows: RowWrite[][] = [];
  for (const { condition, prompt } of unit.rows) {
    const own: RowWrite[] = [];
    for (const write of conditions[condition]?.writes ?? []) {
      if (gateKey(write) !== gate.key) continue;
      own.push({
        unit: write.unit,
        positions: selected(write.positions, prompt, unit.positions),
        replacement: gate.kind === "compute" ? 0 : await valueOf(write, prompt),
      });
    }
    rows.push(own);
  }
  return { mask: maskOf(rows, layout), replacement: gate.kind === "compute" ? null : replacementOf(rows, layout) };
}

/** Positions that a selection names in a text of `length` tokens. */
function selected(selection: PositionSelection | null, prompt: number, length: number): ReadonlySet<number> | null {
  if (selection === null) return null;
  if (selection.kind === "each") return new Set([selection.positions[prompt] ?? -1]);
  const place = (position: number): number => (position < 0 ? length + position : position);
  const first = place(selection.first);
  const last = place(selection.last);
  return new Set(Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i));
}

/** Dimensions that tell apart what differs: positions where some write names them, units where some write has one. */
function tellingSizes(rows: readonly (readonly RowWrite[])[], { sizes, position, unit }: Layout): readonly number[] {
  const writes = rows.flat();
  return sizes.map((size, axis) => {
    if (axis === position) return writes.some((w) => w.positions !== null) ? size : 1;
    return axis === unit && writes.some((w) => w.unit !== null) ? size : 1;
  });
}

/** Calls `visit` for every entry of a row of `sizes` that the write changes. */
function eachEntry(
  { positions, unit: chosen }: RowWrite,
  sizes: readonly number[],
  { position, unit }: Layout,
  visit: (entry: number) => void,
): void {
  // An axis of length 1 stands for every entry.
  const byPosition = positions !== null && (sizes[position] ?? 1) > 1;
  if (positions !== null && !byPosition && !positions.has(0)) return;
  const byUnit = chosen !== null && (sizes[unit] ?? 1) > 1;
  const fromAxis = (axis: number, before: number): void => {
    const size = sizes[axis];
    if (size === undefined) {
      visit(before);
      return;
    }
    const next = (index: number): void => {
      if (index >= 0 && index < size) fromAxis(axis + 1, before * size + index);
    };
    if (byPosition && axis === position) positions.forEach(next);
    else if (byUnit && axis === unit) next(chosen);
    else for (let index = 0; index < size; index++) fromAxis(axis + 1, before * size + index);
  };
  fromAxis(0, 0);
}

function maskOf(rows: readonly (readonly RowWrite[])[], layout: Layout): EngineTensor {
  const sizes = tellingSizes(rows, layout);
  const size = sizes.reduce((product, d) => product * d, 1);
  const data = new Uint8Array(rows.length * size);
  rows.forEach((writes, row) => {
    for (const write of writes) eachEntry(write, sizes, layout, (entry) => void (data[row * size + entry] = 1));
  });
  return { type: "bool", dims: [rows.length, ...sizes], data };
}

function replacementOf(rows: readonly (readonly RowWrite[])[], layout: Layout): EngineTensor {
  const distinct = new Set(rows.flat().map((write) => write.replacement));
  const [only = 0, ...others] = distinct;
  if (others.length === 0 && typeof only === "number") {
    return { type: "float32", dims: [1, ...layout.sizes.map(() => 1)], data: Float32Array.of(only) };
  }
  if (others.length === 0 && typeof only !== "number" && isPositionless(only, layout)) {
    const dims = layout.sizes.map((size, axis) => (axis === layout.position ? 1 : size));
    return { type: "float32", dims: [1, ...dims], data: Float32Array.from(only.data) };
  }
  const numbers = [...distinct].every((value) => typeof value === "number");
  const telling = tellingSizes(rows, layout);
  const sizes = numbers
    ? telling
    : layout.sizes.map((size, axis) => {
        const differs =
          telling[axis] !== 1 || [...distinct].some((v) => typeof v !== "number" && !isPositionless(v, layout));
        return axis === layout.position && !differs ? 1 : size;
      });
  const size = sizes.reduce((product, d) => product * d, 1);
  const data = new Float32Array(rows.length * size);
  rows.forEach((writes, row) => {
    for (const write of writes) {
      const entryOf = sourceEntry(write.replacement, sizes, layout);
      const { replacement } = write;
      eachEntry(write, sizes, layout, (entry) => {
        data[row * size + entry] =
          typeof replacement === "number" ? replacement : (replacement.data[entryOf(entry)] ?? 0);
      });
    }
  });
  return { type: "float32", dims: [rows.length, ...sizes], data };
}

/** True for values that all positions share: they have one dimension fewer than the site. */
function isPositionless(value: CapturedValue, { sizes, position }: Layout): boolean {
  return position >= 0 && value.dims.length === sizes.length - 1;
}

/**
 * Which element of a replacement belongs to an entry of a row. Values with positions are lined up at their ends, so that
 * the last token takes from the last; where the source is too short nothing belongs there (-1).
 */
function sourceEntry(replacement: Replacement, sizes: readonly number[], layout: Layout): (entry: number) => number {
  if (typeof replacement === "number") return () => 0;
  const { position } = layout;
  if (position !== 0) return (entry) => entry;
  const length = sizes[0] ?? 1;
  const rest = sizes.slice(1).reduce((product, d) => product * d, 1);
  if (isPositionless(replacement, layout)) return (entry) => entry % rest;
  const shift = (replacement.dims[0] ?? 0) - length;
  return (entry) => {
    const at = Math.floor(entry / rest) + shift;
    return at < 0 ? -1 : at * rest + (entry % rest);
  };
}

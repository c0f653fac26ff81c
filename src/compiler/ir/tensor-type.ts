/** Types of the measurement language: tensors with named axes and a unit. */

/**
 * How long an axis is. `positions` is the length of the token sequence minus `minus` (known only when a text is
 * chosen); `window` is the last `size` entries of another extent: min(size, of).
 */
export type Extent =
  | { readonly kind: "fixed"; readonly size: number }
  | { readonly kind: "positions"; readonly minus: number }
  | { readonly kind: "window"; readonly size: number; readonly of: Extent };

export interface Axis {
  readonly name: string;
  readonly extent: Extent;
}

/** `nats` and `bits` are information; `none` is everything without a unit. Mixing nats and bits is an error. */
export type Unit = "none" | "nats" | "bits";

/** A tensor of real numbers, or of truth values (the result of a comparison). A scalar has no axes. */
export interface TensorType {
  readonly axes: readonly Axis[];
  readonly unit: Unit;
  readonly element: "real" | "truth";
}

export const scalar: TensorType = { axes: [], unit: "none", element: "real" };

export function sameExtent(a: Extent, b: Extent): boolean {
  if (a.kind === "fixed") return b.kind === "fixed" && a.size === b.size;
  if (a.kind === "positions") return b.kind === "positions" && a.minus === b.minus;
  return b.kind === "window" && a.size === b.size && sameExtent(a.of, b.of);
}

/** The length of an axis for a sequence of `positions` tokens. */
export function extentSize(extent: Extent, positions: number): number {
  if (extent.kind === "fixed") return extent.size;
  if (extent.kind === "positions") return Math.max(0, positions - extent.minus);
  return Math.min(extent.size, extentSize(extent.of, positions));
}

function extentText(extent: Extent): string {
  if (extent.kind === "fixed") return String(extent.size);
  if (extent.kind === "positions") return extent.minus === 0 ? "" : `n-${extent.minus}`;
  return `last ${extent.size}`;
}

/** `[pos, head=12, d_head=64] in nats`: how messages and hovers show a type. Axes as long as the text have no number. */
export function typeText(type: TensorType): string {
  return markedTypeText(type, null);
}

/** {@link typeText} with the axis called `marked` between « and ». */
export function markedTypeText(type: TensorType, marked: string | null): string {
  const axes = type.axes.map((axis) => {
    const size = extentText(axis.extent);
    const text = size === "" ? axis.name : `${axis.name}=${size}`;
    return axis.name === marked ? `«${text}»` : text;
  });
  const shape = type.axes.length === 0 ? "scalar" : `[${axes.join(", ")}]`;
  return `${shape}${type.element === "truth" ? " of truth values" : ""}${type.unit === "none" ? "" : ` in ${type.unit}`}`;
}

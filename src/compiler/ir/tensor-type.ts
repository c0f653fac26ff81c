/** Types of the measurement language: tensors with named axes and a unit. */

/**
 * How long an axis is. `positions` is the length of the token sequence minus `minus` (known only when a text is
 * chosen); `window` is the last `size` entries of another extent: min(size, of); `product` is as long as several axes
 * together (made by {@link productExtent}); `triangle` is n(n + 1)/2 with n the length of another extent (made by
 * {@link triangleExtent}).
 */
export type Extent =
  | { readonly kind: "fixed"; readonly size: number }
  | { readonly kind: "positions"; readonly minus: number }
  | { readonly kind: "window"; readonly size: number; readonly of: Extent }
  | { readonly kind: "product"; readonly of: readonly Extent[] }
  | { readonly kind: "triangle"; readonly of: Extent };

export interface Axis {
  readonly name: string;
  readonly extent: Extent;
}

/**
 * `nats` and `bits` are information; `token` are ids of tokens, with which one can only select and compare; `label` are
 * names that entries of an axis have in results, as their numbers; `none` is everything without a unit. Mixing units is an
 * error.
 */
export type Unit = "none" | "nats" | "bits" | "token" | "label";

/** A tensor of real numbers, or of truth values (the result of a comparison). A scalar has no axes. */
export interface TensorType {
  readonly axes: readonly Axis[];
  readonly unit: Unit;
  readonly element: "real" | "truth";
}

export const scalar: TensorType = { axes: [], unit: "none", element: "real" };

/**
 * The length of several axes together, in one form for equal products: nested products opened, known lengths
 * multiplied and first, the others in one order.
 */
export function productExtent(extents: readonly Extent[]): Extent {
  const factors = extents.flatMap((extent) => (extent.kind === "product" ? extent.of : [extent]));
  const size = factors.reduce((product, factor) => product * (factor.kind === "fixed" ? factor.size : 1), 1);
  const others = factors
    .filter((factor) => factor.kind !== "fixed")
    .map((factor) => ({ factor, text: JSON.stringify(factor) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ factor }) => factor);
  const known: readonly Extent[] = size === 1 && others.length > 0 ? [] : [{ kind: "fixed", size }];
  const [only, ...more] = size === 0 ? known : [...known, ...others];
  return only !== undefined && more.length === 0 ? only : { kind: "product", of: [...known, ...others] };
}

/** How many entries a square of that side has on and below its diagonal. */
export function triangleExtent(side: Extent): Extent {
  return side.kind === "fixed"
    ? { kind: "fixed", size: (side.size * (side.size + 1)) / 2 }
    : { kind: "triangle", of: side };
}

export function sameExtent(a: Extent, b: Extent): boolean {
  switch (a.kind) {
    case "fixed":
      return b.kind === "fixed" && a.size === b.size;
    case "positions":
      return b.kind === "positions" && a.minus === b.minus;
    case "window":
      return b.kind === "window" && a.size === b.size && sameExtent(a.of, b.of);
    case "product":
      return b.kind === "product" && a.of.length === b.of.length && a.of.every((of, i) => sameIn(of, b.of[i]));
    case "triangle":
      return b.kind === "triangle" && sameExtent(a.of, b.of);
  }
}

export function sameType(a: TensorType, b: TensorType): boolean {
  if (a === b) return true;
  if (a.unit !== b.unit || a.element !== b.element || a.axes.length !== b.axes.length) return false;
  return a.axes.every((axis, i) => axis.name === b.axes[i]?.name && sameIn(axis.extent, b.axes[i].extent));
}

/** The type with nothing said of lengths that come from a model: what is known where no model is. */
export function withoutSizes(type: TensorType): TensorType {
  const axes = type.axes.map(({ name, extent }): Axis => {
    return { name, extent: isOfModel(extent) ? { kind: "positions", minus: 0 } : extent };
  });
  return { ...type, axes };
}

function isOfModel(extent: Extent): boolean {
  if (extent.kind === "fixed") return true;
  if (extent.kind === "positions") return false;
  return extent.kind === "product" ? extent.of.some(isOfModel) : isOfModel(extent.of);
}

function sameIn(a: Extent, b: Extent | undefined): boolean {
  return b !== undefined && sameExtent(a, b);
}

/** The length of an axis for a sequence of `positions` tokens. */
export function extentSize(extent: Extent, positions: number): number {
  switch (extent.kind) {
    case "fixed":
      return extent.size;
    case "positions":
      return Math.max(0, positions - extent.minus);
    case "window":
      return Math.min(extent.size, extentSize(extent.of, positions));
    case "product":
      return extent.of.reduce((product, of) => product * extentSize(of, positions), 1);
    case "triangle": {
      const side = extentSize(extent.of, positions);
      return (side * (side + 1)) / 2;
    }
  }
}

/** True when the length of an axis differs from text to text. */
export function dependsOnText(extent: Extent): boolean {
  return extent.kind !== "fixed";
}

/** `12`, `n`, `n-1`, `min(16, n-1)`, `12*n`, `n(n+1)/2`, where n is the number of tokens. */
function extentText(extent: Extent): string {
  switch (extent.kind) {
    case "fixed":
      return String(extent.size);
    case "positions":
      return extent.minus === 0 ? "n" : `n-${extent.minus}`;
    case "window":
      return `min(${extent.size}, ${extentText(extent.of)})`;
    case "product":
      return extent.of.map(factorText).join("*");
    case "triangle": {
      const side = factorText(extent.of);
      return `${side}(${side}+1)/2`;
    }
  }
}

function factorText(extent: Extent): string {
  const text = extentText(extent);
  return /^\w+$/.test(text) ? text : `(${text})`;
}

/** `[pos, head=12, d_head=64] in nats`: how messages and hovers show a type. Axes as long as the text have no number. */
export function typeText(type: TensorType): string {
  return markedTypeText(type, null);
}

/** {@link typeText} with the axis called `marked` between « and ». */
export function markedTypeText(type: TensorType, marked: string | null): string {
  const axes = type.axes.map((axis) => {
    const size = extentText(axis.extent);
    const text = size === "n" ? axis.name : `${axis.name}=${size}`;
    return axis.name === marked ? `«${text}»` : text;
  });
  const shape = type.axes.length === 0 ? "scalar" : `[${axes.join(", ")}]`;
  if (type.element === "truth") return `${shape} of truth values`;
  if (type.unit === "token") return `${shape} of tokens`;
  if (type.unit === "label") return `${shape} of labels`;
  return type.unit === "none" ? shape : `${shape} in ${type.unit}`;
}

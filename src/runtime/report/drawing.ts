import type { VegaLiteSpec } from "./vega-lite.js";

export type { PlotOutput } from "../../compiler/ir/protocol.js";

/** What one kind of plot makes of its values, before title and looks are put around it. */
export interface Drawing {
  /** What was averaged, left out or counted; null when there is nothing to say. */
  readonly subtitle: string | null;
  /** What the figure shows, for readers who do not see it. */
  readonly description: string;
  /** Marks, scales and data: a view or several in `concat`. */
  readonly parts: VegaLiteSpec;
}

/** Numbers of a description: four significant digits. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

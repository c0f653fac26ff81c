/** A Vega-Lite specification or a part of one: plain JSON. */
export type VegaLiteSpec = Readonly<Record<string, unknown>>;

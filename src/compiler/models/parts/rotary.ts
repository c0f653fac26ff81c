import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import type { ConfigReader } from "./config.js";

/** Rotary position embedding (Su et al. 2021) in the "rotate half" arrangement of GPT-NeoX and Hugging Face. */
export interface Rotary {
  /** How many of the first dimensions of a head are rotated; the rest pass through. */
  readonly dimensions: number;
  /** Angle per position of each pair of dimensions, length `dimensions / 2`, radians. */
  readonly inverseFrequencies: readonly number[];
}

/**
 * Reads the rotary settings in both spellings of transformers: version 5's `rope_parameters`, and version 4's
 * `rope_theta`, `rope_scaling` and `rotary_pct`.
 *
 * @source transformers/modeling_rope_utils.py: default, linear and llama3; every other type is refused
 */
export function readRotary(
  config: ConfigReader,
  dHead: number,
  defaults: { readonly thetaField: string; readonly partialField: string; readonly partial: number },
): Rotary {
  const settings = config.section("rope_parameters") ?? config.section("rope_scaling");
  const theta = settings?.raw("rope_theta") !== undefined ? settings.number("rope_theta") : undefined;
  const base = theta ?? config.number(defaults.thetaField, 10000);
  const partialInside = settings?.raw("partial_rotary_factor") !== undefined;
  const partial = partialInside
    ? settings.number("partial_rotary_factor")
    : config.number([defaults.partialField, "partial_rotary_factor"], defaults.partial);
  const dimensions = Math.trunc(dHead * partial);
  if (dimensions < 2 || dimensions % 2 !== 0 || dimensions > dHead) {
    config.refuse(
      defaults.partialField,
      String(partial),
      `a share of ${dHead} dimensions that is an even number of them`,
    );
  }
  const plain = Array.from({ length: Math.floor(dimensions / 2) }, (_, i) =>
    // Rounded step by step, as float32 arithmetic would: Hugging Face keeps these angles in float32.
    Math.fround(1 / Math.fround(base ** Math.fround((2 * i) / dimensions))),
  );
  const type = settings?.text(["rope_type", "type"], "default") ?? "default";
  if (settings === null || type === "default") return { dimensions, inverseFrequencies: plain };
  if (type === "linear") {
    const factor = settings.number("factor");
    return { dimensions, inverseFrequencies: plain.map((frequency) => Math.fround(frequency / factor)) };
  }
  if (type === "llama3") {
    const trained = config.integer("max_position_embeddings", 2048);
    const scaling: Llama3Scaling = {
      factor: settings.number("factor"),
      low: settings.number("low_freq_factor"),
      high: settings.number("high_freq_factor"),
      original: settings.integer("original_max_position_embeddings", trained),
    };
    return { dimensions, inverseFrequencies: plain.map((frequency) => scaleLlama3(frequency, scaling)) };
  }
  settings.refuse("rope_type", type, "default, linear or llama3");
  return { dimensions, inverseFrequencies: plain };
}

interface Llama3Scaling {
  readonly factor: number;
  readonly low: number;
  readonly high: number;
  readonly original: number;
}

/** Llama 3's rule: long wavelengths are stretched by `factor`, short ones kept, those between interpolated. */
function scaleLlama3(frequency: number, { factor, low, high, original }: Llama3Scaling): number {
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength > original / low) return Math.fround(frequency / factor);
  if (wavelength < original / high) return frequency;
  const smooth = (original / wavelength - low) / (high - low);
  return Math.fround(((1 - smooth) * frequency) / factor + smooth * frequency);
}

/** Cosines and sines of every position's angles, each float32 [pos, dimensions / 2]. */
export interface RotaryTables {
  readonly cosine: string;
  readonly sine: string;
}

/** Computes the tables from `positions` (int64 [pos]), once per graph. */
export function rotaryTables(builder: GraphBuilder, rotary: Rotary, positions: string): RotaryTables {
  const column = builder.node("Unsqueeze", [positions, builder.constant("int64", [1], [1])]);
  const frequencies = builder.constant("float32", [rotary.inverseFrequencies.length], rotary.inverseFrequencies);
  const angles = builder.node("Mul", [builder.node("Cast", [column], { to: int(1) }), frequencies]);
  return { cosine: builder.node("Cos", [angles]), sine: builder.node("Sin", [angles]) };
}

/** Rotates x [row, head, pos, d_head]: (a, b) → (a cos − b sin, b cos + a sin) for the two halves a, b. */
export function applyRotary(
  builder: GraphBuilder,
  x: string,
  rotary: Rotary,
  { cosine, sine }: RotaryTables,
  dHead: number,
): string {
  const half = rotary.dimensions / 2;
  const rest = dHead - rotary.dimensions;
  const sizes = rest > 0 ? [half, half, rest] : [half, half];
  const names = rest > 0 ? ["first", "second", "rest"] : ["first", "second"];
  const split = builder.constant("int64", [sizes.length], sizes);
  const [first = "", second = "", passed] = builder.nodeWithOutputs("Split", [x, split], names, { axis: int(-1) });
  const product = (a: string, b: string): string => builder.node("Mul", [a, b]);
  const turnedFirst = builder.node("Sub", [product(first, cosine), product(second, sine)]);
  const turnedSecond = builder.node("Add", [product(second, cosine), product(first, sine)]);
  const parts = passed === undefined ? [turnedFirst, turnedSecond] : [turnedFirst, turnedSecond, passed];
  return builder.node("Concat", parts, { axis: int(-1) });
}

import type { Json } from "../../base/digest.js";
import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import type { ConfigReader } from "./config.js";
import { plainAngles, rotaryRules, type PlainRotary, type Rotary } from "./rotary-scaling.js";
import type { Sequence } from "./sequence.js";

export type { Rotary };

/** What a family's config class says where config.json does not, and how it spells what stands outside the settings. */
export interface RotaryDefaults {
  /** The base θ: where it stands outside the rope settings (`rope_theta`), and its value where it is nowhere. */
  readonly thetaField: string;
  readonly theta?: number;
  /** The share of a head that is rotated, likewise. */
  readonly partialField: string;
  readonly partial: number;
  /** `max_position_embeddings`, as the family read it. */
  readonly longest: number;
  /** The kind of layers that is asked about, where settings are given for each kind (`full_attention`). */
  readonly layerType?: string;
  /** `original_max_position_embeddings` of a class that has this field: it counts before what the settings say. */
  readonly original?: number;
}

/**
 * Reads the rotary settings in both spellings of transformers: version 5's `rope_parameters`, and version 4's
 * `rope_scaling` with `rope_theta` and `rotary_pct` beside it. As there, `rope_scaling` is taken when both are given, what
 * the settings say goes before what stands beside them, and `original_max_position_embeddings` beside them before theirs.
 * What does not come to bear is not read.
 *
 * @source transformers 5.24.0, modeling_rope_utils.py, RotaryEmbeddingConfigMixin
 */
export function readRotary(config: ConfigReader, dHead: number, defaults: RotaryDefaults): Rotary {
  const { thetaField, theta = 10000, partialField, longest } = defaults;
  const settings = defaults.layerType === undefined ? rotarySettings(config) : ofLayers(config, defaults.layerType);
  const inside = (field: string, outside: string, fallback: number): number => {
    if (settings?.has(field) !== true) return config.number(outside, fallback);
    const value = settings.number(field);
    config.ignoreWhen(outside, value);
    return value;
  };
  const base = inside("rope_theta", thetaField, theta);
  if (base <= 0) config.refuse(thetaField, String(base), "a number above 0");
  const partial = inside("partial_rotary_factor", partialField, defaults.partial);
  const dimensions = Math.trunc(dHead * partial);
  if (dimensions < 2 || dimensions % 2 !== 0 || dimensions > dHead) {
    config.refuse(partialField, String(partial), `a share of ${dHead} dimensions that is an even number of them`);
  }
  const original = (): number => {
    const stated = settings?.integer("original_max_position_embeddings", longest) ?? longest;
    if (defaults.layerType !== undefined) return stated;
    return config.integer("original_max_position_embeddings", defaults.original ?? stated);
  };
  const plain: PlainRotary = { dimensions, base, longest, original };
  if (settings === null) return { dimensions, inverseFrequencies: plainAngles(plain), scale: 1, beyond: null };
  const type = settings.text(["rope_type", "type"], "default");
  const rule = rotaryRules.get(type);
  if (rule !== undefined) return rule(settings, plain);
  settings.refuse("rope_type", type, [...rotaryRules.keys()].join(", "));
  return { dimensions, inverseFrequencies: plainAngles(plain), scale: 1, beyond: null };
}

/** The object that the rotary settings stand in; null when there is none. */
function rotarySettings(config: ConfigReader): ConfigReader | null {
  const field = isFilled(config.raw("rope_scaling")) ? "rope_scaling" : "rope_parameters";
  if (field === "rope_scaling") config.ignoreWhen("rope_parameters", config.raw("rope_scaling"));
  return config.section(field);
}

/**
 * The settings for one kind of layers. Those that stand beside the kinds are not for any, and stay unread.
 *
 * @source transformers 5.24.0, models/gemma3/configuration_gemma3.py, convert_rope_params_to_dict
 */
function ofLayers(config: ConfigReader, layerType: string): ConfigReader | null {
  const all = config.section("rope_parameters");
  const older = isFilled(config.raw("rope_scaling")) ? config.section("rope_scaling") : null;
  if (all !== null && older !== null) {
    config.refuse("rope_scaling", "settings beside rope_parameters", "one of the two, or null");
  }
  if (older !== null && !older.has("rope_type") && older.text("type", "default") !== "default") {
    older.refuse("type", "a kind of settings", "rope_type: transformers does not read the older name here");
  }
  const settings = older ?? all?.section(layerType) ?? null;
  for (const section of [settings, all]) {
    // It is read in another place than where it stands.
    if (section?.raw("truncate") === false) section.refuse("truncate", "false", "true");
  }
  return settings;
}

/** Whether a value is true in Python: transformers takes an empty `rope_scaling` for none. */
function isFilled(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

/** Cosines and sines of every position's angles, each float32 [pos, dimensions / 2]. */
export interface RotaryTables {
  readonly cosine: string;
  readonly sine: string;
}

/** Computes the tables once per graph. */
export function rotaryTables(
  builder: GraphBuilder,
  rotary: Rotary,
  { positions, length }: Pick<Sequence, "positions" | "length">,
): RotaryTables {
  const column = builder.node("Unsqueeze", [positions, builder.constant("int64", [1], [1])]);
  const listed = (angles: readonly number[]): string => builder.constant("float32", [angles.length], angles);
  const usual = listed(rotary.inverseFrequencies);
  const frequencies = rotary.beyond === null ? usual : chosenByLength(rotary.beyond);
  const angles = builder.node("Mul", [builder.node("Cast", [column], { to: int(1) }), frequencies]);
  const scaled = (table: string): string =>
    rotary.scale === 1 ? table : builder.node("Mul", [table, builder.constant("float32", [], [rotary.scale])]);
  return { cosine: scaled(builder.node("Cos", [angles])), sine: scaled(builder.node("Sin", [angles])) };

  function chosenByLength(beyond: NonNullable<Rotary["beyond"]>): string {
    const isBeyond = builder.node("Less", [builder.constant("int64", [1], [beyond.length]), length]);
    return builder.node("Where", [isBeyond, listed(beyond.inverseFrequencies), usual]);
  }
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

/**
 * How rotary embeddings are stretched to longer texts than a model was first trained on: each rule turns the plain angles
 * into others. Angles are rounded to float32 step by step, because transformers keeps them so.
 *
 * @source transformers 5.24.0, modeling_rope_utils.py
 */
import type { ConfigReader } from "./config.js";

/** Rotary position embedding (Su et al. 2021) in the "rotate half" arrangement of GPT-NeoX and Hugging Face. */
export interface Rotary {
  /** How many of the first dimensions of a head are rotated; the rest pass through. */
  readonly dimensions: number;
  /** Angle per position of each pair of dimensions, length `dimensions / 2`, radians. */
  readonly inverseFrequencies: readonly number[];
  /** What cosines and sines are multiplied by; 1 unless the embedding is stretched by yarn or longrope. */
  readonly scale: number;
  /** The angles of texts with more than `length` positions, where those differ. */
  readonly beyond: { readonly length: number; readonly inverseFrequencies: readonly number[] } | null;
}

/** What a rule starts from. */
export interface PlainRotary {
  readonly dimensions: number;
  /** The base θ: the angle of pair i per position is θ^(−2i / dimensions). */
  readonly base: number;
  /** `max_position_embeddings`. */
  readonly longest: number;
  /** `original_max_position_embeddings`: how long texts were before the model was stretched. */
  readonly original: () => number;
}

/** Reads the settings of a rule and applies it. */
export type RotaryRule = (settings: ConfigReader, plain: PlainRotary) => Rotary;

/** The rules by their `rope_type`. */
export const rotaryRules: ReadonlyMap<string, RotaryRule> = new Map<string, RotaryRule>([
  ["default", (_, plain) => withAngles(plain, plainAngles(plain))],
  ["linear", linear],
  ["dynamic", dynamic],
  ["llama3", llama3],
  ["yarn", yarn],
  ["longrope", longrope],
]);

/** Angles per position of rotary embeddings that are not stretched (Su et al. 2021). */
export function plainAngles({ dimensions, base }: PlainRotary): readonly number[] {
  return wavelengths(dimensions, base).map((length) => Math.fround(1 / length));
}

/** θ^(2i / dimensions), the wavelengths over 2π. */
function wavelengths(dimensions: number, base: number): readonly number[] {
  return Array.from({ length: Math.floor(dimensions / 2) }, (_, i) =>
    Math.fround(base ** Math.fround((2 * i) / dimensions)),
  );
}

function withAngles({ dimensions }: PlainRotary, inverseFrequencies: readonly number[], scale = 1): Rotary {
  return { dimensions, inverseFrequencies, scale, beyond: null };
}

/** A number above zero; anything else is reported. */
function positive(settings: ConfigReader, field: string, value = settings.number(field)): number {
  if (value > 0) return value;
  settings.refuse(field, String(value), "a number above 0");
  return 1;
}

/** Positions are divided by `factor` (Chen et al. 2023). */
function linear(settings: ConfigReader, plain: PlainRotary): Rotary {
  const factor = positive(settings, "factor");
  return withAngles(
    plain,
    plainAngles(plain).map((angle) => Math.fround(angle / factor)),
  );
}

/** The base grows once a text is longer than `longest`; no longer text is let in, so that the angles are the plain ones. */
function dynamic(settings: ConfigReader, plain: PlainRotary): Rotary {
  positive(settings, "factor");
  return withAngles(plain, plainAngles(plain));
}

/** Llama 3.1: long wavelengths are stretched by `factor`, short ones kept, those between interpolated. */
function llama3(settings: ConfigReader, plain: PlainRotary): Rotary {
  const factor = positive(settings, "factor");
  const low = positive(settings, "low_freq_factor");
  const high = positive(settings, "high_freq_factor");
  const original = plain.original();
  const angles = plainAngles(plain).map((angle) => {
    const wavelength = (2 * Math.PI) / angle;
    if (wavelength > original / low) return Math.fround(angle / factor);
    if (wavelength < original / high) return angle;
    const smooth = (original / wavelength - low) / (high - low);
    return Math.fround(((1 - smooth) * angle) / factor + smooth * angle);
  });
  return withAngles(plain, angles);
}

/**
 * YaRN (Peng et al. 2023): pairs that turn more than `beta_fast` times in an original text are kept, those that turn less
 * than `beta_slow` times are stretched by `factor`, those between are mixed; cosines and sines are scaled.
 */
function yarn(settings: ConfigReader, plain: PlainRotary): Rotary {
  const { dimensions, base, longest } = plain;
  const original = plain.original();
  const factor = positive(settings, "factor", settings.optionalNumber("factor") ?? longest / original);
  // Zero stands for the usual value, as in Python's `or`.
  const filled = (field: string): number | null => {
    const value = settings.optionalNumber(field, null);
    return value === 0 ? null : value;
  };
  const turnsOfKept = filled("beta_fast") ?? 32;
  const turnsOfStretched = filled("beta_slow") ?? 1;
  const whole = settings.flag("truncate", true);
  const [mscale, mscaleAll] = [filled("mscale"), filled("mscale_all_dim")];
  const growth = (weight: number): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  const usual = mscale !== null && mscaleAll !== null ? growth(mscale) / growth(mscaleAll) : growth(1);
  const scale = settings.optionalNumber("attention_factor", null) ?? usual;

  const pairThatTurns = (times: number): number =>
    (dimensions * Math.log(original / (times * 2 * Math.PI))) / (2 * Math.log(base));
  const first = pairThatTurns(turnsOfKept);
  const last = pairThatTurns(turnsOfStretched);
  const from = Math.max(whole ? Math.floor(first) : first, 0);
  const to = Math.min(whole ? Math.ceil(last) : last, dimensions - 1);
  const span = from === to ? 0.001 : to - from;
  const angles = wavelengths(dimensions, base).map((length, i) => {
    const stretched = Math.min(Math.max(Math.fround((i - from) / span), 0), 1);
    return Math.fround(Math.fround(1 / (factor * length)) * stretched + Math.fround(1 / length) * (1 - stretched));
  });
  return withAngles(plain, angles, scale);
}

/** LongRoPE (Ding et al. 2024): a factor for each pair, and another one in texts longer than the original ones. */
function longrope(settings: ConfigReader, plain: PlainRotary): Rotary {
  const { dimensions, base, longest } = plain;
  const original = plain.original();
  const factor = settings.optionalNumber("factor", null) ?? longest / original;
  const usual = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  const scale = settings.optionalNumber("attention_factor", null) ?? usual;
  const angles = (field: string): readonly number[] => {
    const factors = settings.numbers(field);
    if (factors.length !== dimensions / 2) {
      settings.refuse(field, `${factors.length} numbers`, `a number for each of the ${dimensions / 2} pairs`);
    }
    return wavelengths(dimensions, base).map((length, i) => Math.fround(1 / Math.fround((factors[i] ?? 1) * length)));
  };
  const short = angles("short_factor");
  const long = angles("long_factor");
  const beyond = original < longest ? { length: original, inverseFrequencies: long } : null;
  return { dimensions, inverseFrequencies: short, scale, beyond };
}

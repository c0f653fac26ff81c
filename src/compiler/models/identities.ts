import type { ModelSignature } from "./model.js";

/** A tensor that came out of a run, row-major. */
export interface TappedTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** One identity at one site. */
export interface IdentityResult {
  /** The equation, as semantics.md writes it. */
  readonly name: string;
  /** Site key (`attn_out[3]`). */
  readonly site: string;
  /** Largest difference of the two sides; NaN or Infinity when a side is not finite. */
  readonly maxAbsDifference: number;
  readonly tolerance: number;
  readonly ok: boolean;
}

/**
 * Allowed difference per unit of magnitude. float32 rounds each operation to 2⁻²⁴ ≈ 6e-8 relative; a dot product of n
 * terms added in some order is off by at most n · 6e-8 of the sum of the terms' sizes, in practice by about √n of that.
 * With n up to the tens of thousands (neurons, vocabulary) √n · 6e-8 stays below 2e-5. The magnitude is the largest
 * absolute term that enters the compared values, so that cancellation does not raise a false alarm.
 */
const relativeTolerance = 2e-5;

/** Sites that {@link checkIdentities} reads, for the taps of one short run. */
export function identitySites(signature: ModelSignature): readonly string[] {
  const perLayer = (
    [
      ...(["resid_pre", "resid_post", "attn_out", "mlp_out", "head_out", "pattern", "z", "v", "resid_mid"] as const),
      ...(["normalized_resid_mid", "expert_out", "shared_expert_out"] as const),
    ] as const
  ).filter((site) => signature.sites.includes(site));
  const layers = Array.from({ length: signature.layers }, (_, layer) => perLayer.map((site) => `${site}[${layer}]`));
  return [...layers.flat(), "final", "logits"];
}

/** Parameters that {@link checkIdentities} reads (those that the model has). */
export function identityParameters(signature: ModelSignature): readonly string[] {
  const perLayer = Array.from({ length: signature.layers }, (_, layer) => [
    `b_O[${layer}]`,
    ...layerNorms.flatMap((name) => normParameters(`${name}[${layer}]`)),
  ]);
  return [...perLayer.flat(), ...normParameters("final_norm"), "W_U", "b_U"];
}

/** Norms of layers that identities go through. */
const layerNorms = ["norm_of_attn_out", "norm_of_mid", "norm_of_post"] as const;

function normParameters(name: string): readonly string[] {
  return [`${name}.weight`, `${name}.bias`, `${name}.epsilon`];
}

/** Axes of a parameter's value. */
export function parameterRank(name: string): number {
  if (name === "W_U") return 2;
  return name.endsWith(".epsilon") ? 0 : 1;
}

/**
 * Checks, in float64, what every transformer of the supported families obeys: resid_post = resid_pre + attn_out +
 * mlp_out (via resid_mid when sequential), attn_out = Σ_h head_out + b_O, rows of pattern sum to 1, z = pattern · v,
 * final = norm(resid_post of the last layer), logits = W_U · final (of any entries of the vocabulary, the same in both).
 * The signature says where an equation goes through a norm, a factor, a bias or a cap, and which of them are meant: norms
 * after attention and the MLP, sinks that take a part of a pattern's rows, the way from `final` to the logits. Taps are [row, …axes] by site key, parameters by the names of ModelGraph.parameters; an identity whose taps are missing
 * is left out. `relative` is the allowed difference per unit of magnitude, another one where products are not in float32.
 */
export function checkIdentities(
  signature: ModelSignature,
  taps: Readonly<Record<string, TappedTensor>>,
  parameters: Readonly<Record<string, TappedTensor>>,
  relative: number = relativeTolerance,
): readonly IdentityResult[] {
  const results: IdentityResult[] = [];
  const { dModel } = signature;
  const normsFollow = signature.normsAfter === "stream";

  function compare(
    name: string,
    site: string,
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    size: number,
  ): void {
    const difference = maxDifference(actual, expected);
    // Numbers that are not finite make the difference fail, not the tolerance.
    const tolerance = relative * (Number.isFinite(size) ? Math.max(1, size) : 1);
    results.push({ name, site, maxAbsDifference: difference, tolerance, ok: difference <= tolerance });
  }

  /** A site that is a norm of `source`, whose terms are at most `terms` large; false where a tap is missing. */
  function normOf(
    name: string,
    target: string,
    source: ArrayLike<number> | undefined,
    norm: string,
    terms = 0,
  ): boolean {
    const actual = taps[target];
    const weight = parameters[`${norm}.weight`];
    const epsilon = parameters[`${norm}.epsilon`]?.data[0];
    if (actual === undefined || source === undefined || weight === undefined || epsilon === undefined) return false;
    const bias = parameters[`${norm}.bias`]?.data ?? null;
    const normed = normalise(source, dModel, signature.norm, weight.data, bias, epsilon);
    // What the terms of the source, or a common part of it, lose by cancelling each other is relative to what they were.
    const isCentred = signature.norm === "layer";
    const most = Math.max(terms, isCentred ? largest(source) : 0);
    const spread = most === 0 ? 1 : most / smallestDeviation(source, dModel, isCentred);
    compare(name, target, actual.data, normed, largest(normed) * Math.max(1, spread));
    return true;
  }

  function sumOf(name: string, target: string, terms: readonly string[]): void {
    const total = taps[target];
    const parts = terms.map((term) => taps[term]);
    if (total === undefined || !parts.every((part) => part !== undefined)) return;
    const sum = Float64Array.from(total.data, (_, i) => parts.reduce((s, part) => s + (part.data[i] ?? NaN), 0));
    compare(name, target, total.data, sum, Math.max(...parts.map((part) => largest(part.data))));
  }

  for (let layer = 0; layer < signature.layers; layer++) {
    const at = (site: string): string => `${site}[${layer}]`;
    if (signature.parallelResidual) {
      const terms = [at("resid_pre"), at("attn_out"), at("mlp_out")];
      sumOf("resid_post = resid_pre + attn_out + mlp_out", at("resid_post"), terms);
    } else {
      sumOf("resid_mid = resid_pre + attn_out", at("resid_mid"), [at("resid_pre"), at("attn_out")]);
      if (normsFollow) {
        const [mid, normed] = [taps[at("resid_mid")]?.data, at("normalized_resid_mid")];
        normOf("normalized_resid_mid = norm(resid_mid)", normed, mid, at("norm_of_mid"));
        sumOf("resid_post = normalized_resid_mid + mlp_out", at("resid_post"), [normed, at("mlp_out")]);
      } else sumOf("resid_post = resid_mid + mlp_out", at("resid_post"), [at("resid_mid"), at("mlp_out")]);
    }
    if (layer > 0) {
      const before = `resid_post[${layer - 1}]`;
      if (normsFollow) {
        const name = "resid_pre = norm(resid_post of the layer before)";
        normOf(name, at("resid_pre"), taps[before]?.data, `norm_of_post[${layer - 1}]`);
      } else sumOf("resid_pre = resid_post of the layer before", at("resid_pre"), [before]);
    }

    const attnOut = taps[at("attn_out")];
    const headOut = taps[at("head_out")];
    if (attnOut !== undefined && headOut !== undefined) {
      const sum = sumOverHeads(headOut, signature.heads, dModel, parameters[at("b_O")]?.data ?? null);
      const size = largest(headOut.data) * signature.heads;
      if (signature.normsAfter === "branch") {
        normOf("attn_out = norm(Σ_h head_out + b_O)", at("attn_out"), sum, at("norm_of_attn_out"), size);
      } else compare("attn_out = Σ_h head_out + b_O", at("attn_out"), attnOut.data, sum, size);
    }
    const expertOut = taps[at("expert_out")];
    const mlpOut = taps[at("mlp_out")];
    if (signature.experts !== null && expertOut !== undefined && mlpOut !== undefined) {
      const { count, shared } = signature.experts;
      const always = shared ? taps[at("shared_expert_out")] : null;
      const chosen = sumOverHeads(expertOut, count, dModel, null);
      const sum = always === null ? chosen : chosen.map((x, i) => x + (always?.data[i] ?? NaN));
      const size = largest(expertOut.data) * count + largest(always?.data ?? []);
      const name = `mlp_out = Σ_e expert_out${shared ? " + shared_expert_out" : ""}`;
      compare(name, at("mlp_out"), mlpOut.data, sum, size);
    }
    const pattern = taps[at("pattern")];
    if (pattern !== undefined) {
      const sums = rowSums(pattern);
      // With sinks the shares of the keys are what these leave: anything from 0 to 1.
      const expected = signature.attentionSinks ? sums.map((sum) => Math.min(Math.max(sum, 0), 1)) : sums.map(() => 1);
      const name = signature.attentionSinks ? "rows of pattern sum to 1 at most" : "rows of pattern sum to 1";
      compare(name, at("pattern"), sums, expected, 1);
      const z = taps[at("z")];
      const v = taps[at("v")];
      if (z !== undefined && v !== undefined) {
        compare("z = pattern · v", at("z"), z.data, mixValues(signature, pattern, v), largest(v.data));
      }
    }
  }

  const final = taps["final"];
  normOf("final = norm(resid_post)", "final", taps[`resid_post[${signature.layers - 1}]`]?.data, "final_norm");
  const logits = taps["logits"];
  const matrix = parameters["W_U"];
  if (logits !== undefined && final !== undefined && matrix !== undefined) {
    const { scale, softcap } = signature.unembedding;
    const product = multiplyTransposed(final.data, matrix.data, dModel);
    const bias = parameters["b_U"]?.data ?? null;
    const uncapped = product.map((x, i) => x * scale + (bias?.[i % bias.length] ?? 0));
    const expected = softcap === null ? uncapped : uncapped.map((x) => softcap * Math.tanh(x / softcap));
    const products = Math.sqrt(dModel) * largest(final.data) * largest(matrix.data);
    const size = products * Math.abs(scale) + largest(bias ?? []);
    compare(logitsIdentity(signature), "logits", logits.data, expected, size);
  }
  return results;
}

/** The equation of the logits: what a model does not have is left out. */
function logitsIdentity({ unembedding: { scale, softcap, bias } }: ModelSignature): string {
  const sum = `${scale === 1 ? "" : `${scale} · `}W_U · final${bias ? " + b_U" : ""}`;
  return softcap === null ? `logits = ${sum}` : `logits = ${softcap} · tanh((${sum}) / ${softcap})`;
}

/** Largest absolute difference; Infinity for different lengths, NaN as soon as one value is NaN. */
function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  for (let i = 0; i < a.length; i++) {
    const here = Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
    if (Number.isNaN(here)) return NaN;
    difference = Math.max(difference, here);
  }
  return difference;
}

function largest(values: ArrayLike<number>): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) result = Math.max(result, Math.abs(values[i] ?? 0));
  return result;
}

/** [row, pos, head (or expert), d_model] → [row, pos, d_model], plus the bias [d_model]. */
function sumOverHeads(
  headOut: TappedTensor,
  heads: number,
  dModel: number,
  bias: ArrayLike<number> | null,
): Float64Array {
  const sum = new Float64Array(headOut.data.length / heads);
  for (let i = 0; i < sum.length; i++) {
    const column = i % dModel;
    const start = (i - column) * heads + column;
    let total = bias?.[column] ?? 0;
    for (let head = 0; head < heads; head++) total += headOut.data[start + head * dModel] ?? NaN;
    sum[i] = total;
  }
  return sum;
}

/** Sums over the last axis. */
function rowSums(tensor: TappedTensor): Float64Array {
  const width = tensor.shape.at(-1) ?? 1;
  const sums = new Float64Array(tensor.data.length / width);
  for (let i = 0; i < tensor.data.length; i++) {
    const row = Math.floor(i / width);
    sums[row] = (sums[row] ?? 0) + (tensor.data[i] ?? NaN);
  }
  return sums;
}

/** pattern [row, head, query, key] and v [row, pos, kv_head, d_head] → z [row, pos, head, d_head]. */
function mixValues(signature: ModelSignature, pattern: TappedTensor, v: TappedTensor): Float64Array {
  const { heads, kvHeads, dHead } = signature;
  const [rows = 0, , queries = 0, keys = 0] = pattern.shape;
  const z = new Float64Array(rows * queries * heads * dHead);
  for (let row = 0; row < rows; row++) {
    for (let head = 0; head < heads; head++) {
      const kvHead = Math.floor(head / (heads / kvHeads));
      for (let query = 0; query < queries; query++) {
        const target = ((row * queries + query) * heads + head) * dHead;
        for (let key = 0; key < keys; key++) {
          const weight = pattern.data[((row * heads + head) * queries + query) * keys + key] ?? NaN;
          const source = ((row * keys + key) * kvHeads + kvHead) * dHead;
          for (let i = 0; i < dHead; i++) z[target + i] = (z[target + i] ?? 0) + weight * (v.data[source + i] ?? NaN);
        }
      }
    }
  }
  return z;
}

function meanAndVariance(x: ArrayLike<number>, start: number, width: number): readonly [number, number] {
  let mean = 0;
  for (let i = 0; i < width; i++) mean += (x[start + i] ?? NaN) / width;
  let variance = 0;
  for (let i = 0; i < width; i++) variance += ((x[start + i] ?? NaN) - mean) ** 2 / width;
  return [mean, variance];
}

/** Normalises each vector of length `width`. */
function normalise(
  x: ArrayLike<number>,
  width: number,
  kind: "layer" | "rms",
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  epsilon: number,
): Float64Array {
  const result = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const [mean, variance] = meanAndVariance(x, start, width);
    const shift = kind === "layer" ? mean : 0;
    const scale = Math.sqrt((kind === "layer" ? variance : variance + mean * mean) + epsilon);
    for (let i = 0; i < width; i++) {
      result[start + i] = (((x[start + i] ?? NaN) - shift) / scale) * (weight[i] ?? NaN) + (bias?.[i] ?? 0);
    }
  }
  return result;
}

/**
 * The smallest size of the vectors of length `width`, around their mean where they are centred; at least 1e-6, so that a ratio
 * stays finite.
 */
function smallestDeviation(x: ArrayLike<number>, width: number, centred: boolean): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let start = 0; start < x.length; start += width) {
    const [mean, variance] = meanAndVariance(x, start, width);
    smallest = Math.min(smallest, Math.sqrt(variance + (centred ? 0 : mean * mean)));
  }
  return Math.max(smallest, 1e-6);
}

/** x [.., width] times the transpose of matrix [rows, width]. */
function multiplyTransposed(x: ArrayLike<number>, matrix: ArrayLike<number>, width: number): Float64Array {
  const vectors = x.length / width;
  const rows = matrix.length / width;
  const product = new Float64Array(vectors * rows);
  for (let vector = 0; vector < vectors; vector++) {
    for (let row = 0; row < rows; row++) {
      let total = 0;
      for (let i = 0; i < width; i++) total += (x[vector * width + i] ?? NaN) * (matrix[row * width + i] ?? NaN);
      product[vector * rows + row] = total;
    }
  }
  return product;
}

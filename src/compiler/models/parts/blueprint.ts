/**
 * A decoder-only transformer as data: what a family reads out of a config, and all that {@link buildTransformer} needs to make
 * its graph. Names are those of the checkpoint, without the prefix.
 */
import type { Activation } from "./activation.js";
import type { Linear } from "./linear.js";
import type { Alibi } from "./masks.js";
import type { Rotary } from "./rotary.js";
import type { SignatureSizes } from "./signature.js";

export interface Blueprint {
  readonly sizes: SignatureSizes;
  /** What stands before every name in the checkpoints of transformers. */
  readonly prefix: string;
  readonly layout: Linear["layout"];
  readonly norm: NormStyle;
  readonly embedding: EmbeddingPlan;
  readonly layer: (layer: number) => LayerPlan;
  /** Null where it is the norm that ends the last layer. */
  readonly finalNorm: string | null;
  readonly unembedding: UnembeddingPlan;
}

/** What the norms of a model have in common. */
export interface NormStyle {
  readonly kind: "layer" | "rms";
  readonly epsilon: number;
  /** "plus-one": the weights are what is added to 1 (Gemma); "none": there are none. */
  readonly weight: "plain" | "plus-one" | "none";
  readonly bias: boolean;
}

export interface EmbeddingPlan {
  readonly tokens: string;
  /** Learned positions: that of the first token is in row `offset`. */
  readonly positions: { readonly table: string; readonly offset: number } | null;
  /** A factor of the tokens' vectors. */
  readonly scale: number;
  /** A norm of the sum. */
  readonly norm: string | null;
  /** A matrix from the width of the tokens' vectors to d_model. */
  readonly projection: string | null;
}

/** The one place where what most embeddings do not have is said to be absent. */
export const plainEmbedding = { positions: null, scale: 1, norm: null, projection: null } as const;

export interface LayerPlan {
  readonly attention: AttentionPlan;
  readonly mlp: MlpPlan;
}

export interface AttentionPlan {
  readonly norm: string | null;
  readonly projections: Projections;
  /** Queries, keys and values are cut off at ± this. */
  readonly clip: number | null;
  readonly queryKeyNorms: QueryKeyNorms | null;
  readonly rotary: { readonly settings: Rotary; readonly interleaved: boolean } | null;
  /** How many keys a query sees, its own among them; null: all up to its own. */
  readonly window: number | null;
  readonly alibi: Alibi | null;
  readonly softcap: number | null;
  /** Factor of the scores. */
  readonly scale: number;
  readonly sinks: string | null;
  readonly output: string;
  readonly outputBias: boolean;
  readonly after: PlanAfter;
}

/** What most attention does not have. */
export const plainAttention = {
  clip: null,
  queryKeyNorms: null,
  rotary: null,
  window: null,
  alibi: null,
  softcap: null,
  sinks: null,
  after: { norm: null, scale: 1 },
} as const;

/** What is done with a part's output before it is added to the stream. */
export interface PlanAfter {
  readonly norm: string | null;
  readonly scale: number;
}

/** Where queries, keys and values come from. */
export type Projections =
  | {
      readonly kind: "separate";
      readonly query: string;
      readonly key: string;
      readonly value: string;
      readonly bias: boolean;
    }
  /** One matrix: all queries, then all keys, then all values. */
  | { readonly kind: "parts"; readonly matrix: string; readonly bias: boolean }
  /** One matrix: for each key-value head the queries that read it, its keys and its values. */
  | { readonly kind: "groups"; readonly matrix: string; readonly bias: boolean };

export interface QueryKeyNorms {
  readonly query: string;
  readonly key: string;
  readonly style: NormStyle;
  /**
   * "head": each head by itself, with the same weights [d_head]. "heads": each with weights of its own [head, d_head].
   * "listed": the same, but each in a tensor `NAME.norms.0.weight`. "all": over all heads at once.
   */
  readonly over: "head" | "heads" | "listed" | "all";
}

export type MlpPlan = MlpMatrices & {
  readonly norm: string | null;
  /** True where the MLP reads what attention reads. */
  readonly sharesNorm?: true;
  readonly activation: Activation;
  readonly after: PlanAfter;
};

export const plainAfter: PlanAfter = { norm: null, scale: 1 };

type MlpMatrices =
  | {
      readonly kind: "plain";
      readonly up: string;
      readonly down: string;
      readonly bias: boolean;
    }
  | {
      readonly kind: "gated";
      readonly gate: string;
      readonly up: string;
      readonly down: string;
      readonly bias: boolean;
    }
  | { readonly kind: "gate-up"; readonly gateUp: string; readonly down: string; readonly bias: boolean }
  | ({ readonly kind: "experts" } & ExpertsPlan);

/** A mixture of experts: a router gives each token to some of them. */
export interface ExpertsPlan {
  readonly router: string;
  readonly routerBias: boolean;
  /** Whether the weights of the chosen experts are made to sum to 1. */
  readonly normalised: boolean;
  readonly weights: ExpertNames;
  readonly shared: SharedExpertPlan | null;
}

export type ExpertNames =
  /** Three matrices of each expert. */
  | {
      readonly kind: "listed";
      readonly gate: (expert: number) => string;
      readonly up: (expert: number) => string;
      readonly down: (expert: number) => string;
    }
  /** GPT-OSS: all experts in one tensor, gate and up taking turns, both cut off at `limit`, biases everywhere. */
  | {
      readonly kind: "stacked";
      readonly gateUp: string;
      readonly down: string;
      readonly limit: number;
      readonly alpha: number;
    };

/** An expert that sees every token, behind a gate of its own. */
export interface SharedExpertPlan {
  readonly neurons: number;
  readonly gate: string;
  readonly up: string;
  readonly down: string;
  readonly opening: string;
}

export interface UnembeddingPlan {
  /** Whole names: the prefix does not stand before them. */
  readonly matrix: string;
  readonly bias: string | null;
  /** Whether the table of the tokens is the matrix. */
  readonly tied: boolean;
  /** A matrix from d_model to the width of the unembedding (with the prefix). */
  readonly projection: string | null;
}

/** A blueprint with other sizes. */
export function withSizes(blueprint: Blueprint, sizes: Partial<SignatureSizes>): Blueprint {
  return { ...blueprint, sizes: { ...blueprint.sizes, ...sizes } };
}

/** A blueprint whose layers are changed: `change` gets what a layer has, and its number. */
export function withLayers(blueprint: Blueprint, change: (plan: LayerPlan, layer: number) => LayerPlan): Blueprint {
  return { ...blueprint, layer: (layer) => change(blueprint.layer(layer), layer) };
}

/** The same where attention alone is changed. */
export function withAttention(
  blueprint: Blueprint,
  change: (plan: AttentionPlan, layer: number) => Partial<AttentionPlan>,
): Blueprint {
  return withLayers(blueprint, (plan, layer) => ({
    ...plan,
    attention: { ...plan.attention, ...change(plan.attention, layer) },
  }));
}

/** The same where the MLP alone is changed. */
export function withMlp(blueprint: Blueprint, change: (plan: MlpPlan, layer: number) => MlpPlan): Blueprint {
  return withLayers(blueprint, (plan, layer) => ({ ...plan, mlp: change(plan.mlp, layer) }));
}

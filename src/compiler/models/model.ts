import type { Json } from "../base/digest.js";
import type { ElementType, Graph } from "../onnx/graph.js";
import type { SiteName } from "./sites.js";

/** Where one tensor of a checkpoint lies: bytes [offset, offset + length) of `file` (a name inside the model's folder). */
export interface TensorEntry {
  readonly type: ElementType | "other";
  /** The checkpoint's own name for the element type, for messages. */
  readonly storedType: string;
  readonly shape: readonly number[];
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** What the host found out about a model before compilation: everything but the weights themselves. */
export interface ModelFacts {
  /** The source as written in the protocol. */
  readonly source: string;
  readonly revision: string | null;
  /** config.json, parsed. */
  readonly config: Readonly<Record<string, Json>>;
  readonly tensors: Readonly<Record<string, TensorEntry>>;
  /** Digest of config, weights and dtype: equal digests mean equal numbers. */
  readonly digest: string;
  /** What weights are rounded to before they are used; absent: they are used as they are stored. */
  readonly dtype?: "bf16" | "f16";
  readonly tokenizer: TokenizerFacts | null;
}

export interface TokenizerFacts {
  /** Number of ids, the largest id + 1. */
  readonly size: number;
  readonly bosToken: string | null;
  readonly bosTokenId: number | null;
  /** Whether texts begin with special tokens by themselves. */
  readonly addsBos: boolean;
  /** The special tokens that texts begin with by themselves; absent: BOS, where `addsBos`. */
  readonly before?: readonly number[];
  /** The special tokens that texts end with by themselves; absent: none. */
  readonly after?: readonly number[];
  /** The class that transformers reads the tokenizer with. */
  readonly className?: string;
  /** Ids of special tokens (BOS, padding …): random probes leave them out. */
  readonly specialTokenIds: readonly number[];
  readonly digest: string;
}

/** Sizes and conventions that checking needs. */
export interface ModelSignature {
  readonly family: string;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly dHead: number;
  readonly dModel: number;
  readonly neurons: number;
  readonly vocab: number;
  /** Longest sequence the model accepts; null when nothing limits it. */
  readonly maxPositions: number | null;
  readonly parallelResidual: boolean;
  /**
   * What norms after a part are applied to: "branch", what attention and the MLP give, before it is added (Gemma 2, OLMo 2);
   * "stream", the sum, so that each layer ends with a norm (OPT-350m). Null: there are none.
   */
  readonly normsAfter: "branch" | "stream" | null;
  /** Whether queries and keys have norms of their own. */
  readonly queryKeyNorms: boolean;
  /** Whether a learned score that belongs to no key takes a part of each query's attention, so that a pattern's rows sum to less than 1. */
  readonly attentionSinks: boolean;
  /**
   * Of a mixture: how many experts the MLP of each layer has, how many of them see a token, and whether one more sees all
   * tokens. Null: there is one MLP.
   */
  readonly experts: { readonly count: number; readonly chosen: number; readonly shared: boolean } | null;
  readonly unembedding: Unembedding;
  /** True when the MLP's input goes through two matrices, of which one gates the other. */
  readonly gatedMlp: boolean;
  /** Kind of the last norm (and in all these families of the others): LayerNorm or RMSNorm. */
  readonly norm: "layer" | "rms";
  /** The sites that it has, in the order in which they are listed for a reader. */
  readonly sites: readonly SiteName[];
  /**
   * The steps in which it computes its sites, those of a layer once for each layer; sites of one step know nothing of each
   * other.
   */
  readonly siteOrder: readonly (readonly SiteName[])[];
  /** Sites that are cheaper to keep from another run than to compute again. */
  readonly keptSites: readonly SiteName[];
}

/** How logits follow from the site `final`: with u = scale · W_U · final + b_U they are u, or cap · tanh(u / cap). */
export interface Unembedding {
  readonly scale: number;
  readonly softcap: number | null;
  /** Whether there is a b_U. */
  readonly bias: boolean;
  /** Width of the vocabulary's vectors: d_model, unless a matrix [width, d_model] leads to them, which W_U contains. */
  readonly width: number;
}

/**
 * A model as a graph with its sites. The graph has one input, `input_ids` [row, pos] (int64), no outputs, and a value
 * for every site of every layer, laid out [row, …axes of the site]; whatever nothing reads is removed after gates and
 * taps are in, so a site that is not used costs nothing.
 */
export interface ModelGraph {
  readonly signature: ModelSignature;
  readonly graph: Graph;
  /** Site key (`z[5]`) → name of the graph value. */
  readonly values: Readonly<Record<string, string>>;
  /** `W_O`, `b_O`, `W_U` … that identities need → name of an initializer or graph value. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A model that a family has opened: what the host found, and what became of it. */
export interface OpenedModel {
  readonly facts: ModelFacts;
  readonly signature: ModelSignature;
  readonly graph: ModelGraph;
}

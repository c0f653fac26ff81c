/**
 * An ONNX graph as plain data: what family builders make, edits rewrite, the verifier checks and `encode.ts` writes as
 * protobuf. Names follow ONNX. Values survive a JSON round trip.
 */

/** Element types that atlasc emits or reads. */
export type ElementType = "float32" | "float64" | "float16" | "bfloat16" | "int64" | "int32" | "bool";

/** A dimension: a size, or the name of a symbolic one (`row`, `pos`). */
export type Dimension = number | string;

export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Dimension[];
}

export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  /** The body of a `Scan`. It may read values of the graph around it, whose operator set it has too. */
  | { readonly kind: "graph"; readonly value: Graph };

export interface OnnxNode {
  readonly op: string;
  /** "" is the standard operator set. */
  readonly domain: "" | "com.microsoft";
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Where the bytes of a constant are: in the graph, or at an offset of a file beside it (never copied). */
export type InitializerData =
  | { readonly kind: "inline"; readonly values: readonly number[] }
  | { readonly kind: "external"; readonly file: string; readonly offset: number; readonly length: number };

export interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: InitializerData;
}

export interface Graph {
  readonly name: string;
  /** Version of the standard operator set. */
  readonly opset: number;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** In topological order. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly Initializer[];
}

/** What an export was recognised as, in words. */
import type { RecognisedExport } from "./recognise.js";

/** Lines for a reader. */
export function describeExport({
  producer,
  architecture,
  feeds,
}: RecognisedExport): readonly (readonly [string, string])[] {
  const { sizes, norm, embedding, layers, unembedding, weights } = architecture;
  const [first] = layers;
  if (first === undefined) return [];
  const { attention, mlp } = first;
  const each = (values: readonly string[]): string => [...new Set(values)].join(" or ");
  const rotary =
    attention.rotary === null
      ? null
      : `rotary over ${attention.rotary.settings.dimensions} dimensions of ${sizes.dHead}`;
  const positions = [
    ...(embedding.positions === null ? [] : [`learned (${sizes.maxPositions ?? "?"})`]),
    ...(rotary === null ? [] : [`${rotary}${attention.rotary?.interleaved === true ? ", neighbours in pairs" : ""}`]),
    ...(attention.alibi === null ? [] : ["linear biases"]),
  ];
  const windows = layers.map((layer) => layer.attention.window);
  const gated = mlp.kind === "plain" ? "" : "gated ";
  const masks = feeds.filter(({ kind }) => kind === "mask").map(({ name }) => name);
  const computed = weights.filter(([, { kind }]) => kind === "node").length;
  const stored = { separate: "three matrices", parts: "one matrix", groups: "one matrix, by heads" }[
    attention.projections.kind
  ];
  return [
    ["exported by", producer === "" ? "a program that does not say its name" : producer],
    [
      "norms",
      `${norm.kind === "layer" ? "LayerNorm" : "RMSNorm"}, ε ${Number(norm.epsilon.toPrecision(6))}${sizes.normsAfter === undefined ? "" : ", after attention and MLP"}`,
    ],
    ["positions", positions.length === 0 ? "none" : positions.join(", ")],
    [
      "attention",
      `${stored}, scores times ${attention.scale.toPrecision(6)}${attention.queryKeyNorms === null ? "" : ", norms of queries and keys"}`,
    ],
    ["keys seen", each(windows.map((window) => (window === null ? "all up to the query" : `the last ${window}`)))],
    [
      "MLP",
      `${gated}${each(layers.map((layer) => layer.mlp.activation))}${sizes.parallelResidual ? ", beside attention" : ""}`,
    ],
    ["logits", unembedding.bias === null ? "one matrix" : "one matrix and a bias"],
    ["weights", `${weights.length - computed} as they are stored, ${computed} turned or cut when the model is opened`],
    ...masks.map(
      (name) => ["mask", `the input ${name}: what its caller would hide beside later tokens is not known`] as const,
    ),
  ];
}

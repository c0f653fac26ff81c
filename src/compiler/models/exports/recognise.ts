/** From an exported graph to an architecture that can be built. */
import { findModel, architectureOf, type Architecture } from "./architecture.js";
import type { ExportedGraph, ExportedInput, ExportedModel } from "../../onnx/exported-graph.js";
import { walk, type ReadTensor, type Value } from "./interpret.js";
import { longWindows } from "./lengths.js";
import { isStop } from "./stop.js";

/** What is fed to an input so that the graph computes one text without a past. */
export interface ExportFeed {
  readonly name: string;
  readonly type: NonNullable<ExportedInput["type"]>;
  readonly kind: "tokens" | "ones" | "positions" | "mask" | "empty" | "false";
  /** Sizes; −1 stands for the length of the text. */
  readonly shape: readonly number[];
}

/** A recognised export: plain data. */
export interface RecognisedExport {
  readonly producer: string;
  readonly architecture: Architecture;
  readonly feeds: readonly ExportFeed[];
  /** The output that holds the logits. */
  readonly logits: string;
  /** The stored tensors that are read. */
  readonly tensors: readonly string[];
}

/** Stands for the size of a head in a shape of which nothing says it. */
const headSize = -2;

/** Texts of so many tokens are looked at: enough for rotations to show, and no usual size of a model. */
const usualLength = 7;

/**
 * Recognises the model that a graph computes by its structure and by what its parts do; names play no part where there is a
 * choice. `longest`: how many positions the model is said to have, if anything says it.
 */
export function recogniseExport(
  { graph, producer }: ExportedModel,
  read: ReadTensor,
  longest: number | null,
): { readonly ok: true; readonly value: RecognisedExport } | { readonly ok: false; readonly reason: string } {
  let first: string | null = null;
  for (const logits of logitsOf(graph)) {
    for (const feeds of feedsOf(graph)) {
      try {
        const recognised = recogniseWith(graph, logits, feeds, read, longest);
        const { dHead } = recognised.architecture.sizes;
        const whole = feeds.map((feed) => ({
          ...feed,
          shape: feed.shape.map((size) => (size === headSize ? dHead : size)),
        }));
        return { ok: true, value: { producer, ...recognised, feeds: whole, logits } };
      } catch (error) {
        if (!isStop(error)) throw error;
        first ??= error.place === null ? error.message : `at ${error.place}: ${error.message}`;
      }
    }
  }
  return { ok: false, reason: first ?? "no input of it can be token ids [row, pos]" };
}

/** The outputs that may be the logits [row, pos, vocab], the likeliest first. */
function logitsOf({ outputs }: ExportedGraph): readonly string[] {
  const wide = outputs.filter(({ shape, type }) => (shape.length === 3 || shape.length === 0) && type !== "int64");
  const named = wide.filter(({ name }) => name === "logits");
  return [...new Set([...named, ...wide].map(({ name }) => name))].slice(0, 3);
}

/** The ways in which inputs can be fed, the likeliest first: which of those of whole numbers are ids, a mask, positions. */
function feedsOf({ inputs }: ExportedGraph): readonly (readonly ExportFeed[])[] {
  const isWhole = ({ type, shape }: ExportedInput): boolean =>
    (type === "int64" || type === "int32") && shape.length === 2;
  const whole = inputs.filter(isWhole);
  const usual = (name: string): ExportFeed["kind"] =>
    /mask/i.test(name) ? "ones" : /position/i.test(name) ? "positions" : "tokens";
  const rest = inputs.filter((input) => !isWhole(input));
  const others = rest.map((input) => otherFeed(input, rest.filter((other) => isLike(input, other)).length === 1));
  const kinds = ["tokens", "ones", "positions"] as const;
  let choices: (readonly ExportFeed["kind"][])[] = [[]];
  for (let i = 0; i < Math.min(3, whole.length); i++) {
    choices = choices.flatMap((chosen) =>
      kinds.filter((kind) => !chosen.includes(kind)).map((kind) => [...chosen, kind]),
    );
  }
  const byName = whole.map(({ name }) => usual(name));
  const all = [byName, ...choices].filter((chosen) => chosen.filter((kind) => kind === "tokens").length === 1);
  return all.map((chosen) => [
    ...whole.map(({ name, type, shape }, i) => ({
      ...{ name, type: type ?? "int64", kind: chosen[i] ?? "ones" },
      shape: [1, shape[1] ?? -1],
    })),
    ...others,
  ]);
}

/** Keys and values of a past have the same shape, for each layer; a mask is alone. */
function isLike(a: ExportedInput, b: ExportedInput): boolean {
  return (
    a.type === b.type &&
    a.shape.length === b.shape.length &&
    a.shape.at(1) === b.shape.at(1) &&
    a.shape.at(-1) === b.shape.at(-1)
  );
}

function otherFeed({ name, type, shape }: ExportedInput, isAlone: boolean): ExportFeed {
  if (type === "bool" && shape.length < 2) return { name, type, kind: "false", shape: shape.map(() => 1) };
  if (type === "int64" || type === "int32") {
    return { name, type, kind: "positions", shape: shape.map((size) => size ?? -1) };
  }
  const last = shape.at(-1) ?? null;
  if (isAlone && shape.length === 4) {
    return { name, type: type ?? "float32", kind: "mask", shape: [1, 1, shape[2] ?? -1, last ?? -1] };
  }
  // Keys and values of a past that is empty: [row, kv_head, pos, d_head], or another order of which all but the length is known.
  const axis = last === null && shape[2] === null ? 2 : shape.lastIndexOf(null);
  const sizes = shape.map((size, i) => (i === axis && i > 0 ? 0 : (size ?? (i === 0 ? 1 : headSize))));
  return { name, type: type ?? "float32", kind: "empty", shape: sizes };
}

/** The numbers that an input is fed; null for tokens. */
export function fedNumbers(
  { kind, shape }: ExportFeed,
  length: number,
): { readonly shape: readonly number[]; readonly data: Float64Array | null } {
  const sizes = shape.map((size) => (size === -1 ? length : Math.abs(size)));
  const count = sizes.reduce((product, size) => product * size, 1);
  const fill = (value: (i: number) => number): Float64Array => Float64Array.from({ length: count }, (_, i) => value(i));
  const last = sizes.at(-1) ?? 1;
  switch (kind) {
    case "tokens":
      return { shape: sizes, data: null };
    case "ones":
      return { shape: sizes, data: fill(() => 1) };
    case "positions":
      return { shape: sizes, data: fill((i) => i % last) };
    case "mask":
      return { shape: sizes, data: fill((i) => (i % last <= Math.floor(i / last) ? 0 : -3.4028234663852886e38)) };
    case "empty":
    case "false":
      return { shape: sizes, data: fill(() => 0) };
  }
}

function recogniseWith(
  graph: ExportedGraph,
  logits: string,
  feeds: readonly ExportFeed[],
  read: ReadTensor,
  longest: number | null,
): { readonly architecture: Architecture; readonly tensors: readonly string[] } {
  const stated = feeds.find(({ kind }) => kind === "tokens")?.shape[1] ?? -1;
  const length = stated === -1 ? usualLength : stated;
  const fed = new Map(
    feeds.map((feed): readonly [string, Value] => {
      const { shape, data } = fedNumbers(feed, length);
      const whole = feed.type === "int64" || feed.type === "int32" || feed.type === "bool";
      return [feed.name, { shape, origin: data === null ? "token" : "position", whole, data: () => data }];
    }),
  );
  const walked = walk(graph, logits, fed, read);
  const found = findModel(walked);
  const attentions = new Map(
    found.layers.layers.flatMap(({ attention: { part, output } }) =>
      part.kind === "attention" ? [[output.input, part.found] as const] : [],
    ),
  );
  const windows = longWindows(walked, attentions, length, (changed) => walk(graph, logits, fed, read, changed));
  const architecture = architectureOf(walked, found, windows, stated === -1 ? longest : stated);
  const names = new Set<string>();
  const collect = (recipe: Architecture["weights"][number][1]): void => {
    if (recipe.kind === "tensor") names.add(recipe.name);
    if (recipe.kind === "node") recipe.inputs.forEach(collect);
  };
  for (const [, recipe] of architecture.weights) collect(recipe);
  return { architecture, tensors: [...names] };
}

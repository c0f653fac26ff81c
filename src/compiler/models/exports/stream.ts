/** The residual stream: what is added to it, and in which order. */
import { attentionOf, type FoundAttention } from "./attention.js";
import { placeOf, type Walk } from "./interpret.js";
import { linearOf, type FoundLinear } from "./linears.js";
import { mlpOf, type FoundMlp } from "./mlp.js";
import { normOf, type FoundNorm } from "./norms.js";
import { stop } from "./stop.js";
import { sizeOf } from "./tensors.js";
import { plain } from "./trace.js";

/** One summand of the stream that is neither a token's nor a position's vector. */
export interface FoundBranch {
  readonly term: string;
  readonly part:
    { readonly kind: "attention"; readonly found: FoundAttention } | { readonly kind: "mlp"; readonly found: FoundMlp };
  readonly output: FoundLinear;
  /** A factor of what the last matrix gives, and a norm of that. */
  readonly scale: number;
  readonly normAfter: FoundNorm | null;
  /** What its first matrices read, and the norm that this is. */
  readonly input: string;
  readonly normBefore: FoundNorm | null;
  /** The summands of the stream that it reads. */
  readonly reads: ReadonlySet<string>;
}

/** The summands of a value, those of its own summands included. */
export function summandsOf(walk: Walk, name: string): readonly string[] {
  const open = [plain(walk, name)];
  const terms: string[] = [];
  for (let own = open.pop(); own !== undefined; own = open.pop()) {
    const maker = walk.makers.get(own);
    const inputs = maker?.inputs ?? [];
    const isSum = maker?.op === "Add" || maker?.op === "Sum";
    if (isSum && inputs.every((input) => walk.values.get(input)?.origin !== "parameter")) {
      open.push(...inputs.map((input) => plain(walk, input)));
    } else terms.push(own);
  }
  return terms;
}

/** A summand as attention or an MLP; null where it is a vector of a token or of a position. */
export function branchOf(walk: Walk, term: string): FoundBranch | null {
  if (walk.values.get(term)?.origin !== "token") return null;
  const normAfter = normOf(walk, term);
  const { value, scale } = scaledValue(walk, normAfter?.input ?? term);
  const output = linearOf(walk, value);
  if (output === null) return null;
  const attention = attentionOf(walk, output.input);
  const part =
    attention === null
      ? ({ kind: "mlp", found: mlpOf(walk, output.input) } as const)
      : ({ kind: "attention", found: attention } as const);
  const input = inputOf(part, term);
  const normBefore = normOf(walk, input);
  const reads = new Set(summandsOf(walk, normBefore?.input ?? input));
  return { term, part, output, scale, normAfter, input, normBefore, reads };
}

/** What a value is a multiple of. */
export function scaledValue(walk: Walk, name: string): { readonly value: string; readonly scale: number } {
  const own = plain(walk, name);
  const maker = walk.makers.get(own);
  const [a = "", b = ""] = maker?.inputs ?? [];
  const numberOf = (x: string): number | null => {
    const value = walk.values.get(x);
    if (value === undefined || value.origin === "token" || sizeOf(value.shape) !== 1) return null;
    return value.data()?.[0] ?? null;
  };
  const [left, right] = [numberOf(a), numberOf(b)];
  if (maker?.op === "Mul" && (left !== null || right !== null)) {
    const inner = scaledValue(walk, left === null ? a : b);
    return { value: inner.value, scale: inner.scale * (left ?? right ?? 1) };
  }
  if (maker?.op === "Div" && right !== null) {
    const inner = scaledValue(walk, a);
    return { value: inner.value, scale: inner.scale / right };
  }
  return { value: own, scale: 1 };
}

function inputOf({ kind, found }: FoundBranch["part"], term: string): string {
  const linears =
    kind === "attention" ? [found.q, found.k, found.v] : [found.pre, ...(found.up === null ? [] : [found.up])];
  const [first, ...others] = linears.map(({ linear }) => linear.input);
  if (first === undefined || others.some((input) => input !== first)) {
    return stop(term, "the matrices of a part do not read one value");
  }
  return first;
}

/** The layers of a stream: its attention and MLPs in their order, and the summands that come before them. */
export interface FoundLayers {
  readonly embedding: readonly string[];
  readonly layers: readonly { readonly attention: FoundBranch; readonly mlp: FoundBranch }[];
  readonly parallel: boolean;
}

/** Sorts the summands of a stream into layers by what each reads. */
export function layersOf(walk: Walk, stream: string): FoundLayers {
  const summands = summandsOf(walk, stream);
  const branches = summands.map((term) => ({ term, branch: branchOf(walk, term) }));
  const embedding = branches.filter(({ branch }) => branch === null).map(({ term }) => term);
  const found = branches.flatMap(({ branch }) => (branch === null ? [] : [branch]));
  const inOrder = (kind: "attention" | "mlp"): readonly FoundBranch[] =>
    found.filter(({ part }) => part.kind === kind).sort((a, b) => a.reads.size - b.reads.size);
  const [attentions, mlps] = [inOrder("attention"), inOrder("mlp")];
  if (attentions.length === 0 || attentions.length !== mlps.length) {
    const last = walk.makers.get(plain(walk, stream));
    return stop(
      last === undefined ? stream : placeOf(last),
      `the residual stream consists of ${attentions.length} attentions and ${mlps.length} MLPs`,
    );
  }
  const layers = attentions.map((attention, l) => ({ attention, mlp: mlps[l] ?? attention }));
  const parallel = layers[0]?.mlp.reads.size === layers[0]?.attention.reads.size;
  const before = new Set(embedding);
  for (const { attention, mlp } of layers) {
    checkReads(attention, before);
    if (!parallel) before.add(attention.term);
    checkReads(mlp, before);
    before.add(attention.term);
    before.add(mlp.term);
  }
  return { embedding, layers, parallel };
}

function checkReads({ term, reads }: FoundBranch, expected: ReadonlySet<string>): void {
  if (reads.size === expected.size && [...reads].every((own) => expected.has(own))) return;
  stop(term, "it reads something else than the residual stream before it");
}

/** Cases of test/fixtures/oracles as protocols, and how far a result may be from them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/root.js";
import { shared, spelled, spelledModel } from "./support.js";

/** Values nested by the case's axes; the innermost are numbers. */
export type Nested = number | readonly Nested[];

/** What a protocol would write, and what must come out (test/fixtures/oracles/make.py). */
export interface OracleCase {
  readonly texts: string;
  readonly intervention: string | null;
  readonly measure: string;
  /** `prompt` first; an axis counts from 0 unless `first` says otherwise. */
  readonly axes: readonly string[];
  readonly first: Readonly<Record<string, number>>;
  readonly values: readonly Nested[];
  /** How the value was computed, in a sentence. */
  readonly definition: string;
}

export interface OracleFixture {
  readonly model: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Records of each set of texts: `text`, or `clean` and `corrupt`, or `ids` alone. */
  readonly texts: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly cases: readonly OracleCase[];
}

/** A fixture by its name; null where it or its model is not on this machine. */
export function readOracle(name: string): OracleFixture | null {
  const path = join(root, "test", "fixtures", "oracles", `${name}.json`);
  if (!existsSync(path)) return null;
  const fixture = JSON.parse(readFileSync(path, "utf8")) as OracleFixture;
  return existsSync(join(modelFolder(fixture), "model.safetensors")) ? fixture : null;
}

function modelFolder({ model }: OracleFixture): string {
  if (model.startsWith("@stdlib/")) return join(root, "stdlib", model.slice("@stdlib/".length));
  return join(shared, model.replace("../shared/", ""));
}

/** A case in one line, the same for two fixtures that have it. */
export function caseName({ texts, intervention, measure }: OracleCase): string {
  return [texts, intervention, `measure ${measure}`].filter((part) => part !== null).join(": ");
}

/** Writes the fixture's texts into a folder and returns a protocol with one experiment, `case0` …, for each case. */
export function protocolOf(fixture: OracleFixture, cases: readonly OracleCase[], folder: string): string {
  const declarations = [`model m from ${JSON.stringify(modelFolder(fixture))}`];
  const used = new Set(cases.flatMap(({ texts, intervention }) => [texts, ...(intervention?.match(/\w+/g) ?? [])]));
  for (const [name, records] of Object.entries(fixture.texts)) {
    if (!used.has(name)) continue;
    const [first = {}] = records;
    if ("text" in first || "clean" in first) {
      // `ids` is for those who compare encodings; a record of a prompt file holds texts and numbers.
      const lines = records.map((record) => `${JSON.stringify({ ...record, ids: undefined })}\n`);
      writeFileSync(join(folder, `${name}.jsonl`), lines.join(""));
      const fields = ["clean", "corrupt", "answer", "distractor"].filter((field) => field in first);
      declarations.push(`prompts ${name} from "${name}.jsonl" ${fields.map((f) => `${f} "${f}"`).join(" ")}`);
    } else {
      // Ids that are no text of this tokenizer: a tokenizer with a word for each id spells them.
      spelledModel(join(folder, "spelled"), modelFolder(fixture));
      writeFileSync(join(folder, `${name}.txt`), records.map(({ ids }) => `${spelled(ids as number[])}\n`).join(""));
      declarations.push(`model speller from "./spelled"`, `prompts ${name} from "${name}.txt"`);
    }
  }
  const experiments = cases.map(({ texts, intervention, measure }, i) => {
    const [first = {}] = fixture.texts[texts] ?? [];
    const model = "text" in first || "clean" in first ? "m" : "speller";
    return `experiment case${i} on ${model} with ${texts} ${intervention ?? ""} measure ${measure}`;
  });
  return [...declarations, ...experiments, ""].join("\n");
}

/** Every value of a case with its coordinates. */
export function* valuesOf(
  values: Nested,
  [axis, ...rest]: readonly string[],
  first: Readonly<Record<string, number>>,
  at: Readonly<Record<string, number>> = {},
): Generator<{ readonly at: Readonly<Record<string, number>>; readonly value: number }> {
  if (typeof values === "number") yield { at, value: values };
  else if (axis !== undefined) {
    for (const [i, inner] of values.entries()) {
      yield* valuesOf(inner, rest, first, { ...at, [axis]: i + (first[axis] ?? 0) });
    }
  }
}

/** How far a result may be from the oracle: |difference| ≤ absolute + relative · |expected|. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
  readonly because: string;
}

const logits = "float32 logits of these models are within 2.5e-5 of float64 ones";
const norms = "sums of squares of 64 float32 numbers";
const tolerances: readonly (readonly [RegExp, Tolerance])[] = [
  [
    /^(top_tokens?\b|rank|accuracy|head_rank)/,
    { absolute: 0, relative: 0, because: "what is ordered is further apart than its error" },
  ],
  [
    /^recovery/,
    { absolute: 5e-5, relative: 1e-5, because: `${logits}; divided by clean − corrupt, which is above 1.8` },
  ],
  [/^(perplexity|bits_per_byte|prob|top_probs?\b)/, { absolute: 0, relative: 5e-5, because: logits }],
  [/^word_perplexity/, { absolute: 0, relative: 2e-4, because: `${logits}; the exponent has several tokens a word` }],
  [/^(nll|loss|entropy|logit_lens|logit_diff)/, { absolute: 5e-5, relative: 1e-5, because: logits }],
  [/^kl/, { absolute: 5e-6, relative: 5e-5, because: `${logits}; the terms of small divergences cancel` }],
  [/logit_attribution|copying_attribution/, { absolute: 5e-5, relative: 1e-5, because: logits }],
  [
    /^(PR|R_V|head_PR|attn_pr|mlp_pr)/,
    { absolute: 0, relative: 2e-5, because: "Gram matrices of float32 values, against an SVD" },
  ],
  [
    /^(spectrum|effective_rank|stable_rank)/,
    { absolute: 1e-7, relative: 1e-5, because: "an SVD in float64 of float32 values" },
  ],
  [/^(gain|total_amplification|resid_norm|head_norm)/, { absolute: 0, relative: 1e-5, because: norms }],
  [/^resid_cosine/, { absolute: 2e-6, relative: 0, because: norms }],
  [/^coupling/, { absolute: 1e-5, relative: 0, because: "patterns within 3e-6; their variance divides" }],
  [/./, { absolute: 1e-5, relative: 0, because: "means of float32 probabilities" }],
];

/** The tolerance of a measure, by its name. */
export function toleranceOf(measure: string): Tolerance {
  const found = tolerances.find(([pattern]) => pattern.test(measure));
  if (found === undefined) throw new Error(`no tolerance for ${measure}`);
  return found[1];
}

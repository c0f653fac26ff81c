/**
 * The parts of the language reference that are made from the code: forms, sites, operations, quantities, the standard
 * library's metrics and the catalogue of diagnostics. `scripts/docs.mjs` puts them between marks in the documents; a
 * test compares.
 */
import { sites, type SiteName } from "../models/sites.js";
import { operations } from "../operations/index.js";
import type { Operation } from "../operations/operation.js";
import { catalogue } from "../diagnostics/catalogue.js";
import type { SourceFile } from "../base/span.js";
import { languageParts } from "./language-parts.js";
import { cell, code, fenced, proseCell, table } from "./markdown.js";
import { documentedMetrics, type DocumentedMetric } from "./metrics.js";
import { compoundFunctions, quantities, type Description } from "./quantities.js";

/** Markdown of a generated part, by its name. */
export type ReferenceParts = Readonly<Record<string, string>>;

/** How a protocol writes each operation; an operation without an entry is made by the compiler alone. */
export const written: Readonly<Record<string, string>> = {
  add: "x + y",
  subtract: "x - y",
  multiply: "x * y",
  divide: "x / y",
  power: "x ^ y",
  negate: "-x",
  exp: "exp(x)",
  log: "log(x)",
  sqrt: "sqrt(x)",
  abs: "abs(x)",
  entr: "entr(x)",
  less: "x < y",
  greater: "x > y",
  lessEqual: "x <= y",
  greaterEqual: "x >= y",
  equal: "x is y",
  and: "condition and condition",
  or: "condition or condition",
  not: "not condition",
  where: "x where condition",
  bits: "bits(x)",
  nats: "nats(x)",
  kl: "kl(p, q over axes)",
  sum: "sum(x over axes)",
  mean: "mean(x over axes)",
  max: "max(x over axes)",
  min: "min(x over axes)",
  var: "var(x over axes)",
  std: "std(x over axes)",
  norm: "norm(x over axes)",
  argmax: "argmax(x over axis)",
  top: "top(x, k over axis)",
  softmax: "softmax(x over axes)",
  log_softmax: "log_softmax(x over axes)",
  gram: "gram(x over row)",
  trace: "trace(x)",
  diagonal: "diagonal(x, offset: n)",
  dot: "dot(x, y over axes)",
  pearson: "pearson(x, y over axes)",
  cosine: "cosine(x, y over axes)",
  pearson_between: "pearson(x over axes between axis)",
  cosine_between: "cosine(x over axes between axis)",
  last: "x last n",
  at: "x at n, select(x, key: n)",
  slice: "x at a..b",
  select: "site[L5.H3], select(x, head: n)",
  pick: 'logits[token], x at token "…"',
  flatten: "flatten(x over axes)",
  causal: "causal(x)",
  random_direction: "random_direction(seed: n)",
  rename: "rename(x, from: to)",
  unembedding: "unembedding(token)",
};

/** Every generated part of the documents. `stdlib` is the text of the standard library's files of metrics. */
export function referenceParts(stdlib: readonly SourceFile[]): ReferenceParts {
  return {
    sites: siteTable(),
    operations: operationTable([...operations.values()]),
    quantities: descriptionTable(quantities),
    functions: descriptionTable(compoundFunctions),
    metrics: stdlib.map(metricSection).join("\n\n"),
    diagnostics: diagnosticList(),
    ...languageParts(),
  };
}

/**
 * The text with every part between its marks replaced: `<!-- generated: NAME -->` and `<!-- end generated -->`.
 *
 * @throws RangeError when a mark names no part or does not end.
 */
export function withReferenceParts(text: string, parts: ReferenceParts): string {
  return text.replace(
    /(<!-- generated: ([\w-]+) -->)([^]*?)(<!-- end generated -->|(?=<!-- generated:)|$)/g,
    (_whole, start: string, name: string, _old: string, end: string) => {
      const part = parts[name];
      if (part === undefined) throw new RangeError(`there is no generated part ${name}`);
      if (end === "") throw new RangeError(`the generated part ${name} does not end`);
      return `${start}\n\n${part}\n\n${end}`;
    },
  );
}

function siteTable(): string {
  const names = Object.keys(sites) as SiteName[];
  return table(
    ["site", "axes", "meaning"],
    names.map((name) => {
      const { axes, perLayer, meaning } = sites[name];
      return [code(perLayer ? `${name}[l]` : name), axes.map(code).join(" "), cell(meaning)];
    }),
  );
}

function descriptionTable(all: readonly Description[]): string {
  return table(
    ["written", "meaning", "axes"],
    all.map(({ form, meaning, axes }) => [code(form), cell(meaning), cell(axes)]),
  );
}

function operationTable(all: readonly Operation[]): string {
  return table(
    ["written", "meaning", "can be NaN"],
    all.flatMap((operation) => {
      const form = written[operation.name];
      if (form === undefined) return [];
      const source = operation.source === undefined ? "" : ` As ${code(operation.source)}.`;
      return [[code(form), cell(operation.documentation) + source, operation.canFail ? "yes" : ""]];
    }),
  );
}

function metricSection(file: SourceFile): string {
  return [`#### ${code(file.path.replace(/\.atlas$/, ""))}`, ...documentedMetrics(file).map(metricText)].join("\n\n");
}

/** A metric's name, what its comment says, and its definition. */
function metricText({ name, sentences, facts, definition }: DocumentedMetric): string {
  const listed = facts.map((fact) =>
    fact.name === "example" ? `- example: ${code(fact.text)}` : `- ${fact.name}: ${cell(fact.text)}`,
  );
  return [`**${name.replaceAll("_", "\\_")}**. ${cell(sentences)}`, listed.join("\n"), fenced(definition)].join("\n\n");
}

/** Code, title and message of each diagnostic, and below them what to do. */
function diagnosticList(): string {
  return Object.entries(catalogue)
    .map(([name, { severity, title, message, explanation }]) =>
      [`- **${name}** (${severity}), ${proseCell(title)}: ${proseCell(message)}.`, `  ${proseCell(explanation)}`].join(
        "\n",
      ),
    )
    .join("\n");
}

/** What the comments of a file of metrics say about each of them. */
import type { SourceFile } from "../base/span.js";
import type { MetricStatement } from "../syntax/ast.js";
import { parse } from "../syntax/parse.js";

/** Facts that stand on a line of their own in a documentation comment: `## unit: nats`. */
const metricFacts = ["shape", "unit", "source", "example"] as const;

export type MetricFact = (typeof metricFacts)[number];

export interface MetricParameter {
  readonly name: string;
  /** As written: `count`, `[row, *]`; null where nothing is said. */
  readonly type: string | null;
  /** As written; null when a value must be given. */
  readonly default: string | null;
}

export interface DocumentedMetric {
  readonly name: string;
  /** Its file without the ending: `@stdlib/geometry`. */
  readonly file: string;
  readonly sentences: string;
  readonly parameters: readonly MetricParameter[];
  /** Those that the comment states, in the comment's order. */
  readonly facts: readonly { readonly name: MetricFact; readonly text: string }[];
  /** The statement as it stands in the file. */
  readonly definition: string;
}

/** The metrics of a file in its order. Comments of what does not parse are left out. */
export function documentedMetrics(file: SourceFile): readonly DocumentedMetric[] {
  const metrics = parse(file).value.statements.filter((s): s is MetricStatement => s.kind === "metric");
  return metrics.map((metric) => documented(metric, file));
}

function documented(metric: MetricStatement, file: SourceFile): DocumentedMetric {
  const textOf = (node: { readonly span: { readonly start: number; readonly end: number } } | null): string | null =>
    node === null ? null : file.text.slice(node.span.start, node.span.end);
  const sentences: string[] = [];
  const facts: { name: MetricFact; text: string }[] = [];
  for (const line of metric.documentation) {
    const name = metricFacts.find((fact) => line.startsWith(`${fact}:`));
    if (name === undefined) sentences.push(line);
    else facts.push({ name, text: line.slice(name.length + 1).trim() });
  }
  return {
    name: metric.name.text,
    file: file.path.replace(/\.atlas$/, ""),
    sentences: sentences.join(" "),
    parameters: metric.parameters.map((parameter) => ({
      name: parameter.name.text,
      type: textOf(parameter.type),
      default: textOf(parameter.default),
    })),
    facts,
    definition: (textOf(metric) ?? "").trim(),
  };
}

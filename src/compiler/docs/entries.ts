/** The reference as entries by name: what `atlasc doc` shows. */
import type { SourceFile } from "../base/span.js";
import { sites, type SiteName } from "../models/sites.js";
import { operations } from "../operations/index.js";
import { compoundFunctions } from "../operations/written.js";
import { quantities, type Description } from "./quantities.js";
import { documentedMetrics, type MetricParameter } from "./metrics.js";
import { statements } from "./statements.js";

export type EntryKind = "metric" | "site" | "operation" | "quantity" | "statement";

/** One thing that a protocol can name. */
export interface DocEntry {
  readonly kind: EntryKind;
  readonly name: string;
  /** Where it belongs: the file of a metric; null for what is part of the language. */
  readonly file: string | null;
  /** How it is written: the form of a statement or operation, the axes of a site, the first line of a metric. */
  readonly form: string;
  readonly sentences: string;
  readonly parameters: readonly MetricParameter[];
  /** What is known beside the sentences, in order: shape, unit, source, example … */
  readonly facts: readonly { readonly name: string; readonly text: string }[];
  /** A metric's definition; null for everything else. */
  readonly definition: string | null;
}

/** Every entry: metrics file by file, then sites, operations, quantities and statements. */
export function docEntries(stdlib: readonly SourceFile[]): readonly DocEntry[] {
  return [
    ...stdlib.flatMap(metricEntries),
    ...siteEntries(),
    ...operationEntries(),
    ...compoundFunctions.map((description) => describedEntry("operation", description)),
    ...quantities.map((description) => describedEntry("quantity", description)),
    ...statementEntries(),
  ];
}

function describedEntry(kind: EntryKind, { name, form, meaning, axes }: Description): DocEntry {
  const facts = [{ name: "axes", text: axes }];
  return { kind, name, file: null, form, sentences: meaning, parameters: [], facts, definition: null };
}

function metricEntries(file: SourceFile): readonly DocEntry[] {
  return documentedMetrics(file).map((metric) => ({
    kind: "metric",
    name: metric.name,
    file: metric.file,
    form: [metric.name, ...metric.parameters.map(parameterText)].join(" "),
    sentences: metric.sentences,
    parameters: metric.parameters,
    facts: metric.facts,
    definition: metric.definition,
  }));
}

/** A parameter as a use of the metric writes it: name, then value. */
function parameterText({ name, type, default: value }: MetricParameter): string {
  return `${name} ${value ?? (type ?? "value").toUpperCase()}`;
}

function siteEntries(): readonly DocEntry[] {
  return (Object.keys(sites) as SiteName[]).map((name) => {
    const { axes, perLayer, writable, meaning } = sites[name];
    return {
      kind: "site",
      name,
      file: null,
      form: `${name}${perLayer ? "[LAYER]" : ""}`,
      sentences: `${meaning}.`,
      parameters: [],
      facts: [
        { name: "axes", text: axes.join(", ") },
        { name: "changed", text: writable ? "interventions can write it" : "interventions cannot write it" },
      ],
      definition: null,
    };
  });
}

function operationEntries(): readonly DocEntry[] {
  return [...operations.values()].flatMap((operation): readonly DocEntry[] => {
    const { form } = operation.written;
    if (form === null) return [];
    const facts = [];
    if (operation.failure !== null) facts.push({ name: "NaN", text: "possible; the row then says why" });
    if (operation.source !== undefined) facts.push({ name: "as", text: operation.source });
    return [
      {
        kind: "operation",
        name: operation.name,
        file: null,
        form,
        sentences: operation.documentation,
        parameters: [],
        facts,
        definition: null,
      },
    ];
  });
}

function statementEntries(): readonly DocEntry[] {
  return statements.map(({ name, form, meaning, example }) => ({
    kind: "statement",
    name,
    file: null,
    form,
    sentences: meaning,
    parameters: [],
    facts: [{ name: "example", text: example }],
    definition: null,
  }));
}

/** The reference as entries by name: what `atlasc doc` shows. */
import type { SourceFile } from "../base/span.js";
import { catalogue } from "../diagnostics/catalogue.js";
import { sites, type SiteName } from "../models/sites.js";
import { operations } from "../operations/index.js";
import { compoundFunctions } from "../operations/written.js";
import { quantities, type Description } from "./quantities.js";
import { documentedMetrics, type MetricParameter } from "./metrics.js";
import type { DocEntry, EntryKind } from "./entry.js";
import { resultEntries } from "./results.js";
import { languageEntries } from "./statements.js";

export type { DocEntry, EntryKind } from "./entry.js";

/** Every entry, in the order in which they are listed; several can have one name. */
export function docEntries(stdlib: readonly SourceFile[]): readonly DocEntry[] {
  const entries = [
    ...languageEntries(),
    ...resultEntries(),
    ...stdlib.flatMap(metricEntries),
    ...siteEntries(),
    ...operationEntries(),
    ...compoundFunctions.map((description) => describedEntry("operation", "Operations", description)),
    ...quantities.map((description) => describedEntry("quantity", "Quantities", description)),
    ...diagnosticEntries(),
  ];
  const order = [...new Set([...firstGroups, ...entries.map(({ group }) => group)])];
  return order.flatMap((group) => entries.filter((entry) => entry.group === group));
}

/** Headings that come first; the others follow in the order of their entries. */
const firstGroups = [
  "Statements",
  "Clauses",
  "Interventions",
  "Targets",
  "Replacements",
  "Places",
  "Plots",
  "Operators",
];

function describedEntry(kind: EntryKind, group: string, { name, form, meaning, axes }: Description): DocEntry {
  const facts = [{ name: "axes", text: axes }];
  return { kind, group, name, file: null, form, sentences: meaning, parameters: [], facts, definition: null };
}

function metricEntries(file: SourceFile): readonly DocEntry[] {
  return documentedMetrics(file).map((metric) => ({
    kind: "metric",
    group: `Metrics of ${metric.file}`,
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
      group: "Sites",
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
        group: "Operations",
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

/** What a code means and how to get rid of it. */
function diagnosticEntries(): readonly DocEntry[] {
  return Object.entries(catalogue).map(([name, { severity, title, message, explanation }]) => ({
    kind: "diagnostic",
    group: "Diagnostics",
    name,
    file: null,
    form: message,
    sentences: `${title.charAt(0).toUpperCase()}${title.slice(1)}. ${explanation}`,
    parameters: [],
    facts: [{ name: "severity", text: severity }],
    definition: null,
  }));
}

/**
 * The parts of the language reference that are made from the code: forms, sites, operations, quantities, the standard
 * library's metrics and the catalogue of diagnostics. `scripts/docs.mjs` puts them between marks in the documents; a
 * test compares.
 */
import { sites, type SiteName } from "../models/sites.js";
import { operations } from "../operations/index.js";
import type { Operation } from "../operations/operation.js";
import { compoundFunctions } from "../operations/written.js";
import { catalogue } from "../diagnostics/catalogue.js";
import type { SourceFile } from "../base/span.js";
import { languageParts } from "./language-parts.js";
import { cell, code, fenced, proseCell, table } from "./markdown.js";
import { documentedMetrics, type DocumentedMetric } from "./metrics.js";
import { quantities, type Description } from "./quantities.js";

/** Markdown of a generated part, by its name. */
export type ReferenceParts = Readonly<Record<string, string>>;

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
      const { form } = operation.written;
      if (form === null) return [];
      const source = operation.source === undefined ? "" : ` As ${code(operation.source)}.`;
      return [[code(form), cell(operation.documentation) + source, operation.failure === null ? "" : "yes"]];
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

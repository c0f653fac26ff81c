/** The report: one HTML file that opens from disk and loads nothing. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { escapeHtml, isolatedHtml, jsonForScript } from "./escape.js";
import { highlightSource } from "./highlight.js";
import { methodsHtml, promptsHtml, verdictsHtml } from "./html-parts.js";
import { fileName, tableHtml } from "./html-table.js";
import { judgementHtml } from "./judgement-html.js";
import type { ProvenanceSection, ReportDecision, ReportFigure, ReportInput } from "./report-input.js";
import { reportScript } from "./report-script.js";
import { reportStyle } from "./report-style.js";
import { studySentences } from "./sentences.js";

export type { ReportInput } from "./report-input.js";

const require = createRequire(import.meta.url);

/**
 * The report as the text of one HTML file. Figures are drawn by Vega, which is included when there are any; without
 * scripts and on paper their SVG is shown. A content security policy allows the report's own scripts (by their hash)
 * and no request at all, so that text from prompts could not act even if it escaped its escaping. Reads Vega's
 * minified builds from disk; throws when they are missing.
 */
export function renderReport(input: ReportInput): string {
  // Figures of decisions are numbered after the others.
  const decided = input.decisions.flatMap(({ figures }) => figures);
  const all = [...input.figures, ...decided];
  const scripts = all.length > 0 ? [...vegaBuilds(), reportScript] : [reportScript];
  const hashes = scripts.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src ${hashes.join(" ")}`;
  const specs = all.map(({ figure }) => figure.spec);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="atlasc">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(input.title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the results</a>
${headerHtml(input)}
<main id="content">
${verdictsHtml(input.decisions)}
${summaryHtml(input)}
${warningsHtml(input.warnings)}
${sectionHtml(
  "decisions",
  "Decisions",
  input.decisions.map((decision, i) => decisionHtml(decision, i, input.tables.length + 2 * i, all)),
)}
${sectionHtml("figures", "Figures", input.figures.map(figureHtml))}
${sectionHtml("tables", "Tables", input.tables.map(tableHtml))}
${promptsHtml(input.texts)}
${methodsHtml(input.methods)}
${judgementHtml(input.judgements)}
${sourceHtml(input)}
${provenanceHtml(input.provenance)}
</main>
<footer><p>Written by atlasc. This file is complete in itself and loads nothing from the network.</p></footer>
<script type="application/json" id="figure-specs">${jsonForScript(specs)}</script>
${scripts.map((script) => `<script>${script}</script>`).join("\n")}
</body>
</html>
`;
}

/** Vega, Vega-Lite and vega-embed in the order in which they need each other. */
function vegaBuilds(): readonly string[] {
  return ["vega", "vega-lite", "vega-embed"].map((name) => {
    const entry = require.resolve(name);
    const text = readFileSync(path.join(path.dirname(entry), `${name}.min.js`), "utf8");
    // The map is not shipped, and `</script` inside a string would end the element.
    return text.replace(/\/\/# sourceMappingURL=\S*\s*$/, "").replace(/<\/script/gi, "<\\/script");
  });
}

function headerHtml(input: ReportInput): string {
  const links = [
    ["summary", "Summary", true],
    ["decisions", "Decisions", input.decisions.length > 0],
    ["figures", "Figures", input.figures.length > 0],
    ["tables", "Tables", input.tables.length > 0],
    ["prompts", "Prompts", input.texts.length > 0],
    ["methods", "Methods", input.methods.length > 0],
    ["judgement", "Judgement", true],
    ["protocol", "Protocol", true],
    ["provenance", "Provenance", input.provenance.length > 0],
  ] as const;
  const navigation = links.filter(([, , shown]) => shown).map(([id, label]) => `<a href="#${id}">${label}</a>`);
  return `<header class="page-header">
<div class="eyebrow">atlasc report</div>
<h1>${isolatedHtml(input.title)} <span class="badge ${input.status.tone}">${escapeHtml(input.status.label)}</span></h1>
${input.question === null ? "" : `<p class="question">${isolatedHtml(input.question)}</p>`}
<dl class="facts">
<div><dt>Finished</dt><dd><time datetime="${escapeHtml(input.when)}">${escapeHtml(whenText(input.when))}</time></dd></div>
<div><dt>Protocol</dt><dd>${escapeHtml(input.source.path)}</dd></div>
<div><dt>Digest</dt><dd><code title="${escapeHtml(input.digest)}">${escapeHtml(shorten(input.digest))}</code></dd></div>
</dl>
<nav aria-label="Sections">${navigation.join("")}</nav>
</header>`;
}

/** `2026-11-30 18:14 UTC`: to the minute, which is enough for a reader. */
function whenText(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d.*Z$/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : iso;
}

function shorten(digest: string): string {
  return digest.length > 24 ? `${digest.slice(0, 24)}…` : digest;
}

function summaryHtml(input: ReportInput): string {
  const sentences = [...studySentences(input.studies), ...input.selections].map(
    (sentence) => `<p>${escapeHtml(sentence)}</p>`,
  );
  const text = sentences.length > 0 ? sentences.join("\n") : "<p>No experiment was run.</p>";
  return `<section id="summary" class="summary"><h2>Summary</h2>\n${text}\n</section>`;
}

function warningsHtml(warnings: readonly string[]): string {
  if (warnings.length === 0) return "";
  const items = warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`).join("\n");
  const heading = warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`;
  return `<section id="warnings" class="card warnings" role="note"><h2>${heading}</h2><ul>${items}</ul></section>`;
}

function sectionHtml(id: string, title: string, parts: readonly string[]): string {
  return parts.length === 0 ? "" : `<section id="${id}"><h2>${title}</h2>\n${parts.join("\n")}\n</section>`;
}

/** @param index of its first table; a second one has the next. */
function decisionHtml(
  { verdict, title, statement, sentence, table, loadings, figures: own }: ReportDecision,
  number: number,
  index: number,
  figures: readonly ReportFigure[],
): string {
  const badge = verdict === null ? "" : ` <span class="badge ${verdict.tone}">${verdict.label}</span>`;
  const said = [statement === null ? "" : `<code>${escapeHtml(statement)}</code>`, escapeHtml(sentence)]
    .filter((text) => text !== "")
    .map((text) => `<p>${text}</p>`);
  return `<section class="decision" id="decision-${number}">
<h3>${isolatedHtml(title)}${badge}</h3>
${said.join("\n")}
${[
  ...own.map((figure) => figureHtml(figure, figures.indexOf(figure))),
  tableHtml(table, index),
  ...(loadings === null ? [] : [tableHtml(loadings, index + 1)]),
].join("\n")}
</section>`;
}

function figureHtml({ figure, svg }: ReportFigure, index: number): string {
  const picture =
    svg === null
      ? `<p>${escapeHtml(figure.description)}</p>`
      : `<img alt="${escapeHtml(figure.description)}" src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}">`;
  const buttons = ["SVG", "PNG", "Spec", "Data"].map(
    (kind) => `<button type="button" data-download="${kind.toLowerCase()}">${kind}</button>`,
  );
  return `<figure class="card plot-card" data-figure="${index}" data-name="${escapeHtml(fileName(figure.title, "figure"))}">
<div class="paper" tabindex="0" role="region" aria-label="${escapeHtml(`Figure ${index + 1}: ${figure.title}`)}"><div class="plot${"concat" in figure.spec ? " panels" : ""}" role="img" aria-label="${escapeHtml(figure.description)}">${picture}</div></div>
<figcaption><span class="caption">${figure.caption === null ? "" : `<b>${isolatedHtml(figure.caption)}</b>`}${escapeHtml(figure.description)}</span>
<span class="downloads" hidden><span class="downloads-label">Download</span>${buttons.join("")}</span></figcaption>
</figure>`;
}

function sourceHtml(input: ReportInput): string {
  const { path: name, text, tokens } = input.source;
  return `<section id="protocol"><h2>Protocol</h2>
<div class="card source" tabindex="0" role="region" aria-label="Text of ${escapeHtml(name)}"><ol>
${highlightSource(text, tokens)}
</ol></div></section>`;
}

function provenanceHtml(sections: readonly ProvenanceSection[]): string {
  const parts = sections.map(({ section, entries }) => {
    const items = entries.map(({ label, value }) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`);
    return `<section class="card"><h3>${escapeHtml(section)}</h3><dl>${items.join("\n")}</dl></section>`;
  });
  if (parts.length === 0) return "";
  return `<section id="provenance"><h2>Provenance</h2><div class="provenance">${parts.join("\n")}</div></section>`;
}

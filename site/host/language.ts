/** The language service of the page: answers of `src/compiler/ide/` in offsets of the text. */
import { printable } from "../../src/compiler/base/printable.js";
import type { Diagnostic } from "../../src/compiler/diagnostics/diagnostic.js";
import { docEntries } from "../../src/compiler/docs/entries.js";
import {
  changesAt,
  coloursOf,
  completionsAt,
  documentationOf,
  hoverAt,
  type Analysis,
  type Documentation,
} from "../../src/compiler/ide/index.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { print } from "../../src/compiler/syntax/print.js";
import { tokenSpans } from "../../src/compiler/syntax/token-spans.js";
import { loadWith, type Reading } from "../../src/runtime/load-protocol.js";
import type { Coloured, Problem, Proposal, Questions, Source } from "./messages.js";
import type { PageModel } from "./page-reading.js";
import type { SiteFiles } from "./site-files.js";

export interface Language {
  readonly colours: (source: Source) => readonly Coloured[];
  readonly analyse: (source: Source) => Promise<Questions["analyse"]["answer"]>;
  readonly complete: (asked: Questions["complete"]["asked"]) => Promise<Questions["complete"]["answer"]>;
  readonly hover: (asked: Questions["hover"]["asked"]) => Promise<Questions["hover"]["answer"]>;
  readonly format: (source: Source) => string | null;
}

export function createLanguage(reading: Reading<PageModel>, files: SiteFiles): Language {
  let documentation: Promise<Documentation> | null = null;
  /** The last text and what is known of it: several questions are asked of one text. */
  let last: { readonly source: Source; readonly analysis: Promise<Analysis> } | null = null;

  function analysisOf({ path, text }: Source): Promise<Analysis> {
    if (last?.source.path === path && last.source.text === text) return last.analysis;
    documentation ??= reading.standardLibrary().then((library) => documentationOf(docEntries(library)));
    const analysis = analysed({ path, text }, reading, documentation);
    last = { source: { path, text }, analysis };
    return analysis;
  }

  return {
    colours: ({ text }) =>
      tokenSpans(text).map(({ start, end, scope }) => ({
        from: start,
        to: end,
        name: `tok-${scope.split(".")[0] ?? ""}`,
      })),
    async analyse(source) {
      const analysis = await analysisOf(source);
      return {
        problems: analysis.diagnostics.map((diagnostic) => problemOf(diagnostic, analysis)),
        names: coloursOf(analysis).map(({ start, end, type }) => ({ from: start, to: end, name: `name-${type}` })),
      };
    },
    async complete({ offset, ...source }) {
      const analysis = await analysisOf(source);
      const { replace, items, paths } = completionsAt(analysis, offset);
      const proposals = items.map(({ label, kind, detail, documentation: text, insert }): Proposal => ({
        label,
        kind,
        detail,
        documentation: text,
        insert,
      }));
      const models = paths?.kind === "models" ? modelsOf(files) : [];
      return { from: replace.start, to: replace.end, items: [...proposals, ...models] };
    },
    async hover({ offset, ...source }) {
      const found = hoverAt(await analysisOf(source), offset);
      return found === null ? null : { from: found.span.start, to: found.span.end, text: found.text };
    },
    format(source) {
      const { value } = parse(source);
      return value.complete ? print(value, source.text) : null;
    },
  };
}

async function analysed(
  source: Source,
  reading: Reading<PageModel>,
  documentation: Promise<Documentation>,
): Promise<Analysis> {
  const loaded = await loadWith(reading, source, { sideTable: true });
  const { value: checked, diagnostics } = loaded.compiled;
  return { source, checked, diagnostics, documentation: await documentation, texts: loaded.sources };
}

function problemOf(diagnostic: Diagnostic, analysis: Analysis): Problem {
  const { severity, code, message, primary, expected, found, hint } = diagnostic;
  const span = primary?.span.file === analysis.source.path ? primary.span : { start: 0, end: 0 };
  const label = primary?.text ?? "";
  const lines = [
    label === "" ? message : `${message}: ${label}`,
    ...(expected === undefined ? [] : [`expected: ${expected}`]),
    ...(found === undefined ? [] : [`found: ${found}`]),
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
  ];
  return {
    from: span.start,
    to: span.end,
    severity,
    code,
    message: lines.map(printable).join("\n"),
    fixes: changesAt(analysis, span.start, span.end)
      .filter((change) => change.diagnostic === diagnostic)
      .map(({ title, edits }) => ({
        title,
        edits: edits.map(({ span: at, replacement }) => ({ from: at.start, to: at.end, insert: replacement })),
      })),
  };
}

/** What can stand between the quotes after `from`. */
function modelsOf({ manifest }: SiteFiles): readonly Proposal[] {
  return manifest.files.flatMap(({ path }) => {
    const name = /^stdlib\/(models\/[^/]+)\/config\.json$/.exec(path)?.[1];
    if (name === undefined) return [];
    const text = `@stdlib/${name}`;
    return [{ label: text, kind: "model", detail: "a model of this page", documentation: "", insert: text }];
  });
}

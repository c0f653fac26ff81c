import assert from "node:assert/strict";
import { test } from "node:test";
import { buildFigure } from "../../src/runtime/report/figures.js";
import { highlightSource } from "../../src/runtime/report/highlight.js";
import { renderReport, type ReportInput } from "../../src/runtime/report/html.js";
import { renderFigureSvg } from "../../src/runtime/report/render-figure.js";
import { buildTable } from "../../src/runtime/report/tables.js";
import { column, headSweep, plotOf, row, tableOf, resultsOf, named } from "./samples.js";

const hostile = `</script><script>alert(1)</script><img src=x onerror="alert(2)"><!-- ' & \u2028 http://evil.example/x`;

async function hostileReport(): Promise<string> {
  const rows = [
    row(hostile, "m", { prompt: 0, [hostile]: hostile }, 1),
    row(hostile, "m", { prompt: 1, [hostile]: "other" }, NaN, { reason: hostile }),
  ];
  const shown = named(hostile, column(hostile, "m"));
  const figure = buildFigure(plotOf("bar", hostile, [shown], ["prompt"], [hostile]), resultsOf(rows));
  return renderReport({
    ...emptyReport,
    title: hostile,
    question: hostile,
    texts: [{ name: hostile, what: "prompt", total: 2, items: [{ group: hostile, text: hostile, tokens: 3 }] }],
    methods: [{ heading: hostile, text: hostile }],
    status: { label: hostile, tone: "bad" },
    when: hostile,
    digest: hostile,
    studies: [
      {
        experiment: hostile,
        model: hostile,
        texts: hostile,
        prompts: 2,
        conditions: 1,
        intervention: hostile,
        metrics: [hostile],
      },
    ],
    figures: [{ figure, svg: await renderFigureSvg(figure.spec) }],
    tables: [
      buildTable(tableOf({ title: hostile, caption: hostile, experiment: hostile, columns: [shown] }), resultsOf(rows)),
    ],
    source: {
      path: hostile,
      text: `${hostile}\nmodel`,
      tokens: [{ start: 0, end: 30, scope: `"><img src=x onerror=y>` }],
    },
    selections: [],
    warnings: [hostile],
    provenance: [{ section: hostile, entries: [{ label: hostile, value: hostile }] }],
    judgements: {
      inRecord: { text: hostile, by: { name: hostile, date: hostile } },
      given: [{ time: hostile, by: hostile, verdict: hostile, note: hostile, hypothesis: hostile, ofOthers: true }],
      hypotheses: [hostile, `${hostile} too`],
    },
  });
}

const emptyReport: ReportInput = {
  title: "empty",
  question: null,
  status: { label: "complete", tone: "good" },
  when: "2025-03-02 14:05 UTC",
  digest: "sha256:00",
  studies: [],
  decisions: [],
  figures: [],
  tables: [],
  texts: [],
  methods: [],
  source: { path: "empty.atlas", text: "", tokens: [] },
  selections: [],
  warnings: [],
  provenance: [],
  judgements: { inRecord: null, given: [], hypotheses: [] },
};

test("what is written from right to left moves nothing beside it", () => {
  const name = "\u05e9\u05dc\u05d5\u05dd";
  const isolated = `<bdi>${name}</bdi>`;
  const rows = [row(name, "m", { prompt: 0, [name]: name }, 1)];
  const shown = named(name, column(name, "m"));
  const table = buildTable(
    tableOf({ title: name, caption: name, experiment: name, columns: [shown], rows: [name] }),
    resultsOf(rows),
  );
  const html = withoutCode(renderReport({ ...emptyReport, title: name, tables: [table] }));
  for (const place of ["<h1>", "<h3>", '<p class="table-caption">', '<button type="button" class="sort">'])
    assert.ok(html.includes(place + isolated), place);
  assert.match(html, new RegExp(`<td[^>]*>${isolated}</td>`));
});

/** The page without its own scripts and styles, which are not user-supplied; the specifications stay. */
function withoutCode(html: string): string {
  return html.replace(/<script>[\s\S]*?<\/script>/g, "").replace(/<style>[\s\S]*?<\/style>/g, "");
}

test("everything user-supplied is escaped", async () => {
  const html = await hostileReport();
  assert.equal(html.match(/<script[ >]/g)?.length, 6 + countInCode(html), "four scripts, specifications, one table");
  const page = withoutCode(html);
  assert.equal(page.match(/<script/g)?.length, 2);
  assert.doesNotMatch(page, /<img src=x/);
  assert.doesNotMatch(page, /<!--/);
  for (const tag of page.replace(/<script[\s\S]*?<\/script>/g, "").match(/<[a-z][^>]*>/g) ?? []) {
    // Quoted values are text; what is left of a tag are its attribute names.
    assert.doesNotMatch(tag.replace(/"[^"]*"/g, '""'), /\son[a-z]+\s*=/i, tag);
  }
});

/** Occurrences of the tag inside the strings of the libraries, where they are inert. */
function countInCode(html: string): number {
  const scripts = html.match(/<script>[\s\S]*?<\/script>/g) ?? [];
  return scripts.reduce((sum, script) => sum + (script.match(/<script[ >]/g)?.length ?? 0) - 1, 0);
}

test("what cannot be seen is shown, and text keeps its direction", () => {
  const sly = "\u001b[31m a\u202eb\u2066c\u200b\u0000 \ufffe";
  const rows = [row("e", "m", { prompt: 0, field: sly }, 1)];
  const html = renderReport({
    ...emptyReport,
    title: sly,
    tables: [
      buildTable(tableOf({ title: sly, experiment: "e", columns: [named("m", column("e", "m"))] }), resultsOf(rows)),
    ],
    source: { path: sly, text: `# ${sly}\nmodel`, tokens: [] },
    warnings: [sly],
  });
  assert.doesNotMatch(html, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069\ufffe]/);
  assert.ok(html.includes("<h1>\\u001b[31m a\\u202eb\\u2066c\\u200b\\u0000 \\ufffe"));
});

test("the figures' specifications survive the escaping", async () => {
  const html = await hostileReport();
  const text = /<script type="application\/json" id="figure-specs">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? "";
  const specs = JSON.parse(text) as readonly { title: { text: string | string[] } }[];
  // A long title stands in several lines.
  assert.equal([specs[0]?.title.text].flat().join(" "), hostile);
});

test("nothing is loaded from the network", async () => {
  const html = await hostileReport();
  const page = withoutCode(html);
  for (const [, url] of page.matchAll(/\s(?:src|href|action|data|poster|srcset)\s*=\s*"([^"]*)"/g)) {
    assert.match(url ?? "", /^(#|data:image\/svg\+xml;base64,)/);
  }
  assert.doesNotMatch(/<style>[\s\S]*?<\/style>/.exec(html)?.[0] ?? "", /url\(|@import/);
  assert.doesNotMatch(page, /<(link|iframe|object|embed|base)\b/);
  assert.doesNotMatch(html, /sourceMappingURL/);
  assert.match(
    html,
    /http-equiv="Content-Security-Policy" content="default-src 'none'; [^"]*script-src( 'sha256-[A-Za-z0-9+/=]+')+"/,
  );
});

test("an empty report has its judgement section, and no figure library", () => {
  const html = renderReport(emptyReport);
  assert.match(html, /<h2>Judgement<\/h2><p class="empty">Empty\. What these results mean is for a person to say/);
  assert.ok(html.length < 50_000);
  assert.doesNotMatch(withoutCode(html), /undefined|\[object/);
});

test("tables have scopes, sortable headers and visible reasons for NaN", () => {
  const html = renderReport({ ...emptyReport, tables: [buildTable(tableOf({}), resultsOf(headSweep(2, 9, 2)))] });
  assert.match(
    html,
    /<th scope="col" class="numeric" aria-sort="none"><button type="button" class="sort">nll\.impact <span class="unit">nats/,
  );
  assert.match(html, /<ol class="reasons"><li id="table-0-reason-1">NaN: log of 0 in nll<\/li><\/ol>/);
  assert.match(html, /<td class="numeric value positive" data-sort="0\.\d+">\+0\.\d+<\/td>/);
});

test("source lines are coloured token by token, also across lines", () => {
  const text = `model "a\nb" x\n`;
  const tokens = [
    { start: 6, end: 11, scope: "string.quoted" },
    { start: 0, end: 5, scope: "keyword" },
  ];
  assert.equal(
    highlightSource(text, tokens),
    `<li><code><span class="tok-keyword">model</span> <span class="tok-string">&quot;a</span></code></li>\n` +
      `<li><code><span class="tok-string">b&quot;</span> x</code></li>`,
  );
  assert.equal(
    highlightSource("a", [{ start: -5, end: 99, scope: "Odd Scope!" }]),
    `<li><code><span class="tok-oddscope">a</span></code></li>`,
  );
});

/** The report's style sheet as text. No external fonts; light and dark by the reader's preference; prints on white. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b212c; --soft: #566072; --line: #dfe3ea; --accent: #0b62a8;
  --good: #14683f; --good-back: #dff3e7; --warning: #7a4a00; --warning-back: #fff1d6; --bad: #a01c1c; --bad-back: #fde4e4;
  --positive: #a3261f; --negative: #1f5fa8; --stripe: #f7f9fb; --head: #eef1f5; --mark: #ffe58f; --field: #8a93a3;
  --tok-keyword: #8a2575; --tok-string: #1a6b3c; --tok-number: #9a4a00; --tok-comment: #667085; --tok-name: #0b5a9c;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161d; --card: #1a2029; --ink: #e7ebf1; --soft: #a3adbc; --line: #303948; --accent: #79b8ff;
    --good: #7fe0a8; --good-back: #143524; --warning: #ffcf7a; --warning-back: #3a2b0d; --bad: #ff9d9d; --bad-back: #401b1b;
    --positive: #ff9a8f; --negative: #86bcff; --stripe: #1e2530; --head: #232b37; --mark: #6b5413; --field: #6d788a;
    --tok-keyword: #f0a1dc; --tok-string: #8fd6a6; --tok-number: #f2b479; --tok-comment: #8e99aa; --tok-name: #8cc4ff;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 var(--sans); }
.page-header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
.page-header { padding-top: 40px; }
.eyebrow { color: var(--soft); font-size: 13px; letter-spacing: .06em; text-transform: uppercase; }
h1 { font-size: clamp(24px, 4vw, 34px); line-height: 1.2; margin: 4px 0 16px; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 21px; line-height: 1.3; margin: 48px 0 14px; letter-spacing: -.005em; }
h3 { font-size: 16px; line-height: 1.35; margin: 0 0 4px; overflow-wrap: anywhere; }
a { color: var(--accent); }
code { font-family: var(--mono); font-size: .9em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 12px; top: 12px; background: var(--card); padding: 8px 12px; z-index: 10; }
.badge { display: inline-block; vertical-align: .25em; font-size: 13px; font-weight: 600; letter-spacing: 0; line-height: 1.4; padding: 2px 10px; border-radius: 999px; }
.badge.good { color: var(--good); background: var(--good-back); }
.badge.warning { color: var(--warning); background: var(--warning-back); }
.badge.bad { color: var(--bad); background: var(--bad-back); }
.question { font-size: clamp(18px, 2.4vw, 21px); line-height: 1.45; max-width: 62ch; margin: 0 0 20px; overflow-wrap: anywhere; text-wrap: pretty; }
.facts { display: flex; flex-wrap: wrap; gap: 6px 32px; margin: 0; }
.facts div { min-width: 0; }
.facts dt { color: var(--soft); font-size: 13px; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 20px; padding: 10px 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
nav a { text-decoration: none; font-size: 15px; }
nav a:hover { text-decoration: underline; }
section.verdicts { margin-top: 28px; padding-top: 6px; padding-bottom: 6px; }
.verdicts h2 { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }
.verdicts ul { list-style: none; margin: 0; padding: 0; }
.verdicts li { display: grid; grid-template-columns: minmax(148px, max-content) 1fr; gap: 2px 20px; align-items: baseline; padding: 14px 0; }
.verdicts li + li { border-top: 1px solid var(--line); }
.verdicts .badge { vertical-align: baseline; justify-self: start; white-space: nowrap; }
.verdicts a { color: inherit; font-weight: 600; font-size: 17px; text-decoration-color: var(--line); text-underline-offset: 3px; overflow-wrap: anywhere; }
.verdicts a:hover { text-decoration-color: currentColor; }
.verdicts p { margin: 2px 0 0; color: var(--soft); font-size: 15px; overflow-wrap: anywhere; }
.summary h2 { margin-top: 28px; }
.summary p { max-width: 74ch; margin: 0 0 8px; font-size: 17px; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin: 0 0 20px; }
.note { color: var(--soft); font-size: 14px; margin: 0 0 10px; }
.warnings { background: var(--warning-back); border-color: transparent; color: var(--warning); margin-top: 28px; }
.warnings h2 { margin: 0 0 6px; font-size: 16px; }
.warnings ul { margin: 0; padding-left: 20px; overflow-wrap: anywhere; }
.plot-card { padding: 0; overflow: hidden; }
.paper { background: #fff; overflow-x: auto; padding: 8px 8px 4px; }
.paper.shaded { background: #1a2029; }
.plot { width: max-content; min-width: min-content; margin: 0 auto; }
.plot img { display: block; max-width: none; }
.plot > p { color: #1b212c; padding: 16px; }
.vega-embed { display: block; padding: 0; }
figcaption { display: flex; flex-wrap: wrap; gap: 8px 24px; justify-content: space-between; align-items: baseline; padding: 10px 16px; border-top: 1px solid var(--line); font-size: 14px; color: var(--soft); }
.caption { flex: 1 1 320px; overflow-wrap: anywhere; }
.caption b { display: block; color: var(--ink); font-weight: 500; }
.downloads { display: inline-flex; flex-wrap: wrap; gap: 6px; align-items: baseline; }
.downloads[hidden] { display: none; }
.downloads-label { margin-right: 2px; }
.downloads button { font: inherit; font-size: 13px; color: var(--ink); background: transparent; border: 1px solid var(--line); border-radius: 6px; padding: 2px 9px; cursor: pointer; }
.downloads button:hover { border-color: var(--accent); color: var(--accent); }
.table-card { padding: 18px 0 14px; width: fit-content; min-width: min(100%, 560px); max-width: 100%; }
.table-card > h3, .table-card > .note { padding: 0 20px; }
.table-scroll { overflow: auto; max-height: 70vh; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); margin-top: 8px; }
table.data { border-collapse: separate; border-spacing: 0; min-width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
.data thead { position: sticky; top: 0; z-index: 1; }
.data th, .data thead td { background: var(--head); text-align: left; padding: 0; border-bottom: 1px solid var(--line); font-weight: 600; white-space: nowrap; }
.data .span { padding: 7px 14px 5px; text-align: center; border-left: 1px solid var(--line); }
.judgements th { padding: 8px 14px; }
.table-caption { margin: 0 0 6px; max-width: 74ch; overflow-wrap: anywhere; }
.table-card > .table-caption { padding: 0 20px; }
.table-tools { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; padding: 6px 20px 4px; font-size: 14px; color: var(--soft); }
.table-tools[hidden], .pager[hidden], .buttons[hidden] { display: none; }
.table-tools label { color: var(--soft); }
.table-tools input { font: inherit; color: var(--ink); background: var(--page); border: 1px solid var(--field); border-radius: 6px; padding: 4px 10px; min-width: 0; width: 15em; max-width: 100%; }
.table-tools input::placeholder { color: var(--soft); opacity: 1; }
.table-tools .buttons { display: inline-flex; gap: 6px; margin-left: auto; }
.row-count { font-variant-numeric: tabular-nums; }
.buttons button, .pager button { font: inherit; font-size: 13px; color: var(--ink); background: transparent; border: 1px solid var(--field); border-radius: 6px; padding: 3px 11px; cursor: pointer; }
.buttons button:hover, .pager button:hover:enabled { border-color: var(--accent); color: var(--accent); }
.pager { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; justify-content: center; margin: 10px 0 0; padding: 0 20px; border: 0; font-size: 14px; font-variant-numeric: tabular-nums; }
.pager button { min-width: 34px; font-size: 15px; }
.pager button:disabled { opacity: .45; cursor: default; }
.page-text { min-width: 16ch; text-align: center; }
[aria-busy="true"] .table-scroll { opacity: .6; }
.data td { padding: 5px 14px; border-bottom: 1px solid var(--line); white-space: nowrap; }
.data tbody tr:last-child td { border-bottom: 0; }
.data tbody tr:nth-child(even) { background: var(--stripe); }
.data th:first-child .sort, .data td:first-child { padding-left: 20px; }
.data .numeric { text-align: right; }
.data td.axis { color: var(--soft); white-space: pre-wrap; max-width: 42ch; overflow-wrap: anywhere; }
.data td.text { white-space: pre-wrap; max-width: 76ch; min-width: 24ch; overflow-wrap: anywhere; }
.data td.short { white-space: nowrap; min-width: 0; }
.data td:first-child { position: sticky; left: 0; background: var(--card); }
.data tbody tr:nth-child(even) td:first-child { background: var(--stripe); }
.table-card:not(:has(.pager, .reasons)) { padding-bottom: 0; overflow: hidden; }
.table-card:not(:has(.pager, .reasons)) .table-scroll { border-bottom: 0; }
.data mark { background: var(--mark); color: inherit; border-radius: 3px; padding: 0 1px; font-weight: 600; }
.data td.positive { color: var(--positive); }
.data td.negative { color: var(--negative); }
.data td.nan { color: var(--soft); font-style: italic; }
.sort { all: unset; box-sizing: border-box; cursor: pointer; padding: 8px 14px; width: 100%; }
.sort:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.unit { font-weight: 400; color: var(--soft); }
.arrow::after { content: "↕"; color: var(--soft); opacity: .55; margin-left: 6px; font-weight: 400; }
th[aria-sort="ascending"] .arrow::after { content: "↑"; opacity: 1; color: var(--accent); }
th[aria-sort="descending"] .arrow::after { content: "↓"; opacity: 1; color: var(--accent); }
.reasons { margin: 10px 0 0; padding: 0 20px 0 40px; color: var(--soft); font-size: 14px; overflow-wrap: anywhere; }
.prompts ol { margin: 0; padding-left: 2.2em; }
.prompts li { margin: 0 0 6px; overflow-wrap: anywhere; }
.prompts li::marker { color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
.prompts q { quotes: none; white-space: pre-wrap; }
.prompts .group { display: inline-block; font-size: 13px; color: var(--soft); background: var(--head); border-radius: 4px; padding: 0 7px; }
.prompts .tokens { color: var(--soft); font-size: 13px; white-space: nowrap; }
.prompts summary { cursor: pointer; color: var(--accent); width: fit-content; margin: 6px 0; }
.methods p { margin: 0 0 10px; max-width: 80ch; overflow-wrap: anywhere; hyphens: auto; }
.methods p:last-child { margin: 0; }
.judgement { border-style: dashed; margin-top: 48px; }
.judgement h2 { margin: 0 0 6px; font-size: 18px; }
.judgement .empty { color: var(--soft); margin: 0; max-width: 74ch; }
.judgement blockquote { margin: 0 0 8px; white-space: pre-wrap; }
.judgement .table-scroll { margin-top: 14px; }
.judgements .said { white-space: pre-wrap; min-width: 16ch; }
.judgements .blank td:not(:first-child) { border-bottom: 1px dashed var(--soft); min-width: 10ch; }
.source { padding: 14px 0; }
.source ol { margin: 0; padding: 0; list-style: none; counter-reset: line; }
.source li { display: flex; counter-increment: line; font: 13.5px/1.6 var(--mono); padding-right: 20px; }
.source li::before { content: counter(line); flex: none; width: 3.2em; margin-right: 1.2em; text-align: right; color: var(--soft); user-select: none; }
.source code { font-size: inherit; white-space: pre-wrap; overflow-wrap: anywhere; min-width: 0; tab-size: 2; }
.tok-keyword { color: var(--tok-keyword); font-weight: 600; }
.tok-string { color: var(--tok-string); }
.tok-number, .tok-place, .tok-constant { color: var(--tok-number); }
.tok-comment { color: var(--tok-comment); font-style: italic; }
.tok-site, .tok-metric, .tok-name, .tok-function { color: var(--tok-name); }
.provenance { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 16px; align-items: start; }
.provenance .card { margin: 0; }
.provenance dl { display: grid; grid-template-columns: minmax(90px, max-content) 1fr; gap: 4px 18px; margin: 8px 0 0; font-size: 14px; }
.provenance dt { color: var(--soft); overflow-wrap: anywhere; }
.provenance dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
footer { padding: 32px 24px 40px; color: var(--soft); font-size: 13px; }
@media (max-width: 640px) {
  .page-header, main, footer { padding-left: 14px; padding-right: 14px; }
  .page-header { padding-top: 24px; }
  h2 { margin-top: 36px; }
  .summary p { font-size: 16px; }
  .data td, .sort { padding-left: 10px; padding-right: 10px; }
  .verdicts li { grid-template-columns: 1fr; }
  .table-tools, .table-card > h3, .table-card > .note, .table-card > .table-caption { padding-left: 14px; padding-right: 14px; }
  .table-tools input { flex: 1 1 10em; }
  .card { padding-left: 14px; padding-right: 14px; }
  .table-card, .plot-card, .source { padding-left: 0; padding-right: 0; }
  nav { gap: 6px 16px; }
  .source li { font-size: 12.5px; padding-right: 14px; }
  .source li::before { width: 2em; margin-right: .9em; }
  .provenance dl { grid-template-columns: 1fr; gap: 0; }
  .provenance dd { margin-bottom: 8px; }
  .plot { width: auto; }
  .plot:not(.panels) svg, .plot:not(.panels) img { max-width: max(100%, 440px); height: auto; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --stripe: #fff; --head: #fff; --accent: #000;
    --positive: #8a1f19; --negative: #194e8a; --tok-keyword: #000; --tok-string: #222; --tok-number: #222; --tok-comment: #555; --tok-name: #000;
    --good: #000; --good-back: #fff; --warning: #000; --warning-back: #fff; --bad: #000; --bad-back: #fff; }
  body { font-size: 11pt; }
  nav, .downloads, .skip, .arrow, .table-tools, .buttons { display: none !important; }
  .data thead { position: static; }
  .badge, .warnings { border: 1px solid #444; }
  .card { break-inside: avoid; }
  .table-card, .source { break-inside: auto; }
  .table-scroll { max-height: none; overflow: visible; break-before: avoid; }
  table.data { font-size: 8.5pt; }
  .data td { padding: 2px 7px; }
  .data mark { background: none; text-decoration: underline; }
  .data td.axis { overflow-wrap: normal; }
  .sort { padding: 4px 7px; }
  h2, h3, .note { break-after: avoid; }
  .data tr { break-inside: avoid; }
  .data thead { display: table-header-group; }
  .paper { overflow: visible; }
  .plot { width: auto; }
  .plot svg, .plot img { max-width: 100%; height: auto; }
}
`;

/** The page of all runs, and the part of it that changes while runs go on. */
import { countOf } from "../../compiler/results/describe.js";
import { toneOf } from "../report/decision-view.js";
import { escapeHtml } from "../report/escape.js";
import { formatSeconds } from "../report/format.js";
import { reportStyle } from "../report/report-style.js";
import type { RunProgress } from "../store/progress-file.js";
import type { Listing, ListedRun } from "./listing.js";

const style = `${reportStyle}
.runs { list-style: none; margin: 24px 0; padding: 0; }
.run { display: grid; grid-template-columns: 1fr max-content; gap: 4px 24px; }
.run h2 { font-size: 17px; margin: 0; overflow-wrap: anywhere; }
.run h2 a { text-decoration-color: var(--line); text-underline-offset: 3px; }
.run .when { color: var(--soft); font-size: 14px; font-variant-numeric: tabular-nums; text-align: right; }
.run .asks { grid-column: 1 / -1; margin: 0; max-width: 74ch; overflow-wrap: anywhere; }
.run .facts-line { grid-column: 1 / -1; margin: 0; color: var(--soft); font-size: 14px; overflow-wrap: anywhere; }
.run ul { grid-column: 1 / -1; list-style: none; margin: 6px 0 2px; padding: 0; font-size: 15px; }
.run li { margin: 3px 0; overflow-wrap: anywhere; }
.run li .badge { vertical-align: baseline; margin-right: 8px; font-size: 12px; }
.run progress { grid-column: 1 / -1; width: 100%; height: 10px; accent-color: var(--accent); margin: 8px 0 2px; }
.find { display: flex; gap: 10px; align-items: center; margin-top: 24px; color: var(--soft); }
.find input { font: inherit; flex: 1 1 auto; max-width: 32em; min-width: 0; color: var(--ink); background: var(--card); border: 1px solid var(--field); border-radius: 8px; padding: 6px 12px; }
@media (max-width: 640px) { .run { grid-template-columns: 1fr; } .run .when { text-align: left; } }
`;

/** Keeps the page as the server says it is; a run whose words did not change stays untouched, with whatever has the focus. */
export const viewScript = `(function () {
  "use strict";
  var list = document.getElementById("runs");
  var find = document.getElementById("find");
  var state = document.getElementById("state");
  function filter() {
    var words = find.value.toLowerCase().split(/\\s+/).filter(Boolean);
    var shown = 0;
    Array.prototype.forEach.call(list.children, function (run) {
      var text = run.textContent.toLowerCase();
      run.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
      if (!run.hidden) shown += 1;
    });
    state.textContent = shown + " of " + list.children.length;
  }
  find.addEventListener("input", filter);
  document.querySelector(".find").hidden = false;
  filter();
  var source = new EventSource("/events");
  source.onmessage = function (event) {
    var runs = JSON.parse(event.data);
    var before = {};
    Array.prototype.slice.call(list.children).forEach(function (run) { before[run.id] = run; });
    var after = runs.map(function (run) {
      var old = before[run.id];
      if (old && old.dataset.state === run.state) return old;
      var holder = document.createElement("template");
      holder.innerHTML = run.html;
      return holder.content.firstElementChild;
    });
    after.forEach(function (run, i) { if (list.children[i] !== run) list.insertBefore(run, list.children[i] || null); });
    while (list.children.length > after.length) list.lastElementChild.remove();
    filter();
  };
})();
`;

/** A run as the page gets it when something changes; `state` is equal for equal words. */
export interface RunFragment {
  readonly id: string;
  readonly state: string;
  readonly html: string;
}

export function indexPage(folder: string, listing: Listing, policy: string): string {
  const { runs, others } = listing;
  const items = runs.map((run) => fragmentOf(run).html);
  const strange = others.filter(({ what }) => what === "damaged");
  const damaged = strange.map(({ folder: own, problem }) => `<li>${escapeHtml(own)}: ${escapeHtml(problem)}</li>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Runs in ${escapeHtml(folder)}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#runs">Skip to the runs</a>
<header class="page-header"><div class="eyebrow">atlasc</div><h1>Runs in ${escapeHtml(folder)}</h1></header>
<main>
<div class="find" hidden><label for="find">Find</label><input type="search" id="find" autocomplete="off" placeholder="a word of the question, a verdict, a status"><span id="state" role="status"></span></div>
<ul class="runs" id="runs">${items.join("\n")}</ul>
${items.length === 0 ? '<p class="note">No run yet. A run that begins appears here.</p>' : ""}
${damaged.length === 0 ? "" : `<section class="card warnings"><h2>Folders that cannot be read</h2><ul>${damaged.join("\n")}</ul></section>`}
</main>
<footer><p>Served to this machine only. Ctrl-C in the terminal ends it.</p></footer>
<script>${viewScript}</script>
</body>
</html>
`;
}

/** A run in the list. */
export function fragmentOf(listed: ListedRun): RunFragment {
  const { address, run, question, verdicts, hasReport } = listed;
  const id = `run-${address.replace(/[^A-Za-z0-9]+/g, "-")}`;
  const name = escapeHtml(run.protocol);
  const base = `/run/${address === "" ? "" : `${address}/`}`;
  const title = hasReport ? `<a href="${escapeHtml(base)}report.html">${name}</a>` : name;
  const judged = verdicts.map(
    ({ title: own, verdict }) => `<li><span class="badge ${toneOf(verdict)}">${verdict}</span>${escapeHtml(own)}</li>`,
  );
  const facts = [
    run.digest.slice(0, 12),
    ...(run.rows === null ? [] : [run.rows === 1 ? "1 row" : countOf(run.rows.toLocaleString("en"), "row")]),
    ...(run.seconds === 0 ? [] : [formatSeconds(run.seconds)]),
    ...(run.times > 1 ? [`run ${run.times} times`] : []),
    ...(run.judgements.length === 0 ? [] : [countOf(run.judgements.length, "judgement")]),
  ];
  const body = `<h2>${title} <span class="badge ${statusTone(run.status)}">${escapeHtml(run.status)}</span></h2>
<span class="when"><time datetime="${escapeHtml(run.time)}">${escapeHtml(run.time.slice(0, 16).replace("T", " "))} UTC</time></span>
${question === null ? "" : `<p class="asks">${escapeHtml(question)}</p>`}
${progressHtml(listed.progress)}
${judged.length === 0 ? "" : `<ul>${judged.join("\n")}</ul>`}
<p class="facts-line">${escapeHtml(facts.join(" · "))} · <a href="${escapeHtml(base)}record.json">record</a></p>`;
  const state = stateOf(body);
  return { id, state, html: `<li class="card run" id="${id}" data-state="${state}">${body}</li>` };
}

function progressHtml(progress: RunProgress | null): string {
  if (progress === null || progress.total === 0) return "";
  const { done, total, secondsLeft, phase } = progress;
  const left = phase !== null ? `, ${phase}` : secondsLeft === null ? "" : `, about ${formatSeconds(secondsLeft)} left`;
  return `<progress max="${total}" value="${done}" aria-label="Units of this run">${done} of ${total}</progress><p class="facts-line">${done} of ${countOf(total, "unit")}${left}</p>`;
}

function statusTone(status: string): string {
  if (status === "finished") return "good";
  return status === "failed" || status === "killed" ? "bad" : "warning";
}

/** A short text that differs for different bodies, for all that this page may come to show (FNV-1a, 32 bits). */
function stateOf(body: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < body.length; i++) hash = Math.imul(hash ^ body.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}

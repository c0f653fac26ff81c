/** Hovers, definitions, other names, outlines, hints, colours, changes: what an editor shows of a text. */
import assert from "node:assert/strict";
import test from "node:test";
import {
  changesAt,
  coloursOf,
  declarationsLike,
  definitionAt,
  foldsOf,
  hintsIn,
  hoverAt,
  lensesOf,
  outlineOf,
  referencesAt,
  renamableAt,
  renameAt,
  selectionsAt,
  signatureAt,
} from "../../src/compiler/ide/index.js";
import { editing, pieces, preamble } from "./editing.js";

function hover(marked: string): string {
  const { analysis, offset } = editing(marked);
  return hoverAt(analysis, offset)?.text ?? "";
}

const sweep = "experiment sweep on gpt2 with animals ablate heads L* measure loss\n";

test("a hover says what is meant: a word, a metric, a site, a place, an experiment, a model", () => {
  assert.match(hover(sweep.replace("ablate", "abl│ate")), /Removes parts of the model/);
  assert.match(hover(sweep.replace("loss", "lo│ss")), /nats/);
  assert.match(hover("measure norm(resid_p│ost[L1] over pos, d_model)"), /\[pos, d_model=24\]/);
  assert.match(hover(sweep.replace("L*", "L│*")), /gpt2: layers 0 to 2/);
  assert.match(hover("ablate mlp L5│0% measure loss"), /gpt2: layer 1/);
  const experiment = hover(sweep.replace("sweep", "swe│ep"));
  assert.match(experiment, /Results: .*layer × head: loss/);
  // Three layers of four heads and the unmodified model.
  assert.match(experiment, /13 conditions × 2 prompts/);
  assert.match(hover(sweep.replace("gpt2", "gp│t2")), /gpt2: gpt2, 3 layers, 4 heads/);
});

test("a hover says what a name stands for, as it is written", () => {
  const metric =
    "metric grown(at_layer: layer, factor: count = 2) = norm(resid_post[at_layer] over d_model) * factor\n";
  assert.match(hover("## how far\nparam win│dow = 8"), /param window = 8\n[^]*how far/);
  assert.match(hover(`${sweep}let larg│est = max(sweep.loss)`), /let largest = max\(sweep\.loss\)/);
  assert.match(hover(`${metric}measure grown at_layer L1 fac│tor 3`), /parameter factor: count = 2/);
  assert.match(hover("measure R_V ear│ly L0 late L2"), /parameter early: layer = L5/);
  assert.match(hover("experiment e on gpt2 with moods measure nll as si│ze"), /column size {2}# .*position in nats\n/);
  assert.match(hover(`${sweep}table sweep.lo│ss`), /nats/);
  assert.match(hover("ablate heads L1.H│2 measure loss"), /gpt2: layer 1, head 2/);
  assert.match(hover("ablate neurons L1.N0│..2 measure loss"), /gpt2: layer 1, neurons 0 to 2/);
  const corpus = 'corpus story from ["a b c d e f"] window 2\nexperiment whole on gpt2 with story measure loss';
  assert.match(hover(corpus.replace("story from", "st│ory from")), /gpt2: \d windows/);
  assert.match(hover(corpus.replace("whole", "who│le")), /gpt2 with story: 1 condition × \d windows/);
  assert.match(hover(sweep.replace("gpt2", "gp│t2")), /a vocabulary of [\d,]+, a context of [\d,]+ tokens/);
  assert.match(hover(sweep.replace("heads", "he│ads")), /^(?!.*\\`)/s, "code of the reference is code");
});

test("the size of an experiment is what the host has planned", () => {
  const { analysis, offset } = editing(sweep.replace("sweep", "swe│ep"));
  const sizes = new Map([["sweep", { layerRuns: 39, flops: 2e9 }]]);
  assert.match(
    hoverAt(analysis, offset, (name) => ({ size: sizes.get(name) ?? null, rate: 1e9 }))?.text ?? "",
    /39 layer runs, 2(\.0+)? GFLOP, about 2/,
  );
  const small = hoverAt(analysis, offset, () => ({ size: { layerRuns: 1, flops: 1e6 }, rate: 1e9 }));
  assert.match(small?.text ?? "", /less than 0\.01 s/);
  let asked = 0;
  const elsewhere = editing(sweep.replace("loss", "lo│ss"));
  hoverAt(elsewhere.analysis, elsewhere.offset, () => ({ size: null, rate: asked++ }));
  assert.equal(asked, 0, "nothing is planned for a hover over anything else");
});

test("text of a user is shown as it is, not as Markdown", () => {
  const text = "## **not bold** <script>\nparam deep = 1\nmeasure loss at de│ep".replace(
    " at de│ep",
    "\nlet x = de│ep",
  );
  assert.match(hover(text), /\\\*\\\*not bold\\\*\\\* \\<script\\>/);
});

test("from a name to its declaration, in this file and in others", () => {
  const own = editing(`${sweep}table sw│eep`);
  const definition = definitionAt(own.analysis, own.offset);
  assert.equal(definition?.target.start, own.text.indexOf("sweep on"));
  const metric = editing("measure lo│ss");
  assert.equal(definitionAt(metric.analysis, metric.offset)?.target.file, "@stdlib/language-modelling.atlas");
  const word = editing("measure me│an(nll)");
  assert.equal(definitionAt(word.analysis, word.offset), null);
  const everywhere = editing(`${sweep}table sw│eep\nsave sweep to "x.csv"`);
  assert.deepEqual(pieces(everywhere, referencesAt(everywhere.analysis, everywhere.offset, true)), [
    "sweep",
    "sweep",
    "sweep",
  ]);
  assert.equal(referencesAt(everywhere.analysis, everywhere.offset, false).length, 2);
});

test("a name is changed wherever it stands, also where it is a level in quotes", () => {
  const group = editing(
    'experiment plain with moods measure loss\ntable plain where group is "sad"\ncompare plain.loss between group s│ad, happy',
  );
  const renaming = renameAt(group.analysis, group.offset, "gloomy");
  assert.ok(renaming.kind === "edits");
  const edits = [...renaming.edits].sort((one, other) => other.span.start - one.span.start);
  const changed = edits.reduce(
    (text, { span, replacement }) => text.slice(0, span.start) + replacement + text.slice(span.end),
    group.text,
  );
  assert.equal(changed, group.text.replace("sad:", "gloomy:").replace('"sad"', '"gloomy"').replace("sad,", "gloomy,"));
});

test("a name that cannot be changed says why", () => {
  const refused = (marked: string, name: string): string => {
    const { analysis, offset } = editing(marked);
    const renaming = renameAt(analysis, offset, name);
    return renaming.kind === "refused" ? renaming.reason : "";
  };
  assert.match(refused("measure lo│ss", "x"), /declared in the standard library/);
  assert.match(refused("measure norm(em│bed over pos, d_model)", "x"), /word of the language/);
  assert.match(refused(`${sweep}table sw│eep`, "two words"), /is no name/);
  assert.match(refused(`${sweep}table sw│eep`, "measure"), /is no name/);
  assert.match(refused(`${sweep}table sw│eep`, "gpt2"), /already has the model gpt2/);
  const { analysis, offset } = editing("  │ ");
  assert.deepEqual(renamableAt(analysis, offset), { reason: "there is no name here" });
});

test("an outline has the statements in order, also of a text with mistakes", () => {
  const { analysis } = editing(`${sweep}tabel sweep\nplot heatmap of sweep.loss over layer, head\n│`);
  assert.deepEqual(
    outlineOf(analysis).map(({ name, kind }) => `${kind} ${name}`),
    [
      "model gpt2",
      "prompts animals",
      "prompts moods",
      "experiment sweep",
      "output plot heatmap of sweep.loss over layer, head",
    ],
  );
  assert.deepEqual(
    declarationsLike(analysis, "MOO").map(({ name }) => name),
    ["moods"],
  );
});

test("statements and comments of several lines fold", () => {
  const { analysis, text } = editing("# one\n# two\n\n## three\nexperiment x\n  on gpt2\n  measure loss\n│");
  const folds = foldsOf(analysis).map(({ span, kind }) => [kind, text.slice(span.start, span.end)]);
  assert.deepEqual(folds, [
    ["region", "experiment x\n  on gpt2\n  measure loss"],
    ["comment", "# one\n# two"],
  ]);
});

test("a selection grows from the word to the file", () => {
  const edited = editing("measure norm(resid_│post[L1] over pos, d_model) as size");
  const grown = pieces(edited, selectionsAt(edited.analysis, edited.offset));
  assert.equal(grown[0], "resid_post");
  assert.ok(grown.includes("norm(resid_post[L1] over pos, d_model)"), grown.join("\n"));
  assert.equal(grown.at(-1), edited.text);
  for (const [i, piece] of grown.slice(1).entries()) assert.ok(piece.length > (grown[i]?.length ?? 0));
});

test("a call shows its parameters, and which one is written", () => {
  const call = (marked: string) => {
    const { analysis, offset } = editing(
      `metric spread(x: layer, window: count = 2) = norm(z[x] last window over pos)\n${marked}`,
    );
    return signatureAt(analysis, offset);
  };
  assert.deepEqual(call("measure spread(│")?.parameters, ["x: layer", "window: count = 2"]);
  assert.equal(call("measure spread(L1, │")?.active, 1);
  assert.equal(call("measure spread(window: │")?.active, 1);
  assert.match(call("measure cosine(embed, │")?.label ?? "", /^cosine\(/);
  assert.equal(call("measure (1 + │"), null);
  // Settings stand without brackets.
  assert.equal(call("measure spread │")?.active, 0);
  assert.equal(call("measure loss, spread x L1 │")?.active, 1);
  assert.equal(call("measure spread window │")?.active, 1);
  assert.equal(call("measure spread x L1 window 2 │"), null, "all are given");
  assert.equal(call("measure spread x L1 as │"), null);
  assert.equal(call("measure loss\ntable spread │"), null);
  assert.equal(call("measure mean(norm(z[L1] over pos)│ over head)")?.label.startsWith("mean"), true);
});

test("hints say which layers a place is, and what an experiment yields", () => {
  const { analysis, text } = editing(`experiment deep on gpt2 with animals ablate mlp L50%, L* measure loss\n│`);
  const hints = hintsIn(analysis, preamble.length, text.length).map(({ text: hint }) => hint);
  assert.ok(hints.includes("1") && hints.includes("0–2"), hints.join(" | "));
  assert.ok(hints.some((hint) => /layer.*: loss/.test(hint)));
  assert.deepEqual(hintsIn(analysis, 0, 10), []);
});

test("colours are those of what names mean, in order and apart from each other", () => {
  const { analysis, text } = editing(`${sweep}table sweep.loss │`);
  const colours = coloursOf(analysis);
  const shown = new Map(colours.map(({ start, end, type }) => [text.slice(start, end), type]));
  assert.equal(shown.get("gpt2"), "class");
  assert.equal(shown.get("animals"), "namespace");
  assert.equal(shown.get("sweep"), "variable");
  for (const [i, { start }] of colours.entries()) assert.ok(i === 0 || start >= (colours[i - 1]?.end ?? 0));
});

test("a mistake that has a remedy offers it as a change", () => {
  const { analysis, offset, text } = editing(`${sweep}table sweep.lo│s`);
  const [change] = changesAt(analysis, offset, offset);
  assert.equal(change?.title, "Change to loss");
  const [edit] = change.edits;
  assert.equal(text.slice(edit?.span.start, edit?.span.end), "los");
  assert.deepEqual(changesAt(analysis, 0, 1), []);
});

test("a protocol can be run from above its first experiment; a file of metrics cannot", () => {
  const { analysis, text } = editing(`${sweep}│`);
  const lenses = lensesOf(analysis);
  assert.deepEqual(
    lenses.map(({ action }) => action),
    ["run", "explain", "report"],
  );
  assert.equal(text.slice(lenses[0]?.span.start).startsWith("experiment sweep"), true);
  assert.deepEqual(lensesOf(editing("metric half = loss / 2│").analysis), []);
});

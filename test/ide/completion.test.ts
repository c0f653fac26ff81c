/** What is proposed where: words that the grammar takes, names that mean something, also in texts that do not parse. */
import assert from "node:assert/strict";
import test from "node:test";
import { completionsAt, type Completions } from "../../src/compiler/ide/index.js";
import { editing } from "./editing.js";

function proposals(marked: string, start?: string): Completions {
  const { analysis, offset } = editing(marked, start);
  return completionsAt(analysis, offset);
}

function labels(marked: string, start?: string): readonly string[] {
  return proposals(marked, start).items.map(({ label }) => label);
}

function has(marked: string, wanted: readonly string[], unwanted: readonly string[] = []): void {
  const found = labels(marked);
  for (const label of wanted)
    assert.ok(found.includes(label), `${label} at ${marked}: ${found.slice(0, 40).join(" ")}`);
  for (const label of unwanted) assert.ok(!found.includes(label), `no ${label} at ${marked}`);
}

const sweep = "experiment sweep on gpt2 with animals ablate heads L* measure loss, kl\n";

test("at the start of a line: statements and clauses of experiments", () => {
  has("│", ["model", "prompts", "experiment", "ablate", "measure", "table", "hypothesis"], ["loss", "heads"]);
  has("exp│", ["experiment"]);
});

test("behind a word: what the grammar takes there", () => {
  has("ablate │", ["heads", "mlp", "neurons", "top"], ["measure", "resid_post", "by"]);
  has("experiment x ablate heads L* │", ["at", "together", "by", "measure"], ["from", "revision"]);
  has('model m from "gpt2" │', ["revision", "dtype", "facts"], ["window"]);
  has(`${sweep}plot │`, ["heatmap", "line", "bar"], ["loss"]);
});

test("names, by what they can mean there", () => {
  has("experiment x on │", ["gpt2"], ["animals", "loss", "measure"]);
  has("experiment x with │", ["animals", "moods"], ["gpt2"]);
  has("patch resid_pre L1 from │", ["clean", "corrupt", "animals"], ["gpt2"]);
  has("patch │", ["heads", "resid_pre", "z"], ["animals"]);
  has("measure │", ["loss", "R_V", "resid_post", "mean", "tokens"], ["animals", "gpt2"]);
  has(`${sweep}table │`, ["sweep", "argmax"], ["animals", "resid_post"]);
  has(`${sweep}save │`, ["sweep"], ["loss"]);
  has('model m from "gpt2" dtype │', ["f32", "bf16", "f16"], ["loss"]);
  assert.deepEqual(labels("prompts │"), [], "a new name");
});

test("parameters of the metric that is measured, without those that are given", () => {
  has("measure R_V │", ["early", "late", "window"], ["loss"]);
  has("measure R_V early L0 │", ["late", "window"], ["early"]);
  has("metric twice(x: layer, share: scalar = 0.5) = resid_post[│", ["x", "share"]);
});

test("columns and axes of results, with what they are", () => {
  assert.deepEqual(labels(`${sweep}table sweep.│`), ["loss", "kl"]);
  assert.deepEqual(labels(`${sweep}table sweep.l│`), ["loss", "kl"]);
  has(`${sweep}table sweep.loss.│`, ["impact", "baseline", "relative"], ["kl"]);
  has(`${sweep}plot heatmap of sweep.loss over │`, ["layer", "head", "prompt"], ["d_model"]);
  has(`${sweep}table sweep.loss by │`, ["layer", "head", "sweep"], ["d_model"]);
  has(`${sweep}table sweep.loss by layer across │`, ["head"], ["d_model"]);
  const [loss] = proposals(`${sweep}table sweep.│`).items;
  assert.match(loss?.detail ?? "", /layer × head.* in nats/);
});

test("levels of an axis: behind `between`, and in quotes", () => {
  const plain = "experiment plain on gpt2 with moods measure loss\n";
  has(`${plain}compare plain.loss between group │`, ["happy", "sad"]);
  has(`${plain}compare plain.loss between group happy, │`, ["sad"], ["happy"]);
  assert.deepEqual(labels(`${plain}table plain where group is "│"`), ["happy", "sad"]);
});

test("levels of an axis behind `is` and in a list, in quotes where no quotes are", () => {
  const plain = "experiment plain on gpt2 with moods measure loss\n";
  const levels = (marked: string): readonly string[] =>
    proposals(plain + marked).items.flatMap(({ kind, insert }) => (kind === "level" ? [insert] : []));
  assert.deepEqual(levels("table plain where group is │"), ['"happy"', '"sad"']);
  assert.deepEqual(levels('table plain where group in ["happy", │'), ['"happy"', '"sad"']);
  assert.deepEqual(levels("table plain where group is happy and │"), []);
  assert.deepEqual(levels("table plain where group in [happy] and │"), []);
  const layers = proposals(`${sweep}table sweep where layer is │`).items.slice(0, 2);
  assert.deepEqual(
    layers.map(({ insert }) => insert),
    ["0", "1"],
  );
});

test("layers of the models that are open", () => {
  const found = labels("ablate heads │");
  assert.deepEqual(found.slice(0, 5), ["L*", "L0..2", "L0", "L1", "L2"]);
});

test("heads and neurons behind the dot of a place, where it has some", () => {
  has("ablate heads L1.│", ["L1.H*", "L1.H0..3", "L1.H0", "L1.H3"], ["L0", "L1.H4", "L1.N0"]);
  has("ablate heads L0, L*.H│", ["L*.H0"], ["L0"]);
  has("ablate heads L50%..75%.│", ["L50%..75%.H0"]);
  has("measure norm(z[L1.│", ["L1.H3"]);
  has("measure norm(mlp_act[L1.│", ["L1.N*"], ["L1.H0"]);
  has("ablate neurons L1.│", ["L1.N*"], ["L1.H0"]);
  assert.deepEqual(labels("ablate mlp L1.│"), []);
  assert.deepEqual(labels("measure norm(resid_post[L1.│"), []);
  const { items, replace } = proposals("ablate heads L1.H│3 measure loss");
  assert.equal(replace.end - replace.start, "L1.H3".length, "all of the place is replaced");
  assert.equal(items[0]?.insert, "L1.H*");
});

test("where only a place or a number can stand, nothing that is measured is proposed", () => {
  for (const place of ["measure norm(resid_post[│", "measure R_V early │"]) {
    const found = labels(place);
    assert.equal(found[0], "L*", place);
    assert.ok(!found.includes("loss") && !found.includes("resid_post"), place);
  }
  has("param size = 3\nparam other = │", ["size", "L0"], ["loss", "resid_post"]);
  has("param size = 3\nmeasure R_V window │", ["size"], ["loss"]);
});

test("names of files with the endings that results can have", () => {
  has(`${sweep}save sweep to "│"`, ["sweep.csv", "sweep.parquet", "sweep.tex"]);
  has(`${sweep}save sweep to "runs/all.c│"`, ["runs/all.csv"]);
});

test("axes that something has stand before the others", () => {
  const first = (marked: string): readonly string[] => labels(marked).slice(0, 2);
  assert.deepEqual(first("measure norm(resid_post[L1] over │"), ["pos", "d_model"]);
  assert.deepEqual(first("ablate heads L* together over │"), ["layer", "head"]);
  assert.deepEqual(first("ablate mlp L* at -3..-1 together over │"), ["layer", "position"]);
});

test("fields of prompt files, and what only the host knows", () => {
  assert.deepEqual(labels('prompts p from "pairs.jsonl" clean "│"'), ["clean", "corrupt", "answer", "distractor"]);
  assert.deepEqual(proposals('import "sh│').paths, { kind: "files", written: "sh", endings: [".atlas"] });
  assert.deepEqual(proposals('model m from "@std│"').paths, { kind: "models", written: "@std" });
  assert.deepEqual(proposals('model m from "org/name" revision "│"').paths, { kind: "revisions", model: "org/name" });
  assert.deepEqual(proposals('model m from "org/name" revision ["a", "│').paths, {
    kind: "revisions",
    model: "org/name",
  });
  const { paths } = proposals('prompts p from "da│"');
  assert.ok(paths?.kind === "files" && paths.endings.includes(".jsonl"));
});

test("in a statement with a mistake before the cursor, its last clause is completed", () => {
  has("experiment x on gpt2 ablte heads L* measure │", ["loss", "kl"], ["gpt2"]);
  has("experiment x on gpt2 with animals measure loss save as │", [], ["loss"]);
});

test("what is proposed replaces the word at the cursor, and nothing else", () => {
  const { analysis, offset, text } = editing(`${sweep}table sweep.lo│s`);
  const { replace } = completionsAt(analysis, offset);
  assert.equal(text.slice(replace.start, replace.end), "los");
  assert.deepEqual(labels("# a comment │"), []);
});

test("words carry their documentation", () => {
  const { items } = proposals("│");
  const ablate = items.find(({ label }) => label === "ablate");
  assert.match(ablate?.documentation ?? "", /Removes parts of the model/);
  const metric = proposals("measure │").items.find(({ label }) => label === "R_V");
  assert.match(metric?.documentation ?? "", /R_V\(/);
});

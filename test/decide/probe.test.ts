/** Which values a probe is trained on, what it says where it cannot be, and that it finds what is there and nothing else. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { seededIntegers } from "../../src/compiler/base/random.js";
import { decide, decideAll } from "../../src/compiler/decide/decide.js";
import type { DecisionOutcome } from "../../src/compiler/ir/decision-outcome.js";
import type { Decision } from "../../src/compiler/ir/decisions.js";
import type { ResultRow, ResultSet } from "../../src/compiler/ir/results.js";
import type { Coordinates } from "../../src/compiler/ir/result-expression.js";
import { column, named, resultsOf, type Made } from "./results.js";

type Probe = Extract<Decision, { kind: "probe" }>;
type Probed = Extract<DecisionOutcome, { kind: "probe" }>;

const plain: Probe = {
  kind: "probe",
  name: null,
  field: "mood",
  value: named(column("e")),
  over: ["d"],
  by: [],
  classes: false,
  folds: 4,
  together: null,
  penalty: 1,
  seed: 0,
  tests: [],
  text: "probe mood from e.m over d",
  span: { file: "test.atlas", start: 0, end: 0 },
};

/** The fields of texts are columns of the results. */
function withFields(made: readonly Made[]): ResultSet {
  const results = resultsOf({ e: made });
  const type = results.types.get("e");
  assert.ok(type !== undefined);
  const fields = ["mood", "pair", "score"];
  const own = {
    ...type,
    axes: type.axes.filter(({ name }) => !fields.includes(name)),
    columns: fields.map((name) => ({ name, field: name, kind: "field" as const, levels: [], of: ["prompt"] })),
    metrics: type.metrics.map((metric) => ({ ...metric, axes: metric.axes.filter((axis) => !fields.includes(axis)) })),
  };
  return { ...results, types: new Map([["e", own]]) };
}

function probe(made: readonly Made[], changes: Partial<Probe> = {}): Probed {
  const outcome = decide({ ...plain, ...changes }, withFields(made));
  assert.ok(outcome.kind === "probe");
  return outcome;
}

/** Noise of three features; `shift` is what a mood adds to the first. */
function texts(n: number, shift: number, fields: (i: number) => Coordinates, seed = 1): readonly Made[] {
  const draw = seededIntegers(seed);
  return Array.from({ length: n }, (_, prompt) => prompt).flatMap((prompt) =>
    [0, 1, 2].map((d): Made => {
      const own = fields(prompt);
      const added = d === 0 && own["mood"] === "wild" ? shift : 0;
      return { axes: { prompt, d, ...own }, value: draw(2000) / 1000 - 1 + added };
    }),
  );
}

const moods = (i: number): Coordinates => ({ mood: i % 2 === 0 ? "calm" : "wild" });
const notesOf = ({ notes }: Probed): string => notes.join("; ");
const reasonOf = ({ parts }: Probed): string => parts[0]?.reason ?? "";

suite("a probe of classes", () => {
  test("finds what is there, and says how sure that is", () => {
    const found = probe(texts(40, 4, moods), { tests: [{ name: "permutation", count: 99, seed: 1 }] });
    const [part] = found.parts;
    assert.equal(found.predicts, "classes");
    assert.equal(part?.score, 1);
    assert.equal(part.baseline, 0.5);
    assert.equal(part.pValue, 0.01);
    assert.deepEqual(part.classes, [
      { name: "calm", n: 20, right: 20 },
      { name: "wild", n: 20, right: 20 },
    ]);
    // All of 20 would say the same of any share above 0.91.
    assert.ok(part.interval !== null && part.interval.low > 0.9 && part.interval.high === 1);
  });

  test("finds nothing in noise", () => {
    const [part] = probe(texts(40, 0, moods), { tests: [{ name: "permutation", count: 99, seed: 1 }] }).parts;
    assert.ok((part?.pValue ?? 0) > 0.05);
    assert.ok(part?.interval != null && part.interval.low < 0.5);
  });

  test("makes one for each group, with p corrected for their number", () => {
    const made = [0, 1].flatMap((layer) =>
      texts(24, layer * 4, moods, layer + 1).map(({ axes, value }) => ({ axes: { layer, ...axes }, value })),
    );
    const found = probe(made, { by: ["layer"], tests: [{ name: "permutation", count: 99, seed: 1 }] });
    assert.deepEqual(
      found.parts.map(({ coordinates }) => coordinates),
      [{ layer: 0 }, { layer: 1 }],
    );
    assert.equal(found.parts[1]?.adjusted, 0.02);
    assert.match(notesOf(found), /corrected for 2 groups \(holm\)/);
  });

  test("averages what is neither a feature nor a group, and says so", () => {
    const made = texts(24, 4, moods).flatMap(({ axes, value }) =>
      [0, 1].map((pos) => ({ axes: { ...axes, pos }, value: value + pos })),
    );
    const found = probe(made);
    assert.match(notesOf(found), /each feature is the mean over pos \(2\)/);
    assert.equal(found.parts[0]?.features, 3);
    assert.equal(probe(made, { over: ["d", "pos"] }).parts[0]?.features, 6);
  });

  test("keeps texts together that belong together", () => {
    const found = probe(
      texts(24, 4, (i) => ({ ...moods(i), pair: Math.floor(i / 2) })),
      { together: "pair" },
    );
    assert.deepEqual([found.parts[0]?.n, found.parts[0]?.units], [24, 12]);
    assert.match(notesOf(found), /as many independent answers as there are pairs/);
  });
});

suite("a probe of numbers", () => {
  const scored = (i: number): Coordinates => ({ score: String(i % 7) });

  test("is judged by R² of texts that it has not seen", () => {
    const made = texts(40, 0, scored).map((cell) => {
      const signal = cell.axes["d"] === 1 ? 3 * Number(cell.axes["score"]) : 0;
      return { ...cell, value: cell.value + signal };
    });
    const found = probe(made, { field: "score" });
    const [part] = found.parts;
    assert.equal(found.predicts, "numbers");
    assert.ok((part?.score ?? 0) > 0.95);
    assert.deepEqual([part?.baseline, part?.classes], [0, []]);
    assert.ok(part?.interval != null && part.interval.low < (part.score ?? 0));
    assert.ok((probe(texts(40, 0, scored), { field: "score" }).parts[0]?.score ?? 1) < 0.1);
  });

  test("takes numbers as classes where it is told to, or where there are two", () => {
    assert.equal(probe(texts(56, 0, scored), { field: "score", classes: true }).parts[0]?.classes.length, 7);
    const two = probe(
      texts(40, 0, (i) => ({ score: i % 2 })),
      { field: "score" },
    );
    assert.equal(two.predicts, "classes");
    assert.match(notesOf(two), /score has two values: they are taken as classes/);
  });
});

suite("what a probe cannot learn from", () => {
  test("is undecided, with the reason", () => {
    assert.match(
      reasonOf(probe(texts(6, 4, moods))),
      /mood calm has 3 texts, fewer than the 4 folds: write `folds 3`, or add texts/,
    );
    assert.match(reasonOf(probe(texts(3, 4, moods))), /there are 3 texts, fewer than the 4 folds/);
    const lonely = texts(9, 4, (i) => ({ mood: i === 0 ? "calm" : "wild" }));
    assert.match(
      reasonOf(probe(lonely)),
      /calm has 1 texts, .* two are the fewest that there can be: add texts, or leave it out/,
    );
    assert.match(
      reasonOf(probe(texts(24, 4, () => ({ mood: "calm" })))),
      /every text has the mood calm: there is nothing to tell apart/,
    );
    assert.match(reasonOf(probe(texts(24, 4, () => ({})))), /no text has a mood/);
    const flat = texts(24, 4, moods).map(({ axes }) => ({ axes, value: 1 }));
    assert.match(reasonOf(probe(flat)), /no feature differs between texts/);
    const [first, ...others] = texts(24, 4, moods);
    const bad = { axes: first?.axes ?? {}, value: Number.NaN, reason: "log of 0" };
    assert.match(reasonOf(probe([bad, ...others])), /1 of 72 values are not finite \(log of 0\)/);
  });

  test("is left out, with a note", () => {
    const some = probe(texts(24, 4, (i) => (i < 3 ? {} : moods(i))));
    assert.match(notesOf(some), /3 of 24 texts have no mood, and are left out/);
    assert.equal(some.parts[0]?.n, 21);
    const constant = texts(24, 4, moods).map((cell) => (cell.axes["d"] === 2 ? { ...cell, value: 1 } : cell));
    assert.match(notesOf(probe(constant)), /1 of 3 features are the same in all texts/);
    const ragged = texts(24, 4, moods).filter(({ axes }) => axes["d"] !== 2 || axes["prompt"] !== 5);
    assert.match(notesOf(probe(ragged)), /1 of 3 features are left out: some text has no value there/);
    assert.match(notesOf(probe(texts(8, 4, moods), { over: ["d"], folds: 4 })), /4 folds \(seed 0\)/);
  });

  test("more features than texts are said", () => {
    const draw = seededIntegers(3);
    const wide = Array.from({ length: 12 }, (_, prompt) => prompt).flatMap((prompt) =>
      Array.from({ length: 20 }, (_, d) => ({ axes: { prompt, d, ...moods(prompt) }, value: draw(100) })),
    );
    assert.match(notesOf(probe(wide)), /there are more features \(20\) than training texts \(9\)/);
  });

  test("work that would take hours is refused before it begins", () => {
    const many = probe(texts(40, 4, moods), { tests: [{ name: "permutation", count: 1e9, seed: 0 }] });
    assert.match(reasonOf(many), /would take hours/);
  });
});

suite("the answers of a named probe", () => {
  test("say of each text whether it is right, and whether the guess is", () => {
    const made = texts(24, 4, (i) => ({ ...moods(i), pair: Math.floor(i / 2) }));
    const { outcome, rows } = answered(made, "right");
    const [part] = outcome.parts;
    const meanOf = (metric: string): number => {
      const values = rows.filter((row) => row.metric === metric).map(({ value }) => value);
      assert.equal(values.length, 24);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    assert.equal(meanOf("right"), part?.score);
    assert.equal(meanOf("chance"), part?.baseline);
    assert.deepEqual(rows[2]?.axes, { prompt: 1, mood: "wild", pair: 0 });
  });

  test("are NaN with the reason where there is no probe", () => {
    const { rows } = answered(texts(6, 4, moods), "right");
    assert.equal(rows.length, 12);
    assert.ok(rows.every(({ value, reason }) => Number.isNaN(value) && (reason ?? "").includes("write `folds 3`")));
  });

  test("of numbers are squared errors, whose ratio is 1 - R²", () => {
    const { outcome, rows } = answered(
      texts(40, 0, (i) => ({ score: String(i % 7) })),
      "error",
      { field: "score" },
    );
    const sum = (metric: string): number =>
      rows.filter((row) => row.metric === metric).reduce((all, { value }) => all + value, 0);
    assert.ok(Math.abs(1 - sum("error") / sum("chance") - (outcome.parts[0]?.score ?? 0)) < 1e-12);
  });
});

/** A probe called `p`, whose answers have this metric. */
function answered(
  made: readonly Made[],
  metric: "right" | "error",
  changes: Partial<Probe> = {},
): { readonly outcome: Probed; readonly rows: readonly ResultRow[] } {
  const results = withFields(made);
  const columns = results.types.get("e")?.columns ?? [];
  const axes = [{ name: "prompt", kind: "texts" as const, levels: null, of: [] }];
  const metrics = [metric, "chance"].map((name) => {
    return { name, unit: "none" as const, element: "real" as const, axes: ["prompt"], normalised: false };
  });
  const type = { experiment: "p", axes, columns, metrics, texts: [], intervened: false };
  const types = new Map([...results.types, ["p", type] as const]);
  const { outcomes, results: all } = decideAll([{ ...plain, name: "p", ...changes }], { ...results, types });
  const [outcome] = outcomes;
  assert.ok(outcome?.kind === "probe");
  return { outcome, rows: [...all.rows].filter(({ experiment }) => experiment === "p") };
}

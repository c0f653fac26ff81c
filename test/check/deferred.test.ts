/** Conditions that another experiment's result decides: what is checked before a run, and what a result then makes. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import type { Coordinates, DeferredConditions, Study } from "../../src/compiler/ir/protocol.js";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { resolveDeferred, resolveStudies } from "../../src/compiler/results/deferred.js";
import { compileText, fixtureFacts, messagesOf, protocolOf } from "./compiling.js";
import { conditionText } from "./condition-text.js";

const around = {
  models: { "*": await fixtureFacts("gpt2-f32"), llama: await fixtureFacts("llama-tied-f32") },
};
// 3 layers with 4 heads each; `sweep` removes the 8 heads of the first two layers in turn.
const declarations = `
model gpt2 from "gpt2"
prompts p from ["the cat sat", "a dog ran off"]
experiment sweep ablate heads L0..1 measure loss
`;

const studyOf = (text: string): Study => {
  const study = protocolOf(declarations + text, around).studies.at(-1);
  assert.ok(study !== undefined);
  return study;
};
const deferredOf = (clauses: string): DeferredConditions => {
  const { deferred, conditions } = studyOf(`experiment e ${clauses} measure loss`);
  assert.ok(deferred !== null);
  assert.deepEqual(conditions, [{ coordinates: {}, writes: [] }]);
  return deferred;
};
const messages = (text: string): readonly string[] => messagesOf(declarations + text, around);

suite("checking", () => {
  test("the number, the places, and what they are ranked by", () => {
    const { span: _span, ...deferred } = deferredOf("ablate top 3 heads of sweep by impact together");
    assert.deepEqual(deferred, {
      target: "head",
      experiment: "sweep",
      by: { kind: "column", experiment: "sweep", metric: "loss", column: "impact" },
      first: 3,
      last: 3,
      isRange: false,
      together: true,
      positions: null,
      replacement: { kind: "zero" },
    });
    const range = deferredOf("ablate top 1..8 heads of sweep by -impact together at last by mean");
    assert.deepEqual([range.first, range.last, range.isRange], [1, 8, true]);
    assert.deepEqual(range.positions, { kind: "range", first: -1, last: -1 });
    assert.deepEqual(range.replacement, { kind: "mean", of: "p", perPosition: false });
  });

  test("experiments may stand in any order, and one may choose from one that chooses itself", () => {
    const text = `
      experiment third ablate top 1 heads of second by impact measure loss
      experiment second ablate top 2 heads of sweep by impact measure loss`;
    const { studies } = protocolOf(declarations + text, around);
    assert.deepEqual(
      studies.map((s) => [s.experiment, s.deferred?.experiment ?? null]),
      [
        ["sweep", null],
        ["third", "second"],
        ["second", "sweep"],
      ],
    );
  });

  test("an experiment that only measures can be chosen from too", () => {
    const text =
      "experiment seen measure self_attention\nexperiment e ablate top 2 heads of seen by self_attention measure loss";
    assert.equal(studyOf(text).deferred?.experiment, "seen");
  });

  test("of several models, the rows of the study's own are ranked", () => {
    const text = `
      model other from "other"
      experiment both on gpt2, other ablate heads L0 measure loss
      experiment e on other ablate top 1 heads of both by impact measure loss`;
    const { by } = withSecondModel(text);
    assert.deepEqual(by, {
      kind: "where",
      argument: { kind: "column", experiment: "both", metric: "loss", column: "impact" },
      condition: { kind: "axis", axis: "model", among: ["other"] },
    });
  });

  test("its axes are known to what reads its results", () => {
    const count = "experiment e ablate top 1..3 heads of sweep by impact together measure loss\n";
    assert.deepEqual(messages(`${count}plot line of e.loss over count`), []);
    assert.deepEqual(messages(`${count}table e where count is 2`), []);
    assert.deepEqual(messages(`${count}table e where count is 4`), ["A2020 the axis count of e has no 4"]);
    const each = "experiment e ablate top 3 heads of sweep by impact measure loss\n";
    assert.deepEqual(messages(`${each}plot heatmap of e.impact over layer, head`), []);
    const together = "experiment e ablate top 3 heads of sweep by impact together measure loss\n";
    assert.deepEqual(messages(`${together}plot bar of e.impact over head`), ["A2013 e has no axis head"]);
  });

  const cases: readonly (readonly [string, string])[] = [
    ["ablate top 0 heads of sweep by impact", "A3005 0 is not a count of at least 1"],
    ["ablate top 3..1 heads of sweep by impact together", "A3012 the range 3..1 is empty"],
    [
      "ablate top 1..3 heads of sweep by impact",
      "A3004 expected `together` with a range of counts, found top 1..3 without it",
    ],
    ["ablate top 2 heads of swep by impact", "A2011 unknown experiment swep"],
    ["ablate top 2 heads of e by impact", "A2006 e is defined by itself: e → e"],
    ["ablate top 2 heads of sweep by impct", "A2012 sweep has no column impct"],
    ["ablate top 2 heads of sweep by mean(impact over head)", "A2013 mean(impact over head) of sweep has no axis head"],
    ["ablate top 2 neurons of sweep by impact", "A2013 sweep has no axis neuron"],
    ["ablate top 9 heads of sweep by impact", "A4310 sweep cannot choose heads: it has 8 of them, and 9 are wanted"],
    [
      "ablate top 2 heads of sweep by impact at -2..-1",
      "A3004 expected one selection of positions: write `together` to take the range at once, found 2 positions in turn",
    ],
    [
      "ablate mlp L0 ablate top 2 heads of sweep by impact",
      "A5001 another intervention beside a selection with `top` is not yet available in this build of atlasc",
    ],
  ];
  for (const [clause, message] of cases) {
    test(message, () => {
      assert.deepEqual(messages(`experiment e ${clause} measure loss`), [message]);
    });
  }

  // `seen` measures one number for each prompt, one for each head, and one for each layer.
  const columns: readonly (readonly [string, string, string])[] = [
    [
      "top 2 heads of seen by loss",
      "A2013 loss of seen has no axis layer",
      "with layer and head there is self_attention",
    ],
    ["top 2 heads of seen by loss together", "A2013 loss of seen has no axis layer", ""],
    ["top 2 heads of seen by gain", "A2013 gain of seen has no axis head", ""],
    ["top 2 kv_heads of seen by self_attention", "A2013 seen has no axis kv_head", ""],
    ["top 1 neurons of seen by self_attention", "A2013 seen has no axis neuron", ""],
    ["top 2 mlp of seen by loss", "A2013 loss of seen has no axis layer", "with layer there are self_attention, gain"],
    ["top 2 attention of seen by nll", "A2013 nll of seen has no axis layer", ""],
    ["top 2 layer of seen by k", "A2013 k of seen has no axis layer", ""],
    [
      "top 2 heads of seen by max(self_attention over layer)",
      "A2013 max(self_attention over layer) of seen has no axis layer",
      "",
    ],
    [
      "top 2 heads of seen by (self_attention where head is 1)",
      "A2013 self_attention where head is 1 of seen has no axis head",
      "",
    ],
    ["top 2 heads of seen by (gain - max(self_attention over head))", "A2013 gain - max(self_attention over head) of seen has no axis head", ""], // prettier-ignore
    [
      "top 13 heads of seen by self_attention",
      "A4310 seen cannot choose heads: it has 12 of them, and 13 are wanted",
      "",
    ],
    ["top 9 heads of seen by (self_attention where layer in L1..2)", "A4310 seen cannot choose heads: it has 8 of them, and 9 are wanted", ""], // prettier-ignore
    ["top 5 heads of seen by (self_attention where not (layer in L1..2))", "A4310 seen cannot choose heads: it has 4 of them, and 5 are wanted", ""], // prettier-ignore
    ["top 3 layer of seen by gain", "A4310 seen cannot choose layers: it has 2 of them, and 3 are wanted", ""],
    ["top 2 heads of mixed by self_attention", "A4310 mixed cannot choose heads: its layer says what was changed and its head what was measured", ""], // prettier-ignore
  ];
  const seen = `
      experiment seen measure loss, nll, self_attention, gain layer [L1, L2]
      experiment mixed ablate mlp L* measure self_attention layer L2
      let k = seen.loss`;
  for (const [clause, message, hint] of columns) {
    test(`${clause}: the column decides whether there are places`, () => {
      const { diagnostics } = compileText(`${declarations}${seen}\nexperiment e ablate ${clause} measure loss`, around);
      const errors = diagnostics.filter((d) => d.severity === "error");
      assert.deepEqual(
        errors.map((d) => `${d.code} ${d.message}`),
        [message],
      );
      if (hint !== "") assert.equal(errors[0]?.hint, hint);
    });
  }

  test("columns with the places' axes, of any origin", () => {
    for (const clause of [
      "top 12 heads of seen by self_attention",
      "top 3 mlp of seen by self_attention",
      "top 2 layer of seen by gain",
      "top 2 heads of seen by (self_attention * loss)",
      "top 8 heads of sweep by loss",
      "top 8 heads of sweep by (impact - mean(impact over head))",
      "top 3 heads of sweep by (impact where head in 1..3)",
    ]) {
      assert.deepEqual(messages(`${seen}\nexperiment e ablate ${clause} measure loss`).filter((m) => !m.startsWith("A8")), []); // prettier-ignore
    }
  });

  test("experiments that wait for one another", () => {
    const text = `
      experiment a ablate top 2 heads of b by impact measure loss
      experiment b ablate top 2 heads of a by impact measure loss`;
    assert.deepEqual([...messages(text)].sort(), [
      "A2006 a is defined by itself: a → b → a",
      "A2006 b is defined by itself: b → a → b",
    ]);
  });

  test("places of another model", () => {
    const text = `
      model other from "other"
      experiment there on other with p ablate heads L0 measure loss
      experiment e on gpt2 ablate top 1 heads of there by impact measure loss`;
    assert.deepEqual(messagesOf(declarations.replace("sweep ablate", "sweep on gpt2 ablate") + text, around), [
      "A4310 there cannot choose heads: it does not run on gpt2",
    ]);
  });

  test("values of another experiment", () => {
    const text = `
      experiment second ablate heads L0..1 measure loss
      experiment e ablate top 1 heads of sweep by second.impact measure loss`;
    assert.deepEqual(messages(text), ["A3004 expected columns of sweep, found second.impact"]);
  });
});

/** The last study's selection, in declarations with a second model. */
function withSecondModel(text: string): DeferredConditions {
  const all = declarations.replace("sweep ablate", "sweep on gpt2 ablate") + text;
  const { value } = compileText(all, around);
  const deferred = value.protocol?.studies.at(-1)?.deferred ?? null;
  assert.ok(deferred !== null);
  return deferred;
}

/** Rows of `sweep`: the impact of each head on each prompt. */
function sweepRows(impacts: Readonly<Record<string, readonly number[]>>, more: Coordinates = {}): readonly ResultRow[] {
  return Object.entries(impacts).flatMap(([place, values]) => {
    const [layer = 0, head = 0] = place.split(".").map(Number);
    return values.map((impact, prompt) => ({
      experiment: "sweep",
      condition: `layer ${layer}, head ${head}`,
      axes: { ...more, prompt, layer, head },
      metric: "loss",
      unit: "nats" as const,
      value: 3 + impact,
      baseline: 3,
      impact,
      relative: impact / 3,
      reason: Number.isNaN(impact) ? "lost" : null,
    }));
  });
}

suite("resolving", () => {
  const { models, protocol } = compileText(declarations, around).value;
  const signature = models.get("gpt2")?.signature;
  assert.ok(signature !== undefined);
  const types = new Map(protocol?.results.map((type) => [type.experiment, type]));
  // Means over prompts: 0.1 → 0.5, 1.0 → 0.4, 0.3 and 1.2 → 0.2, the rest less.
  const rows = sweepRows({
    "1.2": [0.2, 0.2],
    "0.0": [0, 0],
    "0.1": [0.9, 0.1],
    "0.3": [0.1, 0.3],
    "1.0": [0.4, 0.4],
    "1.3": [Number.NaN, 5],
    "1.1": [-2, -2],
  });
  const resolve = (clause: string, from = rows): ReturnType<typeof resolveDeferred> =>
    resolveDeferred(studyOf(`experiment e ${clause} measure loss`), { types, rows: from }, signature);
  const made = (clause: string): readonly string[] => resolve(clause).conditions.map(conditionText);

  test("one condition for each place: the largest mean first, equals by layer and head, NaN never", () => {
    assert.deepEqual(made("ablate top 4 heads of sweep by impact"), [
      ":",
      "layer=0 head=1: z[0].1 = 0",
      "layer=1 head=0: z[1].0 = 0",
      "layer=0 head=3: z[0].3 = 0",
      "layer=1 head=2: z[1].2 = 0",
    ]);
  });

  test("all together, and upwards by count", () => {
    assert.deepEqual(made("ablate top 2 heads of sweep by impact together at last by constant 1"), [
      ":",
      ": z[0].1 at -1 = 1; z[1].0 at -1 = 1",
    ]);
    assert.deepEqual(made("ablate top 2..3 heads of sweep by impact together"), [
      ":",
      "count=2: z[0].1 = 0; z[1].0 = 0",
      "count=3: z[0].1 = 0; z[1].0 = 0; z[0].3 = 0",
    ]);
  });

  test("by any expression: the smallest first, or the largest change either way", () => {
    assert.deepEqual(made("ablate top 1 heads of sweep by -impact"), [":", "layer=1 head=1: z[1].1 = 0"]);
    assert.deepEqual(made("ablate top 1 heads of sweep by abs(impact)"), [":", "layer=1 head=1: z[1].1 = 0"]);
  });

  test("fewer places with a value than are wanted", () => {
    const { conditions, problem } = resolve("ablate top 7 heads of sweep by impact together");
    assert.deepEqual(conditions.map(conditionText), [":"]);
    assert.equal(problem, "no choice from sweep: only 6 of them have a value there, and 7 are wanted");
  });

  test("none with a value: said, and a problem of the run", () => {
    const nothing = sweepRows({ "0.0": [NaN, NaN], "1.1": [NaN, 2] });
    const { problem } = resolve("ablate top 1 heads of sweep by impact", nothing);
    assert.equal(problem, "no choice from sweep: none of them has a value there, and 1 are wanted");
    const { value } = compileText(`${declarations}experiment e ablate top 1 heads of sweep by impact measure loss`, around); // prettier-ignore
    assert.ok(value.protocol !== null);
    const resolved = resolveStudies(value.protocol, nothing, value.models);
    assert.deepEqual(resolved?.problems, resolved?.selections);
    assert.deepEqual(resolved?.problems.length, 1);
  });

  suite("the sentence says which end was taken", () => {
    const decided = (clause: string, from = rows, measure = "loss"): ReturnType<typeof resolveStudies> => {
      const text = declarations.replace("measure loss", `measure ${measure}`);
      const { value } = compileText(`${text}experiment e ablate ${clause} measure loss`, around);
      assert.ok(value.protocol !== null);
      return resolveStudies(value.protocol, from, value.models);
    };
    const sentence = (clause: string, measure?: string): string =>
      (decided(clause, rows, measure)?.selections[0] ?? "").replace(/^In e on gpt2 with p, the /, "");
    const cases: readonly (readonly [string, string])[] = [
      ["top 2 heads of sweep by impact", "heads of sweep with the highest impact are L0.H1 (0.5), L1.H0 (0.4)."],
      ["top 1 heads of sweep by impact", "head of sweep with the highest impact is L0.H1 (0.5)."],
      ["top 2 heads of sweep by -impact", "heads of sweep with the lowest impact are L1.H1 (-2), L0.H0 (0)."],
      ["top 2 heads of sweep by abs(impact)", "heads of sweep with the largest |impact| are L1.H1 (2), L0.H1 (0.5)."],
      ["top 1 heads of sweep by -abs(impact)", "head of sweep with the smallest |impact| is L0.H0 (0)."],
      ["top 1 heads of sweep by loss", "head of sweep with the highest loss is L0.H1 (3.5)."],
      ["top 1 layer of sweep by impact", "layer of sweep with the highest impact is L0 (0.2333)."],
      [
        "top 1 heads of sweep by (impact where layer in L1..2)",
        "head of sweep with the highest (impact where layer in [1, 2]) is L1.H0 (0.4).",
      ],
      [
        "top 1 heads of sweep by (impact - mean(impact over head))",
        "head of sweep with the highest (impact - mean(impact over head)) is L0.H1 (0.2667).",
      ],
    ];
    for (const [clause, expected] of cases) {
      test(clause, () => {
        assert.equal(sentence(clause), expected);
      });
    }

    test("a column goes by its metric where there are several", () => {
      assert.equal(
        sentence("top 1 heads of sweep by loss.impact", "loss, nll"),
        "head of sweep with the highest loss.impact is L0.H1 (0.5).",
      );
    });

    const warned = (clause: string, from = rows): readonly string[] => decided(clause, from)?.warnings ?? [];

    test("and warns where the other end is larger in size", () => {
      assert.deepEqual(warned("top 2 heads of sweep by impact"), [
        "In e on gpt2 with p, places with a larger |impact| were left out because the highest impact was asked for: " +
          "L1.H1 (-2); `by abs(impact)` chooses by size",
      ]);
      for (const clause of ["by abs(impact)", "by -impact", "by loss"]) {
        assert.deepEqual(warned(`top 1 heads of sweep ${clause}`), [], clause);
      }
      const positive = sweepRows({ "0.0": [1, 1], "0.1": [2, 2] });
      assert.deepEqual(warned("top 1 heads of sweep by impact", positive), []);
      // No impact, but values on both sides of zero.
      const around0 = positive.map((row) => ({ ...row, value: row.axes["head"] === 0 ? -3 : 1 }));
      assert.equal(warned("top 1 heads of sweep by loss", around0).length, 1);
    });

    test("and where others are equal to the last one chosen", () => {
      const equal = sweepRows({ "0.0": [1, 1], "0.1": [0, 2], "1.0": [1, 1], "1.1": [0, 0] });
      assert.deepEqual(warned("top 1 heads of sweep by impact", equal), [
        "In e on gpt2 with p, 2 other places have the same impact as the last one chosen: the first by layer was taken",
      ]);
      assert.deepEqual(warned("top 3 heads of sweep by impact", equal), []);
    });
  });

  test("stage by stage: a selection waits for the experiment that it chooses from", () => {
    const text = `
      experiment second ablate top 2 heads of sweep by impact measure loss
      experiment third ablate top 1 heads of second by impact together measure loss`;
    const { value } = compileText(declarations + text, around);
    assert.ok(value.protocol !== null);
    const first = resolveStudies(value.protocol, rows, value.models);
    assert.ok(first !== null);
    assert.deepEqual(first.selections, [
      "In second on gpt2 with p, the heads of sweep with the highest impact are L0.H1 (0.5), L1.H0 (0.4).",
    ]);
    assert.deepEqual(
      first.protocol.studies.map((s) => [s.conditions.length, s.deferred !== null]),
      [
        [9, false],
        [3, false],
        [1, true],
      ],
    );
    const own = sweepRows({ "0.1": [0.1, 0.1], "1.0": [0.7, 0.7] }).map((row) => ({ ...row, experiment: "second" }));
    const second = resolveStudies(first.protocol, [...rows, ...own], value.models);
    assert.ok(second !== null);
    assert.deepEqual(second.protocol.studies.at(-1)?.conditions.map(conditionText), [":", ": z[1].0 = 0"]);
    assert.equal(resolveStudies(second.protocol, rows, value.models), null);
  });
});

/** Expressions over results and what is shown: axes are known before anything runs. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import type { ResultExpression } from "../../src/compiler/ir/protocol.js";
import { fixtureFacts, messagesOf, protocolOf } from "./compiling.js";

const around = { models: { "*": await fixtureFacts("gpt2-f32") } };
const head = `model gpt2 from "gpt2"
prompts p from { a: ["the cat sat"], b: ["it rained"] }
experiment sweep ablate heads L0..1 measure loss, entropy
experiment plain measure gain layer L1..2, nll
`;

const messages = (text: string): readonly string[] => messagesOf(head + text, around);
const outputs = (text: string) => protocolOf(head + text, around).outputs;

/** The expression of `table EXPRESSION`. */
function expression(text: string): ResultExpression | undefined {
  const [output] = outputs(`table ${text}`);
  return output?.kind === "table" ? output.columns[0]?.expression : undefined;
}

suite("columns", () => {
  const column = (metric: string, name: string) => ({ kind: "column", experiment: "sweep", metric, column: name });

  test("of a metric: its value, or another column of an experiment with an intervention", () => {
    assert.deepEqual(expression("sweep.loss"), column("loss", "value"));
    assert.deepEqual(expression("sweep.loss.impact"), column("loss", "impact"));
  });

  test("of an experiment with one metric can leave the metric out", () => {
    assert.deepEqual(messages("table sweep.impact"), ["A2017 sweep measures several metrics: say which impact"]);
    const one =
      'model gpt2 from "gpt2"\nprompts p from ["a b"]\nexperiment e ablate heads L0 measure loss\ntable e.impact';
    assert.deepEqual(messagesOf(one, around), []);
  });

  test("need an intervention to have an impact", () => {
    assert.deepEqual(messages("table plain.gain.impact"), ["A2012 plain has no column impact"]);
  });

  test("beside an experiment are its own", () => {
    assert.deepEqual(messages("table sweep top 3 by abs(loss.impact) where entropy.relative > 0.1"), []);
    assert.deepEqual(messages("table sweep by lost"), ["A2012 sweep has no column lost"]);
  });
});

suite("axes", () => {
  test("are those of models, prompts, interventions and measures", () => {
    assert.deepEqual(
      messages("plot heatmap of sweep.loss over layer, head\nplot line of plain.gain over layer by group"),
      [],
    );
    assert.deepEqual(messages("plot line of plain.nll over position by prompt"), []);
    assert.deepEqual(messages("plot line of plain.gain over head"), ["A2013 plain has no axis head"]);
  });

  test("are gone when they were reduced or fixed to one value", () => {
    assert.deepEqual(messages("plot line of mean(sweep.loss over layer) over layer"), [
      "A2013 the mean of sweep has no axis layer",
    ]);
    assert.deepEqual(messages("plot bar of sweep.loss where group is a over group"), [
      "A2013 the selection of sweep has no axis group",
    ]);
    assert.deepEqual(messages("table mean(mean(sweep.loss over layer) over layer)"), [
      "A2013 the mean of sweep has no axis layer",
    ]);
  });

  test("of a difference are those of both sides", () => {
    assert.deepEqual(messages("plot line of sweep.loss.impact / sweep.loss.baseline - plain.gain over head"), []);
  });

  test("are checked for every value of a plot", () => {
    assert.deepEqual(messages("plot line of sweep.loss, plain.gain over head"), ["A2013 plain has no axis head"]);
  });

  test("are named once", () => {
    assert.deepEqual(messages("plot heatmap of sweep.loss over layer, layer"), ["A1003 the axis layer is given twice"]);
    assert.deepEqual(messages("table mean(sweep.loss over head, head)"), ["A1003 the axis head is given twice"]);
  });
});

suite("coordinates", () => {
  test("have to exist: names all of them, numbers at least one", () => {
    assert.deepEqual(messages("table sweep where group is c"), ["A2020 the axis group of sweep has no c"]);
    assert.deepEqual(messages("table sweep where group in [a, c]"), ["A2020 the axis group of sweep has no c"]);
    assert.deepEqual(messages("table sweep where layer in L1..9"), []);
    assert.deepEqual(messages("table sweep where layer is L2"), ["A2020 the axis layer of sweep has no 2"]);
  });

  test("layers from the end and ranges from large to small are refused", () => {
    assert.deepEqual(messages("table sweep where layer is L-1"), [
      "A3004 expected layers counted from the start, such as L9 or L9..10, found L-1",
    ]);
    assert.deepEqual(messages("table sweep where layer in L1..0"), ["A3012 the range L1..0 is empty"]);
  });
});

suite("named results", () => {
  test("are checked even when nothing shows them, and what is wrong is said once", () => {
    assert.deepEqual(messages("let x = mean(swep.loss)"), ["A2011 unknown experiment swep"]);
    assert.deepEqual(messages("let x = mean(swep.loss)\ntable x\nplot line of x over layer"), [
      "A2011 unknown experiment swep",
    ]);
  });

  test("may not be defined by themselves", () => {
    assert.deepEqual(messages("let x = x + 1"), ["A2006 x is defined by itself: x → x"]);
  });
});

suite("outputs", () => {
  test("a file is written once, inside the run, in a known format", () => {
    assert.deepEqual(messages('save sweep to "a.csv"\nsave plain to "a.csv"'), ["A1003 the file a.csv is given twice"]);
    assert.deepEqual(messages('save sweep to "../a.csv"'), [
      "A5003 cannot save to ../a.csv: files are saved inside the folder of the run",
    ]);
    assert.deepEqual(messages('save sweep to "a"'), ["A5003 cannot save to a: the ending is missing"]);
  });

  test("axes after `by` are rows, and one value sorts them", () => {
    const [table] = outputs("table sweep.loss, sweep.loss.impact by layer, abs(loss.impact)");
    assert.ok(table?.kind === "table");
    assert.deepEqual([table.rows, table.by?.label, table.across], [["layer"], "abs(loss.impact)", []]);
    assert.deepEqual(table.title, "sweep.loss, sweep.loss.impact by layer");
    assert.deepEqual(messages("table sweep.loss.impact by layer, layer"), ["A1003 the axis layer is given twice"]);
    assert.deepEqual(messages("table sweep.loss.impact by layer across layer"), [
      "A1003 the axis layer is given twice",
    ]);
    assert.deepEqual(messages("table sweep.loss.impact by loss.impact, abs(loss.impact)"), [
      "A3004 expected one value to sort by, found abs(loss.impact)",
    ]);
  });

  test("percent is of plain numbers, and clauses of tables are of files that are tables", () => {
    assert.deepEqual(messages("table sweep.loss.impact as percent"), ["A3001 `as percent` does not apply to nats"]);
    assert.deepEqual(messages("table sweep.loss.relative as percent"), []);
    assert.deepEqual(messages('save sweep.loss.impact by layer to "a.csv"'), [
      "A1004 `by` has no meaning in `save` to a file of values as measured",
    ]);
    assert.deepEqual(messages('save sweep.loss.impact to "a.csv"'), [
      "A3004 expected the name of a result, found sweep.loss.impact",
    ]);
    const [saved] = outputs('save sweep.loss.impact by layer across head caption "c" to "a.tex"');
    assert.ok(saved?.kind === "save" && saved.table?.kind === "table");
    assert.deepEqual([saved.table.rows, saved.table.across, saved.table.caption], [["layer"], ["head"], "c"]);
    const [winner] = outputs('save sweep winner lowest of loss, entropy to "a.md"');
    assert.ok(winner?.kind === "save" && winner.table?.kind === "winner");
  });

  test("a heatmap has two axes, a line has one", () => {
    assert.deepEqual(messages("plot heatmap of sweep.loss over layer"), [
      "A3004 expected two axes after `over` (rows, columns) for a heatmap, found layer",
    ]);
    assert.deepEqual(messages("plot line of sweep.loss over layer, head"), [
      "A3004 expected one axis after `over` for a line, found layer, head",
    ]);
  });

  test("values of a `let` are saved under its name", () => {
    const [saved] = outputs('let harm = sweep.loss.impact\nsave harm to "harm.json"');
    assert.ok(saved?.kind === "save");
    assert.deepEqual([saved.name, saved.value?.label, saved.path], ["harm", "harm", "harm.json"]);
    assert.deepEqual(saved.value?.expression, {
      kind: "column",
      experiment: "sweep",
      metric: "loss",
      column: "impact",
    });
    assert.deepEqual(messages('let two = 1 + 1\nsave two to "two.csv"'), [
      "A3004 expected a value of an experiment such as sweep.impact, found two",
    ]);
  });

  test("a distribution has no axes but those that divide it, two at most", () => {
    assert.deepEqual(messages("plot histogram of plain.gain by layer"), []);
    assert.deepEqual(messages("plot box of plain.gain by group, layer"), []);
    assert.deepEqual(messages("plot density of plain.gain, sweep.loss by group"), []);
    assert.deepEqual(messages("plot histogram of plain.gain over layer"), [
      "A3004 expected no axes after `over` for a histogram (each value is a point; divide them with `by`), found layer",
    ]);
    assert.deepEqual(messages("plot box of plain.gain by group, layer, prompt"), [
      "A3004 expected at most two axes after `by` for a box, found group, layer, prompt",
    ]);
    assert.deepEqual(messages("plot box of plain.gain by head"), ["A2013 plain has no axis head"]);
  });

  test("a scatter has two values that share an axis", () => {
    const [plot] = outputs("plot scatter of sweep.loss.impact against plain.gain by group");
    assert.ok(plot?.kind === "plot");
    assert.equal(plot.title, "sweep.loss.impact against plain.gain by group");
    assert.equal(plot.against?.label, "plain.gain");
    assert.deepEqual(messages("plot scatter of plain.gain"), ["A2007 a scatter needs a value for `against`"]);
    assert.deepEqual(messages("plot bar of plain.gain against plain.nll over layer"), [
      "A1004 `against` has no meaning in `plot bar`",
    ]);
    assert.deepEqual(messages("plot scatter of plain.gain, plain.nll against plain.gain"), [
      "A3004 expected one value for a scatter, found plain.nll",
    ]);
    assert.deepEqual(
      messages(
        "plot scatter of mean(sweep.loss over layer, prompt, group) against mean(plain.gain over prompt, group)",
      ),
      [
        "A3004 expected a value that shares an axis with mean(sweep.loss over layer, prompt, group) (head), found mean(plain.gain over prompt, group) (layer)",
      ],
    );
  });

  test("a winner is one of several metrics, by axes that they have", () => {
    const [winner] = outputs("table sweep winner lowest of loss, entropy by layer");
    assert.ok(winner?.kind === "winner");
    assert.deepEqual([winner.title, winner.which, winner.by], ["sweep: lowest of loss, entropy", "lowest", ["layer"]]);
    assert.deepEqual(
      winner.among.map(({ expression }) => expression.kind === "column" && expression.metric),
      ["loss", "entropy"],
    );
    assert.deepEqual(messages("table sweep winner lowest of loss, entrophy by layer"), [
      "A2012 sweep has no column entrophy",
    ]);
    assert.deepEqual(messages("table sweep winner lowest of loss, entropy by position"), [
      "A2013 sweep has no axis position",
    ]);
    assert.deepEqual(messages("table sweep winner lowest of loss by layer"), [
      "A3004 expected two metrics or more to compare, found loss",
    ]);
    assert.deepEqual(messages("table sweep winner lowest of loss, loss by layer"), ["A1003 loss is given twice"]);
    assert.deepEqual(messages("table sweep winner lowest of loss, entropy top 3"), [
      "A1004 `top` has no meaning in `table … winner`",
    ]);
    assert.deepEqual(messages("table swep winner lowest of loss, entropy"), ["A2011 unknown experiment swep"]);
  });

  test("tokens are shown in their text where there is a value for each", () => {
    const [table] = outputs("table plain.nll top 5 by nll with context 12");
    assert.equal(table?.kind === "table" && table.context, 12);
    assert.deepEqual(messages("table sweep.loss with context 12"), ["A2013 sweep has no axis position"]);
    assert.deepEqual(messages("table mean(plain.nll over prompt) with context 12"), [
      "A2013 the mean of plain has no axis prompt",
    ]);
    assert.deepEqual(messages("table plain.nll with context 0"), ["A3005 0 is not a whole number of at least 1"]);
  });

  test("a table shows values of an experiment, a whole number of rows", () => {
    assert.deepEqual(messages("table 1 + 2"), [
      "A3004 expected a value of an experiment such as sweep.impact, found 1 + 2",
    ]);
    assert.deepEqual(messages("table sweep top 0"), ["A3005 0 is not a count of at least 1"]);
    assert.deepEqual(messages("table sweep top 2.5"), ["A3005 2.5 is not a count of at least 1"]);
  });
});

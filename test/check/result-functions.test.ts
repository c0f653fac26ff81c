/** Functions, truth values and parameters in expressions over results: what they become, and what is said of wrong ones. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import type { Output, ResultExpression } from "../../src/compiler/ir/protocol.js";
import { checkCarets } from "../support/carets.js";
import { compileText, fixtureFacts, messagesOf, protocolOf } from "./compiling.js";

const around = { models: { "*": await fixtureFacts("gpt2-f32") } };
const head = `param limit = 0.5
param twice = 2 * limit
param many = [1, 2]
model gpt2 from "gpt2"
prompts p from { a: ["the cat sat"], b: ["it rained"] }
experiment sweep ablate heads L0..1 measure loss, top_token
experiment plain measure gain layer L1..2, loss, nll, nll > 3 as hard
let steepest = argmax(plain.gain over layer)
let easiest = argmin(mean(plain.loss over prompt) over group)
`;

type Table = Extract<Output, { kind: "table" }>;

function tableOf(text: string, set: Readonly<Record<string, string>> = {}): Table | undefined {
  const { outputs } = protocolOf(`${head}table ${text}`, { ...around, set });
  return outputs.find((output) => output.kind === "table");
}

const expression = (text: string): ResultExpression | undefined => tableOf(text)?.columns[0]?.expression;
const messages = (text: string): readonly string[] => messagesOf(head + text, around);

/** Unit and element of a value, as tables show it. */
function typeOf(text: string): string {
  const [column] = tableOf(text)?.columns ?? [];
  return `${column?.unit ?? "?"} ${column?.element ?? "?"}`;
}

const loss = { kind: "column", experiment: "plain", metric: "loss", column: "value" } as const;
const gain = { ...loss, metric: "gain" } as const;
const number = (value: number) => ({ kind: "number", value }) as const;

suite("functions", () => {
  test("become what is computed", () => {
    assert.deepEqual(expression("median(plain.loss over prompt)"), {
      kind: "reduce",
      operation: "median",
      argument: loss,
      over: ["prompt"],
    });
    assert.deepEqual(expression("quantile(plain.loss, 0.9)"), {
      kind: "quantile",
      level: 0.9,
      argument: loss,
      over: null,
    });
    assert.deepEqual(expression("argmin(plain.gain over layer)"), {
      kind: "argmax",
      which: "smallest",
      argument: gain,
      over: "layer",
    });
    assert.deepEqual(expression("rank(plain.gain over layer, prompt)"), {
      kind: "rank",
      argument: gain,
      over: ["layer", "prompt"],
    });
    assert.deepEqual(expression("max(plain.loss, 0)"), {
      kind: "binary",
      operation: "max",
      left: loss,
      right: number(0),
    });
  });

  test("keep units, count without one, and give labels where coordinates are names", () => {
    const types = {
      "median(plain.loss)": "nats real",
      "quantile(plain.loss, 1)": "nats real",
      "count(plain.loss)": "none real",
      "count(sweep.top_token)": "none real",
      "count(plain.hard over position)": "none real",
      "rank(plain.loss over prompt)": "none real",
      "min(plain.loss, plain.nll)": "nats real",
      steepest: "none real",
      easiest: "label real",
      "plain.loss > 3": "none truth",
      "mean(plain.loss > 3)": "none real",
    };
    for (const [text, type] of Object.entries(types)) assert.equal(typeOf(text), type, text);
  });

  test("take axes away, but for rank", () => {
    const axes = (text: string) => messages(`plot line of ${text} over layer by group`);
    assert.deepEqual(axes("rank(plain.gain over layer)"), []);
    assert.deepEqual(axes("median(plain.gain over prompt)"), []);
    assert.deepEqual(axes("median(plain.gain over layer)"), ["A2013 the median of plain has no axis layer"]);
    assert.deepEqual(axes("quantile(plain.gain, 0 over layer)"), ["A2013 the quantile of plain has no axis layer"]);
    assert.deepEqual(axes("steepest"), ["A2013 the argmax of plain has no axis layer"]);
  });

  test("serve to choose places, and decide", () => {
    const text = `experiment chosen
  ablate top 2 heads of sweep by -rank(mean(loss.impact over prompt, group) over layer, head)
  measure loss
hypothesis "h" expect mean(plain.gain < 1 over layer) > 0.5 using t_test
find peak of mean(plain.gain < limit over prompt) over layer by group
plot heatmap of rank(sweep.loss.impact over layer, head) over layer, head
save easiest to "easiest.csv"`;
    assert.deepEqual(messages(text), []);
  });
});

suite("conditions as values", () => {
  const small = { kind: "compare", operation: "<", left: gain, right: number(1) } as const;

  test("are truth values, also joined with tests of axes", () => {
    assert.deepEqual(expression("plain.gain < 1"), { kind: "truth", condition: small });
    assert.deepEqual(expression("not (plain.gain < 1)"), { kind: "truth", condition: { kind: "not", operand: small } });
    assert.deepEqual(expression("layer is L1 or plain.gain < 1"), {
      kind: "truth",
      condition: { kind: "or", operands: [{ kind: "axis", axis: "layer", among: [1] }, small] },
    });
  });

  test("leave `expect`, and `where` of a table, as they are", () => {
    assert.deepEqual(tableOf("plain where loss > 3 and group is a")?.where, {
      kind: "and",
      operands: [
        { kind: "compare", operation: ">", left: loss, right: number(3) },
        { kind: "axis", axis: "group", among: ["a"] },
      ],
    });
    const { decisions } = protocolOf(`${head}hypothesis "h" expect plain.loss < 3 using t_test`, around);
    const [decision] = decisions;
    assert.ok(decision?.kind === "hypothesis");
    const [member] = decision.members;
    assert.ok(member?.kind === "order");
    assert.deepEqual([member.operation, member.left.expression, member.right.expression], ["<", loss, number(3)]);
  });

  test("are conditions by their names", () => {
    const { where } = tableOf("plain.gain where steep and layer in L1..2\nlet steep = plain.gain > 1") ?? {};
    assert.ok(where?.kind === "and");
    assert.deepEqual(where.operands[0], {
      kind: "compare",
      operation: ">",
      left: { kind: "truth", condition: { ...small, operation: ">" } },
      right: number(0.5),
    });
  });

  test("compare coordinates as numbers and as labels", () => {
    const condition = (text: string) => {
      const found = expression(text);
      return found?.kind === "truth" ? found.condition : null;
    };
    const layer = { kind: "argmax", which: "largest", argument: gain, over: "layer" };
    assert.deepEqual(condition("steepest in L1..2"), { kind: "among", value: layer, among: [1, 2] });
    assert.deepEqual(condition("steepest is L2"), { kind: "among", value: layer, among: [2] });
    assert.deepEqual(condition("steepest < 2"), { kind: "compare", operation: "<", left: layer, right: number(2) });
    assert.equal(condition("easiest is a")?.kind, "among");
    assert.equal(condition("easiest is easiest")?.kind, "compare");
    assert.deepEqual(messages("table sweep where easiest in [a, b]"), []);
  });
});

suite("parameters", () => {
  test("are numbers, also those that are computed or given from outside", () => {
    assert.deepEqual(expression("plain.loss > limit"), {
      kind: "truth",
      condition: { kind: "compare", operation: ">", left: loss, right: number(0.5) },
    });
    assert.deepEqual(expression("quantile(plain.loss, limit / 2 over prompt)"), {
      kind: "quantile",
      level: 0.25,
      argument: loss,
      over: ["prompt"],
    });
    const [column] = tableOf("plain.loss * twice", { limit: "0.25" })?.columns ?? [];
    assert.deepEqual(column?.expression, { kind: "binary", operation: "*", left: loss, right: number(0.5) });
  });

  test("yield to a `let` and to an experiment of their name", () => {
    const text = `${head}let limit = plain.loss\ntable max(limit, 0)`;
    const [output] = protocolOf(text, around).outputs;
    assert.deepEqual(output?.kind === "table" ? output.columns[0]?.expression : null, expression("max(plain.loss, 0)"));
  });
});

/** Each gives this one diagnostic. */
const wrong = `
let z = quantile(plain.loss)
#       ^^^^^^^^^^^^^^^^^^^^ A2007: quantile needs a value for the level, from 0 to 1
let z = quantile(plain.loss, 90 over prompt)
#                            ^^ A3005: 90 is not a level from 0 to 1
let z = quantile(plain.loss, -limit over prompt)
#                            ^^^^^^ A3005: -limit is not a level from 0 to 1
let z = quantile(plain.loss, plain.gain over prompt)
#                            ^^^^^^^^^^ A3004: expected a number from 0 to 1, found plain.gain
let z = argmax(plain.gain)
#       ^^^^^^^^^^^^^^^^^^ A2007: argmax needs a value for \`over\`
let z = argmax(plain.gain over layer, prompt)
#                              ^^^^^^^^^^^^^ A3004: expected one axis, along which argmax looks, found 2 axes, layer, prompt
let z = argmax(plain.loss over group)
#                              ^^^^^ A3021: there is one group for each prompt
let z = argmax(plain.hard over position)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ A3001: argmax does not apply to truth values
let z = rank(plain.gain)
#       ^^^^^^^^^^^^^^^^ A2007: rank needs a value for \`over\`
let z = rank(plain.gain over head)
#                            ^^^^ A2013: plain has no axis head
let z = mean(plain.gain < 1 < 2)
#                           ^ A1001: expected \`)\`, found \`<\`
let z = sum(group is a)
#           ^^^^^^^^^^ A3004: expected a value, found the test of an axis alone, \`group is a\`
let z = median(sweep.top_token)
#       ^^^^^^^^^^^^^^^^^^^^^^^ A3001: median does not apply to tokens
let z = median(plain.hard)
#       ^^^^^^^^^^^^^^^^^^ A3001: median does not apply to truth values
let z = median(plain.loss, 3 over prompt)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ A3004: expected one argument to median, as in median(x over AXIS, …)
let z = easiest + 1
#       ^^^^^^^^^^^ A3001: \`+\` does not apply to labels
let z = easiest < 1
#       ^^^^^^^^^^^ A3001: \`<\` does not apply to labels
let z = mean(easiest)
#       ^^^^^^^^^^^^^ A3001: mean does not apply to labels
let z = easiest is c
#                  ^ A2020: the axis group of the argmin of the mean of plain has no c
let z = easiest is 3
#                  ^ A2020: the axis group of the argmin of the mean of plain has no 3
let z = easiest is steepest
#       ^^^^^^^^^^^^^^^^^^^ A3001: \`is\` compares different units: label and no unit
let z = easiest is limit
#       ^^^^^^^^^^^^^^^^ A3004: expected labels of one axis on both sides, found a label of the axis group and limit
let z = steepest is "x"
#                   ^^^ A3004: expected numbers to compare with, found "x"
let z = sweep.top_token is " cat"
#                          ^^^^^^ A3004: expected the number of a token to compare with, found " cat"
let z = plain.loss is plain.gain
#       ^^^^^^^^^^^^^^^^^^^^^^^^ A3001: \`is\` compares different units: nats and no unit
let z = plain.loss > 3 and 1
#                          ^ A3004: expected a condition such as
let z = not plain.loss
#           ^^^^^^^^^^ A3004: expected a condition such as
let z = plain.gain > 1 and head is 3
#                          ^^^^ A2013: plain has no axis head
let z = (plain.loss where group is a) < (plain.loss where group is b) and plain.gain > many
#                                                                                      ^^^^ A3004: expected a parameter that is a number, found many, which is [1, 2]
let z = max(plain.loss, plain.gain)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^ A3001: max mixes units: nats and no unit
let z = max(plain.loss, 1, 2)
#       ^^^^^^^^^^^^^^^^^^^^^ A3004: expected one argument or two to max
let z = max(plain.loss, 1 over prompt)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ A3004: expected max of two values without \`over\`
let z = count()
#       ^^^^^^^ A3004: expected one argument to count
let z = percentile(plain.loss, 90)
#       ^^^^^^^^^^ A2001: unknown function of results percentile
let z = plain.loss.median
#                  ^^^^^^ A2012: plain has no column median
plot bar of easiest
#           ^^^^^^^ A3001: \`plot bar\` does not apply to labels
table plain by easiest
#              ^^^^^^^ A3001: sorting does not apply to labels
compare easiest between group a, b
#       ^^^^^^^ A3001: \`compare\` does not apply to labels
experiment c ablate top 2 heads of sweep by argmax(mean(loss over prompt) over group) measure loss
#                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ A3001: ranking does not apply to labels
experiment m measure median(nll) as m
#                    ^^^^^^ A2001: unknown metric or function median
`;

suite("what is wrong is said once, where it is", () => {
  for (const [, line = "", caret = ""] of wrong.matchAll(/^(?!#)(.+)\n(#.*)$/gm)) {
    test(line, () => {
      const text = `${head}${line}\n${caret}\n`;
      const { diagnostics } = compileText(text, around);
      assert.deepEqual(checkCarets({ path: "test.atlas", text }, diagnostics), []);
    });
  }
});

/** Options of plots and figures: what they come to, and what is wrong with them, at the place that is wrong. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Output } from "../../src/compiler/ir/protocol.js";
import { checkCarets } from "../support/carets.js";
import { compileText, fixtureFacts, protocolOf } from "./compiling.js";

const around = { models: { "*": await fixtureFacts("gpt2-f32") } };
const head = `model gpt2 from "gpt2"
prompts short from ["the cat sat on the mat", "it rained all day long"]
experiment sweep ablate heads L* measure loss
experiment tokens measure nll, argmax(logits over vocab) as guess
`;

function outputOf(statement: string): Output {
  const [output] = protocolOf(head + statement, around).outputs;
  assert.ok(output !== undefined);
  return output;
}

test("options come in any order and say how a plot looks", () => {
  const output = outputOf(
    'plot bar of sweep.impact over layer y "nats" sorted ascending caption "All." log y values title "Impact"',
  );
  assert.ok(output.kind === "plot");
  assert.equal(output.title, "Impact");
  assert.deepEqual(output.options, {
    caption: "All.",
    x: null,
    y: "nats",
    values: true,
    sorted: "ascending",
    log: ["y"],
    identity: false,
    text: null,
  });
});

test("words of options stay names elsewhere", () => {
  const lets = "let values = sweep.impact\nlet x = tokens.nll\n";
  const { outputs } = protocolOf(
    `${head}${lets}plot line of values over layer\nplot line of x over position\n`,
    around,
  );
  assert.deepEqual(
    outputs.map((output) => (output.kind === "plot" ? output.values[0]?.label : null)),
    ["values", "x"],
  );
});

test("a heatmap takes ids of tokens as the text of its cells", () => {
  const output = outputOf("plot heatmap of tokens.nll over prompt, position text tokens.guess");
  assert.ok(output.kind === "plot");
  assert.equal(output.options.text?.unit, "token");
});

test("a figure has its panels in order", () => {
  const output = outputOf(
    'figure "Both" columns 2 caption "Two." { plot bar of sweep.impact over layer plot line of sweep.impact over head }',
  );
  assert.ok(output.kind === "figure");
  assert.deepEqual(
    [output.title, output.caption, output.columns, output.panels.map(({ plot }) => plot)],
    ["Both", "Two.", 2, ["bar", "line"]],
  );
});

const wrong = `
plot line of sweep.impact over layer by head values
#                                            ^^^^^^ A1004: \`values\` has no meaning in \`plot line\`
plot bar of sweep.impact over layer identity
#                                   ^^^^^^^^ A1004: \`identity\` has no meaning in \`plot bar\`
plot histogram of sweep.impact log x
#                                  ^ A1004: \`log x\` has no meaning in \`plot histogram\`
plot scatter of sweep.impact against sweep.impact sorted
#                                                 ^^^^^^ A1004: \`sorted\` has no meaning in \`plot scatter\`
plot box of sweep.impact by layer text sweep.loss
#                                      ^^^^^^^^^^ A1004: \`text\` has no meaning in \`plot box\`
plot text of tokens.nll x "position"
#                         ^^^^^^^^^^ A1004: \`x\` has no meaning in \`plot text\`
plot text of sweep.impact
#            ^^^^^^^^^^^^ A3004: expected a value with the axis position, such as nll of every token
plot heatmap of sweep.impact over layer, head text tokens.nll
#                                 ^^^^^ A2013: tokens has no axis layer
plot bar of sweep.impact over layer title "one" title "two"
#                                               ^^^^^^^^^^^ A1003: \`title\` is given twice
figure "Several" columns 0 { plot bar of sweep.impact over layer }
#                        ^ A3004: expected a whole number of columns from 1 to 6, found 0
figure "Broken" { plot line of sweep.impact over layer, head plot bar of sweep.impact over layer }
#                                                ^^^^^^^^^^^ A3004: expected one axis after \`over\` for a line, found layer, head
`;

for (const [, line = "", caret = ""] of wrong.matchAll(/^(?!#)(.+)\n(#.*)$/gm)) {
  test(line, () => {
    const text = `${head}${line}\n${caret}\n`;
    const { diagnostics } = compileText(text, around);
    assert.deepEqual(checkCarets({ path: "test.atlas", text }, diagnostics), []);
  });
}

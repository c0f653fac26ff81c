/** Words of the language as names, and where a statement ends without any mark. */
import assert from "node:assert/strict";
import test from "node:test";
import type { FileSyntax } from "../../src/compiler/syntax/ast.js";
import { parse } from "../../src/compiler/syntax/parse.js";

function complete(text: string): FileSyntax {
  const { value, diagnostics } = parse({ path: "test.atlas", text });
  assert.deepEqual(
    diagnostics.map((diagnostic) => diagnostic.message),
    [],
    text,
  );
  assert.equal(value.complete, true);
  return value;
}

const kinds = (text: string): readonly string[] => complete(text).statements.map((statement) => statement.kind);

test("a metric's parameters end where the next statement starts", () => {
  assert.deepEqual(kinds('measure R_V window 16\nmodel m from "x"'), ["experiment", "model"]);
  assert.deepEqual(kinds('measure R_V window 16 model m from "x"'), ["experiment", "model"]);
  assert.deepEqual(kinds("measure R_V window window\nprompts p random tokens 5"), ["experiment", "prompts"]);
  assert.deepEqual(kinds("measure R_V early L5 late L28\ntable sweep"), ["experiment", "table"]);
  assert.deepEqual(kinds("measure R_V layer [L1, L2], b top 5 as c\nlet x = y"), ["experiment", "letResult"]);
});

test("an axis list ends where the next statement starts", () => {
  assert.deepEqual(kinds('plot line of x over model\nmodel m from "x"'), ["plot", "model"]);
  assert.deepEqual(kinds('plot line of x by model, prompts\nprompts p from "x"'), ["plot", "prompts"]);
  assert.deepEqual(kinds("plot line of x by prompts\nprompts p random tokens 5"), ["plot", "prompts"]);
  assert.deepEqual(kinds('let x = y where model is prompts\nmodel m from "x"'), ["letResult", "model"]);
  assert.deepEqual(kinds("table x by model\nwith texts measure y"), ["table", "experiment"]);
  assert.deepEqual(kinds("correlate a with b by model\nwith texts measure y"), ["correlate", "experiment"]);
});

test("words that have a role elsewhere are names", () => {
  const words = "layer heads window count seed text group tokens revision dtype position top by_layer mean trace alpha";
  for (const word of words.split(" ")) {
    kinds(`experiment ${word} measure ${word}, ${word} ${word} ${word} as ${word}`);
    kinds(`let ${word} = mean(${word}.${word} where ${word} is ${word} over ${word}, ${word})`);
    kinds(`let x = f(${word}: ${word}, ${word} last ${word}) of ${word}`);
    kinds(`prompts ${word} from { ${word}: "a.txt" }\nplot line of ${word} over ${word} by ${word}`);
    kinds(`metric ${word}(${word}: ${word} = 3) = ${word}(${word})`);
    kinds(`ablate heads L1 by mean of ${word} patch ${word} L3 from ${word} into ${word} measure ${word}`);
  }
});

test("probe begins a statement before a field and from, and is a name everywhere else", () => {
  const probe = "probe label from acts.x over d_model by layer";
  assert.deepEqual(kinds(`measure loss ${probe}`), ["experiment", "probe"]);
  assert.deepEqual(kinds(`measure spread window 8\n${probe}\ntable acts`), ["experiment", "probe", "table"]);
  assert.deepEqual(kinds(`compare a.loss between group\n${probe}`), ["compare", "probe"]);
  assert.deepEqual(kinds(`reference "x" gain 0.8\n${probe}\n${probe}`), ["reference", "probe", "probe"]);
  assert.deepEqual(kinds(`table a by layer ${probe} together family`), ["table", "probe"]);
  assert.deepEqual(kinds("prompts probe random tokens 5\nexperiment probe with probe measure probe probe 3"), [
    "prompts",
    "experiment",
  ]);
  kinds('model probe from "x" let probe = mean(probe.loss over probe) plot line of probe over probe by probe');
  kinds(
    "ablate heads probe by resample from probe seed 1 patch heads probe together from probe into probe measure probe",
  );
  kinds("metric probe(probe = 3) = probe(probe)");
});

test("statement words are names of members, arguments and groups", () => {
  for (const word of ["model", "prompts", "table", "set", "measure", "import", "last", "where", "by"]) {
    kinds(`let x = sweep.${word} + f(${word}: 3)\nprompts p from { ${word}: "a.txt" }`);
  }
});

test("clauses belong to the experiment above as long as their order allows", () => {
  const shape = (text: string): unknown =>
    complete(text).statements.map((s) =>
      s.kind === "experiment"
        ? [
            s.name?.text ?? "",
            s.on.length,
            s.with.length,
            s.interventions.length,
            s.measures.length,
            s.curvature !== null,
          ]
        : s.kind,
    );
  assert.deepEqual(shape("experiment e on a with b ablate heads L1 scale heads L2 by 2 measure c, d"), [
    ["e", 1, 1, 2, 2, false],
  ]);
  assert.deepEqual(shape("experiment e measure c\nablate heads L1 measure d"), [
    ["e", 0, 0, 0, 1, false],
    ["", 0, 0, 1, 1, false],
  ]);
  assert.deepEqual(shape("ablate heads L1\non a measure d"), [
    ["", 0, 0, 1, 0, false],
    ["", 1, 0, 0, 1, false],
  ]);
  assert.deepEqual(shape("measure c measure d\ncurvature of nll over params mlp trace"), [["", 0, 0, 0, 2, true]]);
  assert.deepEqual(shape("with a, b on c measure d"), [["", 1, 2, 0, 1, false]]);
});

test("documentation belongs to the declaration below it", () => {
  const documentation = (text: string): readonly string[] => {
    const statement = complete(text).statements.at(-1);
    assert.ok(statement !== undefined && "documentation" in statement);
    return statement.documentation;
  };
  assert.deepEqual(documentation("## One.\n##  Two. \nparam x = 1"), ["One.", "Two."]);
  assert.deepEqual(documentation("## Title.\n\n## One.\n# remark\nparam x = 1"), ["One."]);
  assert.deepEqual(documentation("## Title.\n\nparam x = 1"), ["Title."]);
  assert.deepEqual(documentation("param y = 1 ## behind\nparam x = 1"), []);
  assert.deepEqual(documentation("# plain\nparam x = 1"), []);
});

/** What binds tighter than what, in a notation with all parentheses. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Expression } from "../../src/compiler/syntax/ast.js";
import { parse } from "../../src/compiler/syntax/parse.js";

function expressionOf(text: string): Expression {
  const { value, diagnostics } = parse({ path: "test.atlas", text: `let it = ${text}` });
  assert.deepEqual(diagnostics, [], text);
  const [statement] = value.statements;
  assert.ok(statement?.kind === "letResult" && value.statements.length === 1);
  return statement.value;
}

/** Prefix notation, one pair of parentheses for each operation. */
function show(e: Expression): string {
  switch (e.kind) {
    case "name":
    case "number":
    case "place":
      return e.text;
    case "string":
      return JSON.stringify(e.value);
    case "range":
      return `${e.first}..${e.last}`;
    case "list":
      return `[${e.items.map(show).join(" ")}]`;
    case "unary":
      return `(${e.operator} ${show(e.operand)})`;
    case "binary":
      return `(${e.operator} ${show(e.left)} ${show(e.right)})`;
    case "where":
      return `(where ${show(e.base)} ${show(e.condition)})`;
    case "let":
      return `(let ${e.name.text} ${show(e.value)} ${show(e.body)})`;
    case "member":
      return `(. ${show(e.base)} ${e.member.text})`;
    case "index":
      return `([] ${[e.base, ...e.indices].map(show).join(" ")})`;
    case "last":
      return `(last ${show(e.base)} ${show(e.count)})`;
    case "at":
      return `(at ${show(e.base)} ${JSON.stringify(Object.values(e.positions.at))})`;
    case "of":
      return `(of ${show(e.base)} ${e.texts.text})`;
    case "call": {
      const named = e.named.map((argument) => `${argument.name.text}:${show(argument.value)}`);
      const axes = [...e.over.map((axis) => `over:${axis.text}`), ...e.between.map((axis) => `between:${axis.text}`)];
      return `(${[e.callee.text, ...e.positional.map(show), ...named, ...axes].join(" ")})`;
    }
    default:
      return `<${e.kind}>`;
  }
}

const cases: readonly (readonly [source: string, meaning: string])[] = [
  ["a + b * c", "(+ a (* b c))"],
  ["a - b - c", "(- (- a b) c)"],
  ["a / b * c", "(* (/ a b) c)"],
  ["(a - b) * c", "(* (- a b) c)"],
  ["-p^2", "(- (^ p 2))"],
  ["(-p)^2", "(^ (- p) 2)"],
  ["2^3^4", "(^ 2 (^ 3 4))"],
  ["2^-x^2", "(^ 2 (- (^ x 2)))"],
  ["a * -b", "(* a (- b))"],
  ["a - -b", "(- a (- b))"],
  ["a or b and not c is d", "(or a (and b (not (is c d))))"],
  ["not a and b", "(and (not a) b)"],
  ["a + 1 < b * 2", "(< (+ a 1) (* b 2))"],
  ["a / b where c >= 1", "(where (/ a b) (>= c 1))"],
  ["a where b where c or d", "(where (where a b) (or c d))"],
  ["mean(abs(x) where layer in L9..10 over head)", "(mean (where (abs x) (in layer L9..10)) over:head)"],
  ["let g = a + 1 in g^2 where b", "(let g (+ a 1) (where (^ g 2) b))"],
  ["let a = 1 in let b = (c in d) in a", "(let a 1 (let b (in c d) a))"],
  [
    "f(x, k: 3, g(y) over row, col between head, layer)",
    "(f x (g y) k:3 over:row over:col between:head between:layer)",
  ],
  ["f(x, k: 3 over row between head)", "(f x k:3 over:row between:head)"],
  ["v[late] last window / n", "(/ (last ([] v late) window) n)"],
  ["x last (n + 1) at last", '(at (last x (+ n 1)) ["last"])'],
  ["logits[answer] at last - b", '(- (at ([] logits answer) ["last"]) b)'],
  ["x at -16..-1", '(at x ["range",-16,-1,null])'],
  ["x at -1 - 2", '(- (at x ["index",-1]) 2)'],
  ['x at token "Mary"', '(at x ["token","Mary"])'],
  ["mean(resid_post[L10] of happy) - 1", "(- (mean (of ([] resid_post L10) happy)) 1)"],
  ["sweep.R_V.impact", "(. (. sweep R_V) impact)"],
  ["-3..-1", "-3..-1"],
  ["0..10", "0..10"],
  ["-x - y", "(- (- x) y)"],
  ["[L15, L18.H*, L-1,]", "[L15 L18.H* L-1]"],
  ["resid_post[layer - 1]", "([] resid_post (- layer 1))"],
  ["prompts is factual and model is opt", "(and (is prompts factual) (is model opt))"],
  ["L5norm + L * 2", "(+ L5norm (* L 2))"],
];

test("precedence", async (t) => {
  for (const [source, meaning] of cases) {
    await t.test(source, () => {
      assert.equal(show(expressionOf(source)), meaning);
    });
  }
});

test("literals", () => {
  const number = expressionOf("1.5k");
  assert.deepEqual(number.kind === "number" && [number.value, number.text], [1500, "1.5k"]);
  const place = expressionOf("L9..10.H-1");
  assert.deepEqual(place.kind === "place" && [place.layers, place.unit, place.units], [
    { kind: "range", first: 9, last: 10 },
    "head",
    { kind: "one", index: -1 },
  ]);
  const depth = expressionOf("L87.5%");
  assert.deepEqual(depth.kind === "place" && depth.layers, { kind: "depth", first: 87.5, last: 87.5 });
  const depths = expressionOf("L12.5%..50%");
  assert.deepEqual(depths.kind === "place" && depths.layers, { kind: "depth", first: 12.5, last: 50 });
  const string = expressionOf(String.raw`"a\"\\\n\u00e9 # not a comment"`);
  assert.equal(string.kind === "string" && string.value, 'a"\\\né # not a comment');
});

test("both sides of a hypothesis can be guarded", () => {
  const { value } = parse({
    path: "test.atlas",
    text: 'hypothesis "h" expect a where m is x and g is y < b + 1 where m is z by model alpha 0.1',
  });
  const [statement] = value.statements;
  assert.ok(statement?.kind === "hypothesis");
  const [member] = statement.expect.members;
  assert.ok(member?.kind === "order");
  assert.deepEqual(
    [member.operator, show(member.left), show(member.right)],
    ["<", "(where a (and (is m x) (is g y)))", "(where (+ b 1) (is m z))"],
  );
  assert.deepEqual(
    statement.by.map((axis) => axis.text),
    ["model"],
  );
  assert.equal(statement.alpha?.value, 0.1);
});

test("an `at` at the end of a steering clause is the clause's own", () => {
  const steer = (by: string): readonly [string, unknown] => {
    const { value, diagnostics } = parse({ path: "test.atlas", text: `steer resid_pre L10 ${by} measure nll` });
    assert.deepEqual(diagnostics, []);
    const [statement] = value.statements;
    const clause = statement?.kind === "experiment" ? statement.interventions[0] : undefined;
    assert.ok(clause?.kind === "steer");
    return [show(clause.by), clause.positions?.at ?? null];
  };
  assert.deepEqual(steer("by 4 * (a - b) at last"), ["(* 4 (- a b))", { kind: "last" }]);
  assert.deepEqual(steer("by 4 * (a at 0)"), ['(* 4 (at a ["index",0]))', null]);
  assert.deepEqual(steer("at 1 by a at 0"), ['(at a ["index",0])', { kind: "index", index: 1 }]);
});

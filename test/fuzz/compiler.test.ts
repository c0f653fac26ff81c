/**
 * Damaged protocols through the whole compiler: whatever the text, compiling ends soon, never throws, says something
 * when there is nothing to run, and points into texts that exist. And protocols that ask for more than there is.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { tokenize } from "../../grammar/tokens.js";
import { hasErrors } from "../../src/compiler/diagnostics/staged.js";
import { renderDiagnostics } from "../../src/compiler/diagnostics/render.js";
import { explainPlan } from "../../src/compiler/lower/explain.js";
import { lowerGraph } from "../../src/compiler/lower/graph.js";
import { planProtocol } from "../../src/compiler/lower/plan.js";
import {
  capabilities,
  compileText,
  fixtureFacts,
  messagesOf,
  type CompiledText,
  type Surroundings,
} from "../check/compiling.js";
import { type Random, seeded } from "../support/random.js";
import { atlasFiles, protocols } from "../support/trees.js";
import { stageCases } from "../check/stages.js";

const runs = 750;
/**
 * Seconds of processor time for all damaged protocols together, and milliseconds for one: several times what they take on a
 * busy machine of two cores, since what is looked for here is work without a limit and not a slow machine.
 */
const budget = 300;
const bound = 5_000;

const around: Surroundings = {
  models: { "*": await fixtureFacts("gpt2-f32"), "./llama": await fixtureFacts("llama-tied-f32") },
  files: {
    "prompts/recursive.txt": "I think therefore I am\nthis sentence is about this sentence\n",
    "prompts/factual.txt": "the capital of France is Paris\nwater boils at a hundred degrees\n",
    "files/probes.jsonl": '{"text": "the cat sat", "id": 1}\n{"text": "it rained", "id": 2}\n',
  },
};

const numerics = {
  onnxruntime: "none",
  device: "cpu",
  graphOptimization: "disabled",
  prepacking: "never",
  tf32: false,
} as const;

/** Layers of the protocols are those of large models: brought into the small one, so that checking gets further. */
function fitting(text: string): string {
  return text.replace(/\bL(\d+)(?:\.\.(\d+))?/g, (_, first: string, last?: string) => {
    const small = Number(first) % 3;
    return last === undefined ? `L${small}` : `L${Math.min(small, 1)}..2`;
  });
}

const seeds = [
  ...stageCases().map((c) => c.text),
  ...atlasFiles("pipelines").map((f) => f.text),
  ...protocols().map((f) => f.text),
];
const texts = [...seeds, ...seeds.map(fitting)];
const pieces = texts.flatMap((text) => tokenize(text).tokens.map((token) => token.image));
const extremes = [
  "999999999",
  "L0..999999999",
  "0..999999999",
  "L*",
  "L*.H*",
  "L-1",
  "L-99",
  "1e308",
  "0",
  "[]",
  '""',
  "..",
  "5.5",
];
const noise = Array.from('"#[](){}.,:=<>+-*/^%L0k \n\0é');

function mutate(text: string, random: Random): string {
  const { tokens } = tokenize(text);
  if (tokens.length < 2) return text + random.pick(pieces);
  const token = random.pick(tokens);
  const other = random.pick(tokens);
  const start = token.startOffset;
  const before = text.slice(0, start);
  const behind = text.slice(start + token.image.length);
  const offset = random.below(text.length + 1);
  switch (random.below(16)) {
    case 0:
      return `${before}${random.pick(pieces)} ${token.image}${behind}`;
    case 1:
      return `${before} ${behind}`;
    case 2:
      return `${before} ${random.pick(pieces)} ${behind}`;
    case 3:
      return `${before} ${other.image} ${behind}`;
    case 4:
    case 14:
      return `${before} ${random.pick(extremes)} ${behind}`;
    case 5:
    case 9:
    case 10:
    case 11:
    case 12:
    case 13: {
      // Another of its kind: what still parses is checked.
      const alike = random.pick(tokens.filter((t) => t.tokenType === token.tokenType));
      return before + alike.image + behind;
    }
    case 6:
      return text.slice(0, offset) + random.pick(noise) + text.slice(offset);
    case 7:
      return text.slice(0, offset) + text.slice(offset + 1);
    default: {
      // A line less: what it declared is missing now.
      const lines = text.split("\n");
      lines.splice(random.below(lines.length), 1);
      return lines.join("\n");
    }
  }
}

function makeInput(seed: number): string {
  const random = seeded(seed);
  let text = random.pick(texts);
  for (let changes = 1 + random.below(3); changes > 0; changes--) text = mutate(text, random);
  return text;
}

/** What must hold of every compilation; `text` for the message. */
function checkCompiled(compiled: CompiledText, text: string): void {
  const { value, diagnostics, sources } = compiled;
  assert.ok(value.protocol !== null || hasErrors(diagnostics), `nothing is said about\n${text}`);
  for (const d of diagnostics) {
    for (const label of [...(d.primary === null ? [] : [d.primary]), ...d.related]) {
      const length = sources.get(label.span.file)?.length ?? -1;
      const { start, end } = label.span;
      assert.ok(start >= 0 && start <= end && end <= length, `${d.code} at ${JSON.stringify(label.span)} in\n${text}`);
    }
    for (const edit of d.fixes.flatMap((fix) => fix.edits)) {
      assert.ok(edit.span.end <= (sources.get(edit.span.file)?.length ?? -1), `a fix of ${d.code} in\n${text}`);
    }
    assert.doesNotMatch(d.message, /undefined|NaN|\[object/, text);
  }
  renderDiagnostics(diagnostics, (path) => sources.get(path));
}

/** Plans what is sound: the verdict "no errors" is a promise to the stages behind. */
function planSound({ value, diagnostics }: CompiledText): boolean {
  const { protocol, models } = value;
  if (protocol === null || hasErrors(diagnostics)) return false;
  const plan = planProtocol(protocol, models, { memoryBudget: 2 ** 30, numerics, capabilities });
  explainPlan(protocol, plan.value, (id) => models.get(id)?.signature);
  const [graph] = plan.value.graphs;
  const model = models.get(graph?.model ?? "");
  if (graph !== undefined && model !== undefined && graph.outputs.length < 50) lowerGraph(model.graph, graph);
  return true;
}

test(`${runs} damaged protocols`, () => {
  let used = 0;
  let sound = 0;
  for (let seed = 1; seed <= runs; seed++) {
    const text = makeInput(seed);
    const before = process.cpuUsage();
    try {
      const compiled = compileText(text, around);
      checkCompiled(compiled, text);
      if (planSound(compiled)) sound++;
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}\n${text}`, { cause: error });
    }
    const { user, system } = process.cpuUsage(before);
    const milliseconds = (user + system) / 1000;
    assert.ok(milliseconds < bound, `seed ${seed} took ${milliseconds} ms:\n${text}`);
    used += milliseconds;
  }
  assert.ok(used < budget * 1000, `${Math.round(used / 1000)} s`);
  // Damage that always breaks the syntax would test the parser again and nothing behind it.
  assert.ok(sound > runs / 50, `only ${sound} of ${runs} were sound`);
});

const base = 'model gpt2 from "m"\nprompts p from ["the cat sat"]\n';

/** Protocols that are short and ask for too much: what the answer must begin with. */
const greedy: readonly (readonly [string, string, RegExp])[] = [
  ["random tokens", 'model gpt2 from "m"\nprompts p random tokens 1000000000\nmeasure loss', /^A3009/],
  ["random prompts", 'model gpt2 from "m"\nprompts p random tokens 2 count 1000000000\nmeasure loss', /^A3009/],
  ["layers", `${base}ablate heads L0..999999999 measure loss`, /^A4201/],
  ["heads", `${base}ablate heads L0.H0..999999999 measure loss`, /^A4202/],
  ["a range of counts", `${base}measure R_V early L0 late L1 window 1..999999999`, /^A3009/],
  ["a range of results", `${base}experiment e measure loss table mean(e.loss where prompt in 0..999999999)`, /^A3009/],
  [
    "layers of results",
    `${base}experiment e ablate heads L0 measure loss table mean(e.impact where layer in L0..999999999)`,
    /^A3009/,
  ],
  ["a window", `${base}measure R_V early L0 late L1 window 999999999`, /^A8002/],
  [
    "a product of sweeps",
    `${base}metric m(a: count = 1, b: count = 1, c: count = 1) = loss * a * b * c\nmeasure m a 1..99 b 1..99 c 1..99`,
    /^A3009/,
  ],
  [
    "metrics that double",
    `${base}metric m0 = mean(nll over pos)\n${Array.from({ length: 40 }, (_, i) => `metric m${i + 1} = m${i} + m${i}\n`).join("")}measure m40`,
    /^A3009/,
  ],
  [
    "results that double",
    `${base}experiment e measure loss\nlet r0 = e.loss\n${Array.from({ length: 40 }, (_, i) => `let r${i + 1} = r${i} + r${i}\n`).join("")}table r40`,
    /^A3009/,
  ],
  [
    "a long chain of metrics",
    `${base}metric m0 = mean(nll over pos)\n${Array.from({ length: 5000 }, (_, i) => `metric m${i + 1} = m${i} + 1\n`).join("")}measure m5000`,
    /^A1005/,
  ],
  [
    "a long chain of results",
    `${base}experiment e measure loss\nlet r0 = e.loss\n${Array.from({ length: 3000 }, (_, i) => `let r${i + 1} = r${i} + 1\n`).join("")}table r3000`,
    /^A1005/,
  ],
  [
    "a long circle",
    `${base}metric m0 = m3000\n${Array.from({ length: 3000 }, (_, i) => `metric m${i + 1} = m${i}\n`).join("")}measure loss`,
    /^A/,
  ],
  ["parentheses", `${base}measure ${"(".repeat(5000)}nll${")".repeat(5000)} as x`, /^A1005/],
];

for (const [name, text, expected] of greedy) {
  test(`${name}: said at once instead of tried`, () => {
    const before = process.cpuUsage();
    const [first = ""] = messagesOf(text, around);
    const { user, system } = process.cpuUsage(before);
    assert.match(first, expected);
    assert.ok((user + system) / 1000 < 4 * bound, `${(user + system) / 1000} ms`);
  });
}

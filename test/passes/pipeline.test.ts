/**
 * What passes say of themselves: that they may stand in their order, whichever of them are left out, and that each thing that
 * they require or ensure can fail. For every condition there is a way to break it, and whoever does so is named.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { textsKey } from "../../src/compiler/ir/texts-key.js";
import type { Plan } from "../../src/compiler/ir/plan.js";
import { lowerKnown } from "../../src/compiler/lower/graph.js";
import { naiveDraft } from "../../src/compiler/lower/naive-draft.js";
import { planProtocol } from "../../src/compiler/lower/plan.js";
import { gateNames } from "../../src/compiler/onnx/edit.js";
import type { Graph, OnnxNode } from "../../src/compiler/onnx/graph.js";
import type { Condition } from "../../src/compiler/passes/condition.js";
import type { Draft, DraftStudy, RowGroup } from "../../src/compiler/passes/draft.js";
import { ofNaiveDraft } from "../../src/compiler/passes/draft-conditions.js";
import { ofLoweredGraph } from "../../src/compiler/passes/graph-conditions.js";
import { orderFaults } from "../../src/compiler/passes/order.js";
import type { DraftPass, GraphPass, KnownGraph, Pass, PlannedDraft } from "../../src/compiler/passes/pass.js";
import { pipeline } from "../../src/compiler/passes/pipeline.js";
import { ofEveryPlan } from "../../src/compiler/passes/plan-conditions.js";
import { runDraftPasses, runGraphPasses, verifyPlan } from "../../src/compiler/passes/run-passes.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { capabilities, compileText, numerics } from "../check/compiling.js";
import { stageSurroundings } from "../check/stages.js";
import { root } from "../support/root.js";

const passes: readonly Pass[] = pipeline;
const isDraftPass = (pass: Pass): pass is DraftPass => pass.kind === "draft";
const isGraphPass = (pass: Pass): pass is GraphPass => pass.kind === "graph";

const text = `model m from "./m"
prompts p from ["the cat sat on the mat", "the dog ran on and on"]
prompts q from ["it rained all day", "it rained on"]
experiment heads on m with p ablate heads L* by mean of q measure loss
experiment late on m with q ablate mlp L1..2 measure entropy, norm(resid_post[L1] at last) as size
`;
const { value, diagnostics } = compileText(text, await stageSurroundings());
assert.ok(value.protocol !== null, JSON.stringify(diagnostics));
const { protocol, models } = value;
const modelOf: PlannedDraft["modelOf"] = (id) => models.get(id) ?? assert.fail(id);
const sets = new Map(protocol.texts.map((set) => [textsKey(set.name, set.model), set]));
const textsOf: PlannedDraft["textsOf"] = (name, model) => sets.get(textsKey(name, model)) ?? assert.fail(name);

const naive = naiveDraft(protocol, modelOf, textsOf);
const memoryBudget = 2 ** 30;
const context = { capabilities, graphWork: 0, memoryBudget, chunkedFrom: 1 } as const;
const plan = planProtocol(protocol, models, { numerics, ...context }).value;
const graphPlan = plan.graphs.find(({ gates }) => gates.length > 0) ?? assert.fail();
const { graph: model } = modelOf(graphPlan.model);
const noPasses = { whole: false };
const lowered = lowerKnown(model, { ...graphPlan, settings: noPasses }).graph;

/** Ways to break conditions of drafts, by name. */
const draftBreakers: Readonly<Record<string, (draft: Draft) => Draft>> = {
  "answers-every-condition": inGroups((group) => ({ ...group, conditions: group.conditions.slice(1) })),
  "yields-measures": inGroups((group) => ({ ...group, expressions: [] })),
  "writes-have-gates": inGroups((group) => ({ ...group, gates: [] })),
  "begins-with-tokens": inGroups((group) => ({ ...group, start: 1, inputs: [{ site: "resid_pre", layer: 1 }] })),
  "has-one-group": inStudies((own) => ({ ...own, groups: own.groups.flatMap(halves) })),
  "gates-have-writes": inGroups(withStrayGate),
  "gates-matter": inGroups(withStrayGate),
  "shares-alike": (draft) => {
    const expressions = draft.studies.flatMap(({ measured }) => measured);
    return inGroups((group) => ({ ...group, expressions }))(draft);
  },
  "starts-before-changes": inGroups((group) => ({ ...group, start: 3 })),
  "inputs-are-clean": inGroups((group) => {
    const embed = { site: "embed", layer: null } as const;
    return { ...group, inputs: [embed, embed] };
  }),
};

function inStudies(change: (own: DraftStudy) => DraftStudy): (draft: Draft) => Draft {
  return (draft) => ({ ...draft, studies: draft.studies.map(change) });
}

function inGroups(change: (group: RowGroup) => RowGroup): (draft: Draft) => Draft {
  return inStudies((own) => ({ ...own, groups: own.groups.map(change) }));
}

function halves(group: RowGroup): readonly RowGroup[] {
  const [first = 0, ...rest] = group.conditions;
  return [
    { ...group, conditions: [first], gates: [] },
    { ...group, conditions: rest },
  ];
}

function withStrayGate(group: RowGroup): RowGroup {
  const site = { site: "final", layer: null } as const;
  return { ...group, gates: [...group.gates, { key: "stray", site, kind: "replace", expression: null, add: false, dense: false }] }; // prettier-ignore
}

const inGraph =
  (change: (graph: Graph) => Graph) =>
  (known: KnownGraph): KnownGraph => ({ ...known, graph: change(known.graph) });
const identity = (from: string, to: string): OnnxNode => ({ op: "Identity", domain: "", inputs: [from], outputs: [to], attributes: {} }); // prettier-ignore
const restricting =
  (name: string) =>
  (known: KnownGraph): KnownGraph => ({ ...known, restricted: new Map([[name, { side: "last", count: 2 }]]) });

/** Ways to break conditions of graphs, by name. */
const graphBreakers: Readonly<Record<string, (known: KnownGraph) => KnownGraph>> = {
  "is-well-formed": inGraph((graph) => ({ ...graph, nodes: [...graph.nodes, identity("nowhere", "new")] })),
  "has-no-dead-nodes": inGraph((graph) => ({ ...graph, nodes: [...graph.nodes, identity("input_ids", "new")] })),
  "keeps-interface": inGraph((graph) => ({
    ...graph,
    outputs: graph.outputs.map((info) => ({ ...info, shape: [7] })),
  })),
  "has-no-bodies": inGraph((graph) => {
    const body = { kind: "graph", value: { ...graph, nodes: [] } } as const;
    return { ...graph, nodes: [{ ...identity("input_ids", "new"), attributes: { body } }, ...graph.nodes] };
  }),
  "restricted-are-computed": restricting("nowhere"),
  "gates-see-all-positions": (known) => {
    const [gate] = graphPlan.gates;
    assert.ok(gate !== undefined);
    return restricting(gateNames(model.values[siteKey(gate.site)] ?? "", gate.key).gated)(known);
  },
  "chunked-layers-have-no-pattern": (known) => ({
    ...known,
    graph: lowered,
    chunked: new Map([0, 1, 2].map((layer) => [layer, null])),
  }),
  "has-no-whole-loss": (known) => ({ ...known, graph: lowered }),
};

const inUnits =
  (change: (unit: Plan["evaluations"][number]["units"][number]) => Plan["evaluations"][number]["units"]) =>
  (planned: PlannedDraft): PlannedDraft => {
    const evaluations = planned.plan.evaluations.map((own) => ({ ...own, units: own.units.flatMap(change) }));
    return { ...planned, plan: { ...planned.plan, evaluations } };
  };

/** Ways to break conditions of plans, by name. */
const planBreakers: Readonly<Record<string, (planned: PlannedDraft) => PlannedDraft>> = {
  "batches-each-row-once": inUnits((unit) => [unit, unit]),
  "batches-one-length": inUnits((unit) => [{ ...unit, positions: unit.positions + 1 }]),
  "ends-at-last-need": (planned) => ({ ...planned, layersOf: () => modelOf(graphPlan.model).signature.layers + 1 }),
  "batches-are-full": inUnits((unit) => unit.rows.map((row) => ({ ...unit, rows: [row] }))),
  "cuts-follow-gates": (planned) => ({ ...planned, plan: { ...planned.plan, cuts: { [graphPlan.model]: [0] } } }),
};

const planned: PlannedDraft = {
  draft: runDraftPasses(passes, naive, context, true),
  plan,
  modelOf,
  textsOf,
  layersOf(graph) {
    const { graph: own } = lowerKnown(modelOf(graph.model).graph, graph);
    const computed = new Set(own.nodes.flatMap((node) => (node.op === "Gather" ? [] : node.outputs)));
    const { signature, values } = modelOf(graph.model).graph;
    return Array.from({ length: signature.layers }, (_, layer) => layer).filter((layer) =>
      (["attn_out", "mlp_out"] as const).some((site) => computed.has(values[siteKey({ site, layer })] ?? "")),
    ).length;
  },
  mostRows: () => 1e9,
};

/** A pass that may break everything, and does. */
function breaker<P extends DraftPass | GraphPass>(
  kind: P["kind"],
  apply: P["apply"],
  invalidates: P["invalidates"],
): P {
  const base = { kind, name: "breaker", does: "", setting: "breaker", requires: [], ensures: [] };
  return { ...base, invalidates, apply } as unknown as P;
}

const settings = { ...noPasses, breaker: true, ...Object.fromEntries(passes.filter(isGraphPass).map((pass) => [pass.setting, true])) }; // prettier-ignore
const runGraph = (...own: readonly Pass[]): KnownGraph => runGraphPasses(own, lowered, model, settings, true);
const runDraft = (...own: readonly Pass[]): Draft => runDraftPasses(own, naive, context, true);

function breakerOf<T>(breakers: Readonly<Record<string, T>>, { name }: Pick<Condition<never>, "name">): T {
  return breakers[name] ?? assert.fail(`nothing breaks ${name}`);
}

test("the passes hold what they promise here", () => {
  runDraft(...passes);
  runGraph(...passes);
  verifyPlan(passes, planned);
});

for (const pass of passes.filter(isDraftPass)) {
  test(`${pass.name}: a draft that is not as it is required`, () => {
    for (const condition of pass.requires) {
      const before = breaker<DraftPass>("draft", breakerOf(draftBreakers, condition), [...ofNaiveDraft, condition]);
      assert.throws(
        () => runDraft(before, { ...pass, requires: [condition] }),
        new RegExp(`the pass ${pass.name} requires ${condition.name} `),
      );
    }
  });

  test(`${pass.name}: breaking what it ensures, or what held and must hold on`, () => {
    const kept = ofNaiveDraft.filter((condition) => !pass.invalidates.includes(condition));
    for (const condition of [...pass.ensures, ...kept]) {
      const destroy = breakerOf(draftBreakers, condition);
      const broken: DraftPass = { ...pass, apply: (draft, around) => destroy(pass.apply(draft, around)) };
      const others = [...pass.ensures, ...kept].filter((other) => other !== condition);
      const only: DraftPass = {
        ...broken,
        ensures: pass.ensures.filter((own) => own === condition),
        invalidates: [...pass.invalidates, ...others],
      };
      assert.throws(() => runDraft(only), new RegExp(`the pass ${pass.name} (ensures|keeps) ${condition.name} `));
      assert.throws(() => runDraft(broken), new RegExp(`the pass ${pass.name} (ensures|keeps) `));
    }
  });
}

for (const pass of passes.filter(isGraphPass)) {
  test(`${pass.name}: a graph that is not as it is required`, () => {
    for (const condition of pass.requires) {
      const before = breaker<GraphPass>("graph", breakerOf(graphBreakers, condition), [...ofLoweredGraph, condition]);
      assert.throws(
        () => runGraph(before, { ...pass, requires: [condition] }),
        new RegExp(`the pass ${pass.name} requires ${condition.name} `),
      );
    }
  });

  test(`${pass.name}: breaking what it ensures, or what held and must hold on`, () => {
    const kept = ofLoweredGraph.filter((condition) => !pass.invalidates.includes(condition));
    for (const condition of [...pass.ensures, ...kept]) {
      const destroy = breakerOf(graphBreakers, condition);
      const broken: GraphPass = { ...pass, apply: (known, own) => destroy(pass.apply(known, own)) };
      const others = [...pass.ensures, ...kept].filter((other) => other !== condition);
      const only: GraphPass = {
        ...broken,
        ensures: pass.ensures.filter((own) => own === condition),
        invalidates: [...pass.invalidates, ...others],
      };
      assert.throws(() => runGraph(only), new RegExp(`the pass ${pass.name} (ensures|keeps) ${condition.name} `));
      assert.throws(() => runGraph(broken), new RegExp(`the pass ${pass.name} (ensures|keeps) `));
    }
  });
}

test("choices: plans that are not as they say", () => {
  for (const pass of passes) {
    if (pass.kind !== "choice") continue;
    for (const condition of pass.ensures) {
      const broken = breakerOf(planBreakers, condition)(planned);
      const others = ofEveryPlan.flatMap(({ violations }) => violations(broken));
      assert.deepEqual(others, [], condition.name);
      assert.throws(() => verifyPlan([pass], broken), new RegExp(`the pass ${pass.name} ensures ${condition.name} `));
      verifyPlan([], broken);
    }
  }
  for (const condition of ofEveryPlan) {
    const broken = breakerOf(planBreakers, condition)(planned);
    assert.throws(() => verifyPlan([], broken), new RegExp(`planning ensures ${condition.name} `));
  }
});

test("the beginning is checked too", () => {
  const broken = inGroups((group) => ({ ...group, start: 1 }))(naive);
  assert.throws(
    () => runDraftPasses([], broken, context, true),
    /the naive draft ensures begins-with-tokens \(no group/,
  );
  const dead = { ...lowered, nodes: [...lowered.nodes, identity("input_ids", "new")] };
  assert.throws(
    () => runGraphPasses([], dead, model, settings, true),
    /lowering ensures has-no-dead-nodes .*: nothing needs new/,
  );
  assert.equal(runGraphPasses([], dead, model, settings, false).graph, dead, "unless nobody asks");
});

test("ARCHITECTURE.md lists the passes in their order", () => {
  const [, table = ""] = /^## Passes\n([^#]*)/m.exec(readFileSync(join(root, "ARCHITECTURE.md"), "utf8")) ?? [];
  const rows = [...table.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, name]) => name);
  assert.deepEqual(
    rows,
    passes.map(({ name }) => name),
  );
});

test("the order is right, whichever passes are left out", () => {
  for (let chosen = 0; chosen < 2 ** passes.length; chosen++) {
    const left = passes.filter((_, i) => Math.floor(chosen / 2 ** i) % 2 === 1);
    assert.deepEqual(orderFaults(left), [], left.map(({ name }) => name).join(", "));
  }
});

test("orders that are wrong", () => {
  const named = (...names: readonly string[]): readonly Pass[] =>
    names.map((name) => passes.find((pass) => pass.name === name) ?? assert.fail(name));
  assert.deepEqual(orderFaults(named("resume-from-prefix", "drop-unaffected")), [
    "drop-unaffected requires begins-with-tokens, which resume-from-prefix invalidates",
  ]);
  assert.deepEqual(orderFaults(named("chunk-attention", "restrict-positions")), [
    "restrict-positions requires has-no-bodies, which chunk-attention invalidates",
  ]);
  assert.deepEqual(orderFaults(named("stream-loss", "drop-unaffected")), [
    "drop-unaffected rewrites drafts and stands after stream-loss",
  ]);
  assert.deepEqual(orderFaults(named("batch-rows", "batch-rows")), ["two passes are called batch-rows"]);
  const [drop] = passes.filter(isDraftPass);
  assert.ok(drop !== undefined);
  const unheard = { name: "is-blue", says: "it is blue", violations: () => [] };
  assert.deepEqual(orderFaults([{ ...drop, requires: [unheard] }]), [
    "drop-unaffected requires is-blue, which nothing before it ensures",
  ]);
  assert.deepEqual(
    orderFaults([
      { ...drop, name: "first", ensures: [unheard] },
      { ...drop, requires: [unheard] },
    ]),
    [],
  );
});

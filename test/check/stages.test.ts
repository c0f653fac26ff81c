/**
 * Ten instructive protocols, stage by stage: the tree, the checked protocol, the plan in words, and what there is to
 * say. Expressions of the protocol are written as formulas, spans and digests are left out.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { hasErrors } from "../../src/compiler/diagnostics/staged.js";
import { renderDiagnostics } from "../../src/compiler/diagnostics/render.js";
import type { Protocol } from "../../src/compiler/ir/protocol.js";
import { typeText } from "../../src/compiler/ir/tensor-type.js";
import { explainPlan } from "../../src/compiler/lower/explain.js";
import { lowerGraph } from "../../src/compiler/lower/graph.js";
import { planProtocol } from "../../src/compiler/lower/plan.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { expectGolden } from "../support/golden.js";
import { withoutSpans } from "../support/trees.js";
import { capabilities, compileText, formula } from "./compiling.js";
import { compactJson, stageCases, stageSurroundings } from "./stages.js";

const around = await stageSurroundings();
const numerics = {
  onnxruntime: "none",
  device: "cpu",
  graphOptimization: "disabled",
  prepacking: "never",
  tf32: false,
} as const;

/** The protocol for readers: sites and formulas as text. */
function readable(protocol: Protocol): unknown {
  return {
    ...protocol,
    studies: protocol.studies.map(({ interventionSpan: _span, ...study }) => ({
      ...study,
      conditions: study.conditions.map(({ coordinates, writes }) => ({
        coordinates,
        writes: writes.map(({ site, unit, replacement }) => {
          const place = unit === null ? siteKey(site) : `${siteKey(site)} unit ${unit}`;
          const { kind, ...rest } = replacement;
          return [place, "by", kind, ...Object.values(rest as Readonly<Record<string, string | number>>)].join(" ");
        }),
      })),
      measures: study.measures.map((measure) => ({
        metric: measure.metric,
        coordinates: measure.coordinates,
        type: typeText(measure.type),
        formula: formula(measure),
        reasons: measure.expression.nodes.flatMap((node) => (node.kind === "operation" ? (node.reason ?? []) : [])),
      })),
    })),
    outputs: protocol.outputs.map(({ span: _span, ...output }) => output),
  };
}

for (const { name, text } of stageCases()) {
  test(name, () => {
    const source = { path: "test.atlas", text };
    const { value, diagnostics, sources } = compileText(text, around);
    expectGolden(
      `stages/${name}/diagnostics.txt`,
      renderDiagnostics(diagnostics, (path) => sources.get(path)),
    );
    assert.equal(hasErrors(diagnostics), false);
    expectGolden(`stages/${name}/ast.json`, `${compactJson(withoutSpans(parse(source).value))}\n`);
    const { protocol, models } = value;
    assert.ok(protocol !== null);
    expectGolden(`stages/${name}/protocol.json`, `${compactJson(readable(protocol))}\n`);

    const plan = planProtocol(protocol, models, { memoryBudget: 2 ** 30, numerics, capabilities });
    assert.deepEqual(plan.diagnostics, []);
    const explained = explainPlan(protocol, plan.value, (id) => models.get(id)?.signature);
    expectGolden(`stages/${name}/plan.txt`, `${explained.replace(/\n {2}plan +\w+$/, "")}\n`);
    // Every graph of the plan can be lowered.
    for (const graph of plan.value.graphs) {
      const model = models.get(graph.model);
      assert.ok(model !== undefined && lowerGraph(model.graph, graph).outputs.length > 0);
    }
    // Plain data: what a stage hands on survives JSON.
    assert.deepEqual(JSON.parse(JSON.stringify(protocol)), protocol);
    assert.deepEqual(JSON.parse(JSON.stringify(plan.value)), plan.value);
  });
}

/** From a protocol to a plan: which graphs, which batches, in which order. */
import { digestOf } from "../base/digest.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Staged } from "../diagnostics/staged.js";
import type { OpenedModel } from "../check/check.js";
import { textsKey } from "../check/check.js";
import type { MeasureExpression } from "../ir/expression.js";
import type { Evaluation, GraphOutput, GraphPlan, Numerics, Plan, PlanCost, PlanRow, Unit } from "../ir/plan.js";
import type { Condition, Protocol, SiteWrite, Study, TokenizedTexts } from "../ir/protocol.js";
import { siteType } from "../check/site-types.js";
import { siteKey, type SiteReference } from "../models/sites.js";
import { reasonsOf } from "../operations/reference.js";
import { expressionKey } from "./expression-key.js";
import { layersNeeded, rowBytes, rowFlops, sitesOf } from "./cost.js";
import { ancestors } from "./reachability.js";
import { logOfSoftmax } from "../passes/log-of-softmax.js";

export interface PlanOptions {
  /** Bytes of activations that one batch may take. */
  readonly memoryBudget: number;
  readonly numerics: Numerics;
}

/** Work that one unit should hold at most, so that progress, cancelling and resuming stay fine-grained (about a second). */
const unitFlops = 2e10;

/** Version of everything in this compiler that decides numbers: part of every graph's identity. */
const loweringVersion = 1;

export function planProtocol(
  protocol: Protocol,
  models: ReadonlyMap<string, OpenedModel>,
  options: PlanOptions,
): Staged<Plan> {
  const diagnostics: Diagnostic[] = [];
  const graphs = new Map<string, GraphPlan>();
  const evaluations: Evaluation[] = [];
  const means = new Map<string, Evaluation>();
  const texts = new Map(protocol.texts.map((t) => [textsKey(t.name, t.model), t]));
  const cost = { rows: 0, units: 0, layerRuns: 0, naiveLayerRuns: 0, flops: 0, peakActivationBytes: 0 };

  const modelOf = (id: string): OpenedModel => {
    const model = models.get(id);
    if (model === undefined) throw new RangeError(`the model ${id} is not open`);
    return model;
  };
  const textsOf = (name: string, model: string): TokenizedTexts => {
    const found = texts.get(textsKey(name, model));
    if (found === undefined) throw new RangeError(`the texts ${name} are not tokenised for ${model}`);
    return found;
  };
  const graphOf = (model: string, gates: readonly SiteReference[], outputs: readonly GraphOutput[]): GraphPlan => {
    const id = digestOf({
      loweringVersion,
      model: modelOf(model).facts.digest,
      gates: gates.map(siteKey),
      outputs: outputs.map((o) => expressionKey(o.expression)),
    });
    const graph: GraphPlan = { id, model, gates, outputs };
    if (!graphs.has(id)) graphs.set(id, graph);
    return graphs.get(id) ?? graph;
  };

  /** Splits rows into units and counts their cost. */
  const batch = (
    graph: GraphPlan,
    set: TokenizedTexts,
    conditions: readonly Condition[],
    rows: readonly PlanRow[],
    needs: readonly string[],
  ): readonly Unit[] => {
    const { signature } = modelOf(graph.model);
    const promptDigests = new Map<number, string>();
    const promptDigest = (index: number): string => {
      const known = promptDigests.get(index) ?? digestOf([set.prompts[index]?.ids, set.prompts[index]?.bytes]);
      promptDigests.set(index, known);
      return known;
    };
    const conditionDigests = conditions.map((c) => digestOf(c.writes));
    const byLength = new Map<number, PlanRow[]>();
    for (const row of rows) {
      const length = set.prompts[row.prompt]?.ids.length ?? 0;
      const bucket = byLength.get(length);
      if (bucket === undefined) byLength.set(length, [row]);
      else bucket.push(row);
    }
    const units: Unit[] = [];
    const longest = Math.max(0, ...byLength.keys());
    for (const [positions, bucket] of [...byLength].sort(([a], [b]) => a - b)) {
      const bytes = rowBytes(graph, signature, positions);
      if (bytes > options.memoryBudget) {
        // The longest one says it for all.
        if (positions < longest) continue;
        diagnostics.push(
          diagnostic(
            "A5004",
            null,
            { positions, needed: megabytes(bytes), budget: megabytes(options.memoryBudget) },
            { hint: `give it more with --memory, at least --memory ${Math.ceil(bytes / 2 ** 20)}MB` },
          ),
        );
        continue;
      }
      const flops = rowFlops(graph, signature, positions);
      const byMemory = Math.floor(options.memoryBudget / bytes);
      const size = Math.max(1, Math.min(byMemory, Math.floor(unitFlops / Math.max(1, flops))));
      for (let start = 0; start < bucket.length; start += size) {
        const chunk = bucket.slice(start, start + size);
        const id = digestOf({
          graph: graph.id,
          positions,
          rows: chunk.map((row) => [promptDigest(row.prompt), conditionDigests[row.condition]]),
          needs,
          numerics: options.numerics,
        });
        units.push({ id, rows: chunk, positions });
        cost.units++;
        cost.rows += chunk.length;
        cost.layerRuns += chunk.length * layersNeeded(graph, signature);
        cost.naiveLayerRuns += chunk.length * signature.layers;
        cost.flops += chunk.length * flops;
        cost.peakActivationBytes = Math.max(cost.peakActivationBytes, chunk.length * bytes);
      }
    }
    return units;
  };

  /** The evaluation that averages sites over a prompt set; one for each set and model, shared by all who need it. */
  const meanOf = (model: string, name: string, wanted: readonly SiteReference[]): Evaluation => {
    const sorted = [...new Map(wanted.map((s) => [siteKey(s), s])).values()];
    const key = `${textsKey(name, model)}: ${sorted.map(siteKey).join(" ")}`;
    const known = means.get(key);
    if (known !== undefined) return known;
    const set = textsOf(name, model);
    const graph = graphOf(
      model,
      [],
      sorted.map((site) => positionSum(modelOf(model), site)),
    );
    const rows = set.prompts.map((p) => ({ prompt: p.index, condition: 0 }));
    const conditions: readonly Condition[] = [{ coordinates: {}, writes: [] }];
    const units = batch(graph, set, conditions, rows, []);
    const evaluation: Evaluation = {
      id: digestOf(units.map((u) => u.id)),
      purpose: "mean",
      study: null,
      texts: name,
      model,
      graph: graph.id,
      conditions,
      unaffected: [],
      units,
      needs: [],
    };
    means.set(key, evaluation);
    evaluations.push(evaluation);
    return evaluation;
  };

  protocol.studies.forEach((study, index) => {
    const opened = modelOf(study.model);
    const set = textsOf(study.texts, study.model);
    // All measures of a graph number their reasons together, in the order in which they are lowered.
    const numbered = new Set<string>();
    const outputs = study.measures.map((measure, i): GraphOutput => {
      const expression = logOfSoftmax(measure.expression);
      const reasons = reasonsOf(expression);
      for (const reason of reasons) numbered.add(reason);
      return {
        name: `measure/${i}`,
        fault: reasons.length === 0 ? null : `measure/${i}/fault`,
        reasons: [...numbered],
        type: measure.type,
        expression,
      };
    });
    const { gates, unaffected } = affecting(study, opened, outputs);
    const needs = meansNeeded(study, gates).map(({ of, sites }) => meanOf(study.model, of, sites));
    const graph = graphOf(study.model, gates, outputs);
    const skipped = new Set(unaffected);
    const rows = study.conditions.flatMap((_, condition) =>
      skipped.has(condition) ? [] : set.prompts.map((p) => ({ prompt: p.index, condition })),
    );
    const units = batch(
      graph,
      set,
      study.conditions,
      rows,
      needs.map((n) => n.id),
    );
    evaluations.push({
      id: digestOf([study.experiment, units.map((u) => u.id)]),
      purpose: "measure",
      study: index,
      texts: study.texts,
      model: study.model,
      graph: graph.id,
      conditions: study.conditions,
      unaffected,
      units,
      needs: needs.map((n) => n.id),
    });
  });

  const list = [...graphs.values()];
  const weightBytes = [...new Set(list.map((g) => g.model))].reduce((sum, id) => sum + modelBytes(modelOf(id)), 0);
  const total: PlanCost = { ...cost, weightBytes };
  const digest = digestOf([list.map((g) => g.id), evaluations.map((e) => e.units.map((u) => u.id))]);
  return { value: { graphs: list, evaluations, cost: total, digest }, diagnostics };
}

function megabytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} kB` : `${Math.ceil(bytes / 2 ** 20)} MB`;
}

function modelBytes(model: OpenedModel): number {
  return Object.values(model.facts.tensors).reduce((sum, t) => sum + t.length, 0);
}

/** Σ over positions of a site: what a row contributes to an average. */
function positionSum(model: OpenedModel, site: SiteReference): GraphOutput {
  const expression = positionSumExpression(model, site);
  const result = expression.nodes[expression.result];
  if (result === undefined) throw new RangeError("an expression without result");
  return { name: `mean/${siteKey(site)}`, fault: null, reasons: [], type: result.type, expression };
}

function positionSumExpression(model: OpenedModel, site: SiteReference): MeasureExpression {
  const type = siteType(site.site, model.signature);
  const span = { file: "", start: 0, end: 0 };
  return {
    nodes: [
      { kind: "site", site, type, span },
      {
        kind: "operation",
        operation: "sum",
        inputs: [0],
        attributes: { over: ["pos"] },
        type: { ...type, axes: type.axes.filter((a) => a.name !== "pos") },
        span,
      },
    ],
    result: 1,
  };
}

/** Gates that can change something measured, and the conditions that write none of them. */
function affecting(
  study: Study,
  model: OpenedModel,
  outputs: readonly GraphOutput[],
): { readonly gates: readonly SiteReference[]; readonly unaffected: readonly number[] } {
  const measured = sitesOf(outputs.map((o) => o.expression)).map((s) => model.graph.values[siteKey(s)] ?? "");
  const upstream = ancestors(model.graph.graph, measured);
  const matters = (write: SiteWrite): boolean => upstream.has(model.graph.values[siteKey(write.site)] ?? "");
  const gates = new Map<string, SiteReference>();
  const unaffected: number[] = [];
  study.conditions.forEach((condition, i) => {
    const writes = condition.writes.filter(matters);
    for (const write of writes) gates.set(siteKey(write.site), write.site);
    if (writes.length === 0 && condition.writes.length > 0) unaffected.push(i);
  });
  return { gates: [...gates.values()], unaffected };
}

function meansNeeded(
  study: Study,
  gates: readonly SiteReference[],
): readonly { readonly of: string; readonly sites: readonly SiteReference[] }[] {
  const gated = new Set(gates.map(siteKey));
  const byTexts = new Map<string, Map<string, SiteReference>>();
  for (const condition of study.conditions) {
    for (const { site, replacement } of condition.writes) {
      if (replacement.kind !== "mean" || !gated.has(siteKey(site))) continue;
      const sites = byTexts.get(replacement.of) ?? new Map<string, SiteReference>();
      byTexts.set(replacement.of, sites.set(siteKey(site), site));
    }
  }
  return [...byTexts].map(([of, sites]) => ({ of, sites: [...sites.values()] }));
}

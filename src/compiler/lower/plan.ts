/** From a protocol to a plan: which graphs, which batches, in which order. */
import { digestOf } from "../base/digest.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Staged } from "../diagnostics/staged.js";
import type { OpenedModel } from "../check/check.js";
import { textsKey } from "../check/check.js";
import type { MeasureExpression } from "../ir/expression.js";
import type { Evaluation, Gate, GraphOutput, GraphPlan, Numerics, Plan } from "../ir/plan.js";
import type { Condition, Protocol, Study, TokenizedTexts } from "../ir/protocol.js";
import { siteKey } from "../models/sites.js";
import { soundParts } from "../operations/documents.js";
import { reasonsOf } from "../operations/reference.js";
import { logOfSoftmax } from "../passes/log-of-softmax.js";
import { batchRows, type BatchContext, type BatchCost } from "./batches.js";
import { captureKey, capturesOf } from "./captures.js";
import { expressionKey } from "./expression-key.js";
import { gatesOf } from "./gates.js";

export interface PlanOptions {
  /** Bytes of activations that one batch may take. */
  readonly memoryBudget: number;
  readonly numerics: Numerics;
}

/** Version of everything in this compiler that decides numbers: part of every graph's identity. */
const loweringVersion = 2;

const baseline: readonly Condition[] = [{ coordinates: {}, writes: [] }];

/** What planning one study needs from the whole. */
interface Planning {
  readonly batch: BatchContext;
  readonly modelOf: (id: string) => OpenedModel;
  readonly textsOf: (name: string, model: string) => TokenizedTexts;
  readonly graphs: Map<string, GraphPlan>;
  readonly evaluations: Evaluation[];
  /** Captures that are planned already: by model, texts and what is captured. */
  readonly captured: Map<string, Evaluation>;
}

/** Plans every study whose conditions are known; those that another experiment's result decides wait for it. */
export function planProtocol(
  protocol: Protocol,
  models: ReadonlyMap<string, OpenedModel>,
  options: PlanOptions,
): Staged<Plan> {
  const diagnostics: Diagnostic[] = [];
  const texts = new Map(protocol.texts.map((t) => [textsKey(t.name, t.model), t]));
  const cost: BatchCost = { rows: 0, units: 0, layerRuns: 0, naiveLayerRuns: 0, flops: 0, peakActivationBytes: 0 };
  const planning: Planning = {
    batch: { ...options, cost, report: (d) => void diagnostics.push(d) },
    modelOf: (id) => {
      const model = models.get(id);
      if (model === undefined) throw new RangeError(`the model ${id} is not open`);
      return model;
    },
    textsOf: (name, model) => {
      const found = texts.get(textsKey(name, model));
      if (found === undefined) throw new RangeError(`the texts ${name} are not tokenised for ${model}`);
      return found;
    },
    graphs: new Map(),
    evaluations: [],
    captured: new Map(),
  };
  protocol.studies.forEach((study, index) => {
    if (study.deferred === null) planStudy(planning, study, index);
  });
  const graphs = [...planning.graphs.values()];
  const used = new Set(graphs.map((graph) => graph.model));
  const weightBytes = [...used].reduce((sum, id) => sum + modelBytes(planning.modelOf(id)), 0);
  const { evaluations } = planning;
  const digest = digestOf([graphs.map((g) => g.id), evaluations.map((e) => e.units.map((u) => u.id))]);
  return { value: { graphs, evaluations, cost: { ...cost, weightBytes }, digest }, diagnostics };
}

function planStudy(planning: Planning, study: Study, index: number): void {
  const opened = planning.modelOf(study.model);
  const texts = planning.textsOf(study.texts, study.model);
  const measures = study.measures.map(({ expression }) => expression);
  const outputs = graphOutputs(
    texts.documents === null
      ? measures
      : measures.flatMap((expression) => soundParts(expression, texts.name).map((part) => part.expression)),
  );
  const measured = outputs.map((output) => output.expression);
  const { gates, unaffected } = gatesOf(study, opened.graph, measured);
  const needs = captureEvaluations(planning, study, gates, measured);
  const graph = graphOf(planning, study.model, gates, outputs);
  const skipped = new Set(unaffected);
  const rows = study.conditions.flatMap((_, condition) =>
    skipped.has(condition) ? [] : texts.prompts.map((p) => ({ prompt: p.index, condition })),
  );
  const { conditions } = study;
  const units = batchRows(planning.batch, { graph, signature: opened.signature, texts, conditions, rows, needs });
  planning.evaluations.push({
    id: digestOf([study.experiment, units.map((u) => u.id)]),
    purpose: "measure",
    study: index,
    texts: study.texts,
    model: study.model,
    graph: graph.id,
    conditions,
    unaffected,
    units,
    needs,
  });
}

/** Measured expressions as outputs of one graph. They number their reasons together, in the order of lowering. */
function graphOutputs(expressions: readonly MeasureExpression[]): readonly GraphOutput[] {
  const numbered = new Set<string>();
  return expressions.map((written, i): GraphOutput => {
    const expression = logOfSoftmax(written);
    const result = expression.nodes[expression.result];
    if (result === undefined) throw new RangeError("an expression without result");
    const reasons = reasonsOf(expression);
    for (const reason of reasons) numbered.add(reason);
    return {
      name: `measure/${i}`,
      fault: reasons.length === 0 ? null : `measure/${i}/fault`,
      reasons: [...numbered],
      type: result.type,
      expression,
    };
  });
}

/** The graph of these gates and outputs; one for all who ask for the same. */
function graphOf(
  { graphs, modelOf }: Planning,
  model: string,
  gates: readonly Gate[],
  outputs: readonly GraphOutput[],
): GraphPlan {
  const id = digestOf({
    loweringVersion,
    model: modelOf(model).facts.digest,
    gates: gates.map(({ key, site, kind, expression, add }) => [
      key,
      siteKey(site),
      kind,
      expression === null ? null : expressionKey(expression),
      add,
    ]),
    outputs: outputs.map((output) => expressionKey(output.expression)),
  });
  const known = graphs.get(id);
  if (known !== undefined) return known;
  const graph: GraphPlan = { id, model, gates, outputs };
  graphs.set(id, graph);
  return graph;
}

/** Ids of the evaluations that yield what the study needs of other runs; they are planned unless they are already. */
function captureEvaluations(
  planning: Planning,
  study: Study,
  gates: readonly Gate[],
  measured: readonly MeasureExpression[],
): readonly string[] {
  const { model } = study;
  const { signature } = planning.modelOf(model);
  const ids = new Set<string>();
  const missing = new Map<string, MeasureExpression[]>();
  const keyOf = (texts: string, expression: MeasureExpression): string =>
    `${textsKey(texts, model)}: ${captureKey(expression)}`;
  for (const { texts, expression } of capturesOf(study, gates, measured, signature)) {
    const known = planning.captured.get(keyOf(texts, expression));
    if (known !== undefined) ids.add(known.id);
    else missing.set(texts, [...(missing.get(texts) ?? []), expression]);
  }
  for (const [name, expressions] of missing) {
    const texts = planning.textsOf(name, model);
    const graph = graphOf(planning, model, [], graphOutputs(expressions));
    const rows = texts.prompts.map((p) => ({ prompt: p.index, condition: 0 }));
    const units = batchRows(planning.batch, { graph, signature, texts, conditions: baseline, rows, needs: [] });
    const id = digestOf(["capture", units.map((u) => u.id)]);
    const evaluation: Evaluation = {
      id,
      purpose: "capture",
      study: null,
      texts: name,
      model,
      graph: graph.id,
      conditions: baseline,
      unaffected: [],
      units,
      needs: [],
    };
    planning.evaluations.push(evaluation);
    for (const expression of expressions) planning.captured.set(keyOf(name, expression), evaluation);
    ids.add(id);
  }
  return [...ids];
}

function modelBytes(model: OpenedModel): number {
  return Object.values(model.facts.tensors).reduce((sum, t) => sum + t.length, 0);
}

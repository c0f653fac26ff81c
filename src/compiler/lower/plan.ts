/** From a protocol to a plan: which graphs, which batches, in which order. */
import { digestOf } from "../base/digest.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Staged } from "../diagnostics/staged.js";
import type { OpenedModel } from "../check/check.js";
import { textsKey } from "../check/check.js";
import { resultType, type MeasureExpression } from "../ir/expression.js";
import type { Evaluation, Gate, GraphOutput, GraphPlan, Numerics, Plan } from "../ir/plan.js";
import type { Condition, Protocol, Study, TokenizedTexts } from "../ir/protocol.js";
import { siteKey } from "../models/sites.js";
import { soundParts } from "../operations/documents.js";
import { reasonsOf } from "../operations/reference.js";
import { logOfSoftmax } from "../passes/log-of-softmax.js";
import { passNames, type PassName } from "../passes/names.js";
import { resumeFromPrefix } from "../passes/resume-from-prefix.js";
import { batchRows, type BatchContext, type BatchCost } from "./batches.js";
import { captureKey, capturesOf, siteExpression, type Capture } from "./captures.js";
import { lastLayerNeeded, layerFlops, sitesBefore } from "./cost.js";
import { expressionKey } from "./expression-key.js";
import { firstLayer, gateKey, gatesOf } from "./gates.js";
import { startInputs } from "./graph.js";

export interface PlanOptions {
  /** Passes to apply; all of them when absent. */
  readonly passes?: readonly PassName[];
  /** Work that opening one more graph is worth, in floating-point operations; {@link graphWork} when absent. */
  readonly graphWork?: number;
  /** Bytes of activations that one batch may take. */
  readonly memoryBudget: number;
  readonly numerics: Numerics;
}

/** Version of everything in this compiler that decides numbers: part of every graph's identity. */
const loweringVersion = 5;

/** Work that opening one more graph is worth, in floating-point operations: about a tenth of a second on two cores. */
export const graphWork = 2e9;

const baseline: readonly Condition[] = [{ coordinates: {}, writes: [] }];

/** What planning one study needs from the whole. */
interface Planning {
  readonly batch: BatchContext;
  readonly passes: ReadonlySet<PassName>;
  /** Work that opening one more graph is worth. */
  readonly graph: number;
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
    passes: new Set(options.passes ?? passNames),
    graph: options.graphWork ?? graphWork,
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
  const { signature } = opened;
  const { conditions } = study;
  const skipped = new Set(unaffected);
  const starts = startsOf(planning, study, texts, gates, measured);
  const graph = graphOf(planning, study.model, gates, outputs);
  const graphs = new Map<number, GraphPlan>();
  for (const start of new Set(starts)) {
    const own = start === 0 ? gates : gatesFrom(start, study, gates, starts);
    graphs.set(start, start === 0 ? graph : graphOf(planning, study.model, own, outputs, start));
  }
  const prefixes = [...graphs.values()].flatMap(startInputs).map((site) => ({
    texts: study.texts,
    expression: siteExpression(site, signature),
  }));
  const { needs, identities } = captureEvaluations(planning, study.model, [
    ...capturesOf(study, gates, measured, signature, (of) => planning.textsOf(of, study.model).documents !== null),
    ...prefixes,
  ]);
  const units = [...graphs]
    .sort(([a], [b]) => a - b)
    .flatMap(([start, from]) => {
      const rows = conditions.flatMap((_, condition) =>
        skipped.has(condition) || starts[condition] !== start
          ? []
          : texts.prompts.map((p) => ({ prompt: p.index, condition })),
      );
      return batchRows(planning.batch, { graph: from, signature, texts, conditions, rows, given: identities });
    });
  planning.evaluations.push({
    id: digestOf([study.experiment, study.model, study.texts, units.map((u) => u.id)]),
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

/**
 * Where the rows of each condition begin. The clean run's values are kept until the study is done: where they would take
 * more than a batch may (a long corpus), every row begins with the tokens.
 */
function startsOf(
  { modelOf, passes, graph, batch }: Planning,
  study: Study,
  texts: TokenizedTexts,
  gates: readonly Gate[],
  measured: readonly MeasureExpression[],
): readonly number[] {
  const { signature } = modelOf(study.model);
  const layer = texts.prompts.reduce((sum, { ids }) => sum + layerFlops(signature, ids.length), 0);
  const end = lastLayerNeeded(measured, signature);
  if (!passes.has("resume-from-prefix")) return study.conditions.map(() => 0);
  const first = study.conditions.map((condition) => firstLayer(condition, gates, end));
  const starts = resumeFromPrefix({ first, end, layer, graph });
  const tokens = texts.prompts.reduce((sum, { ids }) => sum + ids.length, 0);
  const kept = new Set(starts.filter((start) => start > 0)).size * tokens * signature.dModel * 4;
  return kept > batch.memoryBudget ? starts.map(() => 0) : starts;
}

/** Gates that conditions which begin at `start` write through. */
function gatesFrom(start: number, study: Study, gates: readonly Gate[], starts: readonly number[]): readonly Gate[] {
  const used = new Set(study.conditions.flatMap(({ writes }, i) => (starts[i] === start ? writes.map(gateKey) : [])));
  return gates.filter((gate) => used.has(gate.key));
}

/** Measured expressions as outputs of one graph. They number their reasons together, in the order of lowering. */
function graphOutputs(expressions: readonly MeasureExpression[]): readonly GraphOutput[] {
  const numbered = new Set<string>();
  return expressions.map((written, i): GraphOutput => {
    const expression = logOfSoftmax(written);
    const reasons = reasonsOf(expression);
    for (const reason of reasons) numbered.add(reason);
    return {
      name: `measure/${i}`,
      fault: reasons.length === 0 ? null : `measure/${i}/fault`,
      reasons: [...numbered],
      type: resultType(expression),
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
  start = 0,
): GraphPlan {
  const id = digestOf({
    loweringVersion,
    model: modelOf(model).facts.digest,
    start,
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
  const computed = gates.flatMap((gate) => (gate.expression === null ? [] : [gate.expression]));
  const inputs = sitesBefore(start, [...outputs.map((output) => output.expression), ...computed]);
  const graph: GraphPlan = { id, model, start, inputs, gates, outputs };
  graphs.set(id, graph);
  return graph;
}

/**
 * The evaluations that yield these values of other runs, which are planned unless they are already; and what identifies
 * the values themselves, whoever else needs what is captured together with them.
 */
function captureEvaluations(
  planning: Planning,
  model: string,
  captures: readonly Capture[],
): { readonly needs: readonly string[]; readonly identities: readonly string[] } {
  const { signature, facts } = planning.modelOf(model);
  const ids = new Set<string>();
  const missing = new Map<string, MeasureExpression[]>();
  const keyOf = (texts: string, expression: MeasureExpression): string =>
    `${textsKey(texts, model)}: ${captureKey(expression)}`;
  for (const { texts, expression } of captures) {
    const known = planning.captured.get(keyOf(texts, expression));
    if (known !== undefined) ids.add(known.id);
    else missing.set(texts, [...(missing.get(texts) ?? []), expression]);
  }
  for (const [name, expressions] of missing) {
    const texts = planning.textsOf(name, model);
    const graph = graphOf(planning, model, [], graphOutputs(expressions));
    const rows = texts.prompts.map((p) => ({ prompt: p.index, condition: 0 }));
    const units = batchRows(planning.batch, { graph, signature, texts, conditions: baseline, rows, given: [] });
    // By its name too: writes and expressions call the set by that, and two sets can hold the same texts.
    const id = digestOf(["capture", name, units.map((u) => u.id)]);
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
  const contents = new Map(
    [...new Set(captures.map(({ texts }) => texts))].map((texts) => [
      texts,
      digestOf(planning.textsOf(texts, model).prompts.map((prompt) => [prompt.ids, prompt.numbers])),
    ]),
  );
  const identities = captures.map(({ texts, expression }) =>
    // The name belongs to it: writes and expressions call the set by that, and two names can be exchanged.
    digestOf([loweringVersion, facts.digest, texts, contents.get(texts), captureKey(expression)]),
  );
  return { needs: [...ids], identities: [...new Set(identities)].sort() };
}

function modelBytes(model: OpenedModel): number {
  return Object.values(model.facts.tensors).reduce((sum, t) => sum + t.length, 0);
}

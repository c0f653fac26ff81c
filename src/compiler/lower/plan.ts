/** From a protocol to a plan: the naive draft, the passes, and then graphs, captures and batches. */
import { digestOf } from "../base/digest.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Staged } from "../diagnostics/staged.js";
import type { OpenedModel } from "../models/model.js";
import type { Capabilities } from "../ir/capabilities.js";
import { textsKey } from "../ir/texts-key.js";
import type { MeasureExpression } from "../ir/expression.js";
import type { Evaluation, GraphPlan, GraphSettings, Numerics, Plan, RecomputedGraph, Unit } from "../ir/plan.js";
import type { Condition, Protocol, TokenizedTexts } from "../ir/protocol.js";
import { chunkedFrom } from "../passes/chunk-attention.js";
import { passNames, type PassName } from "../passes/names.js";
import type { Draft, DraftStudy, PassContext, RowGroup } from "../passes/draft.js";
import { pipeline } from "../passes/pipeline.js";
import { runDraftPasses, suitedSettings, differentiableSettings, verifyPlan } from "../passes/run-passes.js";
import { computedBy, takesGradients } from "../analysis/reads.js";
import { batchRows, largestBatch, noCost, type BatchContext } from "./batches.js";
import { captureIdentities } from "./capture-identity.js";
import { captureKey, capturesOf, siteExpression, type Capture } from "./captures.js";
import type { RowWork } from "./cost.js";
import { planCurvatures } from "./curvature-plan.js";
import { cutsOf } from "./cuts.js";
import { naiveDraft } from "./naive-draft.js";
import { graphPlan } from "./graph-plan.js";
import { createPlanMemory, graphFacts, type PlanMemory } from "./plan-memory.js";

export interface PlanOptions {
  /** Passes to apply; all of them when absent. */
  readonly passes?: readonly PassName[];
  /** Work that opening one more graph is worth, in floating-point operations; {@link graphWork} when absent. */
  readonly graphWork?: number;
  /** Tokens of a text from which attention may be computed in chunks; {@link chunkedFrom} when absent. */
  readonly chunkedFrom?: number;
  /** Bytes of activations that one batch may take. */
  readonly memoryBudget: number;
  readonly numerics: Numerics;
  /**
   * False: what passes require and ensure is not checked. A violated condition is a fault of ours and throws. Changes no
   * plan.
   */
  readonly verifyPasses?: boolean;
  /** What the plan may rely on where it will run. */
  readonly capabilities: Capabilities;
  /** What other plans of the protocol found out; nothing when absent. Changes no plan. */
  readonly memory?: PlanMemory;
}

/** Work that opening one more graph is worth, in floating-point operations: about a tenth of a second on two cores. */
export const graphWork = 2e9;

const baseline: readonly Condition[] = [{ coordinates: {}, writes: [] }];

/** What lowering a draft needs from the whole. */
interface Planning {
  readonly draft: Draft;
  readonly context: PassContext;
  readonly batch: BatchContext;
  readonly modelOf: (id: string) => OpenedModel;
  readonly textsOf: (name: string, model: string) => TokenizedTexts;
  readonly graphs: Map<string, GraphPlan>;
  /** Work of a row of so many tokens through a graph, known once per graph. */
  readonly work: (graph: GraphPlan) => (positions: number) => RowWork;
  readonly evaluations: Evaluation[];
  readonly recomputed: RecomputedGraph[];
  /** Captures that are planned already: by model, texts and what is captured. */
  readonly captured: Map<string, Evaluation>;
  /** What gives the identities of captured values, by the evaluation that captures them. */
  readonly identities: Map<string, (key: string) => string>;
}

/** Plans every study whose conditions are known; those that another experiment's result decides wait for it. */
export function planProtocol(
  protocol: Protocol,
  models: ReadonlyMap<string, OpenedModel>,
  options: PlanOptions,
): Staged<Plan> {
  const diagnostics: Diagnostic[] = [];
  const texts = new Map(protocol.texts.map((t) => [textsKey(t.name, t.model), t]));
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
  const naive = naiveDraft(protocol, modelOf, textsOf);
  const { memoryBudget, verifyPasses = true } = options;
  const context: PassContext = {
    capabilities: options.capabilities,
    graphWork: options.graphWork ?? graphWork,
    memoryBudget,
    chunkedFrom: options.chunkedFrom ?? chunkedFrom,
  };
  const chosen = new Set(options.passes ?? passNames);
  const passes = pipeline.filter(({ name }) => chosen.has(name));
  const draft = runDraftPasses(passes, naive, context, verifyPasses);
  const cost = noCost();
  const memory = options.memory ?? createPlanMemory();
  const planning: Planning = {
    draft,
    context,
    batch: {
      ...options,
      cost,
      counted: new Set(),
      mixed: draft.mixedBatches,
      report: (d) => void diagnostics.push(d),
    },
    modelOf,
    textsOf,
    graphs: new Map(),
    work: (graph) => graphFacts(memory, graph, modelOf(graph.model).graph, verifyPasses).work,
    evaluations: [],
    recomputed: [],
    captured: new Map(),
    identities: new Map(),
  };
  if (draft.sharedCaptures) captureTogether(planning, draft.studies);
  for (const own of draft.studies) planStudy(planning, own);
  const graphs = [...planning.graphs.values()];
  const used = new Set(graphs.map((graph) => graph.model));
  const weightBytes = [...used].reduce((sum, id) => sum + modelBytes(modelOf(id)), 0);
  const { evaluations } = planning;
  const curvatures = planCurvatures(protocol, {
    modelOf,
    textsOf,
    settings: (texts) => differentiableSettings(pipeline, graphSettings(planning, texts)),
    batch: planning.batch,
  });
  const bent = curvatures.length === 0 ? {} : { curvatures };
  const digest = digestOf([
    graphs.map((g) => g.id),
    evaluations.map((e) => e.units.map((u) => u.id)),
    ...(curvatures.length === 0 ? [] : [curvatures.map(({ id }) => id)]),
  ]);
  const cuts = draft.segments ? cutsOf(graphs, modelOf) : {};
  const { recomputed } = planning;
  const less = recomputed.length === 0 ? {} : { recomputed };
  const plan: Plan = { graphs, cuts, evaluations, ...bent, ...less, cost: { ...cost, weightBytes }, digest };
  // A plan that leaves rows out says so by diagnostics.
  if (verifyPasses && diagnostics.length === 0) {
    verifyPlan(passes, {
      draft,
      plan,
      modelOf,
      textsOf,
      layersOf: (graph) => planning.work(graph)(1).layers,
      mostRows({ graph: id, positions }) {
        const graph = graphs.find((own) => own.id === id);
        return graph === undefined
          ? 0
          : largestBatch(planning.work(graph)(positions), memoryBudget, options.capabilities.unitFlops, Infinity);
      },
    });
  }
  return { value: plan, diagnostics };
}

function planStudy(planning: Planning, own: DraftStudy): void {
  const { study, texts, model, unaffected, groups } = own;
  const { conditions } = study;
  const planned = groups
    .filter((group) => group.conditions.length > 0)
    .map((group) => {
      const graph = graphOf(planning, study.model, texts, group);
      return { group, graph, ...captureEvaluations(planning, study.model, groupCaptures(planning, own, group)) };
    });
  const units = planned.flatMap(({ group, graph, identities }): Unit[] => {
    const rows = group.conditions.flatMap((condition) => texts.prompts.map((_, prompt) => ({ prompt, condition })));
    const { signature } = model;
    const work = planning.work(graph);
    return [...batchRows(planning.batch, { graph, work, signature, texts, conditions, rows, given: identities })];
  });
  planning.evaluations.push({
    id: digestOf([study.experiment, study.model, study.texts, units.map((u) => u.id)]),
    purpose: "measure",
    study: own.index,
    texts: study.texts,
    model: study.model,
    conditions,
    unaffected,
    units,
    needs: [...new Set(planned.flatMap(({ needs }) => needs))],
  });
}

/** Values of other runs, the clean run among them, that the rows of a group use. */
function groupCaptures({ textsOf }: Planning, own: DraftStudy, group: RowGroup): readonly Capture[] {
  const { study, model } = own;
  const conditions = group.conditions.flatMap((number) => study.conditions[number] ?? []);
  const isCorpus = (of: string): boolean => textsOf(of, study.model).documents !== null;
  return [
    ...capturesOf(conditions, group.gates, group.expressions, model.signature, isCorpus),
    ...group.inputs.map((site) => ({ texts: study.texts, expression: siteExpression(site, model.signature) })),
  ];
}

function graphOf(planning: Planning, model: string, texts: TokenizedTexts, group: RowGroup): GraphPlan {
  const { graphs, modelOf } = planning;
  const suited = graphSettings(planning, texts);
  const backwards = takesGradients(computedBy(group));
  const settings = backwards ? differentiableSettings(pipeline, suited) : suited;
  const planned = (own: GraphSettings): GraphPlan =>
    graphPlan({ model, weights: modelOf(model).facts.digest, ...group, settings: own });
  const whole = planned(settings);
  const keptRowBytes = backwards ? longestRowBytes(planning, whole, texts) : 0;
  const again = keptRowBytes > planning.context.memoryBudget;
  const graph = again ? planned({ ...settings, checkpoints: true }) : whole;
  const known = graphs.get(graph.id);
  if (known !== undefined) return known;
  graphs.set(graph.id, graph);
  if (again)
    planning.recomputed.push({ graph: graph.id, rowBytes: longestRowBytes(planning, graph, texts), keptRowBytes });
  return graph;
}

/** Bytes of activations of a row of the longest text. */
function longestRowBytes({ work }: Planning, graph: GraphPlan, { prompts }: TokenizedTexts): number {
  const longest = prompts.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  return work(graph)(longest).bytes(1);
}

function graphSettings({ draft, context }: Planning, texts: TokenizedTexts): GraphSettings {
  return suitedSettings(pipeline, draft.graphs, texts, context);
}

/** Plans the captures of all studies, those of one prompt set as one evaluation. */
function captureTogether(planning: Planning, studies: readonly DraftStudy[]): void {
  const models = new Map<string, Capture[]>();
  for (const own of studies) {
    const captures = own.groups.flatMap((group) => groupCaptures(planning, own, group));
    models.set(own.study.model, [...(models.get(own.study.model) ?? []), ...captures]);
  }
  for (const [model, captures] of models) captureEvaluations(planning, model, captures);
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
  const { signature } = planning.modelOf(model);
  const ids = new Set<string>();
  const missing = new Map<string, Map<string, MeasureExpression>>();
  const keyOf = (texts: string, expression: MeasureExpression): string =>
    `${textsKey(texts, model)}: ${captureKey(expression)}`;
  for (const { texts, expression } of captures) {
    const key = keyOf(texts, expression);
    const known = planning.captured.get(key);
    if (known !== undefined) ids.add(known.id);
    else missing.set(texts, (missing.get(texts) ?? new Map<string, MeasureExpression>()).set(key, expression));
  }
  for (const [name, expressions] of missing) {
    const texts = planning.textsOf(name, model);
    const group = { conditions: [0], expressions: [...expressions.values()], gates: [], inputs: [], start: 0 };
    const graph = graphOf(planning, model, texts, group);
    const rows = texts.prompts.map((_, prompt) => ({ prompt, condition: 0 }));
    const work = planning.work(graph);
    const batch = { graph, work, signature, texts, conditions: baseline, rows, given: [] };
    const units = batchRows(planning.batch, batch);
    // By its name too: writes and expressions call the set by that, and two sets can hold the same texts.
    const id = digestOf(["capture", name, units.map((u) => u.id)]);
    const evaluation: Evaluation = {
      id,
      purpose: "capture",
      study: null,
      texts: name,
      model,
      conditions: baseline,
      unaffected: [],
      units,
      needs: [],
    };
    planning.evaluations.push(evaluation);
    for (const key of expressions.keys()) planning.captured.set(key, evaluation);
    ids.add(id);
  }
  const identities = captures.map(({ texts, expression }) => {
    const evaluation = planning.captured.get(keyOf(texts, expression));
    if (evaluation === undefined) throw new RangeError(`nothing captures a value of ${texts}`);
    return identitiesOf(planning, evaluation)(captureKey(expression));
  });
  return { needs: [...ids], identities: [...new Set(identities)].sort() };
}

/** What gives the identity of a value that an evaluation captures, by the key of its expression. */
function identitiesOf(planning: Planning, evaluation: Evaluation): (key: string) => string {
  const known = planning.identities.get(evaluation.id);
  if (known !== undefined) return known;
  const texts = planning.textsOf(evaluation.texts, evaluation.model);
  const weights = planning.modelOf(evaluation.model).facts.digest;
  const settings = graphSettings(planning, texts);
  const { numerics, capabilities } = planning.batch;
  const made = captureIdentities({ weights, texts, evaluation, settings, numerics, capabilities });
  planning.identities.set(evaluation.id, made);
  return made;
}

/** Bytes of a model's weights, as they are stored. */
export function modelBytes(model: OpenedModel): number {
  return Object.values(model.facts.tensors).reduce((sum, t) => sum + t.length, 0);
}

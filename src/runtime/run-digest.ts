/** What names a run's folder: everything that was asked and can change a number, a label or a picture of its results. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../compiler/base/digest.js";
import type { OpenedModel } from "../compiler/models/model.js";
import type { Curvature } from "../compiler/ir/curvature.js";
import type { Plan } from "../compiler/ir/plan.js";
import type { DeferredConditions, Protocol, Study } from "../compiler/ir/protocol.js";
import type { PlanOptions } from "../compiler/lower/plan.js";
import { passNames } from "../compiler/passes/names.js";
import { expressionKey } from "../compiler/ir/expression-key.js";
import { replacementKey } from "../compiler/replacements/index.js";

export interface RunDigestRequest {
  /** Text of the protocol's own file. */
  readonly text: string;
  readonly protocol: Protocol;
  readonly plan: Plan;
  readonly models: ReadonlyMap<string, OpenedModel>;
  readonly options: PlanOptions;
}

/**
 * Two requests with one digest have the same results to the last bit, as far as the units of their plans have: these are
 * in it by their ids, which hold whatever decides numbers (docs/decisions/0034). The rest is what is done with them.
 */
export function runDigest({ text, protocol, plan, models, options }: RunDigestRequest): string {
  const asked = {
    text,
    plan: plan.digest,
    parameters: protocol.parameters,
    models: protocol.models.map(({ id, source, revision, dtype }) => {
      const facts = models.get(id)?.facts;
      // A tokenizer gives tokens their texts, which results show, beside the ids, which units hold.
      return [id, source, revision, dtype, facts?.digest ?? null, facts?.tokenizer?.digest ?? null];
    }),
    // Two texts can have the same ids, and fields of prompt files group and label results.
    texts: protocol.texts.map(({ name, model, prompts, bos, period, documents }) => {
      return {
        name,
        model,
        bos,
        period,
        documents,
        prompts: prompts.map((p) => [p.text, p.group, p.fields, p.numbers]),
      };
    }),
    studies: protocol.studies.map(studyKey),
    // What results are called, and what stands beside them.
    results: protocol.results,
    references: protocol.references,
    evaluations: plan.evaluations.map(({ purpose, study, unaffected }) => [purpose, study, unaffected]),
    outputs: protocol.outputs.map(({ span: _span, ...output }) => output),
    decisions: protocol.decisions.map(({ span: _span, ...decision }) => decision),
    later: protocol.studies.some((study) => study.deferred !== null) ? laterKey(options) : null,
  };
  return createHash("sha256").update(canonicalJson(asked)).digest("hex");
}

/** What a study adds to its units: how their numbers are called. */
function studyKey(study: Study): unknown {
  const { experiment, model, texts, coordinates, facts, conditions, deferred, measures, curvature } = study;
  return {
    ...(curvature === undefined ? {} : { curvature: curvatureKey(curvature) }),
    experiment,
    model,
    texts,
    coordinates,
    facts,
    conditions: conditions.map((condition) => condition.coordinates),
    deferred: deferred === null ? null : deferredKey(deferred),
    measures: measures.map((measure) => {
      const { metric, type, axes } = measure;
      return { metric, type, axes, coordinates: measure.coordinates, expression: expressionKey(measure.expression) };
    }),
  };
}

function curvatureKey({ span: _span, expression, ...asked }: Curvature): unknown {
  return { ...asked, expression: expressionKey(expression) };
}

function deferredKey({ span: _span, replacement, ...places }: DeferredConditions): unknown {
  return { ...places, replacement: replacementKey(replacement) };
}

/** Conditions that results decide are planned during the run, with units that this plan does not hold. */
function laterKey({ memoryBudget, numerics, passes, graphWork, chunkedFrom }: PlanOptions): unknown {
  return { memoryBudget, numerics, passes: passes ?? passNames, graphWork, chunkedFrom };
}

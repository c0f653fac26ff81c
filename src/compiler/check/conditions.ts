/** Interventions as conditions: what is written where, one condition for each point of the sweep. */
import type { Span } from "../base/span.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Condition, Coordinates, ReplacementValue, SiteWrite } from "../ir/protocol.js";
import type { AblateClause, AblateTarget, ExperimentStatement, Intervention } from "../syntax/ast.js";
import type { ModelSignature } from "../models/model.js";
import type { SiteName } from "../models/sites.js";
import { nearestNames } from "../base/suggest.js";
import { notYet, reportError, tooMany, wrongKind } from "./faults.js";
import { limits } from "./limits.js";
import { resolvePlace, unitCount, type CheckedModel, type ResolvedPlace } from "./places.js";
import type { Scope } from "./scope.js";

export interface ConditionContext {
  readonly scope: Scope;
  readonly model: CheckedModel;
  /** The experiment's own prompt set, which `by mean` without `of` averages. */
  readonly texts: string;
  readonly report: (d: Diagnostic) => void;
  readonly sourceOf: (span: Span) => string;
}

/** The unmodified model. */
const baseline: Condition = { coordinates: {}, writes: [] };

/** The baseline, then every condition of the experiment's intervention. */
export function checkConditions(cx: ConditionContext, experiment: ExperimentStatement): readonly Condition[] {
  const [intervention, ...more] = experiment.interventions;
  if (intervention === undefined) return [baseline];
  const [second] = more;
  if (second !== undefined) {
    notYet(cx, second.span, "a second intervention in one experiment");
    return [baseline];
  }
  return [baseline, ...conditionsOf(cx, intervention)];
}

function conditionsOf(cx: ConditionContext, intervention: Intervention): readonly Condition[] {
  if (intervention.kind !== "ablate") {
    notYet(cx, intervention.span, `\`${intervention.kind}\``);
    return [];
  }
  if (intervention.positions !== null) {
    notYet(cx, intervention.positions.span, "ablation `at` some positions");
    return [];
  }
  const replacement = replacementOf(cx, intervention);
  const conditions = ablations(cx, intervention, replacement ?? { kind: "zero" });
  if (replacement === null) return [];
  if (!intervention.together) return conditions;
  // One condition: every write at once, equal writes once (`L9.H6, L9.H6`).
  const writes = new Map<string, SiteWrite>();
  for (const condition of conditions) for (const write of condition.writes) writes.set(JSON.stringify(write), write);
  return writes.size === 0 ? [] : [{ coordinates: {}, writes: [...writes.values()] }];
}

function replacementOf(cx: ConditionContext, clause: AblateClause): ReplacementValue | null {
  const by = clause.by;
  if (by === null || by.kind === "zero") return { kind: "zero" };
  if (by.kind === "mean") {
    if (by.perPosition) {
      notYet(cx, by.span, "a mean `per position`");
      return null;
    }
    if (by.of === null) return { kind: "mean", of: cx.texts };
    if (!cx.scope.texts.has(by.of.text)) {
      reportError(
        cx,
        "A2010",
        by.of.span,
        { name: by.of.text },
        {
          suggestions: nearestNames(by.of.text, cx.scope.texts.keys()),
          hint: `the file has ${[...cx.scope.texts.keys()].join(", ") || "none"}`,
        },
      );
      return null;
    }
    return { kind: "mean", of: by.of.text };
  }
  if (by.kind === "constant") {
    if (by.value.kind === "number") return { kind: "constant", value: by.value.value };
    if (by.value.kind === "unary" && by.value.operator === "-" && by.value.operand.kind === "number") {
      return { kind: "constant", value: -by.value.operand.value };
    }
    if (by.value.kind !== "missing") wrongKind(cx, by.value.span, "a number such as 0.5", cx.sourceOf(by.value.span));
    return null;
  }
  notYet(cx, by.span, "`by resample`");
  return null;
}

/** Which sites an ablation of a whole layer part writes. */
const wholeSites: Readonly<Partial<Record<AblateTarget, readonly SiteName[]>>> = {
  mlp: ["mlp_out"],
  attention: ["attn_out"],
  layer: ["attn_out", "mlp_out"],
};

function ablations(cx: ConditionContext, clause: AblateClause, replacement: ReplacementValue): readonly Condition[] {
  if (clause.selection.kind === "top") {
    notYet(cx, clause.selection.span, "a selection by an earlier experiment's result");
    return [];
  }
  const { target, selection } = clause;
  const unitName = target === "kv_heads" ? "kv_head" : target === "neurons" ? "neuron" : "head";
  const whole = wholeSites[target];
  const { signature } = cx.model;
  const conditions: Condition[] = [];
  const seen = new Set<string>();
  const add = (coordinates: Coordinates, writes: readonly SiteWrite[]): void => {
    const key = JSON.stringify(coordinates);
    if (seen.has(key)) return;
    seen.add(key);
    conditions.push({ coordinates, writes });
  };
  const places: ResolvedPlace[] = [];
  for (const place of selection.places) {
    const fits =
      place.unit === "none" || (whole === undefined && (place.unit === "neuron") === (unitName === "neuron"));
    if (!fits) {
      wrongKind(cx, place.span, exampleOf(target), place.text);
      continue;
    }
    const resolved = resolvePlace(place, cx.model, unitName, cx.report);
    if (resolved !== null) places.push(resolved);
  }
  const unitsPerLayer = whole === undefined ? unitCount(unitName, signature) : 1;
  const count = places.reduce((sum, p) => sum + p.layers.length * (p.units?.length ?? unitsPerLayer), 0);
  if (count > limits.conditions) {
    const hint = `name fewer, such as ${unitName === "neuron" ? "L3.N0..99" : "L3"}`;
    tooMany(cx, selection.span, "conditions", count, "this sweep", "conditions", hint);
    return [];
  }
  for (const { layers, units } of places) {
    for (const layer of layers) {
      if (whole !== undefined) {
        add(
          { layer },
          whole.map((site) => ({ site: { site, layer }, unit: null, replacement })),
        );
        continue;
      }
      for (const unit of units ?? Array.from({ length: unitsPerLayer }, (_, i) => i)) {
        add({ layer, [unitName]: unit }, writesOf(unitName, layer, unit, signature, replacement));
      }
    }
  }
  return conditions;
}

/** What removing one head, key-value head or neuron changes. Heads are changed at `z`, before the output projection. */
function writesOf(
  unitName: "head" | "kv_head" | "neuron",
  layer: number,
  unit: number,
  signature: ModelSignature,
  replacement: ReplacementValue,
): readonly SiteWrite[] {
  if (unitName === "neuron") return [{ site: { site: "mlp_act", layer }, unit, replacement }];
  // Removing a key-value head removes every query head that reads it.
  const readers = unitName === "head" ? 1 : signature.heads / signature.kvHeads;
  return Array.from({ length: readers }, (_, i) => ({
    site: { site: "z", layer },
    unit: unit * readers + i,
    replacement,
  }));
}

function exampleOf(target: AblateTarget): string {
  if (target === "neurons") return "neurons such as L3.N0..99, or a layer";
  return target === "heads" || target === "kv_heads" ? "heads such as L5.H3, or a layer" : "a layer such as L5";
}

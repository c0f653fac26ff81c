/** Interventions as conditions: what is written where, one condition for each point of the sweep. */
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Condition, Coordinates, ReplacementValue, SiteWrite } from "../ir/protocol.js";
import type { AblateClause, AblateTarget, ExperimentStatement, Intervention } from "../syntax/ast.js";
import type { SiteName } from "../models/sites.js";
import { nearestNames } from "../base/suggest.js";
import { notYet, reportError } from "./faults.js";
import { resolvePlace, type CheckedModel } from "./places.js";
import type { Scope } from "./scope.js";

export interface ConditionContext {
  readonly scope: Scope;
  readonly model: CheckedModel;
  /** The experiment's own prompt set, which `by mean` without `of` averages. */
  readonly texts: string;
  readonly report: (d: Diagnostic) => void;
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
  if (replacement === null) return [];
  const conditions = ablations(cx, intervention, replacement);
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
        { suggestions: nearestNames(by.of.text, cx.scope.texts.keys()) },
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
    cx.report(
      diagnostic("A3004", by.value.span, { expected: "a number", found: "an expression" }, { expected: "a number" }),
    );
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
  const conditions: Condition[] = [];
  const seen = new Set<string>();
  const add = (coordinates: Coordinates, writes: readonly SiteWrite[]): void => {
    const key = JSON.stringify(coordinates);
    if (seen.has(key)) return;
    seen.add(key);
    conditions.push({ coordinates, writes });
  };
  const { signature } = cx.model;
  const group = signature.heads / signature.kvHeads;
  for (const place of clause.selection.places) {
    const unitName = clause.target === "kv_heads" ? "kv_head" : clause.target === "neurons" ? "neuron" : "head";
    const resolved = resolvePlace(place, cx.model, unitName, cx.report);
    if (resolved === null) continue;
    const whole = wholeSites[clause.target];
    const wrongUnit =
      (whole !== undefined && place.unit !== "none") ||
      (place.unit === "neuron") !== (clause.target === "neurons" && place.unit !== "none");
    if (wrongUnit) {
      reportError(
        cx,
        "A3004",
        place.span,
        { expected: exampleOf(clause.target), found: place.text },
        { expected: exampleOf(clause.target), found: place.text },
      );
      continue;
    }
    for (const layer of resolved.layers) {
      if (whole !== undefined) {
        add(
          { layer },
          whole.map((site) => ({ site: { site, layer }, unit: null, replacement })),
        );
        continue;
      }
      const count =
        unitName === "head" ? signature.heads : unitName === "kv_head" ? signature.kvHeads : signature.neurons;
      const units = resolved.units ?? Array.from({ length: count }, (_, i) => i);
      for (const unit of units) {
        if (clause.target === "neurons") {
          add({ layer, neuron: unit }, [{ site: { site: "mlp_act", layer }, unit, replacement }]);
        } else if (clause.target === "kv_heads") {
          // Removing a kv head removes every query head that reads it.
          add(
            { layer, kv_head: unit },
            Array.from({ length: group }, (_, i) => ({
              site: { site: "z" as const, layer },
              unit: unit * group + i,
              replacement,
            })),
          );
        } else {
          add({ layer, head: unit }, [{ site: { site: "z", layer }, unit, replacement }]);
        }
      }
    }
  }
  return conditions;
}

function exampleOf(target: AblateTarget): string {
  if (target === "neurons") return "neurons such as L3.N0..99";
  return target === "heads" || target === "kv_heads" ? "heads such as L5.H3, or a layer" : "a layer such as L5";
}

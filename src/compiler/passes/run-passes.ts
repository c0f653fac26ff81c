/**
 * Applies passes in their order. With `verify`, what each requires and ensures is checked, and what does not hold is a fault of
 * ours: an Error that names the pass and the condition.
 */
import type { GraphSettings } from "../ir/plan.js";
import type { TokenizedTexts } from "../ir/protocol.js";
import type { ModelGraph } from "../models/model.js";
import type { Graph } from "../onnx/graph.js";
import { assertConditions, type Condition } from "./condition.js";
import { ofNaiveDraft } from "./draft-conditions.js";
import type { Draft, PassContext } from "./draft.js";
import { ofLoweredGraph } from "./graph-conditions.js";
import type { GraphPass, KnownGraph, Pass, PlannedDraft } from "./pass.js";
import { ofEveryPlan } from "./plan-conditions.js";

function isGraphPass(pass: Pass): pass is GraphPass {
  return pass.kind === "graph";
}

/** Settings of graphs that no pass rewrites and that run to their logits. */
export function naiveSettings(passes: readonly Pass[]): GraphSettings {
  return { whole: true, ...Object.fromEntries(passes.filter(isGraphPass).map(({ setting }) => [setting, false])) };
}

/** The settings of a draft for graphs that these texts go through: without the passes that do not suit them. */
export function suitedSettings(
  passes: readonly Pass[],
  settings: GraphSettings,
  texts: TokenizedTexts,
  context: PassContext,
): GraphSettings {
  const unsuited = passes.filter(isGraphPass).filter(({ suits }) => suits?.(texts, context) === false);
  return { ...settings, ...Object.fromEntries(unsuited.map(({ setting }) => [setting, false])) };
}

/** The settings for graphs that are run backwards, too: without the passes whose results have no derivative rules. */
export function differentiableSettings(passes: readonly Pass[], settings: GraphSettings): GraphSettings {
  const left = passes.filter(isGraphPass).filter(({ whyNotBackwards }) => whyNotBackwards !== undefined);
  return { ...settings, ...Object.fromEntries(left.map(({ setting }) => [setting, false])) };
}

/** The passes that are left out for graphs that are run backwards, and why. */
export function leftOutBackwards(passes: readonly Pass[]): readonly { readonly name: string; readonly why: string }[] {
  return passes
    .filter(isGraphPass)
    .flatMap(({ name, whyNotBackwards: why }) => (why === undefined ? [] : [{ name, why }]));
}

/** The draft with one pass applied to it, or marked to be: passes of graphs wait until graphs are lowered. */
export function applyToDraft(pass: Pass, draft: Draft, context: PassContext): Draft {
  if (pass.kind !== "graph") return pass.apply(draft, context);
  return { ...draft, graphs: { ...draft.graphs, [pass.setting]: true } };
}

/** Checks conditions between passes: what each requires, ensures, and does not say that it invalidates. */
interface Verifier<Subject> {
  readonly before: (pass: Pick<Pass, "name"> & { requires: readonly Condition<Subject>[] }, subject: Subject) => void;
  readonly after: (pass: Rewriting<Subject>, subject: Subject) => void;
}

/** What a pass that rewrites says of itself. */
interface Rewriting<Subject> extends Pick<Pass, "name"> {
  readonly ensures: readonly Condition<Subject>[];
  readonly invalidates: readonly Condition<Subject>[];
}

/** `who` made the subject of which `ensured` holds before any pass. */
function verifierOf<Subject>(who: string, ensured: readonly Condition<Subject>[], first: Subject): Verifier<Subject> {
  assertConditions(`${who} ensures`, ensured, first);
  let holding = ensured;
  return {
    before({ name, requires }, subject) {
      assertConditions(`the pass ${name} requires`, requires, subject);
    },
    after({ name, ensures, invalidates }, subject) {
      const kept = holding.filter((condition) => !invalidates.includes(condition) && !ensures.includes(condition));
      assertConditions(`the pass ${name} ensures`, ensures, subject);
      assertConditions(`the pass ${name} keeps`, kept, subject);
      holding = [...kept, ...ensures];
    },
  };
}

/** Takes the naive draft through these passes. */
export function runDraftPasses(passes: readonly Pass[], naive: Draft, context: PassContext, verify: boolean): Draft {
  const verifier = verify ? verifierOf("the naive draft", ofNaiveDraft, naive) : null;
  return passes.reduce((draft, pass) => {
    if (pass.kind !== "graph") verifier?.before(pass, draft);
    const improved = applyToDraft(pass, draft, context);
    if (pass.kind === "draft") verifier?.after(pass, improved);
    return improved;
  }, naive);
}

/** Takes a lowered graph, dead nodes removed, through those of these passes that its settings name. */
export function runGraphPasses(
  passes: readonly Pass[],
  lowered: Graph,
  model: ModelGraph,
  settings: GraphSettings,
  verify: boolean,
): KnownGraph {
  const whole: KnownGraph = { graph: lowered, restricted: new Map(), chunked: new Map() };
  const around = { model, lowered };
  const verifier = verify ? verifierOf("lowering", ofLoweredGraph, { ...whole, ...around }) : null;
  return passes
    .filter(isGraphPass)
    .filter(({ setting }) => settings[setting] === true)
    .reduce((known, pass) => {
      verifier?.before(pass, { ...known, ...around });
      const improved = pass.apply(known, model);
      verifier?.after(pass, { ...improved, ...around });
      return improved;
    }, whole);
}

/** Checks what these passes ensure of the plan that they led to. */
export function verifyPlan(passes: readonly Pass[], planned: PlannedDraft): void {
  assertConditions("planning ensures", ofEveryPlan, planned);
  for (const pass of passes) {
    if (pass.kind === "choice") assertConditions(`the pass ${pass.name} ensures`, pass.ensures, planned);
  }
}

/** The three kinds of optimisation, all in one ordered list (`pipeline.ts`). */
import type { GraphPlan, Plan, Unit } from "../ir/plan.js";
import type { TokenizedTexts } from "../ir/protocol.js";
import type { ModelGraph, OpenedModel } from "../models/model.js";
import type { Graph } from "../onnx/graph.js";
import type { Condition } from "./condition.js";
import type { Draft, PassContext } from "./draft.js";
import type { PositionRange } from "./positions/range.js";

interface PassBase<Before, After> {
  /** By which it is left out (`--no-opt=NAME`). */
  readonly name: string;
  /** For `atlasc explain`: what it does, as the end of the sentence "this pass …". */
  readonly does: string;
  /** What it relies on. */
  readonly requires: readonly Condition<Before>[];
  /** What holds after it. */
  readonly ensures: readonly Condition<After>[];
}

/** Rewrites the draft of a plan. */
export interface DraftPass extends PassBase<Draft, Draft> {
  readonly kind: "draft";
  /** What may hold before it and not after. */
  readonly invalidates: readonly Condition<Draft>[];
  readonly apply: (draft: Draft, context: PassContext) => Draft;
}

/** Rewrites each graph when it is lowered. */
export interface GraphPass extends PassBase<GraphSubject, GraphSubject> {
  readonly kind: "graph";
  /** What may hold before it and not after. */
  readonly invalidates: readonly Condition<GraphSubject>[];
  /** Its key in the settings of a graph plan, by which it belongs to the graph's identity. */
  readonly setting: string;
  /** Why it is left out for graphs that are run backwards, too; absent: what it makes has derivative rules. */
  readonly whyNotBackwards?: string;
  /** Whether it is worth applying to the graphs of such texts; absent: to all. */
  readonly suits?: (texts: TokenizedTexts, context: PassContext) => boolean;
  readonly apply: (known: KnownGraph, model: ModelGraph) => KnownGraph;
}

/** Leaves a mark in the draft by which plans are made otherwise: what it ensures is a fact about the plan. */
export interface PlanChoice extends PassBase<Draft, PlannedDraft> {
  readonly kind: "choice";
  readonly apply: (draft: Draft, context: PassContext) => Draft;
}

export type Pass = DraftPass | GraphPass | PlanChoice;

/** A lowered graph, with what passes found out about it. */
export interface KnownGraph {
  readonly graph: Graph;
  /** The values that are computed at some positions only, by name and in graph order. */
  readonly restricted: ReadonlyMap<string, PositionRange>;
  /** The layers whose attention is computed in chunks, and the range of the queries that each computes; null: all. */
  readonly chunked: ReadonlyMap<number, PositionRange | null>;
}

/** What conditions of graphs are about. */
export interface GraphSubject extends KnownGraph {
  readonly model: ModelGraph;
  /** The graph before any pass. */
  readonly lowered: Graph;
}

/** What conditions of plans are about. */
export interface PlannedDraft {
  readonly draft: Draft;
  readonly plan: Plan;
  readonly modelOf: (id: string) => OpenedModel;
  readonly textsOf: (name: string, model: string) => TokenizedTexts;
  /** Layers of which a graph computes the attention's or the MLP's output. */
  readonly layersOf: (graph: GraphPlan) => number;
  /** The rows that a batch of this unit's graph and length may have at most. */
  readonly mostRows: (unit: Unit) => number;
}

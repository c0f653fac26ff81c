/**
 * A plan before it is lowered: which conditions of which studies go through which graph, and how graphs are made. The
 * naive draft runs every condition from the tokens to the last layer; each pass makes a better draft out of a draft.
 * Drafts are plain values, and a pass changes nothing but what its postcondition says.
 */
import type { Capabilities } from "../ir/capabilities.js";
import type { OpenedModel } from "../models/model.js";
import type { MeasureExpression } from "../ir/expression.js";
import type { Gate, GraphSettings } from "../ir/plan.js";
import type { Study, TokenizedTexts } from "../ir/protocol.js";
import type { SiteReference } from "../models/sites.js";

/** Conditions of one study whose rows go through one graph. */
export interface RowGroup {
  /** Numbers of the study's conditions, in the order in which their rows are batched. */
  readonly conditions: readonly number[];
  /** What the graph yields: at least what the study measures. */
  readonly expressions: readonly MeasureExpression[];
  readonly gates: readonly Gate[];
  /** Sites that are taken from the unmodified run of the same text instead of being computed; none: from the tokens on. */
  readonly inputs: readonly SiteReference[];
  /** The first layer of which anything is computed. */
  readonly start: number;
}

export interface DraftStudy {
  /** Index into the protocol's studies. */
  readonly index: number;
  readonly study: Study;
  readonly texts: TokenizedTexts;
  readonly model: OpenedModel;
  /** What its measures need of every row, in the order of the measures (of a corpus: in the order of their parts). */
  readonly measured: readonly MeasureExpression[];
  /** Conditions without rows of their own, answered from the baseline. */
  readonly unaffected: readonly number[];
  readonly groups: readonly RowGroup[];
}

export interface Draft {
  readonly studies: readonly DraftStudy[];
  readonly graphs: GraphSettings;
  /** True when rows of several conditions may be one batch. */
  readonly mixedBatches: boolean;
  /** True when values of the unmodified run that several studies use are captured together. */
  readonly sharedCaptures: boolean;
  /** True when models may be cut into segments. */
  readonly segments: boolean;
}

/** What passes weigh by. */
export interface PassContext {
  readonly capabilities: Capabilities;
  /** Work that opening one more graph is worth, in floating-point operations. */
  readonly graphWork: number;
  /** Bytes of activations that one batch may take. */
  readonly memoryBudget: number;
  /** Tokens of a text from which attention may be computed in chunks. */
  readonly chunkedFrom: number;
}

/** The same draft with every study changed. */
export function mapStudies(draft: Draft, change: (study: DraftStudy) => DraftStudy): Draft {
  return { ...draft, studies: draft.studies.map(change) };
}

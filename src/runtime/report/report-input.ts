/** What the HTML report and the terminal summary are made from: plain data, free of the record's exact shape. */
import type { ReportStatus } from "./status.js";
import type { DecisionView } from "./decision-view.js";
import type { Figure } from "./figures.js";
import type { TableData } from "./table-data.js";

/** What one experiment did on one model and one set of texts, for the summary in sentences. */
export interface StudySummary {
  readonly experiment: string;
  readonly model: string;
  readonly texts: string;
  readonly prompts: number;
  /** Texts of a corpus, whose windows the prompts are; absent for prompts. */
  readonly documents?: number;
  /** Conditions other than the unmodified model. */
  readonly conditions: number;
  /** What was done, as the protocol says it (`ablate heads L0..11 by zero`); null for observation only. */
  readonly intervention: string | null;
  readonly metrics: readonly string[];
}

/** A figure with its rendered picture, which is shown without scripts and on paper. */
export interface ReportFigure {
  readonly figure: Figure;
  readonly svg: string | null;
}

/** What a statement came to, with its figures, if it has some. */
export interface ReportDecision extends DecisionView {
  readonly figures: readonly ReportFigure[];
}

/** A piece of source text and what it is: `comment`, `keyword`, `string`, `number`, `site`, `metric`, `operator` … */
export interface SourceToken {
  readonly start: number;
  readonly end: number;
  readonly scope: string;
}

/** A labelled list of facts about the run: models, texts, plan, timing … */
export interface ProvenanceSection {
  readonly section: string;
  readonly entries: readonly { readonly label: string; readonly value: string }[];
}

/** A paragraph on how the run was made, for a paper. */
export interface MethodsParagraph {
  readonly heading: string;
  readonly text: string;
}

/** One text that was read. */
export interface ReportText {
  readonly group: string | null;
  /** As a reader is shown it: a long one is cut. */
  readonly text: string;
  readonly tokens: number;
}

/** A set of texts. */
export interface ReportTexts {
  readonly name: string;
  /** `prompt` or `text`. */
  readonly what: string;
  readonly total: number;
  /** The first ones. */
  readonly items: readonly ReportText[];
}

/** What a person wrote into the record about the results. */
export interface Judgement {
  readonly text: string;
  /** Who says so, and when; null where that was not written down. */
  readonly by: { readonly name: string; readonly date: string } | null;
}

/** What a person said by `atlasc judge`. */
export interface GivenJudgement {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly by: string;
  readonly verdict: string;
  readonly note: string | null;
  /** Title; null: the run as a whole. */
  readonly hypothesis: string | null;
  /** The results are no longer those that it was said of. */
  readonly ofOthers: boolean;
}

/** What people said of a run. */
export interface JudgementsView {
  /** null: nothing is written there. */
  readonly inRecord: Judgement | null;
  /** In the order in which they were given. */
  readonly given: readonly GivenJudgement[];
  /** Titles of the run's hypotheses. */
  readonly hypotheses: readonly string[];
}

/** Everything a report shows. All texts may come from users; rendering escapes them. */
export interface ReportInput {
  readonly title: string;
  /** What the protocol asks, from the comment at its beginning; null where there is none. */
  readonly question: string | null;
  readonly status: ReportStatus;
  /** When the run finished, as it shall be read. */
  readonly when: string;
  /** Hash of the whole protocol. */
  readonly digest: string;
  readonly studies: readonly StudySummary[];
  /** What results decided during the run, a sentence each. */
  readonly selections: readonly string[];
  /** What statements that compare and decide came to. */
  readonly decisions: readonly ReportDecision[];
  readonly figures: readonly ReportFigure[];
  readonly tables: readonly TableData[];
  readonly texts: readonly ReportTexts[];
  readonly methods: readonly MethodsParagraph[];
  readonly source: { readonly path: string; readonly text: string; readonly tokens: readonly SourceToken[] };
  readonly warnings: readonly string[];
  readonly provenance: readonly ProvenanceSection[];
  readonly judgements: JudgementsView;
}

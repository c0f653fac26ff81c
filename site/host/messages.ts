/** What the page and its workers say to each other: plain data that can be posted. Offsets count UTF-16 units. */

/** A file of the site, by its path in the repository. */
export interface SiteFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of weights, in hexadecimal; absent for other files. */
  readonly sha256?: string;
}

/** A protocol to choose. */
export interface Example {
  readonly path: string;
  /** What it asks, from the comment at its beginning. */
  readonly title: string;
}

/** `files.json`: what the build put into the site. */
export interface Manifest {
  /** The version of onnxruntime-web, which units are identified by. */
  readonly onnxruntime: string;
  readonly atlasc: string;
  readonly files: readonly SiteFile[];
  readonly examples: readonly Example[];
}

/** A text in the editor and the path that its own paths start from. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

export interface Problem {
  readonly from: number;
  readonly to: number;
  readonly severity: "error" | "warning" | "info";
  readonly code: string;
  readonly message: string;
  readonly fixes: readonly { readonly title: string; readonly edits: readonly Edit[] }[];
}

/** A piece of the text and the class that colours it. */
export interface Coloured {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

export interface Proposal {
  readonly label: string;
  readonly kind: string;
  readonly detail: string;
  /** Markdown. */
  readonly documentation: string;
  readonly insert: string;
}

/** A cell as it is shown. */
export interface ShownCell {
  readonly text: string;
  /** The number itself; null for words and where there is none. */
  readonly value: number | null;
  /** Why a NaN is one. */
  readonly reason: string | null;
  /** The part of the text that is meant. */
  readonly mark: readonly [number, number] | null;
}

export interface ShownTable {
  readonly title: string;
  readonly caption: string | null;
  readonly columns: readonly { readonly name: string; readonly unit: string | null; readonly numeric: boolean }[];
  /** The first rows; `total` counts all of them. */
  readonly rows: readonly (readonly ShownCell[])[];
  readonly total: number;
  readonly note: string | null;
}

export interface ShownFigure {
  readonly title: string;
  /** For readers who do not see it. */
  readonly description: string;
  readonly caption: string | null;
  readonly svg: string;
  /** Vega-Lite, as JSON. */
  readonly specification: string;
}

export interface ShownDecision {
  readonly verdict: { readonly label: string; readonly tone: string } | null;
  readonly title: string;
  readonly statement: string | null;
  readonly sentence: string;
  readonly tables: readonly ShownTable[];
  readonly figures: readonly ShownFigure[];
}

/** What became of a run. */
export type RunAnswer =
  | { readonly kind: "rejected"; readonly text: string }
  /** Too much for a page: a sentence with the estimate and the limit. */
  | { readonly kind: "refused"; readonly sentence: string }
  | {
      readonly kind: "ran";
      readonly status: "finished" | "interrupted" | "failed";
      readonly decisions: readonly ShownDecision[];
      readonly tables: readonly ShownTable[];
      readonly figures: readonly ShownFigure[];
      /** What a reader must know. */
      readonly notes: readonly string[];
      readonly rows: number;
      readonly seconds: number;
      readonly units: { readonly total: number; readonly reused: number };
    };

/** Questions of the page and their answers, by name. */
export interface Questions {
  readonly colours: { readonly asked: Source; readonly answer: readonly Coloured[] };
  readonly analyse: {
    readonly asked: Source;
    readonly answer: { readonly problems: readonly Problem[]; readonly names: readonly Coloured[] };
  };
  readonly complete: {
    readonly asked: Source & { readonly offset: number };
    readonly answer: { readonly from: number; readonly to: number; readonly items: readonly Proposal[] };
  };
  readonly hover: {
    readonly asked: Source & { readonly offset: number };
    /** Markdown. */
    readonly answer: { readonly from: number; readonly to: number; readonly text: string } | null;
  };
  /** The text laid out; null for one with syntax errors, which stays as it is. */
  readonly format: { readonly asked: Source; readonly answer: string | null };
  readonly run: { readonly asked: Source; readonly answer: RunAnswer };
}

export type QuestionName = keyof Questions;

/** A question by its number. */
export type Asked = {
  readonly [Q in QuestionName]: {
    readonly number: number;
    readonly question: Q;
    readonly asked: Questions[Q]["asked"];
  };
}[QuestionName];

/** How far a run is: units of its present stage. */
export interface RunProgress {
  readonly done: number;
  readonly total: number;
}

export type Answered =
  | { readonly number: number; readonly answer: Questions[QuestionName]["answer"] }
  | { readonly number: number; readonly problem: string }
  | { readonly number: number; readonly progress: RunProgress };

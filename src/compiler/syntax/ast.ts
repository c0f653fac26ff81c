/**
 * The abstract syntax of the whole language: plain data, every node with its kind and span. What the text lacks (after
 * a syntax error) is a `missing` node, never `undefined`. Long because it is one table, read as a whole.
 */
import type { PlaceUnit } from "../base/place-units.js";
import type { Span } from "../base/span.js";

interface Node {
  readonly span: Span;
}

export interface Name extends Node {
  readonly text: string;
}

export interface StringLiteral extends Node {
  readonly kind: "string";
  /** The text with escapes resolved. */
  readonly value: string;
}

/** `16`, `0.5`, `100k` (×1000), `25%` is not a number: see {@link PlaceLiteral}. */
export interface NumberLiteral extends Node {
  readonly kind: "number";
  readonly value: number;
  /** As written, so that the printer keeps `100k`. */
  readonly text: string;
}

/**
 * One bound or choice of an index: `*`, `5`, `-1`, `15..30`, `87.5%`, `50%..87.5%`. Percentages are fractions of depth in
 * [0, 100]; a single one is both ends.
 */
export type IndexRange =
  | { readonly kind: "all" }
  | { readonly kind: "one"; readonly index: number }
  | { readonly kind: "range"; readonly first: number; readonly last: number }
  | { readonly kind: "depth"; readonly first: number; readonly last: number };

/** `L5`, `L15..30`, `L-1`, `L*`, `L87.5%`, `L28.H11`, `L9..10.H0..3`, `L3.N0..99`. */
export interface PlaceLiteral extends Node {
  readonly kind: "place";
  readonly layers: IndexRange;
  readonly unit: "none" | PlaceUnit;
  /** Heads or neurons; `{ kind: "all" }` when `unit` is "none". */
  readonly units: IndexRange;
  readonly text: string;
}

/** Where an intervention changes the model: a place, or the name of a `param` that is one. */
export type PlaceUse = PlaceLiteral | NameExpression;

/** Positions after `at`: `last`, `-16..-1`, `0`, `token "Mary"`, `continuation`. */
export interface Positions extends Node {
  readonly kind: "positions";
  readonly at:
    | { readonly kind: "last" }
    | { readonly kind: "index"; readonly index: number }
    /** Every position. */
    | { readonly kind: "all" }
    | { readonly kind: "range"; readonly first: number; readonly last: number; readonly step: number | null }
    | { readonly kind: "token"; readonly text: string }
    /** Where the tokens of the prompts' continuations are predicted. */
    | { readonly kind: "continuation" };
}

/** `0..10`, `1..20` outside places, `0..2 step 0.25`. */
export interface NumberRange extends Node {
  readonly kind: "range";
  readonly first: number;
  readonly last: number;
  /** null when it is not written: whole numbers, one apart. */
  readonly step: number | null;
}

export interface NamedArgument extends Node {
  readonly name: Name;
  readonly value: Expression;
}

/** `f(a, window: 16 over row between head)`; the same node for operations and metrics: the checker knows which. */
export interface CallExpression extends Node {
  readonly kind: "call";
  readonly callee: Name;
  readonly positional: readonly Expression[];
  readonly named: readonly NamedArgument[];
  readonly over: readonly Name[];
  readonly between: readonly Name[];
}

/** A metric followed by parameter–value pairs: `R_V early L5 window 16`. */
export interface MetricUseExpression extends Node {
  readonly kind: "metricUse";
  readonly metric: Name;
  /** At least one pair; a bare name is a {@link NameExpression}. */
  readonly arguments: readonly NamedArgument[];
}

export interface NameExpression extends Node {
  readonly kind: "name";
  readonly text: string;
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "^" | "<" | ">" | "<=" | ">=" | "is" | "in" | "and" | "or";

export type Expression =
  | StringLiteral
  | NumberLiteral
  | PlaceLiteral
  | NameExpression
  | CallExpression
  | MetricUseExpression
  /** `[L15, L18]`, `["a", "b"]`, `[1, 2]`. */
  | (Node & { readonly kind: "list"; readonly items: readonly Expression[] })
  | NumberRange
  /** `v[late]`, `logits[answer]`, `resid_post[L10]`. */
  | (Node & { readonly kind: "index"; readonly base: Expression; readonly indices: readonly Expression[] })
  /** `sweep.R_V.impact`. */
  | (Node & { readonly kind: "member"; readonly base: Expression; readonly member: Name })
  /** `v[late] last window`: the last `count` positions. */
  | (Node & { readonly kind: "last"; readonly base: Expression; readonly count: Expression })
  | (Node & { readonly kind: "at"; readonly base: Expression; readonly positions: Positions })
  /** `mean(resid_post[L10] of happy)`: the same tensor on other texts. */
  | (Node & { readonly kind: "of"; readonly base: Expression; readonly texts: Name })
  | (Node & { readonly kind: "where"; readonly base: Expression; readonly condition: Expression })
  | (Node & { readonly kind: "let"; readonly name: Name; readonly value: Expression; readonly body: Expression })
  /** `if condition then yes else no`, entry by entry. */
  | (Node & { readonly kind: "conditional"; readonly condition: Expression; readonly yes: Expression; readonly no: Expression }) // prettier-ignore
  | (Node & { readonly kind: "unary"; readonly operator: "-" | "not"; readonly operand: Expression })
  | (Node & {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Node & { readonly kind: "missing" });

// ---- statements -----------------------------------------------------------------------------------------------------

export interface Comment extends Node {
  readonly text: string;
}

interface Documented {
  /** Lines of the `##` comment above, without the marks; empty when there is none. */
  readonly documentation: readonly string[];
}

export interface ImportStatement extends Node {
  readonly kind: "import";
  readonly path: StringLiteral;
}

export interface ModelStatement extends Node, Documented {
  readonly kind: "model";
  readonly name: Name;
  readonly sources: readonly StringLiteral[];
  /** True when written in brackets, even with one item: the source is then an axis. */
  readonly sourcesAreList: boolean;
  /** The param whose value the sources are; null where they are written out. Until its value is put in there are none. */
  readonly sourcesParam: Name | null;
  readonly revisions: readonly StringLiteral[];
  readonly revisionsAreList: boolean;
  /** As `sourcesParam`. */
  readonly revisionsParam: Name | null;
  readonly dtypes: readonly Name[];
  readonly dtypesAreList: boolean;
  readonly tokenizer: StringLiteral | null;
  readonly facts: readonly Fact[];
}

/** `lab: "EleutherAI"`, or `lab: ["EleutherAI", "OpenAI"]`: a value for each source of the model. */
export interface Fact extends Node {
  readonly name: Name;
  readonly values: readonly FactValue[];
  readonly isList: boolean;
}

/** A text, or a number with its sign. */
export type FactValue =
  StringLiteral | (Node & { readonly kind: "signed"; readonly negative: boolean; readonly number: NumberLiteral });

/** `reference "Pythia-6.9B" gain 0.80 norm "LayerNorm"`: values that others have published. */
export interface ReferenceStatement extends Node {
  readonly kind: "reference";
  readonly title: StringLiteral;
  readonly fields: readonly { readonly name: Name; readonly value: FactValue }[];
}

/** A value as JSON has it, written in the protocol: what a list after `from` holds, and the fields of its records. */
export type InlineValue =
  | StringLiteral
  | (Node & { readonly kind: "signed"; readonly negative: boolean; readonly number: NumberLiteral })
  /** `true`, `false`, or another word, which is an error. */
  | (Node & { readonly kind: "word"; readonly text: string })
  | (Node & { readonly kind: "values"; readonly items: readonly InlineValue[] })
  | InlineRecord;

/** `{clean: "…", answer: " Mary"}`. A field's name stands in quotes where it is no word. */
export interface InlineRecord extends Node {
  readonly kind: "record";
  readonly fields: readonly { readonly name: Name; readonly value: InlineValue }[];
}

export type TextSource =
  | (Node & { readonly kind: "file"; readonly path: StringLiteral })
  | (Node & { readonly kind: "list"; readonly items: readonly InlineValue[] })
  | (Node & {
      readonly kind: "groups";
      readonly groups: readonly { readonly name: Name; readonly source: TextSource }[];
    })
  | (Node & {
      readonly kind: "random";
      readonly tokens: NumberLiteral;
      readonly repeat: NumberLiteral | null;
      readonly count: NumberLiteral | null;
      readonly seed: NumberLiteral | null;
    });

/** `text "prompt"`, `group "category"`, `clean "clean"` …: which field of the records plays which part. */
export interface FieldOption extends Node {
  readonly part: "text" | "group" | "clean" | "corrupt" | "answer" | "distractor" | "continuation";
  readonly field: StringLiteral;
}

export interface PromptsStatement extends Node, Documented {
  readonly kind: "prompts";
  readonly name: Name;
  readonly source: TextSource;
  /** `as text`: files are plain text, whatever their endings. */
  readonly asText: Node | null;
  /** `split "train"`: which part of a data set of the Hub. */
  readonly split: StringLiteral | null;
  readonly fields: readonly FieldOption[];
  readonly bos: "on" | "off" | null;
  readonly chat: ChatOption | null;
}

/** `chat system "Be brief." generation off`: texts are what a user says, or conversations. */
export interface ChatOption extends Node {
  /** What stands first in every conversation. */
  readonly system: StringLiteral | null;
  /** Whether the model's own turn is opened at the end; null when nothing is said, which is `on`. */
  readonly generation: "on" | "off" | null;
}

export interface CorpusStatement extends Node, Documented {
  readonly kind: "corpus";
  readonly name: Name;
  readonly source: TextSource;
  readonly asText: Node | null;
  readonly split: StringLiteral | null;
  /** `text "FIELD"` and `group "FIELD"`. */
  readonly fields: readonly FieldOption[];
  readonly window: NumberLiteral | null;
  readonly stride: NumberLiteral | null;
  readonly limit: { readonly count: NumberLiteral; readonly unit: Name } | null;
  readonly bos: "on" | "off" | null;
}

export interface ParamStatement extends Node, Documented {
  readonly kind: "param";
  readonly name: Name;
  readonly value: Expression;
}

/** `window: count = 16`, `x: [row, *]`. */
export interface Parameter extends Node {
  readonly name: Name;
  readonly type:
    | (Node & { readonly kind: "named"; readonly name: string })
    /** Axis names; `*` stands for the rest. */
    | (Node & { readonly kind: "tensor"; readonly axes: readonly Name[] })
    | null;
  readonly default: Expression | null;
}

export interface MetricStatement extends Node, Documented {
  readonly kind: "metric";
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly body: Expression;
}

/** `zero`, `mean`, `mean of PROMPTS per position`, `resample from PROMPTS seed 3`, `constant 0.5`. */
export type Replacement =
  | (Node & { readonly kind: "zero" })
  | (Node & { readonly kind: "mean"; readonly of: Name | null; readonly perPosition: boolean })
  | (Node & { readonly kind: "resample"; readonly from: Name; readonly seed: NumberLiteral | null })
  | (Node & { readonly kind: "constant"; readonly value: Expression });

export type AblateTarget = "heads" | "kv_heads" | "neurons" | "experts" | "mlp" | "attention" | "layer";

/**
 * What an intervention changes: places written out, several of them at once, some drawn at random, or those that an
 * earlier experiment ranks first.
 */
export type Selection =
  | (Node & { readonly kind: "places"; readonly places: readonly PlaceUse[] })
  /** `pairs of heads L0..1`, `triples of …`, `combinations of 4 heads …`: every choice of so many of the places. */
  | (Node & {
      readonly kind: "combinations";
      readonly word: "pairs" | "triples" | "combinations";
      readonly size: number;
      readonly what: Name;
      readonly places: readonly PlaceUse[];
    })
  /** `random 4 heads of L* seed 1 draws 20`. */
  | (Node & {
      readonly kind: "random";
      readonly count: NumberLiteral;
      readonly what: Name;
      readonly places: readonly PlaceUse[];
      readonly seed: NumberLiteral | null;
      readonly draws: NumberLiteral | null;
    })
  | (Node & {
      readonly kind: "top";
      /** `top 10` is first = last = 10 with `isRange` false; `top 1..20` is an axis. */
      readonly first: number;
      readonly last: number;
      readonly isRange: boolean;
      readonly what: Name;
      readonly experiment: Name;
      readonly by: Expression;
    });

/** `together`, or `together over position`: which of a clause's axes become one condition. */
export interface Together extends Node {
  /** Empty for all of them. */
  readonly over: readonly Name[];
}

/** What a path leads to: `heads L3`, `q of heads L3.H1`, `mlp L2`, `logits`. */
export interface PathReceiver extends Node {
  readonly input: Name | null;
  readonly target: Name;
  readonly places: readonly PlaceUse[];
}

export interface AblateClause extends Node {
  readonly kind: "ablate";
  readonly target: AblateTarget;
  readonly selection: Selection;
  readonly positions: Positions | null;
  readonly together: Together | null;
  /** null when `by` is not written: zero. */
  readonly by: Replacement | null;
}

export interface PatchClause extends Node {
  readonly kind: "patch";
  /** `heads`, `mlp`, `attention`, or a site's name such as `resid_pre`, `pattern`. */
  readonly target: Name;
  readonly places: readonly PlaceUse[];
  /** null for a patch of the whole run; otherwise only paths from the target to it are patched. */
  readonly to: PathReceiver | null;
  readonly positions: Positions | null;
  readonly together: Together | null;
  readonly from: Name;
  readonly into: Name;
}

export interface ScaleClause extends Node {
  readonly kind: "scale";
  readonly target: Name;
  readonly places: readonly PlaceUse[];
  readonly positions: Positions | null;
  readonly together: Together | null;
  readonly by: Expression;
}

export interface SteerClause extends Node {
  readonly kind: "steer";
  readonly target: Name;
  readonly places: readonly PlaceUse[];
  readonly positions: Positions | null;
  readonly together: Together | null;
  readonly by: Expression;
}

/** `set z[L5] at last to z[L5] of other`. */
export interface SetClause extends Node {
  readonly kind: "set";
  readonly site: Expression;
  readonly positions: Positions | null;
  readonly together: Together | null;
  readonly to: Expression;
}

export type Intervention = AblateClause | PatchClause | ScaleClause | SteerClause | SetClause;

export interface MeasureItem extends Node {
  readonly kind: "measureItem";
  /** `recovery of m`. */
  readonly recovery: boolean;
  readonly expression: Expression;
  readonly as: Name | null;
}

/** `curvature of nll over params attention L9 top 20 trace density probes 10 steps 80 seed 1`. */
export interface CurvatureClause extends Node {
  readonly kind: "curvature";
  readonly of: Expression;
  readonly parameters: Name;
  readonly places: readonly PlaceUse[];
  readonly gaussNewton: boolean;
  readonly top: NumberLiteral | null;
  readonly trace: boolean;
  readonly density: boolean;
  readonly coupling: boolean;
  readonly probes: NumberLiteral | null;
  readonly steps: NumberLiteral | null;
  readonly seed: NumberLiteral | null;
}

export interface ExperimentStatement extends Node, Documented {
  readonly kind: "experiment";
  /** null for an unnamed experiment. */
  readonly name: Name | null;
  readonly on: readonly Name[];
  readonly with: readonly Name[];
  readonly interventions: readonly Intervention[];
  readonly measures: readonly MeasureItem[];
  readonly curvature: CurvatureClause | null;
}

export interface LetStatement extends Node, Documented {
  readonly kind: "letResult";
  readonly name: Name;
  readonly value: Expression;
}

/** `welch_t`, `bootstrap(10000) seed 1`. */
export interface TestUse extends Node {
  readonly name: Name;
  readonly count: NumberLiteral | null;
  readonly seed: NumberLiteral | null;
}

export interface CompareStatement extends Node {
  readonly kind: "compare";
  readonly value: Expression;
  readonly axis: Name;
  /** Names, texts, numbers, places and ranges; empty for all levels of the axis. */
  readonly levels: readonly Expression[];
  readonly by: readonly Name[];
  readonly using: readonly TestUse[];
  readonly correct: Name | null;
}

export interface CorrelateStatement extends Node {
  readonly kind: "correlate";
  readonly left: Expression;
  /** What stands after `with`; null for `between`. */
  readonly right: Expression | null;
  /** The axes after `between`; empty for `with`. */
  readonly between: readonly Name[];
  readonly by: readonly Name[];
  readonly using: readonly TestUse[];
  readonly correct: Name | null;
}

export interface HypothesisStatement extends Node {
  readonly kind: "hypothesis";
  readonly title: StringLiteral;
  readonly expect: Expectation;
  readonly by: readonly Name[];
  readonly using: readonly TestUse[];
  readonly alpha: NumberLiteral | null;
  /** `else not supported`. */
  readonly falsified: (Node & { readonly kind: "notSupported" }) | null;
}

/** What a hypothesis expects: one thing, or several of which `quantity` says how many must hold. */
export interface Expectation extends Node {
  readonly quantity: Quantity | null;
  readonly members: readonly Expected[];
}

/** `all of`, `any of`, `2 of`. */
export type Quantity = Node &
  ({ readonly kind: "all" } | { readonly kind: "any" } | { readonly kind: "count"; readonly count: NumberLiteral });

/** One thing that is expected: an order, a difference too small to matter, or what another hypothesis says. */
export type Expected = Node &
  (
    | {
        readonly kind: "order";
        readonly operator: "<" | ">" | "<=" | ">=";
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: "equivalence";
        readonly left: Expression;
        readonly right: Expression;
        readonly within: Expression;
      }
    | { readonly kind: "titled"; readonly title: StringLiteral }
  );

export interface FindStatement extends Node {
  readonly kind: "find";
  readonly what: "changepoint" | "peak" | "dip";
  readonly of: Expression;
  readonly over: Name;
  readonly by: readonly Name[];
}

export interface PcaStatement extends Node {
  readonly kind: "pca";
  readonly of: Expression;
  readonly over: Name;
  readonly components: NumberLiteral | null;
}

export interface ProbeStatement extends Node {
  readonly kind: "probe";
  /** A field of the texts, which is predicted. */
  readonly field: Name;
  readonly from: Expression;
  readonly over: readonly Name[];
  readonly by: readonly Name[];
  /** `as classes`: numbers are names of classes. */
  readonly classes: boolean;
  readonly folds: NumberLiteral | null;
  /** A field: texts that share its value stay in one fold. */
  readonly together: Name | null;
  readonly penalty: NumberLiteral | null;
  readonly seed: NumberLiteral | null;
  /** `as NAME`: what the answers about each text are called, for statements that read them. */
  readonly as: Name | null;
  readonly using: readonly TestUse[];
}

export type FitCurve = "power_law" | "linear" | "exponential" | "logistic";

export interface FitStatement extends Node {
  readonly kind: "fit";
  readonly curve: FitCurve;
  readonly of: Expression;
  readonly over: Name;
  readonly by: readonly Name[];
}

export interface ClassifyStatement extends Node {
  readonly kind: "classify";
  readonly value: Expression;
  /** Classes in order; only the last may have no bound. */
  readonly classes: readonly { readonly name: Name; readonly below: NumberLiteral | null }[];
}

/** `with ci …`: an interval beside each mean that is shown. */
export interface IntervalClause extends Node {
  /** `with ci off`: none where there would be one by itself. */
  readonly off: boolean;
  readonly level: NumberLiteral | null;
  readonly draws: TestUse | null;
}

/** `VALUE as percent`: a column of a table, in a notation of its own. */
export interface TableValue extends Node {
  readonly value: Expression;
  readonly notation: "percent" | "ratio" | null;
}

export interface TableStatement extends Node {
  readonly kind: "table";
  /** At least one. */
  readonly of: readonly TableValue[];
  readonly winner: { readonly which: "lowest" | "highest"; readonly among: readonly Name[] } | null;
  readonly top: NumberLiteral | null;
  readonly where: Expression | null;
  /** Axes of the rows, and at most one value to sort by. After `winner` only axes. */
  readonly by: readonly Expression[];
  /** Axes whose levels are columns. */
  readonly across: readonly Name[];
  readonly context: NumberLiteral | null;
  /** Where `with rank` stands, if it does. */
  readonly ranked: Node | null;
  readonly caption: StringLiteral | null;
  readonly ci: IntervalClause | null;
}

export type PlotKind = "heatmap" | "line" | "bar" | "histogram" | "box" | "scatter" | "density" | "text";

/** A word of the language that is an option by itself; no name. */
export interface OptionWord {
  readonly word: string;
  readonly span: Span;
}

/** How a plot looks: what stands behind its values and axes. */
export interface PlotLooks {
  /** `text VALUE`: what stands in the cells of a heatmap. */
  readonly text: Expression | null;
  /** `values`, `identity`, each once. */
  readonly flags: readonly OptionWord[];
  /** `sorted`, or `ascending` for `sorted ascending`. */
  readonly sorted: OptionWord | null;
  /** `x`, `y` or both. */
  readonly log: readonly OptionWord[];
  readonly title: StringLiteral | null;
  readonly x: StringLiteral | null;
  readonly y: StringLiteral | null;
  readonly caption: StringLiteral | null;
}

export interface PlotStatement extends Node {
  readonly kind: "plot";
  readonly plot: PlotKind;
  readonly of: readonly Expression[];
  readonly against: Expression | null;
  readonly over: readonly Name[];
  readonly by: readonly Name[];
  readonly ci: IntervalClause | null;
  readonly looks: PlotLooks;
}

/** `figure "title" { plot … plot … }`: several plots as one picture. */
export interface FigureStatement extends Node {
  readonly kind: "figure";
  readonly title: StringLiteral;
  readonly columns: NumberLiteral | null;
  readonly caption: StringLiteral | null;
  readonly plots: readonly PlotStatement[];
}

export interface SaveStatement extends Node {
  readonly kind: "save";
  /** What is saved, with the clauses of a table, which `.tex` and `.md` files have. */
  readonly table: TableStatement;
  readonly to: StringLiteral;
}

export type Statement =
  | ImportStatement
  | ModelStatement
  | PromptsStatement
  | CorpusStatement
  | ParamStatement
  | MetricStatement
  | ExperimentStatement
  | LetStatement
  | CompareStatement
  | CorrelateStatement
  | HypothesisStatement
  | ReferenceStatement
  | FindStatement
  | PcaStatement
  | ProbeStatement
  | FitStatement
  | ClassifyStatement
  | TableStatement
  | PlotStatement
  | FigureStatement
  | SaveStatement;

/** Names live in namespaces of their own: each kind is named in places of its own. */
export type DeclarationKind = "model" | "prompt set" | "parameter" | "metric" | "result";

/** A name that a broken statement may declare, as one of the kinds; null when it cannot be read. */
export interface MaybeDeclared {
  readonly kinds: readonly DeclarationKind[];
  readonly name: string | null;
}

/** A statement that could not be parsed. */
export interface BrokenStatement extends Node {
  readonly declares: readonly MaybeDeclared[];
  /** True when it seems to be an experiment without a name, which is numbered. */
  readonly unnamedExperiment: boolean;
}

/** A file with errors, statement by statement: what can be checked all the same, and what is in doubt. */
export interface RecoveredFile {
  readonly sound: readonly Statement[];
  readonly broken: readonly BrokenStatement[];
}

export interface FileSyntax extends Node {
  readonly kind: "file";
  readonly statements: readonly Statement[];
  /** Every comment of the file in order, documentation comments included, for the printer. */
  readonly comments: readonly Comment[];
  /** False when there was any lexical or syntax error: such a tree may be checked for an editor, never lowered. */
  readonly complete: boolean;
  /** Present when the file is not complete. */
  readonly recovered?: RecoveredFile;
}

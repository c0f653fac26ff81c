/**
 * The token table of the language: one row per token, in the order in which the lexer tries them
 * (among keywords, longer ones first). Chevrotain's tokens,
 * the names used in messages and the colours of editors are all made from these rows.
 */
import type { ILexingResult, IToken, TokenType } from "chevrotain";
import { createToken, EOF, Lexer, tokenMatcher } from "./chevrotain.js";

/**
 * What a word may be besides itself. A `statement` word begins a statement or a clause of an experiment and is a name
 * only after `.` or before `:`; an `axis` word is a statement word that also names an axis (`over model`); an `operator`
 * word joins expressions or clauses; a `soft` word has a role in one statement and is an ordinary name elsewhere. A
 * statement word with `nameThen` is a name wherever it does not begin its statement.
 */
export type WordRole = "statement" | "axis" | "operator" | "soft";

/** One row of the table. */
export interface TokenRow {
  /** A keyword's text, or the pattern of any other token. */
  readonly pattern: string | RegExp;
  /** What messages call it. */
  readonly label: string;
  /** TextMate scope, without the language suffix. */
  readonly scope: string;
  /** Null for what is not a keyword. */
  readonly word: WordRole | null;
  /** Comments are kept beside the token stream, white space is dropped. */
  readonly group?: "comments" | "skipped";
  /** An error token is read as the token it was meant to be, so that the parser can go on. */
  readonly readAs?: "StringLiteral" | "NumberLiteral";
  /** A keyword only in front of a name and this word; an ordinary name everywhere else. */
  readonly nameThen?: "From";
}

const keyword = (word: WordRole, scope: string) => (text: string) =>
  ({ pattern: text, label: `\`${text}\``, scope, word }) as const;
const statement = keyword("statement", "keyword.control");
const axis = keyword("axis", "keyword.control");
const operatorWord = keyword("operator", "keyword.operator.word");
const soft = keyword("soft", "keyword.other");
const symbol = (pattern: RegExp, text: string, scope: string) =>
  ({ pattern, label: `\`${text}\``, scope, word: null }) as const;

// One bound of a place: `*`, `87.5%`, `50%..87.5%`, `5`, `-1`, `15..30`.
const percentage = String.raw`-?\d+(?:\.\d+)?%`;
const bound = String.raw`(?:\*|${percentage}(?:\.\.${percentage})?|-?\d+(?:\.\.-?\d+)?)`;

/** The table. Keywords stand together between the literals and the identifier. */
export const tokenTable = {
  WhiteSpace: {
    // A byte order mark and no-break spaces come with pasted text; nobody can see them, so they mean nothing.
    pattern: /[ \t\r\n\f\u00a0\ufeff]+/,
    label: "white space",
    scope: "text",
    word: null,
    group: "skipped",
  },
  Documentation: {
    pattern: /##[^\n\r]*/,
    label: "a documentation comment",
    scope: "comment.block.documentation",
    word: null,
    group: "comments",
  },
  Comment: { pattern: /#[^\n\r]*/, label: "a comment", scope: "comment.line", word: null, group: "comments" },
  StringLiteral: { pattern: /"(?:[^"\\\n\r]|\\[^\n\r])*"/, label: "a string", scope: "string.quoted", word: null },
  UnterminatedString: {
    pattern: /"(?:[^"\\\n\r]|\\[^\n\r])*\\?/,
    label: "a string",
    scope: "invalid.illegal.string",
    word: null,
    readAs: "StringLiteral",
  },
  PlaceLiteral: {
    pattern: new RegExp(String.raw`L${bound}(?:\.[HNE](?:\*|-?\d+(?:\.\.-?\d+)?))?(?![A-Za-z0-9_%])`),
    label: "a place such as L5",
    scope: "constant.language.place",
    word: null,
  },
  NumberLiteral: {
    pattern: /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?k?(?![A-Za-z0-9_%]|\.\d)/,
    label: "a number",
    scope: "constant.numeric",
    word: null,
  },
  MalformedNumber: {
    pattern: /\d[A-Za-z0-9_%]*(?:\.\d[A-Za-z0-9_%]*)*/,
    label: "a number",
    scope: "invalid.illegal.number",
    word: null,
    readAs: "NumberLiteral",
  },

  Import: statement("import"),
  Model: axis("model"),
  Prompts: axis("prompts"),
  Corpus: statement("corpus"),
  Param: statement("param"),
  Metric: statement("metric"),
  Reference: statement("reference"),
  Experiment: statement("experiment"),
  Let: statement("let"),
  Compare: statement("compare"),
  Correlate: statement("correlate"),
  Hypothesis: statement("hypothesis"),
  Find: statement("find"),
  Pca: statement("pca"),
  Probe: { ...statement("probe"), nameThen: "From" },
  Fit: statement("fit"),
  Classify: statement("classify"),
  Table: statement("table"),
  Plot: statement("plot"),
  Figure: statement("figure"),
  Save: statement("save"),
  On: statement("on"),
  With: statement("with"),
  Ablate: statement("ablate"),
  Patch: statement("patch"),
  Scale: statement("scale"),
  Steer: statement("steer"),
  Set: statement("set"),
  Measure: statement("measure"),
  Curvature: statement("curvature"),

  Where: operatorWord("where"),
  And: operatorWord("and"),
  Or: operatorWord("or"),
  Not: operatorWord("not"),
  Is: operatorWord("is"),
  In: operatorWord("in"),
  Last: operatorWord("last"),
  At: operatorWord("at"),
  Of: operatorWord("of"),
  Over: operatorWord("over"),
  Between: operatorWord("between"),
  By: operatorWord("by"),
  As: operatorWord("as"),
  To: operatorWord("to"),
  From: operatorWord("from"),
  Into: operatorWord("into"),
  Using: operatorWord("using"),
  Against: operatorWord("against"),
  Expect: operatorWord("expect"),
  If: operatorWord("if"),

  Revision: soft("revision"),
  Dtype: soft("dtype"),
  Tokenizer: soft("tokenizer"),
  Facts: soft("facts"),
  Text: soft("text"),
  Group: soft("group"),
  Clean: soft("clean"),
  Corrupt: soft("corrupt"),
  Answer: soft("answer"),
  Distractor: soft("distractor"),
  Continuation: soft("continuation"),
  Split: soft("split"),
  Chat: soft("chat"),
  System: soft("system"),
  Generation: soft("generation"),
  Bos: soft("bos"),
  Off: soft("off"),
  Random: soft("random"),
  Tokens: soft("tokens"),
  Repeat: soft("repeat"),
  Count: soft("count"),
  Seed: soft("seed"),
  Window: soft("window"),
  Stride: soft("stride"),
  Limit: soft("limit"),
  Heads: soft("heads"),
  KvHeads: soft("kv_heads"),
  Neurons: soft("neurons"),
  Experts: soft("experts"),
  Mlp: soft("mlp"),
  Attention: soft("attention"),
  Layer: soft("layer"),
  Top: soft("top"),
  Together: soft("together"),
  Pairs: soft("pairs"),
  Triples: soft("triples"),
  Combinations: soft("combinations"),
  Draws: soft("draws"),
  Step: soft("step"),
  Zero: soft("zero"),
  Mean: soft("mean"),
  Resample: soft("resample"),
  Constant: soft("constant"),
  Per: soft("per"),
  Position: soft("position"),
  TokenWord: soft("token"),
  Recovery: soft("recovery"),
  Params: soft("params"),
  Trace: soft("trace"),
  Density: soft("density"),
  Coupling: soft("coupling"),
  GaussNewton: soft("gauss_newton"),
  Probes: soft("probes"),
  Steps: soft("steps"),
  Correct: soft("correct"),
  Alpha: soft("alpha"),
  All: soft("all"),
  Any: soft("any"),
  Classes: soft("classes"),
  Folds: soft("folds"),
  Penalty: soft("penalty"),
  Equivalent: soft("equivalent"),
  Within: soft("within"),
  Else: soft("else"),
  Then: soft("then"),
  Supported: soft("supported"),
  Changepoint: soft("changepoint"),
  Peak: soft("peak"),
  Dip: soft("dip"),
  Components: soft("components"),
  PowerLaw: soft("power_law"),
  Linear: soft("linear"),
  Exponential: soft("exponential"),
  Logistic: soft("logistic"),
  Winner: soft("winner"),
  Lowest: soft("lowest"),
  Highest: soft("highest"),
  Context: soft("context"),
  Ci: soft("ci"),
  Across: soft("across"),
  Percent: soft("percent"),
  Ratio: soft("ratio"),
  Rank: soft("rank"),
  Caption: soft("caption"),
  Heatmap: soft("heatmap"),
  Line: soft("line"),
  Bar: soft("bar"),
  Histogram: soft("histogram"),
  Box: soft("box"),
  Scatter: soft("scatter"),
  Title: soft("title"),
  Values: soft("values"),
  Sorted: soft("sorted"),
  Ascending: soft("ascending"),
  Log: soft("log"),
  Identity: soft("identity"),
  Columns: soft("columns"),
  // Names of the two directions are common names of other things, and are coloured as those.
  X: { ...soft("x"), scope: "variable.other" },
  Y: { ...soft("y"), scope: "variable.other" },

  Identifier: { pattern: /[A-Za-z_][A-Za-z0-9_]*/, label: "a name", scope: "variable.other", word: null },

  DotDot: symbol(/\.\./, "..", "keyword.operator.range"),
  Dot: symbol(/\./, ".", "punctuation.accessor"),
  Comma: symbol(/,/, ",", "punctuation.separator"),
  Colon: symbol(/:/, ":", "punctuation.separator.key-value"),
  LessEqual: symbol(/<=/, "<=", "keyword.operator.comparison"),
  GreaterEqual: symbol(/>=/, ">=", "keyword.operator.comparison"),
  Less: symbol(/</, "<", "keyword.operator.comparison"),
  Greater: symbol(/>/, ">", "keyword.operator.comparison"),
  Equals: symbol(/=/, "=", "keyword.operator.assignment"),
  Plus: symbol(/\+/, "+", "keyword.operator.arithmetic"),
  Minus: symbol(/-/, "-", "keyword.operator.arithmetic"),
  Star: symbol(/\*/, "*", "keyword.operator.arithmetic"),
  Slash: symbol(/\//, "/", "keyword.operator.arithmetic"),
  Caret: symbol(/\^/, "^", "keyword.operator.arithmetic"),
  LParen: symbol(/\(/, "(", "punctuation.section.parens.begin"),
  RParen: symbol(/\)/, ")", "punctuation.section.parens.end"),
  LBracket: symbol(/\[/, "[", "punctuation.section.brackets.begin"),
  RBracket: symbol(/\]/, "]", "punctuation.section.brackets.end"),
  LBrace: symbol(/\{/, "{", "punctuation.section.braces.begin"),
  RBrace: symbol(/\}/, "}", "punctuation.section.braces.end"),
} as const satisfies Readonly<Record<string, TokenRow>>;

export type TokenName = keyof typeof tokenTable;

const category = (name: string, label: string) => createToken({ name, label, pattern: Lexer.NA });

/** Any word at all: members after `.`, argument names before `:`. */
export const AnyWord = category("AnyWord", "a name");
/** A word that can stand for something declared: identifiers and soft words. */
export const Name = category("Name", "a name");
/** `model` and `prompts`, which are axes as well as statements. */
export const AxisWord = category("AxisWord", "an axis name");
/** Names of axes: every {@link Name} and every {@link AxisWord}. */
export const AxisName = category("AxisName", "an axis name");

function categoriesOf(row: TokenRow, made: Readonly<Record<string, TokenType>>): TokenType[] {
  if (row.readAs !== undefined) return [made[row.readAs]].filter((type) => type !== undefined);
  if (row.word === "soft" || row === tokenTable.Identifier) return [AnyWord, Name, AxisName];
  if (row.word === "axis") return [AnyWord, AxisWord, AxisName];
  return row.word === null ? [] : [AnyWord];
}

function makeTokens(): Readonly<Record<TokenName, TokenType>> {
  const made: Record<string, TokenType> = {};
  const rows: [string, TokenRow][] = Object.entries(tokenTable);
  const identifier = createToken({
    name: "Identifier",
    ...pick(tokenTable.Identifier),
    categories: categoriesOf(tokenTable.Identifier, made),
  });
  for (const [name, row] of rows) {
    made[name] =
      name === "Identifier"
        ? identifier
        : createToken({
            name,
            ...pick(row),
            categories: categoriesOf(row, made),
            ...(row.word === null ? {} : { longer_alt: identifier }),
            ...(row.group === undefined ? {} : { group: row.group === "skipped" ? Lexer.SKIPPED : row.group }),
          });
  }
  // Every key of the table was visited above; the type system cannot see that.
  return made as Readonly<Record<TokenName, TokenType>>;
}

function pick(row: TokenRow): { pattern: string | RegExp; label: string } {
  return { pattern: row.pattern, label: row.label };
}

/** Chevrotain's token type of every row. */
export const tokens = makeTokens();

/** Every token type of the grammar, categories included, as the parser wants them. */
export const vocabulary: readonly TokenType[] = [...Object.values(tokens), AnyWord, Name, AxisWord, AxisName];

const labels = new Map<string, string>([...vocabulary, EOF].map((type) => [type.name, type.LABEL ?? type.name]));

/** What messages call a token type, by its name; the name itself when there is no such type. */
export function labelOf(tokenTypeName: string): string {
  return tokenTypeName === "EOF" ? "the end of the file" : (labels.get(tokenTypeName) ?? tokenTypeName);
}

/** Words that have the given role, as written in a source text. */
export function wordsWithRole(...roles: readonly WordRole[]): readonly string[] {
  const rows: TokenRow[] = Object.values(tokenTable);
  return rows.flatMap((row) =>
    row.word !== null && roles.includes(row.word) && typeof row.pattern === "string" ? [row.pattern] : [],
  );
}

// A keyword that begins another (`to`, `top`) must be tried after it: `longer_alt` would turn the longer into a name.
const lexerOrder = (type: TokenType): number => (typeof type.PATTERN === "string" ? -type.PATTERN.length : 0);
const firstKeyword = vocabulary.indexOf(tokens.Import);
const firstAfterKeywords = vocabulary.indexOf(tokens.Identifier);
const inLexerOrder = [
  ...vocabulary.slice(0, firstKeyword),
  ...vocabulary.slice(firstKeyword, firstAfterKeywords).sort((a, b) => lexerOrder(a) - lexerOrder(b)),
  ...vocabulary.slice(firstAfterKeywords),
];

/** With validations on, a faulty table throws; that is slower, so only a test does it. */
export function createLexer(skipValidations = true): Lexer {
  return new Lexer(inLexerOrder, { positionTracking: "onlyOffset", ensureOptimizations: true, skipValidations });
}

const lexer = createLexer();

/** Splits a text into tokens. Never throws; unknown characters are in `errors`, comments in `groups.comments`. */
export function tokenize(text: string): ILexingResult {
  const lexed = lexer.tokenize(text);
  // The lexer leaves ends out; the parser takes a node's location from those of its tokens.
  for (const token of lexed.tokens) token.endOffset = token.startOffset + token.image.length - 1;
  lexed.tokens.forEach((token, i) => {
    const { nameThen } = rowOf(token) ?? {};
    if (nameThen !== undefined && !isBeforeNameAnd(tokens[nameThen], lexed.tokens, i)) renameToken(token);
  });
  return lexed;
}

const rowOf = ({ tokenType }: IToken): TokenRow | undefined =>
  (tokenTable as Readonly<Record<string, TokenRow>>)[tokenType.name];

/** No other statement has two names before `from`, but for `patch heads NAME together from TEXTS`. */
function isBeforeNameAnd(last: TokenType, all: readonly IToken[], at: number): boolean {
  const [name, then] = [all[at + 1], all[at + 2]];
  if (name === undefined || then?.tokenType !== last || name.tokenType === tokens.Together) return false;
  return tokenMatcher(name, Name);
}

/** Makes an identifier of a keyword, which the parser knows by its number. */
function renameToken(token: IToken): void {
  token.tokenType = tokens.Identifier;
  token.tokenTypeIdx = tokens.Identifier.tokenTypeIdx ?? token.tokenTypeIdx;
}

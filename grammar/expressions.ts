/**
 * The grammar of expressions, loosest binding first: `let … in`, `if … then … else`, `where`, `or`, `and`, `not`, comparison, `+ -`, `* /`,
 * unary `-`, `^`, what is written after a value (`[…]`, `.member`, `last n`, `at positions`, `of texts`), and values.
 * Each level is one rule. The class exists because Chevrotain shares rules between files only by inheritance.
 */
import type { IToken, TokenType } from "chevrotain";
import { CstParser, EOF, tokenMatcher } from "./chevrotain.js";
import { lazyLookahead } from "./lazy-lookahead.js";
import { AnyWord, AxisName, AxisWord, Name, labelOf, tokens as t, vocabulary, wordsWithRole } from "./tokens.js";

/** What a parse error knows, carried as JSON in the `message` of Chevrotain's exception, which has no other room. */
export interface Expectation {
  /** The grammar rule in which the error was found. */
  readonly rule: string;
  /** Names of the token types that could have stood there, most likely first, without doubles. */
  readonly expected: readonly string[];
}

const expectation = (rule: string, expected: readonly TokenType[]): string =>
  JSON.stringify({ rule, expected: [...new Set(expected.map((type) => type.name))] } satisfies Expectation);

const firsts = (paths: readonly (readonly TokenType[])[]): TokenType[] =>
  paths.map((path) => path[0]).filter((type) => type !== undefined);

// A token of these types carries text of its own; one that recovery invents would be a phantom name or value.
const notInvented = new Set(
  [Name, AnyWord, AxisWord, AxisName, t.Identifier, t.StringLiteral, t.NumberLiteral, t.PlaceLiteral].map(
    (type) => type.name,
  ),
);
const statementWords = new Set(wordsWithRole("statement", "axis"));

/** Tokens that the parser looks ahead at most. */
const maxLookahead = 2;

export class ExpressionGrammar extends CstParser {
  constructor(skipValidations: boolean) {
    super([...vocabulary], {
      recoveryEnabled: true,
      maxLookahead,
      lookaheadStrategy: lazyLookahead(maxLookahead),
      nodeLocationTracking: "onlyOffset",
      skipValidations,
      errorMessageProvider: {
        buildMismatchTokenMessage: ({ expected, ruleName }) => expectation(ruleName, [expected]),
        buildNotAllInputParsedMessage: ({ ruleName }) => expectation(ruleName, [EOF]),
        buildNoViableAltMessage: ({ expectedPathsPerAlt, ruleName }) =>
          expectation(ruleName, expectedPathsPerAlt.flatMap(firsts)),
        buildEarlyExitMessage: ({ expectedIterationPaths, ruleName }) =>
          expectation(ruleName, firsts(expectedIterationPaths)),
      },
    });
  }

  protected override canTokenTypeBeInsertedInRecovery(type: TokenType): boolean {
    return !notInvented.has(type.name) && !statementWords.has(labelOf(type.name).replaceAll("`", ""));
  }

  /** True when the token `ahead` places on is of one of these types. */
  protected ahead(ahead: number, ...types: readonly TokenType[]): boolean {
    const token: IToken = this.LA(ahead);
    return types.some((type) => tokenMatcher(token, type));
  }

  /** `model` and `prompts` are axes unless a declaration starts there: `model NAME from`, `prompts NAME random`. */
  protected axisWordIsAxis(): boolean {
    return !(this.ahead(2, Name) && this.ahead(3, t.From, t.Random));
  }

  expression = this.RULE("expression", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.letExpression) },
      { ALT: () => this.SUBRULE(this.conditional) },
      { ALT: () => this.SUBRULE(this.guarded) },
    ]);
  });

  // What follows `else` extends as far as it can: `else if` is a conditional in the last branch.
  conditional = this.RULE("conditional", () => {
    this.CONSUME(t.If);
    this.SUBRULE(this.disjunction, { LABEL: "condition" });
    this.CONSUME(t.Then);
    this.SUBRULE(this.expression, { LABEL: "yes" });
    this.CONSUME(t.Else);
    this.SUBRULE2(this.expression, { LABEL: "no" });
  });

  // The value stops before `in`: a comparison with `in` needs parentheses there.
  letExpression = this.RULE("letExpression", () => {
    this.CONSUME(t.Let);
    this.CONSUME(Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.sum, { LABEL: "value" });
    this.CONSUME(t.In);
    this.SUBRULE(this.expression, { LABEL: "body" });
  });

  guarded = this.RULE("guarded", () => {
    this.SUBRULE(this.disjunction, { LABEL: "base" });
    this.MANY(() => {
      this.CONSUME(t.Where);
      this.SUBRULE2(this.disjunction, { LABEL: "condition" });
    });
  });

  disjunction = this.RULE("disjunction", () => {
    this.SUBRULE(this.conjunction, { LABEL: "operand" });
    this.MANY(() => {
      this.CONSUME(t.Or, { LABEL: "operator" });
      this.SUBRULE2(this.conjunction, { LABEL: "operand" });
    });
  });

  conjunction = this.RULE("conjunction", () => {
    this.SUBRULE(this.negation, { LABEL: "operand" });
    this.MANY(() => {
      this.CONSUME(t.And, { LABEL: "operator" });
      this.SUBRULE2(this.negation, { LABEL: "operand" });
    });
  });

  negation = this.RULE("negation", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Not);
          this.SUBRULE(this.negation, { LABEL: "negated" });
        },
      },
      { ALT: () => this.SUBRULE(this.comparison, { LABEL: "plain" }) },
    ]);
  });

  // One comparison only: `a < b < c` is an error, not `(a < b) < c`.
  comparison = this.RULE("comparison", () => {
    this.SUBRULE(this.sum, { LABEL: "operand" });
    this.OPTION(() => {
      this.OR([
        { ALT: () => this.CONSUME(t.Less, { LABEL: "operator" }) },
        { ALT: () => this.CONSUME(t.Greater, { LABEL: "operator" }) },
        { ALT: () => this.CONSUME(t.LessEqual, { LABEL: "operator" }) },
        { ALT: () => this.CONSUME(t.GreaterEqual, { LABEL: "operator" }) },
        { ALT: () => this.CONSUME(t.Is, { LABEL: "operator" }) },
        { ALT: () => this.CONSUME(t.In, { LABEL: "operator" }) },
      ]);
      this.SUBRULE2(this.sum, { LABEL: "operand" });
    });
  });

  sum = this.RULE("sum", () => {
    this.SUBRULE(this.product, { LABEL: "operand" });
    this.MANY(() => {
      this.OR([
        { ALT: () => this.CONSUME(t.Plus, { LABEL: "operator" }) },
        { ALT: () => this.CONSUME(t.Minus, { LABEL: "operator" }) },
      ]);
      this.SUBRULE2(this.product, { LABEL: "operand" });
    });
  });

  product = this.RULE("product", () => {
    this.SUBRULE(this.signed, { LABEL: "operand" });
    this.MANY(() => {
      this.OR([
        { ALT: () => this.CONSUME(t.Star, { LABEL: "operator" }) },
        { ALT: () => this.CONSUME(t.Slash, { LABEL: "operator" }) },
      ]);
      this.SUBRULE2(this.signed, { LABEL: "operand" });
    });
  });

  signed = this.RULE("signed", () => {
    this.OR([
      {
        GATE: () => this.ahead(2, t.NumberLiteral) && this.ahead(3, t.DotDot),
        ALT: () => {
          this.CONSUME(t.Minus, { LABEL: "firstSign" });
          this.SUBRULE(this.numberOrRange);
        },
      },
      {
        ALT: () => {
          this.CONSUME2(t.Minus);
          this.SUBRULE(this.signed);
        },
        IGNORE_AMBIGUITIES: true,
      },
      { ALT: () => this.SUBRULE(this.power) },
    ]);
  });

  power = this.RULE("power", () => {
    this.SUBRULE(this.postfix, { LABEL: "base" });
    this.OPTION(() => {
      this.CONSUME(t.Caret);
      this.SUBRULE(this.signed, { LABEL: "exponent" });
    });
  });

  postfix = this.RULE("postfix", () => {
    this.SUBRULE(this.primary);
    this.MANY(() => this.SUBRULE(this.suffix));
  });

  suffix = this.RULE("suffix", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.LBracket);
          this.SUBRULE(this.expression, { LABEL: "index" });
          this.MANY(() => {
            this.CONSUME(t.Comma);
            this.SUBRULE2(this.expression, { LABEL: "index" });
          });
          this.CONSUME(t.RBracket);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Dot);
          this.CONSUME(AnyWord, { LABEL: "member" });
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Last);
          this.SUBRULE(this.lastCount);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.At);
          this.SUBRULE(this.positions);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Of);
          this.CONSUME(Name, { LABEL: "texts" });
        },
      },
    ]);
  });

  lastCount = this.RULE("lastCount", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.NumberLiteral) },
      { ALT: () => this.CONSUME(Name) },
      { ALT: () => this.SUBRULE(this.parenthesised) },
    ]);
  });

  positions = this.RULE("positions", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Last) },
      { ALT: () => this.CONSUME(t.Star) },
      {
        ALT: () => {
          this.CONSUME(t.TokenWord);
          this.CONSUME(t.StringLiteral);
        },
      },
      { ALT: () => this.CONSUME(t.Continuation) },
      {
        ALT: () => {
          this.OPTION(() => this.CONSUME(t.Minus, { LABEL: "firstSign" }));
          this.SUBRULE(this.numberOrRange);
        },
      },
    ]);
  });

  numberOrRange = this.RULE("numberOrRange", () => {
    this.CONSUME(t.NumberLiteral, { LABEL: "first" });
    this.OPTION(() => {
      this.CONSUME(t.DotDot);
      this.OPTION2(() => this.CONSUME(t.Minus, { LABEL: "lastSign" }));
      this.CONSUME2(t.NumberLiteral, { LABEL: "last" });
      this.OPTION3({
        // A metric may have a parameter `step`: only a number makes it the step of the range.
        GATE: () => this.ahead(2, t.NumberLiteral, t.Minus),
        DEF: () => {
          this.CONSUME(t.Step);
          this.OPTION4(() => this.CONSUME2(t.Minus, { LABEL: "stepSign" }));
          this.CONSUME3(t.NumberLiteral, { LABEL: "step" });
        },
      });
    });
  });

  primary = this.RULE("primary", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.numberOrRange) },
      { ALT: () => this.CONSUME(t.StringLiteral) },
      { ALT: () => this.CONSUME(t.PlaceLiteral) },
      { ALT: () => this.SUBRULE(this.nameOrCall) },
      { GATE: () => this.axisWordIsAxis(), ALT: () => this.CONSUME(AxisWord) },
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.parenthesised) },
    ]);
  });

  parenthesised = this.RULE("parenthesised", () => {
    this.CONSUME(t.LParen);
    this.SUBRULE(this.expression);
    this.CONSUME(t.RParen);
  });

  list = this.RULE("list", () => {
    this.CONSUME(t.LBracket);
    this.OPTION(() => {
      this.SUBRULE(this.expression, { LABEL: "item" });
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.expression, { LABEL: "item" });
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RBracket);
  });

  nameOrCall = this.RULE("nameOrCall", () => {
    this.CONSUME(Name);
    this.OPTION(() => {
      this.CONSUME(t.LParen);
      this.OPTION2(() => {
        this.SUBRULE(this.argument);
        this.MANY(() => {
          this.CONSUME(t.Comma);
          this.SUBRULE2(this.argument);
        });
      });
      this.OPTION3(() => {
        this.CONSUME(t.Over);
        this.SUBRULE(this.axisList, { LABEL: "over" });
      });
      this.OPTION4(() => {
        this.CONSUME(t.Between);
        this.SUBRULE2(this.axisList, { LABEL: "between" });
      });
      this.CONSUME(t.RParen);
    });
  });

  argument = this.RULE("argument", () => {
    this.OR([
      {
        GATE: () => this.ahead(2, t.Colon),
        ALT: () => {
          this.CONSUME(AnyWord, { LABEL: "name" });
          this.CONSUME(t.Colon);
          this.SUBRULE(this.expression);
        },
      },
      { ALT: () => this.SUBRULE2(this.expression), IGNORE_AMBIGUITIES: true },
    ]);
  });

  axisList = this.RULE("axisList", () => {
    this.SUBRULE(this.axisName);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.axisName);
    });
  });

  axisName = this.RULE("axisName", () => {
    this.OR([
      { ALT: () => this.CONSUME(Name, { LABEL: "name" }) },
      { GATE: () => this.axisWordIsAxis(), ALT: () => this.CONSUME(AxisWord, { LABEL: "name" }) },
    ]);
  });
}

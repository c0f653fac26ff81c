/** The grammar of what results decide: comparisons, correlations, hypotheses, searches, fits, classes. */
import { EOF } from "./chevrotain.js";
import { AxisName, Name, tokens as t, wordsWithRole } from "./tokens.js";
import { DeclarationGrammar } from "./declarations.js";

const statementWords: ReadonlySet<string> = new Set(wordsWithRole("statement", "axis"));

export class DecisionGrammar extends DeclarationGrammar {
  compareStatement = this.RULE("compareStatement", () => {
    this.CONSUME(t.Compare);
    this.SUBRULE(this.expression);
    this.CONSUME(t.Between);
    this.CONSUME(AxisName, { LABEL: "axis" });
    // `correct` is a clause where a name follows, and a level of that name elsewhere.
    this.OPTION({
      GATE: () => !(this.ahead(1, t.Correct) && this.ahead(2, Name)),
      DEF: () => this.SUBRULE(this.levelList),
    });
    this.MANY(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.byAxes) },
        { ALT: () => this.SUBRULE(this.usingClause) },
        { ALT: () => this.SUBRULE(this.correctClause) },
      ]);
    });
  });

  levelList = this.RULE("levelList", () => {
    this.SUBRULE(this.level);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.level);
    });
  });

  level = this.RULE("level", () => {
    this.OR([
      { ALT: () => this.CONSUME(Name) },
      { ALT: () => this.CONSUME(t.StringLiteral) },
      { ALT: () => this.CONSUME(t.PlaceLiteral) },
      {
        ALT: () => {
          this.OPTION(() => this.CONSUME(t.Minus, { LABEL: "firstSign" }));
          this.SUBRULE(this.numberOrRange);
        },
      },
    ]);
  });

  correctClause = this.RULE("correctClause", () => {
    this.CONSUME(t.Correct);
    this.CONSUME(Name, { LABEL: "method" });
  });

  correlateStatement = this.RULE("correlateStatement", () => {
    this.CONSUME(t.Correlate);
    this.SUBRULE(this.expression, { LABEL: "left" });
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.With);
          this.SUBRULE2(this.expression, { LABEL: "right" });
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Between);
          this.SUBRULE(this.axisList, { LABEL: "between" });
        },
      },
    ]);
    this.MANY(() => {
      this.OR2([
        { ALT: () => this.SUBRULE(this.byAxes) },
        { ALT: () => this.SUBRULE(this.usingClause) },
        { ALT: () => this.SUBRULE(this.correctClause) },
      ]);
    });
  });

  hypothesisStatement = this.RULE("hypothesisStatement", () => {
    this.CONSUME(t.Hypothesis);
    this.CONSUME(t.StringLiteral);
    this.CONSUME(t.Expect);
    this.SUBRULE(this.expectation);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.byAxes) },
        { ALT: () => this.SUBRULE(this.usingClause) },
        {
          ALT: () => {
            this.CONSUME(t.Alpha);
            this.CONSUME(t.NumberLiteral);
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.Else, { LABEL: "else" });
            this.CONSUME(t.Not);
            this.CONSUME(t.Supported);
          },
        },
      ]);
    });
  });

  // `all` and `any` are names as well: `all.loss < 3` expects something of an experiment.
  expectation = this.RULE("expectation", () => {
    this.OPTION({ GATE: () => this.ahead(2, t.Of), DEF: () => this.SUBRULE(this.quantity) });
    this.SUBRULE(this.expected);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.expected);
    });
  });

  quantity = this.RULE("quantity", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.All, { LABEL: "word" }) },
      { ALT: () => this.CONSUME(t.Any, { LABEL: "word" }) },
      { ALT: () => this.CONSUME(t.NumberLiteral, { LABEL: "count" }) },
    ]);
    this.CONSUME(t.Of);
  });

  // Here, and only here, `<` binds looser than `where`, so that both sides can be guarded without parentheses.
  expected = this.RULE("expected", () => {
    this.OR([
      {
        // A text alone is the title of a hypothesis; before anything else it is a value like any other.
        GATE: () => this.endsAfterString(),
        IGNORE_AMBIGUITIES: true,
        ALT: () => this.CONSUME(t.StringLiteral, { LABEL: "title" }),
      },
      {
        ALT: () => {
          this.SUBRULE(this.expectedSide, { LABEL: "operand" });
          this.OR2([
            {
              ALT: () => {
                this.OR3([
                  { ALT: () => this.CONSUME(t.Less, { LABEL: "operator" }) },
                  { ALT: () => this.CONSUME(t.Greater, { LABEL: "operator" }) },
                  { ALT: () => this.CONSUME(t.LessEqual, { LABEL: "operator" }) },
                  { ALT: () => this.CONSUME(t.GreaterEqual, { LABEL: "operator" }) },
                ]);
                this.SUBRULE2(this.expectedSide, { LABEL: "operand" });
              },
            },
            {
              ALT: () => {
                this.CONSUME(t.Equivalent);
                this.CONSUME(t.To);
                this.SUBRULE3(this.expectedSide, { LABEL: "operand" });
                this.CONSUME(t.Within);
                this.SUBRULE(this.sum, { LABEL: "margin" });
              },
            },
          ]);
        },
      },
    ]);
  });

  private endsAfterString(): boolean {
    const after = [t.Comma, t.By, t.Using, t.Alpha, t.Else, EOF].some((type) => this.ahead(2, type));
    return this.ahead(1, t.StringLiteral) && (after || statementWords.has(this.LA(2).image));
  }

  expectedSide = this.RULE("expectedSide", () => {
    this.SUBRULE(this.sum, { LABEL: "base" });
    this.MANY(() => {
      this.CONSUME(t.Where);
      this.SUBRULE(this.sideDisjunction, { LABEL: "condition" });
    });
  });

  sideDisjunction = this.RULE("sideDisjunction", () => {
    this.SUBRULE(this.sideConjunction, { LABEL: "operand" });
    this.MANY(() => {
      this.CONSUME(t.Or, { LABEL: "operator" });
      this.SUBRULE2(this.sideConjunction, { LABEL: "operand" });
    });
  });

  sideConjunction = this.RULE("sideConjunction", () => {
    this.SUBRULE(this.sideNegation, { LABEL: "operand" });
    this.MANY(() => {
      this.CONSUME(t.And, { LABEL: "operator" });
      this.SUBRULE2(this.sideNegation, { LABEL: "operand" });
    });
  });

  sideNegation = this.RULE("sideNegation", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Not);
          this.SUBRULE(this.sideNegation, { LABEL: "negated" });
        },
      },
      { ALT: () => this.SUBRULE(this.sideComparison, { LABEL: "plain" }) },
    ]);
  });

  sideComparison = this.RULE("sideComparison", () => {
    this.SUBRULE(this.sum, { LABEL: "operand" });
    this.OPTION(() => {
      this.OR([
        { ALT: () => this.CONSUME(t.Is, { LABEL: "operator" }) },
        { ALT: () => this.CONSUME(t.In, { LABEL: "operator" }) },
      ]);
      this.SUBRULE2(this.sum, { LABEL: "operand" });
    });
  });

  byAxes = this.RULE("byAxes", () => {
    this.CONSUME(t.By);
    this.SUBRULE(this.axisList);
  });

  usingClause = this.RULE("usingClause", () => {
    this.CONSUME(t.Using);
    this.SUBRULE(this.testUse);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.testUse);
    });
  });

  testUse = this.RULE("testUse", () => {
    this.CONSUME(Name);
    this.OPTION(() => {
      this.CONSUME(t.LParen);
      this.CONSUME(t.NumberLiteral, { LABEL: "count" });
      this.CONSUME(t.RParen);
    });
    this.OPTION2(() => {
      this.CONSUME(t.Seed);
      this.CONSUME2(t.NumberLiteral, { LABEL: "seed" });
    });
  });

  findStatement = this.RULE("findStatement", () => {
    this.CONSUME(t.Find);
    this.OR([
      { ALT: () => this.CONSUME(t.Changepoint, { LABEL: "what" }) },
      { ALT: () => this.CONSUME(t.Peak, { LABEL: "what" }) },
      { ALT: () => this.CONSUME(t.Dip, { LABEL: "what" }) },
    ]);
    this.CONSUME(t.Of);
    this.SUBRULE(this.expression);
    this.CONSUME(t.Over);
    this.SUBRULE(this.axisName);
    this.OPTION(() => this.SUBRULE(this.byAxes));
  });

  pcaStatement = this.RULE("pcaStatement", () => {
    this.CONSUME(t.Pca);
    this.CONSUME(t.Of);
    this.SUBRULE(this.expression);
    this.CONSUME(t.Over);
    this.SUBRULE(this.axisName);
    this.OPTION(() => {
      this.CONSUME(t.Components);
      this.CONSUME(t.NumberLiteral);
    });
  });

  // The lexer sees where `probe` begins a statement: it is a name elsewhere.
  probeStatement = this.RULE("probeStatement", () => {
    this.CONSUME(t.Probe);
    this.CONSUME(Name, { LABEL: "field" });
    this.CONSUME(t.From);
    this.SUBRULE(this.expression);
    this.CONSUME(t.Over);
    this.SUBRULE(this.axisList, { LABEL: "over" });
    this.MANY(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.byAxes) },
        { ALT: () => this.SUBRULE(this.probeOption) },
        { ALT: () => this.SUBRULE(this.usingClause) },
      ]);
    });
  });

  probeOption = this.RULE("probeOption", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.As);
          this.OR3([
            // `classes` is a word of the language here, and no name.
            { ALT: () => this.CONSUME(t.Classes), IGNORE_AMBIGUITIES: true },
            { ALT: () => this.CONSUME2(Name, { LABEL: "as" }) },
          ]);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Together);
          this.CONSUME(Name, { LABEL: "together" });
        },
      },
      {
        ALT: () => {
          this.OR2([
            { ALT: () => this.CONSUME(t.Folds) },
            { ALT: () => this.CONSUME(t.Penalty) },
            { ALT: () => this.CONSUME(t.Seed) },
          ]);
          this.CONSUME(t.NumberLiteral);
        },
      },
    ]);
  });

  fitStatement = this.RULE("fitStatement", () => {
    this.CONSUME(t.Fit);
    this.OR([
      { ALT: () => this.CONSUME(t.PowerLaw, { LABEL: "curve" }) },
      { ALT: () => this.CONSUME(t.Linear, { LABEL: "curve" }) },
      { ALT: () => this.CONSUME(t.Exponential, { LABEL: "curve" }) },
      { ALT: () => this.CONSUME(t.Logistic, { LABEL: "curve" }) },
    ]);
    this.CONSUME(t.Of);
    this.SUBRULE(this.expression);
    this.CONSUME(t.Over);
    this.SUBRULE(this.axisName);
    this.OPTION(() => this.SUBRULE(this.byAxes));
  });

  classifyStatement = this.RULE("classifyStatement", () => {
    this.CONSUME(t.Classify);
    this.SUBRULE(this.expression);
    this.CONSUME(t.As);
    this.SUBRULE(this.classBound);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.classBound);
    });
  });

  classBound = this.RULE("classBound", () => {
    this.CONSUME(Name);
    this.OPTION(() => {
      this.CONSUME(t.Less);
      this.CONSUME(t.NumberLiteral);
    });
  });
}

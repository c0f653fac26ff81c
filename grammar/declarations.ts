/** The grammar of what a file declares besides texts: imports, models, parameters, metrics, named results. */
import { AnyWord, AxisName, Name, tokens as t } from "./tokens.js";
import { TextGrammar } from "./texts.js";

export class DeclarationGrammar extends TextGrammar {
  importStatement = this.RULE("importStatement", () => {
    this.CONSUME(t.Import);
    this.CONSUME(t.StringLiteral);
  });

  // ---- models -------------------------------------------------------------------------------------------------------

  modelStatement = this.RULE("modelStatement", () => {
    this.CONSUME(t.Model);
    this.CONSUME(Name);
    this.CONSUME(t.From);
    this.SUBRULE(this.stringsOrName, { LABEL: "source" });
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Revision);
            this.SUBRULE2(this.stringsOrName, { LABEL: "revision" });
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.Dtype);
            this.SUBRULE(this.oneOrMoreNames, { LABEL: "dtype" });
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.Tokenizer);
            this.CONSUME(t.StringLiteral, { LABEL: "tokenizer" });
          },
        },
        { ALT: () => this.SUBRULE(this.factsOption) },
      ]);
    });
  });

  factsOption = this.RULE("factsOption", () => {
    this.CONSUME(t.Facts);
    this.CONSUME(t.LBrace);
    this.SUBRULE(this.fact);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.fact);
    });
    this.OPTION(() => this.CONSUME2(t.Comma));
    this.CONSUME(t.RBrace);
  });

  fact = this.RULE("fact", () => {
    this.CONSUME(AnyWord, { LABEL: "name" });
    this.CONSUME(t.Colon);
    this.OR([
      { ALT: () => this.SUBRULE(this.factValue) },
      {
        ALT: () => {
          this.CONSUME(t.LBracket);
          this.SUBRULE2(this.factValue);
          this.MANY(() => {
            this.CONSUME(t.Comma);
            this.SUBRULE3(this.factValue);
          });
          this.OPTION(() => this.CONSUME2(t.Comma));
          this.CONSUME(t.RBracket);
        },
      },
    ]);
  });

  factValue = this.RULE("factValue", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.StringLiteral) },
      {
        ALT: () => {
          this.OPTION(() => this.CONSUME(t.Minus));
          this.CONSUME(t.NumberLiteral);
        },
      },
    ]);
  });

  // What others have published.
  referenceStatement = this.RULE("referenceStatement", () => {
    this.CONSUME(t.Reference);
    this.CONSUME(t.StringLiteral);
    this.AT_LEAST_ONE(() => this.SUBRULE(this.referenceField));
  });

  referenceField = this.RULE("referenceField", () => {
    this.CONSUME(Name, { LABEL: "name" });
    this.SUBRULE(this.factValue);
  });

  /** Strings, or a `param` that has them. */
  stringsOrName = this.RULE("stringsOrName", () => {
    this.OR([
      { ALT: () => this.CONSUME(Name, { LABEL: "param" }) },
      { ALT: () => this.SUBRULE(this.oneOrMoreStrings) },
    ]);
  });

  oneOrMoreStrings = this.RULE("oneOrMoreStrings", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.StringLiteral, { LABEL: "item" }) },
      { ALT: () => this.SUBRULE(this.stringList) },
    ]);
  });

  stringList = this.RULE("stringList", () => {
    this.CONSUME(t.LBracket);
    this.OPTION(() => {
      this.CONSUME(t.StringLiteral, { LABEL: "item" });
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.CONSUME2(t.StringLiteral, { LABEL: "item" });
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RBracket);
  });

  oneOrMoreNames = this.RULE("oneOrMoreNames", () => {
    this.OR([
      { ALT: () => this.CONSUME(Name, { LABEL: "item" }) },
      {
        ALT: () => {
          this.CONSUME(t.LBracket);
          this.CONSUME2(Name, { LABEL: "item" });
          this.MANY(() => {
            this.CONSUME(t.Comma);
            this.CONSUME3(Name, { LABEL: "item" });
          });
          this.OPTION(() => this.CONSUME2(t.Comma));
          this.CONSUME(t.RBracket);
        },
      },
    ]);
  });

  // ---- parameters and metrics ---------------------------------------------------------------------------------------

  paramStatement = this.RULE("paramStatement", () => {
    this.CONSUME(t.Param);
    this.CONSUME(Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  metricStatement = this.RULE("metricStatement", () => {
    this.CONSUME(t.Metric);
    this.CONSUME(Name);
    this.OPTION(() => {
      this.CONSUME(t.LParen);
      this.OPTION2(() => {
        this.SUBRULE(this.parameter);
        this.MANY(() => {
          this.CONSUME(t.Comma);
          this.SUBRULE2(this.parameter);
        });
      });
      this.CONSUME(t.RParen);
    });
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });

  parameter = this.RULE("parameter", () => {
    this.CONSUME(AxisName, { LABEL: "name" });
    this.OPTION(() => {
      this.CONSUME(t.Colon);
      this.SUBRULE(this.parameterType);
    });
    this.OPTION2(() => {
      this.CONSUME(t.Equals);
      this.SUBRULE(this.expression);
    });
  });

  parameterType = this.RULE("parameterType", () => {
    this.OR([
      { ALT: () => this.CONSUME(AxisName, { LABEL: "name" }) },
      {
        ALT: () => {
          this.CONSUME(t.LBracket);
          this.SUBRULE(this.tensorAxis);
          this.MANY(() => {
            this.CONSUME(t.Comma);
            this.SUBRULE2(this.tensorAxis);
          });
          this.CONSUME(t.RBracket);
        },
      },
    ]);
  });

  tensorAxis = this.RULE("tensorAxis", () => {
    this.OR([
      { ALT: () => this.CONSUME(AxisName, { LABEL: "name" }) },
      { ALT: () => this.CONSUME(t.Star, { LABEL: "name" }) },
    ]);
  });

  letStatement = this.RULE("letStatement", () => {
    this.CONSUME(t.Let);
    this.CONSUME(Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });
}

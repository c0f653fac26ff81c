/** The grammar of what a file declares: imports, models, texts, parameters, metrics, named results. */
import { AnyWord, AxisName, Name, tokens as t } from "./tokens.js";
import { ExperimentGrammar } from "./experiments.js";

export class DeclarationGrammar extends ExperimentGrammar {
  importStatement = this.RULE("importStatement", () => {
    this.CONSUME(t.Import);
    this.CONSUME(t.StringLiteral);
  });

  // ---- models and texts ---------------------------------------------------------------------------------------------

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

  promptsStatement = this.RULE("promptsStatement", () => {
    this.CONSUME(t.Prompts);
    this.CONSUME(Name);
    this.OR([{ ALT: () => this.SUBRULE(this.textSource) }, { ALT: () => this.SUBRULE(this.randomSource) }]);
    this.MANY(() =>
      this.OR2([
        { ALT: () => this.SUBRULE(this.fieldOption) },
        { ALT: () => this.SUBRULE(this.bosOption) },
        { ALT: () => this.SUBRULE(this.chatOption) },
      ]),
    );
  });

  corpusStatement = this.RULE("corpusStatement", () => {
    this.CONSUME(t.Corpus);
    this.CONSUME(Name);
    this.SUBRULE(this.textSource);
    this.MANY(() =>
      this.OR([{ ALT: () => this.SUBRULE(this.windowOption) }, { ALT: () => this.SUBRULE(this.bosOption) }]),
    );
  });

  textSource = this.RULE("textSource", () => {
    this.CONSUME(t.From);
    this.OR([{ ALT: () => this.SUBRULE(this.textItems) }, { ALT: () => this.SUBRULE(this.groups) }]);
  });

  textItems = this.RULE("textItems", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.StringLiteral, { LABEL: "file" }) },
      { ALT: () => this.SUBRULE(this.inlineList) },
    ]);
  });

  inlineList = this.RULE("inlineList", () => {
    this.CONSUME(t.LBracket);
    this.OPTION(() => {
      this.SUBRULE(this.inlineValue);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.inlineValue);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RBracket);
  });

  inlineValue = this.RULE("inlineValue", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.StringLiteral) },
      { ALT: () => this.SUBRULE(this.inlineNumber) },
      { ALT: () => this.CONSUME(Name, { LABEL: "word" }) },
      { ALT: () => this.SUBRULE(this.inlineList) },
      { ALT: () => this.SUBRULE(this.inlineRecord) },
    ]);
  });

  inlineNumber = this.RULE("inlineNumber", () => {
    this.OPTION(() => this.CONSUME(t.Minus));
    this.CONSUME(t.NumberLiteral);
  });

  inlineRecord = this.RULE("inlineRecord", () => {
    this.CONSUME(t.LBrace);
    this.OPTION(() => {
      this.SUBRULE(this.inlineField);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.inlineField);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RBrace);
  });

  inlineField = this.RULE("inlineField", () => {
    this.OR([
      { ALT: () => this.CONSUME(AnyWord, { LABEL: "name" }) },
      { ALT: () => this.CONSUME(t.StringLiteral, { LABEL: "name" }) },
    ]);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.inlineValue);
  });

  groups = this.RULE("groups", () => {
    this.CONSUME(t.LBrace);
    this.SUBRULE(this.textGroup);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.textGroup);
    });
    this.OPTION(() => this.CONSUME2(t.Comma));
    this.CONSUME(t.RBrace);
  });

  textGroup = this.RULE("textGroup", () => {
    this.CONSUME(AnyWord, { LABEL: "name" });
    this.CONSUME(t.Colon);
    this.SUBRULE(this.textItems);
  });

  randomSource = this.RULE("randomSource", () => {
    this.CONSUME(t.Random);
    this.CONSUME(t.Tokens);
    this.CONSUME(t.NumberLiteral, { LABEL: "length" });
    this.MANY(() => {
      this.OR([
        { ALT: () => this.CONSUME(t.Repeat, { LABEL: "option" }) },
        { ALT: () => this.CONSUME(t.Count, { LABEL: "option" }) },
        { ALT: () => this.CONSUME(t.Seed, { LABEL: "option" }) },
      ]);
      this.CONSUME2(t.NumberLiteral, { LABEL: "value" });
    });
  });

  fieldOption = this.RULE("fieldOption", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Text, { LABEL: "part" }) },
      { ALT: () => this.CONSUME(t.Group, { LABEL: "part" }) },
      { ALT: () => this.CONSUME(t.Clean, { LABEL: "part" }) },
      { ALT: () => this.CONSUME(t.Corrupt, { LABEL: "part" }) },
      { ALT: () => this.CONSUME(t.Answer, { LABEL: "part" }) },
      { ALT: () => this.CONSUME(t.Distractor, { LABEL: "part" }) },
      { ALT: () => this.CONSUME(t.Continuation, { LABEL: "part" }) },
    ]);
    this.CONSUME(t.StringLiteral);
  });

  chatOption = this.RULE("chatOption", () => {
    this.CONSUME(t.Chat);
    this.OPTION(() => {
      this.CONSUME(t.System);
      this.CONSUME(t.StringLiteral);
    });
    this.OPTION2(() => {
      this.CONSUME(t.Generation);
      this.OR([
        { ALT: () => this.CONSUME(t.On, { LABEL: "value" }) },
        { ALT: () => this.CONSUME(t.Off, { LABEL: "value" }) },
      ]);
    });
  });

  bosOption = this.RULE("bosOption", () => {
    this.CONSUME(t.Bos);
    this.OR([
      { ALT: () => this.CONSUME(t.On, { LABEL: "value" }) },
      { ALT: () => this.CONSUME(t.Off, { LABEL: "value" }) },
    ]);
  });

  windowOption = this.RULE("windowOption", () => {
    this.OR([
      {
        ALT: () => {
          this.OR2([
            { ALT: () => this.CONSUME(t.Window, { LABEL: "option" }) },
            { ALT: () => this.CONSUME(t.Stride, { LABEL: "option" }) },
          ]);
          this.CONSUME(t.NumberLiteral);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Limit, { LABEL: "option" });
          this.CONSUME2(t.NumberLiteral);
          this.CONSUME(t.Tokens, { LABEL: "unit" });
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

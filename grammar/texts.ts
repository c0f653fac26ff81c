/** The grammar of texts: prompt sets and corpora, where they come from and how they are read. */
import { AnyWord, Name, tokens as t } from "./tokens.js";
import { ExperimentGrammar } from "./experiments.js";

export class TextGrammar extends ExperimentGrammar {
  promptsStatement = this.RULE("promptsStatement", () => {
    this.CONSUME(t.Prompts);
    this.CONSUME(Name);
    this.OR([{ ALT: () => this.SUBRULE(this.textSource) }, { ALT: () => this.SUBRULE(this.randomSource) }]);
    this.MANY(() =>
      this.OR2([
        { ALT: () => this.SUBRULE(this.asTextOption) },
        { ALT: () => this.SUBRULE(this.splitOption) },
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
      this.OR([
        { ALT: () => this.SUBRULE(this.asTextOption) },
        { ALT: () => this.SUBRULE(this.splitOption) },
        { ALT: () => this.SUBRULE(this.corpusField) },
        { ALT: () => this.SUBRULE(this.windowOption) },
        { ALT: () => this.SUBRULE(this.bosOption) },
      ]),
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

  corpusField = this.RULE("corpusField", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Text, { LABEL: "part" }) },
      { ALT: () => this.CONSUME(t.Group, { LABEL: "part" }) },
    ]);
    this.CONSUME(t.StringLiteral);
  });

  asTextOption = this.RULE("asTextOption", () => {
    this.CONSUME(t.As);
    this.CONSUME(t.Text);
  });

  splitOption = this.RULE("splitOption", () => {
    this.CONSUME(t.Split);
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
}

/** The grammar of what is shown of results: tables, plots, files. */
import { tokens as t } from "./tokens.js";
import { DecisionGrammar } from "./decisions.js";

export class OutputGrammar extends DecisionGrammar {
  tableStatement = this.RULE("tableStatement", () => {
    this.CONSUME(t.Table);
    this.SUBRULE(this.tableBody);
  });

  // What is shown and how: of a table on the screen as of one in a file.
  tableBody = this.RULE("tableBody", () => {
    this.SUBRULE(this.tableValue);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.tableValue);
    });
    this.MANY2({
      GATE: () =>
        !this.ahead(1, t.With) ||
        this.ahead(2, t.Ci) ||
        this.ahead(2, t.Rank) ||
        (this.ahead(2, t.Context) && this.ahead(3, t.NumberLiteral)),
      DEF: () => this.SUBRULE(this.tableOption),
    });
  });

  // The value stops before `where`, which is a clause of the table.
  tableValue = this.RULE("tableValue", () => {
    this.SUBRULE(this.disjunction);
    this.OPTION(() => {
      this.CONSUME(t.As);
      this.OR([
        { ALT: () => this.CONSUME(t.Percent, { LABEL: "notation" }) },
        { ALT: () => this.CONSUME(t.Ratio, { LABEL: "notation" }) },
      ]);
    });
  });

  tableOption = this.RULE("tableOption", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Winner);
          this.OR2([
            { ALT: () => this.CONSUME(t.Lowest, { LABEL: "which" }) },
            { ALT: () => this.CONSUME(t.Highest, { LABEL: "which" }) },
          ]);
          this.CONSUME(t.Of);
          this.SUBRULE(this.nameList);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Top);
          this.CONSUME(t.NumberLiteral, { LABEL: "top" });
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Where);
          this.SUBRULE(this.disjunction, { LABEL: "where" });
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.By);
          this.SUBRULE2(this.disjunction, { LABEL: "by" });
          this.MANY(() => {
            this.CONSUME(t.Comma);
            this.SUBRULE3(this.disjunction, { LABEL: "by" });
          });
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.With);
          this.CONSUME(t.Context);
          this.CONSUME2(t.NumberLiteral, { LABEL: "context" });
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Across);
          this.SUBRULE(this.axisList, { LABEL: "across" });
        },
      },
      {
        ALT: () => {
          this.CONSUME2(t.With);
          this.CONSUME(t.Rank);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Caption);
          this.CONSUME(t.StringLiteral, { LABEL: "caption" });
        },
      },
      { ALT: () => this.SUBRULE(this.intervalClause) },
    ]);
  });

  // `off` is a name, too: what follows `ci` is read as the word first.
  intervalClause = this.RULE("intervalClause", () => {
    this.CONSUME(t.With);
    this.CONSUME(t.Ci);
    this.OPTION(() =>
      this.OR([
        { ALT: () => this.CONSUME(t.Off, { LABEL: "off" }) },
        { ALT: () => this.CONSUME(t.NumberLiteral, { LABEL: "level" }) },
      ]),
    );
    // Words of other clauses are names of no test.
    this.OPTION2({
      GATE: () => !this.ahead(1, t.Across) && !(this.ahead(1, t.Caption) && this.ahead(2, t.StringLiteral)),
      DEF: () => this.SUBRULE(this.testUse),
    });
  });

  plotStatement = this.RULE("plotStatement", () => {
    this.CONSUME(t.Plot);
    this.SUBRULE(this.plotKind);
    this.CONSUME(t.Of);
    this.SUBRULE(this.expression, { LABEL: "of" });
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.expression, { LABEL: "of" });
    });
    this.MANY2({
      GATE: () => !this.ahead(1, t.With) || this.ahead(2, t.Ci),
      DEF: () =>
        this.OR([
          {
            ALT: () => {
              this.CONSUME(t.Against);
              this.SUBRULE3(this.expression, { LABEL: "against" });
            },
          },
          {
            ALT: () => {
              this.CONSUME(t.Over);
              this.SUBRULE(this.axisList, { LABEL: "over" });
            },
          },
          { ALT: () => this.SUBRULE(this.byAxes) },
          { ALT: () => this.SUBRULE(this.intervalClause) },
        ]),
    });
  });

  plotKind = this.RULE("plotKind", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Heatmap, { LABEL: "kind" }) },
      { ALT: () => this.CONSUME(t.Line, { LABEL: "kind" }) },
      { ALT: () => this.CONSUME(t.Bar, { LABEL: "kind" }) },
      { ALT: () => this.CONSUME(t.Histogram, { LABEL: "kind" }) },
      { ALT: () => this.CONSUME(t.Box, { LABEL: "kind" }) },
      { ALT: () => this.CONSUME(t.Scatter, { LABEL: "kind" }) },
      { ALT: () => this.CONSUME(t.Density, { LABEL: "kind" }) },
    ]);
  });

  saveStatement = this.RULE("saveStatement", () => {
    this.CONSUME(t.Save);
    this.SUBRULE(this.tableBody);
    this.CONSUME(t.To);
    this.CONSUME(t.StringLiteral);
  });
}

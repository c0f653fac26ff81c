/** The grammar of what is shown of results: tables, plots, files. */
import { tokens as t } from "./tokens.js";
import { DecisionGrammar } from "./decisions.js";

/** Words that options of a plot begin with. */
const plotOptions = [t.Text, t.Values, t.Identity, t.Sorted, t.Log, t.Title, t.X, t.Y, t.Caption];

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
    // Words of other clauses and options of plots are names of no test.
    this.OPTION2({
      GATE: () => ![...plotOptions, t.Across].some((type) => this.ahead(1, type)),
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
          { ALT: () => this.SUBRULE(this.plotOption) },
        ]),
    });
  });

  // How a plot looks. All of these words are names elsewhere.
  plotOption = this.RULE("plotOption", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Text);
          this.SUBRULE(this.expression, { LABEL: "cells" });
        },
      },
      { ALT: () => this.CONSUME(t.Values, { LABEL: "flag" }) },
      { ALT: () => this.CONSUME(t.Identity, { LABEL: "flag" }) },
      {
        ALT: () => {
          this.CONSUME(t.Sorted, { LABEL: "sorted" });
          this.OPTION(() => this.CONSUME(t.Ascending, { LABEL: "sorted" }));
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Log);
          this.OR2([
            { ALT: () => this.CONSUME(t.X, { LABEL: "log" }) },
            { ALT: () => this.CONSUME(t.Y, { LABEL: "log" }) },
          ]);
        },
      },
      {
        ALT: () => {
          this.OR3([
            { ALT: () => this.CONSUME(t.Title, { LABEL: "label" }) },
            { ALT: () => this.CONSUME2(t.X, { LABEL: "label" }) },
            { ALT: () => this.CONSUME2(t.Y, { LABEL: "label" }) },
            { ALT: () => this.CONSUME(t.Caption, { LABEL: "label" }) },
          ]);
          this.CONSUME(t.StringLiteral);
        },
      },
    ]);
  });

  figureStatement = this.RULE("figureStatement", () => {
    this.CONSUME(t.Figure);
    this.CONSUME(t.StringLiteral, { LABEL: "title" });
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Columns);
            this.CONSUME(t.NumberLiteral);
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.Caption);
            this.CONSUME2(t.StringLiteral, { LABEL: "caption" });
          },
        },
      ]),
    );
    this.CONSUME(t.LBrace);
    this.AT_LEAST_ONE(() => this.SUBRULE(this.plotStatement));
    this.CONSUME(t.RBrace);
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
      { ALT: () => this.CONSUME(t.Text, { LABEL: "kind" }) },
    ]);
  });

  saveStatement = this.RULE("saveStatement", () => {
    this.CONSUME(t.Save);
    this.SUBRULE(this.tableBody);
    this.CONSUME(t.To);
    this.CONSUME(t.StringLiteral);
  });
}

/** The grammar of experiments: whom they run on, what they change, what they measure. */
import { AnyWord, Name, tokens as t } from "./tokens.js";
import { ExpressionGrammar } from "./expressions.js";

/** The clauses that an experiment has had so far; each kind may come once, in this order. */
interface Progress {
  on: boolean;
  with: boolean;
  changed: boolean;
  measured: boolean;
  curvature: boolean;
}

export class ExperimentGrammar extends ExpressionGrammar {
  /**
   * True when the clause that starts here still belongs to the experiment. An intervention after a measurement does
   * not, nor does a second `on`: they begin the next, unnamed experiment. A further `measure` adds to the first.
   */
  private belongs(progress: Progress): boolean {
    const late = progress.changed || progress.measured || progress.curvature;
    if (this.ahead(1, t.On)) return !late && !progress.on;
    if (this.ahead(1, t.With)) return !late && !progress.with;
    if (this.ahead(1, t.Measure)) return true;
    if (this.ahead(1, t.Curvature)) return !progress.curvature;
    return !progress.measured && !progress.curvature;
  }

  private advance(progress: Progress): void {
    if (this.ahead(1, t.On)) progress.on = true;
    else if (this.ahead(1, t.With)) progress.with = true;
    else if (this.ahead(1, t.Measure)) progress.measured = true;
    else if (this.ahead(1, t.Curvature)) progress.curvature = true;
    else progress.changed = true;
  }

  namedExperiment = this.RULE("namedExperiment", () => {
    this.CONSUME(t.Experiment);
    this.CONSUME(Name);
    this.SUBRULE(this.clauses);
  });

  clauses = this.RULE("clauses", () => {
    const progress: Progress = { on: false, with: false, changed: false, measured: false, curvature: false };
    this.AT_LEAST_ONE({
      GATE: () => this.belongs(progress),
      DEF: () => {
        this.ACTION(() => {
          this.advance(progress);
        });
        this.SUBRULE(this.clause);
      },
    });
  });

  clause = this.RULE("clause", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.onClause) },
      { ALT: () => this.SUBRULE(this.withClause) },
      { ALT: () => this.SUBRULE(this.ablate) },
      { ALT: () => this.SUBRULE(this.patch) },
      { ALT: () => this.SUBRULE(this.scaleOrSteer) },
      { ALT: () => this.SUBRULE(this.set) },
      { ALT: () => this.SUBRULE(this.measure) },
      { ALT: () => this.SUBRULE(this.curvature) },
    ]);
  });

  onClause = this.RULE("onClause", () => {
    this.CONSUME(t.On);
    this.SUBRULE(this.nameList);
  });

  withClause = this.RULE("withClause", () => {
    this.CONSUME(t.With);
    this.SUBRULE(this.nameList);
  });

  nameList = this.RULE("nameList", () => {
    this.CONSUME(Name);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME2(Name);
    });
  });

  placeList = this.RULE("placeList", () => {
    this.SUBRULE(this.place);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.place);
    });
  });

  /** A place, or a `param` that is one: under a name of its own, because words such as `together` may follow a target. */
  place = this.RULE("place", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.PlaceLiteral, { LABEL: "place" }) },
      { ALT: () => this.CONSUME(t.Identifier, { LABEL: "place" }) },
    ]);
  });

  ablate = this.RULE("ablate", () => {
    this.CONSUME(t.Ablate);
    this.OR([
      {
        ALT: () => {
          this.SUBRULE(this.ablateTarget);
          this.SUBRULE(this.placeList);
        },
      },
      { ALT: () => this.SUBRULE(this.topSelection) },
      { ALT: () => this.SUBRULE(this.combinationSelection) },
      { ALT: () => this.SUBRULE(this.randomSelection) },
    ]);
    this.MANY(() => {
      this.OR2([
        { ALT: () => this.SUBRULE(this.atClause) },
        { ALT: () => this.SUBRULE(this.togetherClause) },
        {
          ALT: () => {
            this.CONSUME(t.By);
            this.SUBRULE(this.replacement);
          },
        },
      ]);
    });
  });

  ablateTarget = this.RULE("ablateTarget", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Heads, { LABEL: "target" }) },
      { ALT: () => this.CONSUME(t.KvHeads, { LABEL: "target" }) },
      { ALT: () => this.CONSUME(t.Neurons, { LABEL: "target" }) },
      { ALT: () => this.CONSUME(t.Experts, { LABEL: "target" }) },
      { ALT: () => this.CONSUME(t.Mlp, { LABEL: "target" }) },
      { ALT: () => this.CONSUME(t.Attention, { LABEL: "target" }) },
      { ALT: () => this.CONSUME(t.Layer, { LABEL: "target" }) },
    ]);
  });

  topSelection = this.RULE("topSelection", () => {
    this.CONSUME(t.Top);
    this.CONSUME(t.NumberLiteral, { LABEL: "first" });
    this.OPTION(() => {
      this.CONSUME(t.DotDot);
      this.CONSUME2(t.NumberLiteral, { LABEL: "last" });
    });
    this.SUBRULE(this.ablateTarget);
    this.CONSUME(t.Of);
    this.CONSUME(Name, { LABEL: "experiment" });
    this.CONSUME(t.By);
    this.SUBRULE(this.rankKey);
  });

  combinationSelection = this.RULE("combinationSelection", () => {
    this.OR([
      {
        ALT: () => {
          this.OR2([{ ALT: () => this.CONSUME(t.Pairs) }, { ALT: () => this.CONSUME(t.Triples) }]);
          this.CONSUME(t.Of);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Combinations);
          this.CONSUME2(t.Of);
          this.CONSUME(t.NumberLiteral, { LABEL: "size" });
        },
      },
    ]);
    this.SUBRULE(this.ablateTarget);
    this.SUBRULE(this.placeList);
  });

  randomSelection = this.RULE("randomSelection", () => {
    this.CONSUME(t.Random);
    this.CONSUME(t.NumberLiteral, { LABEL: "count" });
    this.SUBRULE(this.ablateTarget);
    this.CONSUME(t.Of);
    this.SUBRULE(this.placeList);
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Seed);
            this.CONSUME2(t.NumberLiteral, { LABEL: "seed" });
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.Draws);
            this.CONSUME3(t.NumberLiteral, { LABEL: "draws" });
          },
        },
      ]);
    });
  });

  // What a word of the clause may follow: a value without `at` and `last`, which belong to the clause.
  rankKey = this.RULE("rankKey", () => {
    this.OPTION(() => this.CONSUME(t.Minus));
    this.SUBRULE(this.memberAccess);
  });

  memberAccess = this.RULE("memberAccess", () => {
    this.SUBRULE(this.primary);
    this.MANY(() => {
      this.CONSUME(t.Dot);
      this.CONSUME(AnyWord, { LABEL: "member" });
    });
  });

  atClause = this.RULE("atClause", () => {
    this.CONSUME(t.At);
    this.SUBRULE(this.positions);
  });

  /** Without `over` everything goes together. */
  togetherClause = this.RULE("togetherClause", () => {
    this.CONSUME(t.Together);
    this.OPTION(() => {
      this.CONSUME(t.Over);
      this.SUBRULE(this.axisList);
    });
  });

  replacement = this.RULE("replacement", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Zero) },
      {
        ALT: () => {
          this.CONSUME(t.Mean);
          this.OPTION(() => {
            this.CONSUME(t.Of);
            this.CONSUME(Name, { LABEL: "texts" });
          });
          this.OPTION2(() => {
            this.CONSUME(t.Per);
            this.CONSUME(t.Position);
          });
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Resample);
          this.CONSUME(t.From);
          this.CONSUME2(Name, { LABEL: "texts" });
          this.OPTION3(() => {
            this.CONSUME(t.Seed);
            this.CONSUME(t.NumberLiteral);
          });
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Constant);
          this.SUBRULE(this.rankKey, { LABEL: "value" });
        },
      },
    ]);
  });

  patch = this.RULE("patch", () => {
    this.CONSUME(t.Patch);
    this.SUBRULE(this.target);
    this.OPTION(() => {
      this.CONSUME(t.To);
      this.SUBRULE(this.receiver);
    });
    this.MANY(() => this.SUBRULE(this.reach));
    this.CONSUME(t.From);
    this.CONSUME(Name, { LABEL: "from" });
    this.CONSUME(t.Into);
    this.CONSUME2(Name, { LABEL: "into" });
    this.MANY2(() => this.SUBRULE2(this.reach));
  });

  /** What a path leads to: `heads L3`, `q of heads L3.H1`, `logits`. */
  receiver = this.RULE("receiver", () => {
    this.OPTION({
      GATE: () => this.ahead(2, t.Of),
      DEF: () => {
        this.CONSUME(Name, { LABEL: "input" });
        this.CONSUME(t.Of);
      },
    });
    this.SUBRULE(this.target);
  });

  /** Not every site has layers (`embed`, `final`), so places may be absent. */
  target = this.RULE("target", () => {
    this.CONSUME(Name);
    this.OPTION(() => this.SUBRULE(this.placeList));
  });

  reach = this.RULE("reach", () => {
    this.OR([{ ALT: () => this.SUBRULE(this.atClause) }, { ALT: () => this.SUBRULE(this.togetherClause) }]);
  });

  // The amount swallows an `at` that follows it; the builder gives the last one back to the clause.
  scaleOrSteer = this.RULE("scaleOrSteer", () => {
    this.OR([{ ALT: () => this.CONSUME(t.Scale) }, { ALT: () => this.CONSUME(t.Steer) }]);
    this.SUBRULE(this.target);
    this.MANY(() => this.SUBRULE(this.reach));
    this.CONSUME(t.By);
    this.SUBRULE(this.expression);
    this.MANY2(() => this.SUBRULE2(this.reach));
  });

  set = this.RULE("set", () => {
    this.CONSUME(t.Set);
    this.SUBRULE(this.postfix, { LABEL: "site" });
    this.OPTION(() => this.SUBRULE(this.togetherClause));
    this.CONSUME(t.To);
    this.SUBRULE(this.expression);
  });

  measure = this.RULE("measure", () => {
    this.CONSUME(t.Measure);
    this.SUBRULE(this.measureItem);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.measureItem);
    });
  });

  measureItem = this.RULE("measureItem", () => {
    this.OPTION({
      GATE: () => this.ahead(2, t.Of),
      DEF: () => {
        this.CONSUME(t.Recovery);
        this.CONSUME(t.Of);
      },
    });
    this.OR([
      { GATE: () => this.ahead(2, Name), ALT: () => this.SUBRULE(this.metricUse) },
      { ALT: () => this.SUBRULE(this.expression), IGNORE_AMBIGUITIES: true },
    ]);
    this.OPTION2(() => {
      this.CONSUME(t.As);
      this.CONSUME(Name, { LABEL: "as" });
    });
  });

  /** `R_V early L5 window 16`. Statement words are not names, so the pairs end where the next statement starts. */
  metricUse = this.RULE("metricUse", () => {
    this.CONSUME(Name, { LABEL: "metric" });
    this.AT_LEAST_ONE(() => this.SUBRULE(this.metricPair));
  });

  metricPair = this.RULE("metricPair", () => {
    this.CONSUME(Name, { LABEL: "name" });
    this.SUBRULE(this.rankKey, { LABEL: "value" });
  });

  curvature = this.RULE("curvature", () => {
    this.CONSUME(t.Curvature);
    this.CONSUME(t.Of);
    this.SUBRULE(this.expression);
    this.CONSUME(t.Over);
    this.CONSUME(t.Params);
    this.SUBRULE(this.target);
    this.MANY(() => this.SUBRULE(this.curvatureOption));
  });

  curvatureOption = this.RULE("curvatureOption", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Trace) },
      { ALT: () => this.CONSUME(t.Density) },
      { ALT: () => this.CONSUME(t.Coupling) },
      { ALT: () => this.CONSUME(t.GaussNewton) },
      {
        ALT: () => {
          this.OR2([
            { ALT: () => this.CONSUME(t.Top) },
            { ALT: () => this.CONSUME(t.Probes) },
            { ALT: () => this.CONSUME(t.Steps) },
            { ALT: () => this.CONSUME(t.Seed) },
          ]);
          this.CONSUME(t.NumberLiteral);
        },
      },
    ]);
  });
}

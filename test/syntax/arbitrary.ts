/**
 * Random syntax trees for fast-check, such as a parse can give: spans are empty, comments absent. Long because it mirrors the
 * table of the abstract syntax.
 */
import fc from "fast-check";
import type {
  CurvatureClause,
  Expectation,
  Expected,
  Expression,
  Fact,
  FactValue,
  FileSyntax,
  IndexRange,
  InlineValue,
  Intervention,
  MeasureItem,
  Name,
  NumberLiteral,
  OptionWord,
  PlaceLiteral,
  PlaceUse,
  PlotLooks,
  PlotStatement,
  Positions,
  Statement,
  StringLiteral,
  TableStatement,
} from "../../src/compiler/syntax/ast.js";

const span = { file: "test.atlas", start: 0, end: 0 };

const words =
  "a beta R_V head_out window layer count seed text top heads alpha recovery token mean trace off per then else values x log title";
const text = fc.constantFrom(...words.split(" "));
const name: fc.Arbitrary<Name> = text.map((word) => ({ text: word, span }));
const axis: fc.Arbitrary<Name> = fc
  .oneof(text, fc.constantFrom("model", "prompts"))
  .map((word) => ({ text: word, span }));
const member: fc.Arbitrary<Name> = fc
  .oneof(text, fc.constantFrom("model", "set", "where", "H3"))
  .map((word) => ({ text: word, span }));
const names = (arbitrary: fc.Arbitrary<Name>, minLength: number): fc.Arbitrary<Name[]> =>
  fc.array(arbitrary, { minLength, maxLength: 3 });

const number: fc.Arbitrary<NumberLiteral> = fc
  .constantFrom("0", "16", "0.5", "100k", "1.5k", "1e-3")
  .map((literal) => ({
    kind: "number",
    text: literal,
    value: literal.endsWith("k") ? Number(literal.slice(0, -1)) * 1000 : Number(literal),
    span,
  }));
const numberOrNull = fc.option(number);
const string: fc.Arbitrary<StringLiteral> = fc
  .oneof(
    fc.constantFrom("", 'say "hi"', "back\\slash", "# no comment", "two\nlines\tand a tab"),
    fc.string({ maxLength: 12 }),
  )
  .map((value) => ({ kind: "string", value, span }));
const whole = fc.integer({ min: -20, max: 40 });

const step = fc.constantFrom(null, null, 2, 0.25, -1);

const bound: fc.Arbitrary<{ index: IndexRange; text: string }> = fc.oneof(
  fc.constant({ index: { kind: "all" } as const, text: "*" }),
  whole.map((index) => ({ index: { kind: "one", index } as const, text: String(index) })),
  fc.tuple(whole, whole).map(([first, last]) => ({
    index: { kind: "range", first, last } as const,
    text: `${first}..${last}`,
  })),
);
const layers = fc.oneof(
  bound,
  fc
    .constantFrom(0, 12.5, 100)
    .map((percent) => ({ index: { kind: "depth", first: percent, last: percent } as const, text: `${percent}%` })),
  fc.constant({ index: { kind: "depth", first: 12.5, last: 50 } as const, text: "12.5%..50%" }),
);
const place: fc.Arbitrary<PlaceLiteral> = fc
  .tuple(layers, fc.option(fc.tuple(fc.constantFrom("head", "neuron"), bound)))
  .map(([layer, unit]) => ({
    kind: "place",
    layers: layer.index,
    unit: unit === null ? "none" : unit[0],
    units: unit === null ? { kind: "all" } : unit[1].index,
    text: `L${layer.text}${unit === null ? "" : `.${unit[0] === "head" ? "H" : "N"}${unit[1].text}`}`,
    span,
  }));
const placeUse: fc.Arbitrary<PlaceUse> = fc.oneof(
  place,
  fc.constantFrom("hero", "critical").map((word): PlaceUse => ({ kind: "name", text: word, span })),
);
const places = fc.array(placeUse, { minLength: 1, maxLength: 3 });
const positions: fc.Arbitrary<Positions> = fc
  .oneof(
    fc.constant({ kind: "last" } as const),
    whole.map((index) => ({ kind: "index", index }) as const),
    fc.constant({ kind: "all" } as const),
    fc.tuple(whole, whole, step).map(([first, last, by]) => ({ kind: "range", first, last, step: by }) as const),
    string.map((literal) => ({ kind: "token", text: literal.value }) as const),
    fc.constant({ kind: "continuation" } as const),
  )
  .map((at) => ({ kind: "positions", at, span }));

const { expression } = fc.letrec<{ expression: Expression; leaf: Expression }>((tie) => {
  const e = tie("expression");
  return {
    leaf: fc.oneof(
      number,
      string,
      place,
      fc
        .oneof(text, fc.constantFrom("model", "prompts"))
        .map((word): Expression => ({ kind: "name", text: word, span })),
      fc
        .tuple(whole, whole, step)
        .map(([first, last, by]): Expression => ({ kind: "range", first, last, step: by, span })),
    ),
    expression: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      tie("leaf"),
      fc.array(e, { maxLength: 3 }).map((items): Expression => ({ kind: "list", items, span })),
      fc
        .record({
          callee: name,
          positional: fc.array(e, { maxLength: 2 }),
          named: fc.array(fc.record({ name: member, value: e, span: fc.constant(span) }), { maxLength: 2 }),
          over: names(axis, 0),
          between: names(axis, 0),
        })
        .map((parts): Expression => ({ kind: "call", ...parts, span })),
      fc
        .tuple(e, fc.array(e, { minLength: 1, maxLength: 2 }))
        .map(([base, indices]): Expression => ({ kind: "index", base, indices, span })),
      fc.tuple(e, member).map(([base, of]): Expression => ({ kind: "member", base, member: of, span })),
      fc.tuple(e, e).map(([base, count]): Expression => ({ kind: "last", base, count, span })),
      fc.tuple(e, positions).map(([base, at]): Expression => ({ kind: "at", base, positions: at, span })),
      fc.tuple(e, name).map(([base, texts]): Expression => ({ kind: "of", base, texts, span })),
      fc.tuple(e, e).map(([base, condition]): Expression => ({ kind: "where", base, condition, span })),
      fc.tuple(e, e, e).map(([condition, yes, no]): Expression => ({ kind: "conditional", condition, yes, no, span })),
      fc.tuple(name, e, e).map(([of, value, body]): Expression => ({ kind: "let", name: of, value, body, span })),
      fc
        .tuple(fc.constantFrom("-", "not"), e)
        .map(([operator, operand]): Expression => ({ kind: "unary", operator, operand, span })),
      fc
        .tuple(fc.constantFrom("+", "-", "*", "/", "^", "<", ">", "<=", ">=", "is", "in", "and", "or"), e, e)
        .map(([operator, left, right]): Expression => ({ kind: "binary", operator, left, right, span })),
    ),
  };
});

/** An element of an axis. */
const level: fc.Arbitrary<Expression> = fc.oneof(
  name.map(({ text: word }): Expression => ({ kind: "name", text: word, span })),
  string,
  place,
  number,
  number.map((operand): Expression => ({ kind: "unary", operator: "-", operand, span })),
  fc.tuple(whole, whole, step).map(([first, last, by]): Expression => ({ kind: "range", first, last, step: by, span })),
);

const together = fc.option(fc.record({ over: names(axis, 0), span: fc.constant(span) }));
const reach = { positions: fc.option(positions), together, span: fc.constant(span) };
const target = { target: name, places: fc.oneof(fc.constant<PlaceUse[]>([]), places) };
const ablateTarget = fc.constantFrom("heads", "kv_heads", "neurons", "mlp", "attention", "layer");
const spanned = fc.constant(span);

const replacement = fc.oneof(
  fc.constant({ kind: "zero", span } as const),
  fc.record({ kind: fc.constant("mean" as const), of: fc.option(name), perPosition: fc.boolean(), span: spanned }),
  fc.record({ kind: fc.constant("resample" as const), from: name, seed: numberOrNull, span: spanned }),
  fc.record({ kind: fc.constant("constant" as const), value: expression, span: spanned }),
);

const intervention: fc.Arbitrary<Intervention> = fc.oneof(
  fc
    .tuple(ablateTarget, places, fc.record({ ...reach, by: fc.option(replacement) }))
    .map(([of, list, rest]): Intervention => ({
      kind: "ablate",
      target: of,
      selection: { kind: "places", places: list, span },
      ...rest,
    })),
  fc
    .tuple(
      ablateTarget,
      fc.record({ first: fc.nat(20), last: fc.nat(20), isRange: fc.boolean(), experiment: name, by: expression }),
      fc.record({ ...reach, by: fc.option(replacement) }),
    )
    .map(([of, top, rest]): Intervention => {
      const last = top.isRange ? top.last : top.first;
      return {
        kind: "ablate",
        target: of,
        selection: { kind: "top", ...top, last, what: { text: of, span }, span },
        ...rest,
      };
    }),
  fc
    .tuple(
      ablateTarget,
      fc.record({ chosen: fc.constantFrom("pairs" as const, "triples" as const, "combinations" as const), places }),
      fc.record({ ...reach, by: fc.option(replacement) }),
    )
    .map(([of, { chosen, places: list }, rest]): Intervention => ({
      kind: "ablate",
      target: of,
      selection: {
        kind: "combinations",
        word: chosen,
        size: chosen === "pairs" ? 2 : chosen === "triples" ? 3 : 4,
        what: { text: of, span },
        places: list,
        span,
      },
      ...rest,
    })),
  fc
    .tuple(
      ablateTarget,
      fc.record({ count: number, places, seed: numberOrNull, draws: numberOrNull }),
      fc.record({ ...reach, by: fc.option(replacement) }),
    )
    .map(([of, random, rest]): Intervention => ({
      kind: "ablate",
      target: of,
      selection: { kind: "random", ...random, what: { text: of, span }, span },
      ...rest,
    })),
  fc.record({
    kind: fc.constant("patch" as const),
    ...target,
    to: fc.option(fc.record({ input: fc.option(name), ...target, span: spanned })),
    ...reach,
    from: name,
    into: name,
  }),
  fc.record({ kind: fc.constant("scale" as const), ...target, ...reach, by: expression }),
  fc.record({
    kind: fc.constant("steer" as const),
    ...target,
    ...reach,
    by: expression,
    span: spanned,
  }),
  fc.record({
    kind: fc.constant("set" as const),
    site: expression,
    ...reach,
    to: expression,
    span: spanned,
  }),
);

const metricUse: fc.Arbitrary<Expression> = fc
  .tuple(name, fc.array(fc.record({ name, value: expression, span: spanned }), { minLength: 1, maxLength: 2 }))
  .map(([metric, pairs]): Expression => ({ kind: "metricUse", metric, arguments: pairs, span }));
const measureItem: fc.Arbitrary<MeasureItem> = fc.record({
  kind: fc.constant("measureItem" as const),
  recovery: fc.boolean(),
  expression: fc.oneof(metricUse, expression),
  as: fc.option(name),
  span: spanned,
});

const documentation = fc.array(fc.constantFrom("A line.", "Another # line"), { maxLength: 2 });
const declared = { name, documentation, span: spanned };
const bos = fc.constantFrom("on" as const, "off" as const, null);
const strings = fc.array(string, { minLength: 1, maxLength: 3 });
const fileSource = string.map((path) => ({ kind: "file" as const, path, span }));
const { inline } = fc.letrec<{ inline: InlineValue }>((tie) => ({
  inline: fc.oneof(
    { maxDepth: 3 },
    string,
    fc.record({ kind: fc.constant("signed" as const), negative: fc.boolean(), number, span: fc.constant(span) }),
    fc.constantFrom("true", "false", "null").map((word) => ({ kind: "word" as const, text: word, span })),
    fc.array(tie("inline"), { maxLength: 3 }).map((items) => ({ kind: "values" as const, items, span })),
    fc
      .array(
        fc.record({
          name: fc.oneof(
            member,
            string.map((s) => ({ text: s.value, span })),
          ),
          value: tie("inline"),
        }),
        {
          maxLength: 3,
        },
      )
      .map((written) => ({ kind: "record" as const, fields: written, span })),
  ),
}));
const listSource = fc.array(inline, { maxLength: 3 }).map((items) => ({ kind: "list" as const, items, span }));
const textSource = fc.oneof(
  fileSource,
  listSource,
  fc
    .array(fc.record({ name: member, source: fc.oneof(fileSource, listSource) }), { minLength: 1, maxLength: 3 })
    .map((groups) => ({ kind: "groups" as const, groups, span })),
);
const randomSource = fc.record({
  kind: fc.constant("random" as const),
  tokens: number,
  repeat: numberOrNull,
  count: numberOrNull,
  seed: numberOrNull,
  span: spanned,
});
const asText = fc.option(fc.record({ span: spanned }));

const fields = fc.uniqueArray(
  fc.record({
    part: fc.constantFrom(
      "text" as const,
      "group" as const,
      "clean" as const,
      "answer" as const,
      "continuation" as const,
    ),
    field: string,
    span: spanned,
  }),
  { selector: (field) => field.part, maxLength: 3 },
);
const interval = fc.option(
  fc.oneof(
    fc.record({ off: fc.constant(true), level: fc.constant(null), draws: fc.constant(null), span: spanned }),
    fc.record({
      off: fc.constant(false),
      level: numberOrNull,
      draws: fc.option(
        fc.record({
          name: name.filter(({ text }) => !/^(?:off|across|text|values|x|log|title)$/.test(text)),
          count: numberOrNull,
          seed: numberOrNull,
          span: spanned,
        }),
      ),
      span: spanned,
    }),
  ),
);
const using = fc.array(fc.record({ name, count: numberOrNull, seed: numberOrNull, span: spanned }), { maxLength: 2 });
const by = names(axis, 0);

/** Lists that are written without brackets when they have one item. */
const oneOrList = <T>(items: fc.Arbitrary<T[]>): fc.Arbitrary<{ items: T[]; isList: boolean }> =>
  fc.tuple(items, fc.boolean()).map(([list, bracketed]) => ({ items: list, isList: bracketed || list.length > 1 }));

const factValue: fc.Arbitrary<FactValue> = fc.oneof(
  string,
  fc.record({ kind: fc.constant("signed" as const), negative: fc.boolean(), number, span: spanned }),
);
const fact: fc.Arbitrary<Fact> = fc
  .record({ name: member, values: fc.array(factValue, { minLength: 1, maxLength: 3 }), bracketed: fc.boolean() })
  .map(({ name: word, values, bracketed }) => ({
    name: word,
    values,
    isList: bracketed || values.length > 1,
    span,
  }));

const model = fc
  .tuple(
    fc.record(declared),
    fc.oneof(oneOrList(strings), name),
    fc.option(fc.oneof(oneOrList(strings), name)),
    fc.option(oneOrList(names(name, 1))),
    fc.option(string),
    fc.array(fact, { maxLength: 2 }),
  )
  .map(([common, sources, revisions, dtypes, tokenizer, facts]): Statement => ({
    kind: "model",
    ...common,
    sources: "items" in sources ? sources.items : [],
    sourcesAreList: "items" in sources && sources.isList,
    sourcesParam: "items" in sources ? null : sources,
    revisions: revisions !== null && "items" in revisions ? revisions.items : [],
    revisionsAreList: revisions !== null && "items" in revisions && revisions.isList,
    revisionsParam: revisions === null || "items" in revisions ? null : revisions,
    dtypes: dtypes?.items ?? [],
    dtypesAreList: dtypes?.isList ?? false,
    tokenizer,
    facts,
  }));

const parameter = fc.record({
  name: axis,
  type: fc.option(
    fc.oneof(
      text.map((word) => ({ kind: "named" as const, name: word, span })),
      names(fc.oneof(axis, fc.constant({ text: "*", span })), 1).map((axes) => ({
        kind: "tensor" as const,
        axes,
        span,
      })),
    ),
  ),
  default: fc.option(expression),
  span: spanned,
});

// An experiment without a name must not start like the end of the one before, so every one here has a name.
const experiment: fc.Arbitrary<Statement> = fc.record({
  kind: fc.constant("experiment" as const),
  ...declared,
  on: names(name, 0),
  with: names(name, 0),
  interventions: fc.array(intervention, { maxLength: 3 }),
  measures: fc.array(measureItem, { minLength: 1, maxLength: 3 }),
  curvature: fc.option<CurvatureClause>(
    fc.record({
      kind: fc.constant("curvature" as const),
      of: expression,
      parameters: name,
      places: fc.oneof(fc.constant<PlaceUse[]>([]), places),
      gaussNewton: fc.boolean(),
      top: numberOrNull,
      trace: fc.boolean(),
      density: fc.boolean(),
      coupling: fc.boolean(),
      probes: numberOrNull,
      steps: numberOrNull,
      seed: numberOrNull,
      span: spanned,
    }),
  ),
});

const order = fc.constantFrom("<", ">", "<=", ">=");
const expected: fc.Arbitrary<Expected> = fc.oneof(
  fc.record({
    kind: fc.constant("order" as const),
    operator: order,
    left: expression,
    right: expression,
    span: spanned,
  }),
  fc.record({
    kind: fc.constant("equivalence" as const),
    left: expression,
    right: expression,
    within: number,
    span: spanned,
  }),
  fc.record({ kind: fc.constant("titled" as const), title: string, span: spanned }),
);
const expectation: fc.Arbitrary<Expectation> = fc.record({
  quantity: fc.oneof(
    fc.constant(null),
    fc.record({ kind: fc.constantFrom("all" as const, "any" as const), span: spanned }),
    fc.record({ kind: fc.constant("count" as const), count: number, span: spanned }),
  ),
  members: fc.array(expected, { minLength: 1, maxLength: 3 }),
  span: spanned,
});

const table: fc.Arbitrary<TableStatement> = fc.record({
  kind: fc.constant("table" as const),
  of: fc.array(fc.record({ value: expression, notation: fc.constantFrom(null, "percent", "ratio"), span: spanned }), {
    minLength: 1,
    maxLength: 3,
  }),
  winner: fc.option(fc.record({ which: fc.constantFrom("lowest", "highest"), among: names(name, 1) })),
  top: numberOrNull,
  where: fc.option(expression),
  by: fc.array(expression, { maxLength: 2 }),
  across: names(axis, 0),
  context: numberOrNull,
  ranked: fc.option(fc.record({ span: spanned })),
  caption: fc.option(string),
  ci: interval,
  span: spanned,
});

const word = (text: string): fc.Arbitrary<OptionWord> => fc.record({ word: fc.constant(text), span: spanned });

const looks: fc.Arbitrary<PlotLooks> = fc.record({
  text: fc.option(expression),
  flags: fc.subarray(["values", "identity"]).chain((flags) => fc.tuple(...flags.map(word))),
  sorted: fc.option(fc.constantFrom("sorted", "ascending").chain(word)),
  log: fc.subarray(["x", "y"]).chain((axes) => fc.tuple(...axes.map(word))),
  title: fc.option(string),
  x: fc.option(string),
  y: fc.option(string),
  caption: fc.option(string),
});

const plot: fc.Arbitrary<PlotStatement> = fc.record({
  kind: fc.constant("plot" as const),
  plot: fc.constantFrom("heatmap", "line", "bar", "histogram", "box", "scatter", "density", "text"),
  of: fc.array(expression, { minLength: 1, maxLength: 2 }),
  against: fc.option(expression),
  over: names(axis, 0),
  by,
  ci: interval,
  looks,
  span: spanned,
});

const statement: fc.Arbitrary<Statement> = fc.oneof(
  { arbitrary: experiment, weight: 5 },
  { arbitrary: model, weight: 2 },
  fc.record({ kind: fc.constant("import" as const), path: string, span: spanned }),
  fc.record({
    kind: fc.constant("prompts" as const),
    ...declared,
    source: fc.oneof(textSource, randomSource),
    asText,
    split: fc.option(string),
    fields,
    bos,
    chat: fc.option(
      fc.record({
        system: fc.option(string),
        generation: fc.option(fc.constantFrom("on" as const, "off" as const)),
        span: spanned,
      }),
    ),
  }),
  fc.record({
    kind: fc.constant("corpus" as const),
    ...declared,
    source: textSource,
    asText,
    split: fc.option(string),
    fields: fields.map((options) => options.filter(({ part }) => part === "text" || part === "group")),
    window: numberOrNull,
    stride: numberOrNull,
    limit: fc.option(fc.record({ count: number, unit: fc.constant({ text: "tokens", span }) })),
    bos,
  }),
  fc.record({ kind: fc.constant("param" as const), ...declared, value: expression }),
  fc.record({ kind: fc.constant("letResult" as const), ...declared, value: expression }),
  fc.record({
    kind: fc.constant("metric" as const),
    ...declared,
    parameters: fc.array(parameter, { maxLength: 3 }),
    body: expression,
  }),
  fc.record({
    kind: fc.constant("compare" as const),
    value: expression,
    axis,
    levels: fc.array(level, { maxLength: 3 }),
    by,
    using,
    correct: fc.option(name),
    span: spanned,
  }),
  fc.tuple(fc.boolean(), expression, names(axis, 1)).chain(([isWith, right, axes]) =>
    fc.record({
      kind: fc.constant("correlate" as const),
      left: expression,
      right: fc.constant(isWith ? right : null),
      between: fc.constant(isWith ? [] : axes),
      by,
      using,
      correct: fc.option(name),
      span: spanned,
    }),
  ),
  fc.record({
    kind: fc.constant("hypothesis" as const),
    title: string,
    expect: expectation,
    by,
    using,
    alpha: numberOrNull,
    falsified: fc.option(fc.record({ kind: fc.constant("notSupported" as const), span: spanned })),
    span: spanned,
  }),
  fc.record({
    kind: fc.constant("reference" as const),
    title: string,
    fields: fc.array(fc.record({ name, value: factValue }), { minLength: 1, maxLength: 3 }),
    span: spanned,
  }),
  fc.record({
    kind: fc.constant("find" as const),
    what: fc.constantFrom("changepoint", "peak", "dip"),
    of: expression,
    over: axis,
    by,
    span: spanned,
  }),
  fc.record({
    kind: fc.constant("fit" as const),
    curve: fc.constantFrom("power_law", "linear", "exponential", "logistic"),
    of: expression,
    over: axis,
    by,
    span: spanned,
  }),
  fc.record({ kind: fc.constant("pca" as const), of: expression, over: axis, components: numberOrNull, span: spanned }),
  fc.record({
    kind: fc.constant("probe" as const),
    field: name.filter(({ text }) => text !== "together"),
    from: expression,
    over: fc.array(axis, { minLength: 1, maxLength: 2 }),
    by,
    classes: fc.boolean(),
    folds: numberOrNull,
    together: fc.option(name),
    penalty: numberOrNull,
    seed: numberOrNull,
    as: fc.option(name.filter(({ text }) => text !== "classes")),
    using,
    span: spanned,
  }),
  fc.record({
    kind: fc.constant("classify" as const),
    value: expression,
    classes: fc.array(fc.record({ name, below: numberOrNull }), { minLength: 1, maxLength: 3 }),
    span: spanned,
  }),
  table,
  plot,
  fc.record({
    kind: fc.constant("figure" as const),
    title: string,
    columns: numberOrNull,
    caption: fc.option(string),
    plots: fc.array(plot, { minLength: 1, maxLength: 2 }),
    span: spanned,
  }),
  fc.record({ kind: fc.constant("save" as const), table, to: string, span: spanned }),
);

/** Whole files. */
export const arbitraryFile: fc.Arbitrary<FileSyntax> = fc
  .array(statement, { minLength: 1, maxLength: 4 })
  .map((statements): FileSyntax => ({ kind: "file", statements, comments: [], complete: true, span }));

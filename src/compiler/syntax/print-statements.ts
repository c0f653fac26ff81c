/** The layout of each statement. */
import type {
  ChatOption,
  Expression,
  Fact,
  FactValue,
  MetricStatement,
  ModelStatement,
  Name,
  Parameter,
  ReferenceStatement,
  Statement,
  StringLiteral,
  TextSource,
} from "./ast.js";
import { type Doc, group, ifBroken, indent, join, line, source } from "./layout.js";
import {
  endOf,
  printBracketed,
  printExpression,
  printName,
  printNames,
  printNumber,
  printString,
} from "./print-expressions.js";
import { printInlineItems } from "./print-inline.js";
import { printExperiment } from "./print-experiments.js";
import { printResultStatement } from "./print-results.js";

/** A statement's layout; with `head`, the text before the `from` or `=` that neighbours may be aligned at. */
export interface PrintedStatement {
  readonly doc: Doc;
  /** Null when the statement is never aligned with its neighbours. */
  readonly head: string | null;
}

/** The layout of one statement, without the comments above it. */
export function printStatement(statement: Statement): PrintedStatement {
  switch (statement.kind) {
    case "model":
      return { doc: printModel(statement), head: `model ${statement.name.text}` };
    case "prompts":
      return {
        doc: group(
          "prompts ",
          printName(statement.name),
          " ",
          printSource(statement.source),
          indent(
            printReading(statement).map((option) => [line, option]),
            statement.bos === null ? [] : [line, `bos ${statement.bos}`],
            statement.chat === null ? [] : [line, printChat(statement.chat)],
          ),
        ),
        head: statement.source.kind === "random" ? null : `prompts ${statement.name.text}`,
      };
    case "corpus":
      return {
        doc: group(
          "corpus ",
          printName(statement.name),
          " ",
          printSource(statement.source),
          // After a closing bracket or brace the options go on in its line.
          statement.source.kind === "file"
            ? indent(printCorpusOptions(statement).map((option) => [line, option]))
            : printCorpusOptions(statement).map((option) => [" ", option]),
        ),
        head: `corpus ${statement.name.text}`,
      };
    case "param":
      return printDefinition("param ", statement.name, [], statement.value, `param ${statement.name.text}`);
    case "metric":
      return printMetric(statement);
    case "letResult":
      return printDefinition("let ", statement.name, [], statement.value, `let ${statement.name.text}`);
    default:
      return { doc: printOther(statement), head: null };
  }
}

function printStrings(strings: readonly StringLiteral[], isList: boolean): Doc {
  const [first] = strings;
  return isList || first === undefined
    ? printBracketed(strings.map(printString), endOf(strings, 0))
    : printString(first);
}

function printStringsOrName(items: readonly StringLiteral[], isList: boolean, param: Name | null): Doc {
  return param === null ? printStrings(items, isList) : printName(param);
}

function printModel(model: ModelStatement): Doc {
  const options: readonly Doc[] = [
    ...(model.revisions.length === 0 && !model.revisionsAreList && model.revisionsParam === null
      ? []
      : [["revision ", printStringsOrName(model.revisions, model.revisionsAreList, model.revisionsParam)]]),
    ...(model.dtypes.length === 0
      ? []
      : [
          [
            "dtype ",
            model.dtypesAreList
              ? printBracketed(model.dtypes.map(printName), endOf(model.dtypes, 0))
              : printNames(model.dtypes),
          ],
        ]),
    ...(model.tokenizer === null ? [] : [["tokenizer ", printString(model.tokenizer)]]),
    ...(model.facts.length === 0 ? [] : [printFacts(model.facts)]),
  ];
  return group(
    "model ",
    printName(model.name),
    " from ",
    printStringsOrName(model.sources, model.sourcesAreList, model.sourcesParam),
    indent(options.map((option) => [line, option])),
  );
}

function printFacts(facts: readonly Fact[]): Doc {
  const written = facts.map(({ name, values, isList }) => {
    const [only] = values;
    const value =
      isList || only === undefined
        ? printBracketed(values.map(printFactValue), endOf(values, 0))
        : printFactValue(only);
    return [printName(name), ": ", value];
  });
  return group("facts {", indent(line, join(written, [",", line])), line, "}");
}

function printFactValue(value: FactValue): Doc {
  return value.kind === "string" ? printString(value) : [value.negative ? "-" : "", printNumber(value.number)];
}

function printReference({ title, fields }: ReferenceStatement): Doc {
  const written = fields.map(({ name, value }) => [printName(name), " ", printFactValue(value)]);
  return group("reference ", printString(title), indent(written.map((field) => [line, field])));
}

function printSource(from: TextSource): Doc {
  switch (from.kind) {
    case "file":
      return ["from ", printString(from.path)];
    case "list":
      return ["from ", printInlineItems(from.items, from.span)];
    case "groups":
      return printGroups(from);
    case "random":
      return [
        "random tokens ",
        printNumber(from.tokens),
        ...(["repeat", "count", "seed"] as const).map((word) => {
          const value = from[word];
          return value === null ? "" : [` ${word} `, printNumber(value)];
        }),
      ];
  }
}

function printGroups(from: TextSource & { kind: "groups" }): Doc {
  const width = Math.max(0, ...from.groups.map(({ name }) => name.text.length));
  const groups = from.groups.map(({ name, source: texts }) => [
    printName(name),
    ": ",
    // The texts stand in a column when every group has its own line.
    ifBroken(" ".repeat(width - name.text.length)),
    texts.kind === "list"
      ? printInlineItems(texts.items, texts.span)
      : texts.kind === "file"
        ? printString(texts.path)
        : "",
  ]);
  return group("from {", indent(line, join(groups, [",", line]), source(from.span.end - 1)), line, "}");
}

function printChat({ system, generation, span }: ChatOption): Doc {
  return [
    source(span.start),
    "chat",
    system === null ? "" : [" system ", printString(system)],
    generation === null ? "" : ` generation ${generation}`,
  ];
}

/** How files are read: as plain text, or by which fields. */
function printReading({ asText, split, fields }: Statement & { kind: "prompts" | "corpus" }): readonly Doc[] {
  return [
    ...(asText === null ? [] : [[source(asText.span.start), "as text"]]),
    ...(split === null ? [] : [["split ", printString(split)]]),
    ...fields.map(({ part, field, span }) => [source(span.start), `${part} `, printString(field)]),
  ];
}

function printCorpusOptions(corpus: Statement & { kind: "corpus" }): readonly Doc[] {
  return [
    ...printReading(corpus),
    ...(corpus.window === null ? [] : [["window ", printNumber(corpus.window)]]),
    ...(corpus.stride === null ? [] : [["stride ", printNumber(corpus.stride)]]),
    ...(corpus.limit === null ? [] : [["limit ", printNumber(corpus.limit.count), " ", printName(corpus.limit.unit)]]),
    ...(corpus.bos === null ? [] : [`bos ${corpus.bos}`]),
  ];
}

function printDefinition(word: string, name: Name, parameters: Doc, value: Expression, head: string): PrintedStatement {
  const body = value.kind === "let" ? printExpression(value) : group(printExpression(value));
  return { doc: group(word, printName(name), parameters, " =", indent(line, body)), head };
}

function printMetric(metric: MetricStatement): PrintedStatement {
  if (metric.parameters.length === 0) {
    return printDefinition("metric ", metric.name, [], metric.body, `metric ${metric.name.text}`);
  }
  const parameters = group("(", indent(join(metric.parameters.map(printParameter), [",", line])), ")");
  return printDefinition("metric ", metric.name, parameters, metric.body, "");
}

function printParameter(parameter: Parameter): Doc {
  const { type } = parameter;
  const typeDoc: Doc =
    type === null
      ? ""
      : type.kind === "named"
        ? [": ", source(type.span.start), type.name]
        : [": [", join(type.axes.map(printName), ", "), "]"];
  return [
    printName(parameter.name),
    typeDoc,
    parameter.default === null ? "" : [" = ", printExpression(parameter.default)],
  ];
}

function printOther(statement: Statement): Doc {
  switch (statement.kind) {
    case "import":
      return ["import ", printString(statement.path)];
    case "experiment":
      return printExperiment(statement);
    case "reference":
      return printReference(statement);
    default:
      return printResultStatement(statement) ?? "";
  }
}

/** Concrete to abstract syntax: imports, models, texts, parameters, metrics, named results. */
import type { CstNode } from "chevrotain";
import type {
  ChatOption,
  CorpusStatement,
  Fact,
  FactValue,
  FieldOption,
  ImportStatement,
  LetStatement,
  MetricStatement,
  ModelStatement,
  Name,
  NumberLiteral,
  Parameter,
  ParamStatement,
  PromptsStatement,
  ReferenceStatement,
  StringLiteral,
  TextSource,
} from "./ast.js";
import { buildExpression } from "./build-expressions.js";
import { buildInlineValue } from "./build-inline.js";
import {
  type Build,
  nameOf,
  namesOf,
  nodeOf,
  nodeSpan,
  nodesOf,
  numberOf,
  once,
  stringOf,
  tokenOf,
  tokensOf,
} from "./build-tree.js";

type Documentation = readonly string[];

/** `import "path"`. */
export function buildImport(build: Build, node: CstNode): ImportStatement {
  return { kind: "import", path: stringOf(build, tokenOf(node, "StringLiteral")), span: nodeSpan(build, node) };
}

interface Strings {
  readonly items: readonly StringLiteral[];
  readonly isList: boolean;
}

function buildStrings(build: Build, node: CstNode | undefined): Strings {
  const list = nodeOf(node, "stringList");
  const items = tokensOf(list ?? node, "item").map((token) => stringOf(build, token));
  return { items, isList: list !== undefined };
}

/** Strings, or the name of the param that has them. */
function buildStringsOrName(build: Build, node: CstNode | undefined): Strings & { readonly param: Name | null } {
  const param = tokenOf(node, "param");
  const strings = buildStrings(build, nodeOf(node, "oneOrMoreStrings"));
  return { ...strings, param: param === undefined ? null : nameOf(build, param) };
}

/** `model NAME from …`. */
export function buildModel(build: Build, node: CstNode, documentation: Documentation): ModelStatement {
  const name = nameOf(build, tokenOf(node, "Name"));
  const sources = buildStringsOrName(build, nodeOf(node, "source"));
  const revisions = buildStringsOrName(build, once(build, nodesOf(node, "revision"), "`revision`"));
  const dtype = once(build, nodesOf(node, "dtype"), "`dtype`");
  const tokenizer = once(build, tokensOf(node, "tokenizer"), "`tokenizer`");
  return {
    kind: "model",
    name,
    sources: sources.items,
    sourcesAreList: sources.isList,
    sourcesParam: sources.param,
    revisions: revisions.items,
    revisionsAreList: revisions.isList,
    revisionsParam: revisions.param,
    dtypes: namesOf(build, dtype, "item"),
    dtypesAreList: tokenOf(dtype, "LBracket") !== undefined,
    tokenizer: tokenizer === undefined ? null : stringOf(build, tokenizer),
    facts: nodesOf(once(build, nodesOf(node, "factsOption"), "`facts`"), "fact").map((fact) => buildFact(build, fact)),
    documentation,
    span: nodeSpan(build, node),
  };
}

function buildFact(build: Build, node: CstNode): Fact {
  return {
    name: nameOf(build, tokenOf(node, "name")),
    values: nodesOf(node, "factValue").map((value) => buildFactValue(build, value)),
    isList: tokenOf(node, "LBracket") !== undefined,
    span: nodeSpan(build, node),
  };
}

function buildFactValue(build: Build, node: CstNode | undefined): FactValue {
  const number = tokenOf(node, "NumberLiteral");
  if (node === undefined || number === undefined) return stringOf(build, tokenOf(node, "StringLiteral"));
  const negative = tokenOf(node, "Minus") !== undefined;
  return { kind: "signed", negative, number: numberOf(build, number), span: nodeSpan(build, node) };
}

/** `reference "…" field value …`. */
export function buildReference(build: Build, node: CstNode): ReferenceStatement {
  return {
    kind: "reference",
    title: stringOf(build, tokenOf(node, "StringLiteral")),
    fields: nodesOf(node, "referenceField").map((field) => ({
      name: nameOf(build, tokenOf(field, "name")),
      value: buildFactValue(build, nodeOf(field, "factValue")),
    })),
    span: nodeSpan(build, node),
  };
}

function buildItemsSource(build: Build, node: CstNode | undefined): TextSource {
  const span = nodeSpan(build, node);
  const list = nodeOf(node, "inlineList");
  return list === undefined
    ? { kind: "file", path: stringOf(build, tokenOf(node, "file")), span }
    : { kind: "list", items: nodesOf(list, "inlineValue").map((item) => buildInlineValue(build, item)), span };
}

function buildTextSource(build: Build, node: CstNode | undefined): TextSource {
  const groups = nodeOf(node, "groups");
  if (groups === undefined) return buildItemsSource(build, nodeOf(node, "textItems"));
  return {
    kind: "groups",
    groups: nodesOf(groups, "textGroup").map((group) => ({
      name: nameOf(build, tokenOf(group, "name")),
      source: buildItemsSource(build, nodeOf(group, "textItems")),
    })),
    span: nodeSpan(build, groups),
  };
}

function buildRandomSource(build: Build, node: CstNode): TextSource {
  const options = tokensOf(node, "option");
  const values = tokensOf(node, "value");
  const value = (word: string): NumberLiteral | null => {
    const option = once(
      build,
      options.filter((token) => token.image === word),
      `\`${word}\``,
    );
    return option === undefined ? null : numberOf(build, values[options.indexOf(option)]);
  };
  return {
    kind: "random",
    tokens: numberOf(build, tokenOf(node, "length")),
    repeat: value("repeat"),
    count: value("count"),
    seed: value("seed"),
    span: nodeSpan(build, node),
  };
}

function buildBos(build: Build, node: CstNode): "on" | "off" | null {
  const option = once(build, nodesOf(node, "bosOption"), "`bos`");
  const value = tokenOf(option, "value")?.image;
  return value === "on" || value === "off" ? value : null;
}

/** `prompts NAME from …` or `prompts NAME random …`. */
export function buildPrompts(build: Build, node: CstNode, documentation: Documentation): PromptsStatement {
  const name = nameOf(build, tokenOf(node, "Name"));
  const random = nodeOf(node, "randomSource");
  const source =
    random === undefined ? buildTextSource(build, nodeOf(node, "textSource")) : buildRandomSource(build, random);
  const asText = buildAsText(build, node);
  const split = buildSplit(build, node);
  const fields = buildFields(build, nodesOf(node, "fieldOption"));
  const bos = buildBos(build, node);
  const chat = buildChat(build, once(build, nodesOf(node, "chatOption"), "`chat`"));
  return {
    kind: "prompts",
    name,
    source,
    asText,
    split,
    fields,
    bos,
    chat,
    documentation,
    span: nodeSpan(build, node),
  };
}

function buildAsText(build: Build, node: CstNode): PromptsStatement["asText"] {
  const option = once(build, nodesOf(node, "asTextOption"), "`as text`");
  return option === undefined ? null : { span: nodeSpan(build, option) };
}

function buildSplit(build: Build, node: CstNode): StringLiteral | null {
  const option = once(build, nodesOf(node, "splitOption"), "`split`");
  return option === undefined ? null : stringOf(build, tokenOf(option, "StringLiteral"));
}

function buildFields(build: Build, options: readonly CstNode[]): readonly FieldOption[] {
  for (const part of new Set(options.map((option) => tokenOf(option, "part")?.image))) {
    once(
      build,
      options.filter((option) => tokenOf(option, "part")?.image === part),
      `\`${part ?? ""}\``,
    );
  }
  return options.map((option) => ({
    part: (tokenOf(option, "part")?.image ?? "text") as FieldOption["part"],
    field: stringOf(build, tokenOf(option, "StringLiteral")),
    span: nodeSpan(build, option),
  }));
}

function buildChat(build: Build, node: CstNode | undefined): ChatOption | null {
  if (node === undefined) return null;
  const system = tokenOf(node, "System") === undefined ? null : stringOf(build, tokenOf(node, "StringLiteral"));
  const value = tokenOf(node, "value")?.image;
  const generation = value === "on" || value === "off" ? value : null;
  return { system, generation, span: nodeSpan(build, node) };
}

/** `corpus NAME from …`. */
export function buildCorpus(build: Build, node: CstNode, documentation: Documentation): CorpusStatement {
  const name = nameOf(build, tokenOf(node, "Name"));
  const source = buildTextSource(build, nodeOf(node, "textSource"));
  const asText = buildAsText(build, node);
  const split = buildSplit(build, node);
  const fields = buildFields(build, nodesOf(node, "corpusField"));
  const options = nodesOf(node, "windowOption");
  const option = (word: string): CstNode | undefined =>
    once(
      build,
      options.filter((candidate) => tokenOf(candidate, "option")?.image === word),
      `\`${word}\``,
    );
  const count = (found: CstNode | undefined): NumberLiteral | null =>
    found === undefined ? null : numberOf(build, tokenOf(found, "NumberLiteral"));
  const window = count(option("window"));
  const stride = count(option("stride"));
  const limitOption = option("limit");
  const limit =
    limitOption === undefined
      ? null
      : {
          count: numberOf(build, tokenOf(limitOption, "NumberLiteral")),
          unit: nameOf(build, tokenOf(limitOption, "unit")),
        };
  const bos = buildBos(build, node);
  const cutting = { window, stride, limit };
  return {
    kind: "corpus",
    name,
    source,
    asText,
    split,
    fields,
    ...cutting,
    bos,
    documentation,
    span: nodeSpan(build, node),
  };
}

/** `param NAME = value`. */
export function buildParam(build: Build, node: CstNode, documentation: Documentation): ParamStatement {
  const name = nameOf(build, tokenOf(node, "Name"));
  const value = buildExpression(build, nodeOf(node, "expression"));
  return { kind: "param", name, value, documentation, span: nodeSpan(build, node) };
}

/** `let NAME = value` over results. */
export function buildLetStatement(build: Build, node: CstNode, documentation: Documentation): LetStatement {
  const name = nameOf(build, tokenOf(node, "Name"));
  const value = buildExpression(build, nodeOf(node, "expression"));
  return { kind: "letResult", name, value, documentation, span: nodeSpan(build, node) };
}

/** `metric NAME(parameters) = body`. */
export function buildMetric(build: Build, node: CstNode, documentation: Documentation): MetricStatement {
  const name = nameOf(build, tokenOf(node, "Name"));
  const parameters = nodesOf(node, "parameter").map((parameter) => buildParameter(build, parameter));
  const body = buildExpression(build, nodeOf(node, "expression"));
  return { kind: "metric", name, parameters, body, documentation, span: nodeSpan(build, node) };
}

function buildParameter(build: Build, node: CstNode): Parameter {
  const name = nameOf(build, tokenOf(node, "name"));
  const type = nodeOf(node, "parameterType");
  const byDefault = nodeOf(node, "expression");
  return {
    name,
    type: type === undefined ? null : buildType(build, type),
    default: byDefault === undefined ? null : buildExpression(build, byDefault),
    span: nodeSpan(build, node),
  };
}

function buildType(build: Build, node: CstNode): Parameter["type"] {
  const span = nodeSpan(build, node);
  const name = tokenOf(node, "name");
  if (name !== undefined) return { kind: "named", name: nameOf(build, name).text, span };
  const axes = nodesOf(node, "tensorAxis").map<Name>((axis) => nameOf(build, tokenOf(axis, "name")));
  return { kind: "tensor", axes, span };
}

/** Concrete to abstract syntax: the values that stand in a list after `from`. */
import type { CstNode, IToken } from "chevrotain";
import type { InlineRecord, InlineValue, Name } from "./ast.js";
import { type Build, nameOf, nodeOf, nodeSpan, nodesOf, numberOf, stringOf, tokenOf } from "./build-tree.js";

/** One value of such a list, or of a field. */
export function buildInlineValue(build: Build, node: CstNode | undefined): InlineValue {
  const number = nodeOf(node, "inlineNumber");
  if (number !== undefined) {
    const negative = tokenOf(number, "Minus") !== undefined;
    const literal = numberOf(build, tokenOf(number, "NumberLiteral"));
    return { kind: "signed", negative, number: literal, span: nodeSpan(build, number) };
  }
  const word = tokenOf(node, "word");
  if (word !== undefined) return { kind: "word", ...nameOf(build, word) };
  const list = nodeOf(node, "inlineList");
  if (list !== undefined) {
    const items = nodesOf(list, "inlineValue").map((item) => buildInlineValue(build, item));
    return { kind: "values", items, span: nodeSpan(build, list) };
  }
  const record = nodeOf(node, "inlineRecord");
  if (record !== undefined) return buildRecord(build, record);
  return stringOf(build, tokenOf(node, "StringLiteral"));
}

function buildRecord(build: Build, node: CstNode): InlineRecord {
  const fields = nodesOf(node, "inlineField").map((field) => ({
    name: fieldName(build, tokenOf(field, "name")),
    value: buildInlineValue(build, nodeOf(field, "inlineValue")),
  }));
  return { kind: "record", fields, span: nodeSpan(build, node) };
}

/** The name of a field, which may stand in quotes. */
function fieldName(build: Build, token: IToken | undefined): Name {
  if (token?.tokenType.name !== "StringLiteral") return nameOf(build, token);
  const { value, span } = stringOf(build, token);
  return { text: value, span };
}

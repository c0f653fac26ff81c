/** Concrete to abstract syntax: plots and figures. */
import type { CstNode } from "chevrotain";
import type { FigureStatement, OptionWord, PlotKind, PlotLooks, PlotStatement, StringLiteral } from "./ast.js";
import { buildBy, buildInterval } from "./build-decisions.js";
import { buildAxisList, buildExpression, missing } from "./build-expressions.js";
import {
  type Build,
  nodeOf,
  nodeSpan,
  nodesOf,
  numberOf,
  once,
  stringOf,
  tokenOf,
  tokenSpan,
  tokensOf,
} from "./build-tree.js";

/** `plot kind of values …`. */
export function buildPlot(build: Build, node: CstNode): PlotStatement {
  const plot = (tokenOf(nodeOf(node, "plotKind"), "kind")?.image ?? "line") as PlotKind;
  const of = nodesOf(node, "of").map((value) => buildExpression(build, value));
  const against = once(build, nodesOf(node, "against"), "`against`");
  const over = once(build, nodesOf(node, "over"), "`over`");
  return {
    kind: "plot",
    plot,
    of: of.length === 0 ? [missing(build)] : of,
    against: against === undefined ? null : buildExpression(build, against),
    over: buildAxisList(build, over),
    by: buildBy(build, node),
    ci: buildInterval(build, nodesOf(node, "intervalClause")),
    looks: buildLooks(build, nodesOf(node, "plotOption")),
    span: nodeSpan(build, node),
  };
}

function buildLooks(build: Build, options: readonly CstNode[]): PlotLooks {
  const word = (option: CstNode, key: string): string | undefined => tokenOf(option, key)?.image;
  const label = (name: string): StringLiteral | null => {
    const own = options.filter((option) => word(option, "label") === name);
    const option = once(build, own, `\`${name}\``);
    return option === undefined ? null : stringOf(build, tokenOf(option, "StringLiteral"));
  };
  const names = (key: string, all: readonly string[]): readonly OptionWord[] =>
    all.flatMap((name) => {
      const own = options.filter((option) => word(option, key) === name);
      const option = once(build, own, key === "log" ? `\`log ${name}\`` : `\`${name}\``);
      return option === undefined ? [] : optionWord(build, option, key);
    });
  const cells = once(
    build,
    options.filter((option) => nodeOf(option, "cells") !== undefined),
    "`text`",
  );
  const sorted = once(
    build,
    options.filter((option) => tokenOf(option, "sorted") !== undefined),
    "`sorted`",
  );
  return {
    text: cells === undefined ? null : buildExpression(build, nodeOf(cells, "cells")),
    flags: names("flag", ["values", "identity"]),
    sorted: sorted === undefined ? null : (optionWord(build, sorted, "sorted")[0] ?? null),
    log: names("log", ["x", "y"]),
    title: label("title"),
    x: label("x"),
    y: label("y"),
    caption: label("caption"),
  };
}

/** The last word under a key: `ascending` of `sorted ascending`. */
function optionWord(build: Build, option: CstNode, key: string): readonly OptionWord[] {
  const token = tokensOf(option, key).at(-1);
  return token === undefined ? [] : [{ word: token.image, span: tokenSpan(build, token) }];
}

/** `figure "title" { plot … plot … }`. */
export function buildFigure(build: Build, node: CstNode): FigureStatement {
  const columns = once(build, tokensOf(node, "NumberLiteral"), "`columns`");
  const caption = once(build, tokensOf(node, "caption"), "`caption`");
  return {
    kind: "figure",
    title: stringOf(build, tokenOf(node, "title")),
    columns: columns === undefined ? null : numberOf(build, columns),
    caption: caption === undefined ? null : stringOf(build, caption),
    plots: nodesOf(node, "plotStatement").map((plot) => buildPlot(build, plot)),
    span: nodeSpan(build, node),
  };
}

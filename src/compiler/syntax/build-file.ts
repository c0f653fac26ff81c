/** Concrete to abstract syntax: whole files, with comments and documentation. */
import type { CstNode, IToken } from "chevrotain";
import type { Comment, Statement } from "./ast.js";
import {
  buildCorpus,
  buildImport,
  buildLetStatement,
  buildMetric,
  buildModel,
  buildParam,
  buildPrompts,
  buildReference,
} from "./build-declarations.js";
import {
  buildClassify,
  buildCompare,
  buildCorrelate,
  buildFind,
  buildHypothesis,
  buildPca,
  buildProbe,
  buildFit,
  buildSave,
  buildTable,
} from "./build-decisions.js";
import { buildFigure, buildPlot } from "./build-plots.js";
import { buildExperiment } from "./build-experiments.js";
import { type Build, nodeOf, nodeSpan, onlyNode, tokenEnd } from "./build-tree.js";
import type { PlacedTree } from "./parse-memory.js";

/** Comments as written, marks included, in order. */
export function buildComments(file: string, comments: readonly IToken[]): readonly Comment[] {
  return comments.map((token) => ({
    text: token.image.trimEnd(),
    span: { file, start: token.startOffset, end: tokenEnd(token) },
  }));
}

/**
 * The statements of a file, from their trees in the order of the text. `tokens` are all tokens of the file, comments not
 * included.
 */
export function buildStatements(
  build: Build,
  trees: readonly PlacedTree[],
  tokens: readonly IToken[],
  comments: readonly Comment[],
): readonly Statement[] {
  let nextToken = 0;
  let nextComment = 0;
  return trees.flatMap((placed) => {
    build.shift = placed.shift;
    const start = nodeSpan(build, placed.tree).start;
    // What is missing before the first word of a statement is missing there, whatever stands above.
    build.end = start;
    while ((tokens[nextToken]?.startOffset ?? start) < start) nextToken++;
    const before = tokens[nextToken - 1];
    const from = before === undefined ? 0 : tokenEnd(before);
    while ((comments[nextComment]?.span.start ?? from) < from) nextComment++;
    const above: Comment[] = [];
    for (let i = nextComment, comment = comments[i]; comment !== undefined; comment = comments[++i]) {
      if (comment.span.start >= start) break;
      above.push(comment);
    }
    const statement = buildOnce(build, placed, documentationIn(build.text, from, above));
    return statement === null ? [] : [statement];
  });
}

/** The statement of a tree; the very object that was built before where that is the same and nothing is to be said of it. */
function buildOnce(
  build: Build,
  { tree, shift, memo }: PlacedTree,
  documentation: readonly string[],
): Statement | null {
  const above = documentation.join("\n");
  if (memo.built?.shift === shift && memo.built.documentation === above) return memo.built.statement;
  const said = build.diagnostics.length;
  const statement = buildStatement(build, onlyNode(tree), documentation);
  if (statement !== null && build.diagnostics.length === said) memo.built = { shift, documentation: above, statement };
  return statement;
}

/**
 * The documentation that a declaration has in the comments above it: the last run of `##` lines, where other comments
 * and blank lines end a run. `from` is the end of the token before; a comment on that token's line is not above.
 */
function documentationIn(text: string, from: number, above: readonly Comment[]): readonly string[] {
  let run: string[] = [];
  let last = from;
  // Line breaks since the run ended. Each gap is read once: a comment has no line breaks in it.
  let breaks = 0;
  for (const comment of above) {
    breaks += text.slice(last, comment.span.start).split("\n").length - 1;
    last = comment.span.end;
    const startsLine = breaks > 0 || from === 0;
    if (comment.text.startsWith("##") && startsLine) {
      if (breaks > 1) run = [];
      run.push(comment.text.slice(2).trim());
      breaks = 0;
    }
  }
  return run;
}

function buildStatement(build: Build, node: CstNode | undefined, documentation: readonly string[]): Statement | null {
  switch (node?.name) {
    case "importStatement":
      return buildImport(build, node);
    case "modelStatement":
      return buildModel(build, node, documentation);
    case "promptsStatement":
      return buildPrompts(build, node, documentation);
    case "corpusStatement":
      return buildCorpus(build, node, documentation);
    case "paramStatement":
      return buildParam(build, node, documentation);
    case "metricStatement":
      return buildMetric(build, node, documentation);
    case "referenceStatement":
      return buildReference(build, node);
    case "namedExperiment":
      return buildExperiment(build, node, nodeOf(node, "clauses"), documentation);
    case "clauses":
      return buildExperiment(build, undefined, node, documentation);
    case "letStatement":
      return buildLetStatement(build, node, documentation);
    case "compareStatement":
      return buildCompare(build, node);
    case "correlateStatement":
      return buildCorrelate(build, node);
    case "hypothesisStatement":
      return buildHypothesis(build, node);
    case "findStatement":
      return buildFind(build, node);
    case "pcaStatement":
      return buildPca(build, node);
    case "probeStatement":
      return buildProbe(build, node);
    case "fitStatement":
      return buildFit(build, node);
    case "classifyStatement":
      return buildClassify(build, node);
    case "tableStatement":
      return buildTable(build, node);
    case "plotStatement":
      return buildPlot(build, node);
    case "figureStatement":
      return buildFigure(build, node);
    case "saveStatement":
      return buildSave(build, node);
    default:
      // Recovery can leave a statement without any content.
      return null;
  }
}

/** Concrete to abstract syntax: experiments and their clauses. */
import type { CstNode, IToken } from "chevrotain";
import type { Span } from "../base/span.js";
import type {
  AblateClause,
  AblateTarget,
  CurvatureClause,
  ExperimentStatement,
  Expression,
  Intervention,
  MeasureItem,
  Name,
  NamedArgument,
  PlaceUse,
  PathReceiver,
  Positions,
  Replacement,
  Selection,
  Together,
} from "./ast.js";
import { buildAxisList, buildExpression, buildPositions } from "./build-expressions.js";
import {
  type Build,
  here,
  nameOf,
  namesOf,
  nodeOf,
  nodeSpan,
  nodesOf,
  numberOf,
  numberOrNull,
  onlyNode,
  once,
  placeOf,
  tokenOf,
  tokensOf,
} from "./build-tree.js";

/** An experiment from its clauses; `named` is the rule with the name, if the experiment has one. */
export function buildExperiment(
  build: Build,
  named: CstNode | undefined,
  clausesNode: CstNode | undefined,
  documentation: readonly string[],
): ExperimentStatement {
  const name = named === undefined ? null : nameOf(build, tokenOf(named, "Name"));
  const on: Name[] = [];
  const withTexts: Name[] = [];
  const interventions: Intervention[] = [];
  const measures: MeasureItem[] = [];
  let curvature: CurvatureClause | null = null;
  for (const clause of nodesOf(clausesNode, "clause").map(onlyNode)) {
    if (clause === undefined) continue;
    if (clause.name === "onClause") on.push(...namesOf(build, nodeOf(clause, "nameList"), "Name"));
    else if (clause.name === "withClause") withTexts.push(...namesOf(build, nodeOf(clause, "nameList"), "Name"));
    else if (clause.name === "measure") {
      measures.push(...nodesOf(clause, "measureItem").map((item) => buildMeasureItem(build, item)));
    } else if (clause.name === "curvature") curvature = buildCurvature(build, clause);
    else interventions.push(buildIntervention(build, clause));
  }
  const span = nodeSpan(build, named ?? clausesNode);
  return { kind: "experiment", name, on, with: withTexts, interventions, measures, curvature, documentation, span };
}

function buildIntervention(build: Build, node: CstNode): Intervention {
  switch (node.name) {
    case "ablate":
      return buildAblate(build, node);
    case "patch":
      return buildPatch(build, node);
    case "set":
      return buildSet(build, node);
    default:
      return buildScaleOrSteer(build, node);
  }
}

/** The places under a node's place list, and the names that stand for places. */
function buildPlaces(build: Build, node: CstNode | undefined): readonly PlaceUse[] {
  return nodesOf(nodeOf(node, "placeList"), "place").flatMap((place): readonly PlaceUse[] => {
    const [token] = tokensOf(place, "place");
    if (token === undefined) return [];
    if (token.tokenType.name === "PlaceLiteral") return [placeOf(build, token)];
    return [{ kind: "name", ...nameOf(build, token) }];
  });
}

function buildAblate(build: Build, node: CstNode): AblateClause {
  const top = nodeOf(node, "topSelection");
  const several = nodeOf(node, "combinationSelection");
  const random = nodeOf(node, "randomSelection");
  const targetToken = tokenOf(nodeOf(top ?? several ?? random ?? node, "ablateTarget"), "target");
  const selection: Selection =
    top !== undefined
      ? buildTop(build, top, targetToken)
      : several !== undefined
        ? buildCombinations(build, several, targetToken)
        : random !== undefined
          ? buildRandom(build, random, targetToken)
          : { kind: "places", places: buildPlaces(build, node), span: nodeSpan(build, nodeOf(node, "placeList")) };
  const at = once(build, nodesOf(node, "atClause"), "`at`");
  const replacement = once(build, nodesOf(node, "replacement"), "`by`");
  return {
    kind: "ablate",
    target: (targetToken?.image ?? "heads") as AblateTarget,
    selection,
    positions: at === undefined ? null : buildPositions(build, nodeOf(at, "positions")),
    together: buildTogether(build, nodesOf(node, "togetherClause")),
    by: replacement === undefined ? null : buildReplacement(build, replacement),
    span: nodeSpan(build, node),
  };
}

function buildTop(build: Build, node: CstNode, target: IToken | undefined): Selection {
  const first = numberOf(build, tokenOf(node, "first"));
  const lastToken = tokenOf(node, "last");
  return {
    kind: "top",
    first: first.value,
    last: lastToken === undefined ? first.value : numberOf(build, lastToken).value,
    isRange: tokenOf(node, "DotDot") !== undefined,
    what: nameOf(build, target),
    experiment: nameOf(build, tokenOf(node, "experiment")),
    by: buildExpression(build, nodeOf(node, "rankKey")),
    span: nodeSpan(build, node),
  };
}

function buildCombinations(build: Build, node: CstNode, target: IToken | undefined): Selection {
  const word = tokenOf(node, "Pairs") !== undefined ? "pairs" : tokenOf(node, "Triples") ? "triples" : "combinations";
  const size = word === "pairs" ? 2 : word === "triples" ? 3 : numberOf(build, tokenOf(node, "size")).value;
  const what = nameOf(build, target);
  return { kind: "combinations", word, size, what, places: buildPlaces(build, node), span: nodeSpan(build, node) };
}

function buildRandom(build: Build, node: CstNode, target: IToken | undefined): Selection {
  const count = numberOf(build, tokenOf(node, "count"));
  const what = nameOf(build, target);
  const places = buildPlaces(build, node);
  const option = (label: string): ReturnType<typeof numberOrNull> =>
    numberOrNull(build, once(build, tokensOf(node, label), `\`${label}\``));
  const seed = option("seed");
  const draws = option("draws");
  return { kind: "random", count, what, places, seed, draws, span: nodeSpan(build, node) };
}

function buildReplacement(build: Build, node: CstNode): Replacement {
  const span = nodeSpan(build, node);
  if (tokenOf(node, "Mean") !== undefined) {
    const texts = tokenOf(node, "texts");
    const of = texts === undefined ? null : nameOf(build, texts);
    return { kind: "mean", of, perPosition: tokenOf(node, "Per") !== undefined, span };
  }
  if (tokenOf(node, "Resample") !== undefined) {
    const from = nameOf(build, tokenOf(node, "texts"));
    return { kind: "resample", from, seed: numberOrNull(build, tokenOf(node, "NumberLiteral")), span };
  }
  if (tokenOf(node, "Constant") !== undefined) {
    return { kind: "constant", value: buildExpression(build, nodeOf(node, "value")), span };
  }
  return { kind: "zero", span };
}

/** `together` with the axes that it joins; null where it is not written. */
function buildTogether(build: Build, clauses: readonly CstNode[]): Together | null {
  const clause = once(build, clauses, "`together`");
  if (clause === undefined) return null;
  return { over: buildAxisList(build, nodeOf(clause, "axisList")), span: nodeSpan(build, clause) };
}

/** What the clauses `at` and `together` say, wherever they stand. */
function buildReach(build: Build, node: CstNode): { positions: Positions | null; together: Together | null } {
  const reaches = nodesOf(node, "reach");
  const at = once(
    build,
    reaches.flatMap((reach) => nodesOf(reach, "atClause")),
    "`at`",
  );
  const together = buildTogether(
    build,
    reaches.flatMap((reach) => nodesOf(reach, "togetherClause")),
  );
  return {
    positions: at === undefined ? null : buildPositions(build, nodeOf(at, "positions")),
    together,
  };
}

function buildPatch(build: Build, node: CstNode): Intervention {
  const target = nodeOf(node, "target");
  return {
    kind: "patch",
    target: nameOf(build, tokenOf(target, "Name")),
    places: buildPlaces(build, target),
    to: buildReceiver(build, nodeOf(node, "receiver")),
    ...buildReach(build, node),
    from: nameOf(build, tokenOf(node, "from")),
    into: nameOf(build, tokenOf(node, "into")),
    span: nodeSpan(build, node),
  };
}

function buildReceiver(build: Build, node: CstNode | undefined): PathReceiver | null {
  if (node === undefined) return null;
  const input = tokenOf(node, "input");
  const target = nodeOf(node, "target");
  return {
    input: input === undefined ? null : nameOf(build, input),
    target: nameOf(build, tokenOf(target, "Name")),
    places: buildPlaces(build, target),
    span: nodeSpan(build, node),
  };
}

function buildScaleOrSteer(build: Build, node: CstNode): Intervention {
  const target = nodeOf(node, "target");
  const name = nameOf(build, tokenOf(target, "Name"));
  const places = buildPlaces(build, target);
  const reach = buildReach(build, node);
  const amount = buildExpression(build, nodeOf(node, "expression"));
  const split = reach.positions === null ? splitTrailingAt(build, amount) : { rest: amount, positions: null };
  const positions = reach.positions ?? split.positions;
  const { together } = reach;
  const common = { target: name, places, positions, together, by: split.rest, span: nodeSpan(build, node) };
  return { kind: tokenOf(node, "Scale") === undefined ? "steer" : "scale", ...common };
}

function buildSet(build: Build, node: CstNode): Intervention {
  const site = splitTrailingAt(build, buildExpression(build, nodeOf(node, "site")));
  const to = buildExpression(build, nodeOf(node, "expression"));
  const together = buildTogether(build, nodesOf(node, "togetherClause"));
  return { kind: "set", site: site.rest, positions: site.positions, together, to, span: nodeSpan(build, node) };
}

/**
 * Takes `at positions` off the end of an expression: in `steer … by 4 * (a - b) at last` it belongs to the clause, not
 * to the last operand. An `at` inside parentheses stays.
 */
function splitTrailingAt(build: Build, expression: Expression): { rest: Expression; positions: Positions | null } {
  const unchanged = { rest: expression, positions: null };
  if (build.parenthesised.has(expression)) return unchanged;
  switch (expression.kind) {
    case "at":
      return { rest: expression.base, positions: expression.positions };
    case "unary": {
      const { rest, positions } = splitTrailingAt(build, expression.operand);
      return positions === null
        ? unchanged
        : { rest: { ...expression, operand: rest, span: endingBefore(build, expression.span, positions) }, positions };
    }
    case "binary": {
      const { rest, positions } = splitTrailingAt(build, expression.right);
      return positions === null
        ? unchanged
        : { rest: { ...expression, right: rest, span: endingBefore(build, expression.span, positions) }, positions };
    }
    default:
      return unchanged;
  }
}

/** A span without the `at positions` at its end, nor the space before it. */
function endingBefore(build: Build, span: Span, positions: Positions): Span {
  const text = build.text.slice(span.start, positions.span.start);
  return { ...span, end: span.start + text.replace(/\s*at\s*$/, "").length };
}

function buildMeasureItem(build: Build, node: CstNode): MeasureItem {
  const use = nodeOf(node, "metricUse");
  const as = tokenOf(node, "as");
  return {
    kind: "measureItem",
    recovery: tokenOf(node, "Recovery") !== undefined,
    expression: use === undefined ? buildExpression(build, nodeOf(node, "expression")) : buildMetricUse(build, use),
    as: as === undefined ? null : nameOf(build, as),
    span: nodeSpan(build, node),
  };
}

function buildMetricUse(build: Build, node: CstNode): Expression {
  const metric = nameOf(build, tokenOf(node, "metric"));
  const pairs = nodesOf(node, "metricPair").map<NamedArgument>((pair) => ({
    name: nameOf(build, tokenOf(pair, "name")),
    value: buildExpression(build, nodeOf(pair, "value")),
    span: nodeSpan(build, pair),
  }));
  return { kind: "metricUse", metric, arguments: pairs, span: nodeSpan(build, node) };
}

function buildCurvature(build: Build, node: CstNode): CurvatureClause {
  const of = buildExpression(build, nodeOf(node, "expression"));
  const target = nodeOf(node, "target");
  const parameters = nameOf(build, tokenOf(target, "Name"));
  const places = buildPlaces(build, target);
  const options = nodesOf(node, "curvatureOption");
  const given = (key: string, what: string): CstNode | undefined =>
    once(
      build,
      options.filter((option) => tokenOf(option, key) !== undefined),
      `\`${what}\``,
    );
  const count = (key: string, what: string): ReturnType<typeof numberOrNull> => {
    const option = given(key, what);
    return option === undefined ? null : numberOf(build, tokenOf(option, "NumberLiteral"));
  };
  return {
    kind: "curvature",
    of,
    parameters,
    places,
    gaussNewton: given("GaussNewton", "gauss_newton") !== undefined,
    top: count("Top", "top"),
    trace: given("Trace", "trace") !== undefined,
    density: given("Density", "density") !== undefined,
    coupling: given("Coupling", "coupling") !== undefined,
    probes: count("Probes", "probes"),
    steps: count("Steps", "steps"),
    seed: count("Seed", "seed"),
    span: tokenOf(node, "Curvature") === undefined ? here(build) : nodeSpan(build, node),
  };
}

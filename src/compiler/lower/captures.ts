/**
 * Values of other runs that a study needs: what replacements are taken from, and the given values of expressions. Each
 * is an expression in the unmodified run of a prompt set, captured prompt by prompt; averages are made of captures by
 * whoever feeds them.
 */
import { digestOf } from "../base/digest.js";
import { siteType } from "../ir/site-types.js";
import { resultType, type GivenSource, type MeasureExpression } from "../ir/expression.js";
import type { Gate } from "../ir/plan.js";
import type { Condition, ReplacementValue, SiteWrite } from "../ir/protocol.js";
import { scalar } from "../ir/tensor-type.js";
import type { ModelSignature } from "../models/model.js";
import type { SiteReference } from "../models/sites.js";
import { logOfSoftmax } from "../passes/log-of-softmax.js";
import { expressionKey } from "../analysis/expression-key.js";
import { gateKey } from "../analysis/gates.js";

/** An expression to capture on the prompts of `texts`. */
export interface Capture {
  readonly texts: string;
  readonly expression: MeasureExpression;
}

/** Identifies what a capture yields, among the outputs of the evaluation that captures it. */
export function captureKey(expression: MeasureExpression): string {
  return digestOf(expressionKey(expression));
}

const nowhere = { file: "", start: 0, end: 0 };

/** The value of a site. */
export function siteExpression(site: SiteReference, signature: ModelSignature): MeasureExpression {
  return { nodes: [{ kind: "site", site, type: siteType(site.site, signature), span: nowhere }], result: 0 };
}

/** Σ over positions of an expression: what a prompt contributes to an average. The expression itself without `pos`. */
function positionSum(expression: MeasureExpression): MeasureExpression {
  const type = resultType(expression);
  if (!type.axes.some((axis) => axis.name === "pos")) return expression;
  return {
    nodes: [
      ...expression.nodes,
      {
        kind: "operation",
        operation: "sum",
        inputs: [expression.result],
        attributes: { over: ["pos"] },
        type: { ...type, axes: type.axes.filter((axis) => axis.name !== "pos") },
        span: nowhere,
      },
    ],
    result: expression.nodes.length,
  };
}

/** The value with 0 at the positions that are another window's to score, so that a sum counts every token once. */
function scoredPositions(expression: MeasureExpression): MeasureExpression {
  const { nodes, result } = expression;
  const type = resultType(expression);
  const count = nodes.length;
  return {
    nodes: [
      ...nodes,
      { kind: "text", quantity: "scored", type: scalar, span: nowhere },
      { kind: "operation", operation: "scored", inputs: [result, count], attributes: {}, type, span: nowhere },
    ],
    result: count + 1,
  };
}

/**
 * What has to be captured for a replacement at a site; null for one that needs nothing. `isCorpus` says whether what is
 * averaged comes in windows.
 */
export function captureOfReplacement(
  replacement: ReplacementValue,
  site: SiteReference,
  signature: ModelSignature,
  isCorpus: boolean,
): Capture | null {
  if (replacement.kind !== "mean" && replacement.kind !== "activation") return null;
  const value = siteExpression(site, signature);
  const summed = replacement.kind === "mean" && !replacement.perPosition;
  const own = isCorpus ? scoredPositions(value) : value;
  return { texts: replacement.of, expression: summed ? positionSum(own) : value };
}

function captureOf(
  { replacement, site }: SiteWrite,
  signature: ModelSignature,
  isCorpus: (texts: string) => boolean,
): Capture | null {
  return captureOfReplacement(replacement, site, signature, "of" in replacement && isCorpus(replacement.of));
}

/** What has to be captured for a given value. */
export function captureOfGiven({ texts, take, expression }: GivenSource): Capture {
  const rewritten = logOfSoftmax(expression);
  return { texts, expression: take === "mean" ? positionSum(rewritten) : rewritten };
}

/** Sources of the given values that expressions read. */
export function givenSources(expressions: readonly MeasureExpression[]): readonly GivenSource[] {
  return expressions.flatMap(({ nodes }) => nodes.flatMap((node) => (node.kind === "given" ? [node.source] : [])));
}

/** Everything that conditions and measures need captured, each once, in the order of its use. */
export function capturesOf(
  conditions: readonly Condition[],
  gates: readonly Gate[],
  measured: readonly MeasureExpression[],
  signature: ModelSignature,
  isCorpus: (texts: string) => boolean,
): readonly Capture[] {
  const used = new Set(gates.map((gate) => gate.key));
  const computed = gates.flatMap((gate) => (gate.expression === null ? [] : [gate.expression]));
  const wanted = [
    ...conditions.flatMap(({ writes }) =>
      writes.flatMap((write) => (used.has(gateKey(write)) ? (captureOf(write, signature, isCorpus) ?? []) : [])),
    ),
    ...givenSources([...measured, ...computed]).map(captureOfGiven),
  ];
  return [...new Map(wanted.map((c) => [`${c.texts}: ${captureKey(c.expression)}`, c])).values()];
}

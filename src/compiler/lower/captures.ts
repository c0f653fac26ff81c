/**
 * Values of other runs that a study needs: what replacements are taken from, and the given values of expressions. Each
 * is an expression in the unmodified run of a prompt set, captured prompt by prompt; averages are made of captures by
 * whoever feeds them.
 */
import { siteType } from "../ir/site-types.js";
import { resultType, type GivenSource, type MeasureExpression } from "../ir/expression.js";
import type { Gate } from "../ir/plan.js";
import type { Condition, SiteWrite } from "../ir/protocol.js";
import { scalar } from "../ir/tensor-type.js";
import type { ModelSignature } from "../models/model.js";
import type { SiteReference } from "../models/sites.js";
import { logOfSoftmax } from "../passes/log-of-softmax.js";
import { expressionDigest } from "../ir/expression-key.js";
import { gateKey } from "../analysis/gates.js";
import { fedValueOf, otherRunOf, type OtherRunValue } from "../replacements/index.js";

/** An expression to capture on the prompts of `texts`. */
export interface Capture {
  readonly texts: string;
  readonly expression: MeasureExpression;
}

/** Identifies what a capture yields, among the outputs of the evaluation that captures it. */
export function captureKey(expression: MeasureExpression): string {
  return expressionDigest(expression);
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

/** What has to be captured for what a write at `site` puts in. `isCorpus` says whether its texts come in windows. */
export function captureOfOtherRun(
  source: OtherRunValue,
  site: SiteReference,
  signature: ModelSignature,
  isCorpus: boolean,
): Capture {
  const { texts } = source;
  const value = siteExpression(site, signature);
  if (source.kind === "captured" || source.perPosition) return { texts, expression: value };
  return { texts, expression: positionSum(isCorpus ? scoredPositions(value) : value) };
}

function captureOf(
  { replacement, site }: SiteWrite,
  signature: ModelSignature,
  isCorpus: (texts: string) => boolean,
): Capture | null {
  const fed = fedValueOf(replacement);
  const source = fed === null ? null : otherRunOf(fed);
  return source === null ? null : captureOfOtherRun(source, site, signature, isCorpus(source.texts));
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

/**
 * Where a number that is not finite comes from, when no operation has failed: the model, another run, or a number on the
 * way that float32 cannot hold. A graph looks at a few places of an expression and tells, for each row, which of them is
 * the first that is not finite (`lower/causes.ts`); the value itself travels as IEEE 754 has it, and is not changed.
 *
 * The values of the model are looked at where the expression uses them (behind `at`, `last`, a token in brackets), and
 * operations only where what follows might not show that their result is not finite. What an expression yields is in the
 * result for everyone to see.
 */
import {
  isOperation,
  neededNodes,
  type MeasureExpression,
  type MeasureNode,
  type OperationNode,
} from "../ir/expression.js";
import { operationNamed } from "./index.js";
import type { RangeRule } from "./range.js";
import { expressionText, siteText } from "./text.js";

/** `site`: the model's own values in this run. `given`: values of another run. `operation`: beyond float32's range. */
export interface Cause {
  readonly kind: "site" | "given" | "operation";
  /** A sentence. */
  readonly reason: string;
}

/** A condition that decides whether a value matters: where it holds, or where it does not. */
export interface Guard {
  /** The node of truth values. */
  readonly condition: number;
  readonly holds: boolean;
}

/** A place that is looked at: the cause holds in a row where an entry of the node's value is not finite. */
export interface Check extends Cause {
  readonly node: number;
  /** True where −∞ is as it should be: attention scores that are masked. */
  readonly masked: boolean;
  /** Conditions on the way to the result: the node is looked at in rows in which each is met at some place. */
  readonly guards: readonly Guard[];
}

export interface Causes {
  /** In the order in which they are to be blamed. */
  readonly checks: readonly Check[];
  /** What a result that is not finite is put down to where every check is sound. */
  readonly otherwise: Cause;
  /** Why −∞ is an honest result of an expression that reads attention scores; null for any other. */
  readonly masked: string | null;
}

/** What the table says of a node's operation; null for a leaf. */
function ruleOf(node: MeasureNode | undefined): RangeRule | null {
  return node !== undefined && isOperation(node) ? operationNamed(node.operation).range : null;
}

/**
 * The inputs of a node of which an infinite entry would become 0 and pass for a number ({@link RangeRule.vanishing}). A
 * result is NaN there instead, unless the entry may be infinite without being wrong: −∞ stands for a score that is masked.
 */
export function vanishingInputs({ nodes }: MeasureExpression, index: number): readonly number[] {
  const node = nodes[index];
  if (node === undefined || !isOperation(node)) return [];
  const { vanishing = [] } = operationNamed(node.operation).range;
  return vanishing.filter((input) => !isHonest(nodes, node.inputs[input] ?? 0));
}

/** Whether a value may be infinite without being wrong, or never is. */
function isHonest(nodes: MeasureExpression["nodes"], result: number): boolean {
  const needed = neededNodes({ nodes, result }).map((index) => nodes[index]);
  const isConstant = needed.every((node) => node?.kind === "constant" || node?.kind === "text");
  return (
    isConstant ||
    needed.some((node) => {
      if (node?.kind === "site") return node.site.site === "scores";
      if (node === undefined || !isOperation(node)) return false;
      return operationNamed(node.operation).range.honest?.(node.inputs.map((input) => nodes[input])) === true;
    })
  );
}

/** What is known of the nodes of an expression that its result needs. */
interface Reading {
  readonly expression: MeasureExpression;
  readonly needed: readonly number[];
  /** Node → the operations that read it, with the place of the input. */
  readonly readers: ReadonlyMap<number, readonly (readonly [reader: number, input: number])[]>;
}

/** The places of an expression that are looked at, and the causes that they stand for. */
export function causesOf(expression: MeasureExpression): Causes {
  const reading = readingOf(expression);
  const leaves = reading.needed.flatMap((leaf) => leafChecks(reading, leaf));
  const looked = new Set(leaves.map((check) => check.node));
  const places = placesLookedAt(reading, looked);
  const checked = new Set([...looked, ...places]);
  const guards = guardsOf(reading);
  const guarded = (check: Omit<Check, "guards">): Check => ({ ...check, guards: guards.get(check.node) ?? [] });
  const operations = places.map((node) => guarded({ node, ...operationCause(reading, node, checked), masked: false }));
  const { result } = expression;
  const origin = originOf(reading, result);
  const masked = maskedScores(reading, reading.needed);
  return {
    checks: [...leaves.map(guarded), ...operations],
    otherwise:
      (origin === null ? null : leafCause(reading, origin, result)) ?? operationCause(reading, result, checked),
    masked: masked.length === 0 ? null : masked.map(maskedReason).join("; and "),
  };
}

function readingOf(expression: MeasureExpression): Reading {
  const needed = neededNodes(expression);
  const readers = new Map<number, (readonly [number, number])[]>();
  for (const reader of needed) {
    const node = expression.nodes[reader];
    if (node === undefined || !isOperation(node)) continue;
    node.inputs.forEach((input, i) => readers.set(input, [...(readers.get(input) ?? []), [reader, i]]));
  }
  return { expression, needed, readers };
}

/** For every node the conditions that are on each of the ways from it to the result. */
function guardsOf({ needed, readers, expression }: Reading): ReadonlyMap<number, readonly Guard[]> {
  const known = new Map<number, readonly Guard[]>();
  for (const index of [...needed].reverse()) {
    const ways = (readers.get(index) ?? []).map(([reader, input]) => {
      const chooses = ruleOf(expression.nodes[reader])?.chooses;
      const holds = chooses?.where[input];
      const condition = readInput(expression, reader, chooses?.condition ?? 0);
      const own = holds === undefined || condition === null ? [] : [{ condition, holds }];
      return [...(known.get(reader) ?? []), ...own];
    });
    const [first = [], ...others] = ways;
    const same = (a: Guard, b: Guard): boolean => a.condition === b.condition && a.holds === b.holds;
    const onAll = first.filter((guard) => others.every((way) => way.some((other) => same(guard, other))));
    known.set(index, index === expression.result ? [] : onAll);
  }
  return known;
}

/** The node that an operation reads as its input of a number. */
function readInput({ nodes }: MeasureExpression, reader: number, input: number): number | null {
  const node = nodes[reader];
  return node?.kind === "operation" ? (node.inputs[input] ?? null) : null;
}

function operationAt({ expression }: Reading, index: number): OperationNode | null {
  const node = expression.nodes[index];
  return node?.kind === "operation" ? node : null;
}

/** True for values that can be infinite or NaN: real numbers, not ids of tokens. */
function isNumber({ expression }: Reading, index: number): boolean {
  const type = expression.nodes[index]?.type;
  return type?.element === "real" && type.unit !== "token";
}

function isMasked({ expression }: Reading, index: number): boolean {
  const node = expression.nodes[index];
  return node?.kind === "site" && node.site.site === "scores";
}

/** The attention scores among some nodes. */
function maskedScores({ expression }: Reading, among: Iterable<number>): readonly string[] {
  return [...among].flatMap((index) => {
    const node = expression.nodes[index];
    return node?.kind === "site" && node.site.site === "scores" ? [siteText(node.site)] : [];
  });
}

function maskedReason(scores: string): string {
  return `${scores} is −∞ where attention is masked`;
}

/** The leaf whose entries a node's are, taken by views only; null for what is computed. */
function originOf(reading: Reading, index: number): number | null {
  const node = operationAt(reading, index);
  if (node === null) return index;
  const [first] = node.inputs;
  return ruleOf(node)?.kind === "view" && first !== undefined ? originOf(reading, first) : null;
}

/** Why entries of a leaf are not finite; null for a leaf that always is, or that other values tell about. */
function leafCause(reading: Reading, leaf: number, used: number): Cause | null {
  const node = reading.expression.nodes[leaf];
  const text = expressionText({ ...reading.expression, result: used });
  switch (node?.kind) {
    case "site":
      return { kind: "site", reason: `an activation of the model is not finite: ${text}` };
    case "given": {
      const { texts, expression } = node.source;
      return { kind: "given", reason: otherRunPrefix(texts) + causeInOtherRun(expression) };
    }
    case "parameter":
      return { kind: "operation", reason: `a weight of the model is not finite: ${text}` };
    default:
      return null;
  }
}

/** What stands before a reason that another run had. */
export function otherRunPrefix(texts: string): string {
  return `in the unmodified run on ${texts}: `;
}

/** Every cause that there may be, for whoever knows only that the value is not finite. */
function causeInOtherRun(expression: MeasureExpression): string {
  const { checks, otherwise } = causesOf(expression);
  return [...new Set([...checks, otherwise].map((cause) => cause.reason))].join("; or ");
}

/** The checks of a leaf, behind the views through which it is read. */
function leafChecks(reading: Reading, leaf: number): readonly Omit<Check, "guards">[] {
  const node = reading.expression.nodes[leaf];
  if (node === undefined || isOperation(node)) return [];
  const points = usedPlaces(reading, leaf);
  // All of W_U is too much to look at in every batch.
  const places = node.kind === "parameter" ? points.filter((point) => point !== leaf) : points;
  return [...new Set(places)].flatMap((place) => {
    const cause = leafCause(reading, leaf, place);
    return cause === null ? [] : [{ node: place, ...cause, masked: isMasked(reading, leaf) }];
  });
}

/** Where entries of a node are used: the node itself, unless everyone reads only some of its entries. */
function usedPlaces(reading: Reading, index: number): readonly number[] {
  if (index === reading.expression.result) return [];
  const readers = reading.readers.get(index) ?? [];
  const viewed = readers.every(([reader, input]) => isView(reading, reader, input));
  return viewed ? readers.flatMap(([reader]) => usedPlaces(reading, reader)) : [index];
}

function isView(reading: Reading, reader: number, input: number): boolean {
  return input === 0 && ruleOf(reading.expression.nodes[reader])?.kind === "view";
}

/** The computed values that have to be looked at because what reads them may hide that they are not finite. */
function placesLookedAt(reading: Reading, looked: ReadonlySet<number>): readonly number[] {
  /** Nodes whose value is looked at, or shows in one that is. */
  const shown = new Set([...looked, reading.expression.result]);
  const places: number[] = [];
  for (const index of [...reading.needed].reverse()) {
    const node = operationAt(reading, index);
    if (node === null || shown.has(index) || !isNumber(reading, index) || originOf(reading, index) !== null) continue;
    const readers = (reading.readers.get(index) ?? []).map(([reader, input]) => ({
      shows: shown.has(reader) && showsInput(reading, reader, input),
      showsUsed: shown.has(reader) && isView(reading, reader, input),
    }));
    // One reader that shows everything is enough, whatever others hide.
    if (readers.some(({ shows }) => shows) || readers.every(({ showsUsed }) => showsUsed)) shown.add(index);
    else if (ruleOf(node)?.kind !== "bounded") {
      shown.add(index);
      places.push(index);
    }
  }
  return places.reverse();
}

/** Whether a result is not finite where that input is not. */
function showsInput(reading: Reading, reader: number, input: number): boolean {
  if (vanishingInputs(reading.expression, reader).includes(input)) return true;
  const rule = ruleOf(reading.expression.nodes[reader]);
  return rule?.kind === "transparent" && rule.vanishing?.includes(input) !== true;
}

/** Why a computed value is not finite though what it is computed from is; `checked` are the nodes that are looked at. */
function operationCause(reading: Reading, index: number, checked: ReadonlySet<number>): Cause {
  const text = expressionText({ ...reading.expression, result: index });
  const below = computedFrom(reading, index, checked);
  const isSingle = ruleOf(reading.expression.nodes[index])?.alone === true && below.operations === 0;
  const what = isSingle ? text : `${text}, or a number on the way to it,`;
  const reasons = [
    ...below.masked.map(maskedReason),
    `${what} is beyond the range of float32`,
    ...below.parameters.map((name) => `a weight of ${name} is not finite`),
    // A kink without a derivative is no overflow: a reader would look for large numbers that are not there.
    ...below.differentiated.map((metric) => `${metric} has no gradient there, as the norm of zeros has none`),
  ];
  return { kind: "operation", reason: reasons.join("; or ") };
}

/** What a value is computed from, down to what is looked at: how many operations, which scores, which weights. */
function computedFrom(reading: Reading, index: number, checked: ReadonlySet<number>) {
  let operations = 0;
  const parameters = new Set<string>();
  const differentiated = new Set<string>();
  const seen = new Set<number>();
  const visit = (at: number): void => {
    if (seen.has(at)) return;
    seen.add(at);
    const node = reading.expression.nodes[at];
    if (node === undefined) return;
    if (isOperation(node) && operationNamed(node.operation).written.call?.kind === "gradient" && !checked.has(at))
      differentiated.add(expressionText({ ...reading.expression, result: node.inputs[0] ?? at }));
    if (node.kind === "parameter" && !checked.has(at)) parameters.add(node.parameter);
    if (!isOperation(node)) return;
    const kind = ruleOf(node)?.kind;
    if (at !== index && isNumber(reading, at) && kind !== "bounded" && originOf(reading, at) === null) {
      // What is looked at is to be blamed first.
      if (checked.has(at)) return;
      if (kind !== "view") operations++;
    }
    for (const input of node.inputs) visit(input);
  };
  visit(index);
  const masked = maskedScores(reading, seen);
  return { operations, masked, parameters: [...parameters], differentiated: [...differentiated] };
}

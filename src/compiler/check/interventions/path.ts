/**
 * `patch heads L0 to heads L3 from corrupt into clean`: only what the receivers read of the senders directly, through the
 * residual stream, is that of the other run. @source Wang et al. 2022, "Interpretability in the Wild" (path patching);
 * Goldowsky-Dill et al. 2023, "Localizing Model Behavior with Path Patching".
 */
import type { MeasureExpression } from "../../ir/expression.js";
import type { Coordinate, Coordinates, SiteWrite } from "../../ir/protocol.js";
import { siteType } from "../../ir/site-types.js";
import { partTarget, targetWords, whole, type Spot, type Target } from "../../ir/targets.js";
import type { ModelSignature } from "../../models/model.js";
import { siteRank } from "../../models/site-order.js";
import { siteKey, type SiteReference } from "../../models/sites.js";
import type { Name, PatchClause, PathReceiver } from "../../syntax/ast.js";
import { createExpressionBuilder, type ExpressionBuilder } from "../expressions/expression-builder.js";
import { reportError, tooMany, wrongKind } from "../faults.js";
import { limits } from "../limits.js";
import type { InterventionContext, Sweep, SweepPoint } from "./context.js";
import type { SweptPositions } from "./positions.js";
import { isPossible } from "./spread.js";
import { placePoints } from "./targets.js";
import { joinedAxes } from "./together.js";

/** A sender: what it adds to the residual stream. */
interface Sender {
  readonly coordinates: Coordinates;
  readonly outputs: readonly Spot[];
}

/** A receiver: what is put in, and the residual stream that it is computed from. */
interface Receiver {
  readonly coordinates: Coordinates;
  readonly inputs: readonly { readonly spot: Spot; readonly stream: SiteReference }[];
}

/** The site that holds what a part adds to the stream; null for one that adds nothing by itself. */
function outputOf({ site, unit }: Spot): Spot | null {
  switch (site.site) {
    case "z":
      return { site: { site: "head_out", layer: site.layer }, unit };
    case "attn_out":
    case "mlp_out":
    case "embed":
      return { site, unit };
    default:
      return null;
  }
}

const senderWords = "heads, kv_heads, attention, mlp, layer or embed";

function sendersOf(cx: InterventionContext, target: Target, clause: PatchClause): readonly Sender[] | null {
  const places = placePoints(cx, target, clause.places, clause.target.span);
  if (places === null) return null;
  const senders: Sender[] = [];
  for (const { coordinates, spots } of places) {
    const outputs = spots.map(outputOf);
    const known = outputs.flatMap((output) => output ?? []);
    if (known.length < outputs.length) {
      const expected = `a sender that adds to the residual stream: ${senderWords}`;
      wrongKind(cx, clause.target.span, expected, clause.target.text);
      return null;
    }
    senders.push({ coordinates, outputs: known });
  }
  return senders;
}

const streamOf = {
  attention: (layer: number | null): SiteReference => ({ site: "resid_pre", layer }),
  mlp: (layer: number | null, { parallelResidual }: ModelSignature): SiteReference => ({
    site: parallelResidual ? "resid_pre" : "resid_mid",
    layer,
  }),
  end: ({ layers }: ModelSignature): SiteReference => ({ site: "resid_post", layer: layers - 1 }),
};

const receiverForms = "heads L3, q of heads L3.H1 (or k, v), kv_heads L3, mlp L3 or logits";

function receiversOf(cx: InterventionContext, to: PathReceiver): readonly Receiver[] | null {
  const { signature } = cx.model;
  const { target, input } = to;
  if (target.text === "logits" || target.text === "final") {
    if (input !== null) return badReceiver(cx, input, `no \`of\` before ${target.text}`);
    const [place] = to.places;
    if (place !== undefined) {
      wrongKind(cx, place.span, `${target.text} without a place: the model has it once`, place.text);
      return null;
    }
    return [{ coordinates: {}, inputs: [{ spot: { site: { site: "final", layer: null }, unit: null }, stream: streamOf.end(signature) }] }]; // prettier-ignore
  }
  const word = targetWords.find((own) => own === target.text);
  if (word !== "heads" && word !== "kv_heads" && word !== "mlp") return badReceiver(cx, target, receiverForms);
  const inputs = inputsOf(cx, word, input);
  if (inputs === null) return null;
  const places = placePoints(cx, receiverTarget(word, signature), to.places, target.span);
  if (places === null) return null;
  const groups = signature.heads / signature.kvHeads;
  return places.map(({ coordinates, spots }) => ({
    coordinates: renamed(coordinates),
    inputs: spots.flatMap(({ site: { layer }, unit }) =>
      inputs.map((site) => ({
        // A key or value of a head is that of the key-value head which it reads.
        spot: {
          site: { site, layer },
          unit: unit === null || word !== "heads" || site === "q" ? unit : Math.floor(unit / groups),
        },
        stream: word === "mlp" ? streamOf.mlp(layer, signature) : streamOf.attention(layer),
      })),
    ),
  }));
}

/** Places of receivers: a head or key-value head by its own number, whatever is written there. */
function receiverTarget(word: "heads" | "kv_heads" | "mlp", signature: ModelSignature): Target {
  return word === "kv_heads" ? { ...partTarget(word, signature), spots: whole("k") } : partTarget(word, signature);
}

function inputsOf(
  cx: InterventionContext,
  word: "heads" | "kv_heads" | "mlp",
  input: Name | null,
): readonly ("q" | "k" | "v" | "mlp_out")[] | null {
  const possible = word === "mlp" ? [] : word === "heads" ? (["q", "k", "v"] as const) : (["k", "v"] as const);
  if (input === null) return word === "mlp" ? ["mlp_out"] : possible;
  const chosen = possible.find((own) => own === input.text);
  if (chosen !== undefined) return [chosen];
  const expected = word === "mlp" ? "mlp without an `of`: it has one input" : `${possible.join(", ")} of ${word}`;
  wrongKind(cx, input.span, expected, input.text);
  return null;
}

function badReceiver(cx: InterventionContext, { text, span }: Name, expected: string): null {
  wrongKind(cx, span, `a receiver: ${expected}`, text);
  return null;
}

/** Axes of receivers stand beside those of senders: `to_layer`, `to_head`. */
function renamed(coordinates: Coordinates): Coordinates {
  return Object.fromEntries(Object.entries(coordinates).map(([axis, level]) => [`to_${axis}`, level]));
}

/** Whether a model computes what a sender adds before the stream that a receiver reads. */
function comesBefore(signature: ModelSignature, { site }: Spot, stream: SiteReference): boolean {
  const [layer, step] = siteRank(signature, site);
  const [other, otherStep] = siteRank(signature, stream);
  return layer < other || (layer === other && step < otherStep);
}

/**
 * The sweep of a path patch, one point for each sender, receiver and position; `together` joins what it names, and the
 * changes of several senders add up. A pair without a path, because the receiver comes first, has no point. Null after an
 * error.
 */
export function pathSweep(
  cx: InterventionContext,
  clause: PatchClause & { readonly to: PathReceiver },
  target: Target,
  positions: readonly SweptPositions[],
  source: string,
): Sweep | null {
  if (!partsAddUp(cx, target, clause)) return null;
  const senders = sendersOf(cx, target, clause);
  const receivers = receiversOf(cx, clause.to);
  if (senders === null || receivers === null) return null;
  if (!isPossible(cx, [senders.length, receivers.length, positions.length], clause.span)) return null;
  const axes = [...axesOf(senders), ...axesOf(receivers)];
  const joined = joinedAxes(cx, clause, axes);
  if (joined === null) return null;
  const senderGroups = grouped(senders, joined);
  const receiverGroups = grouped(receivers, joined);
  const streams = new Set(receivers.flatMap(({ inputs }) => inputs.map(({ spot, stream }) => siteKey(spot.site) + siteKey(stream)))); // prettier-ignore
  const count = senderGroups.length * streams.size;
  if (count > limits.paths) {
    const hint = "name fewer senders, or the receivers of fewer layers";
    tooMany(cx, clause.span, "paths", count, "this sweep", "paths to inputs of layers", hint);
    return null;
  }
  const points: SweepPoint[] = [];
  const made = new Map<string, MeasureExpression | null>();
  for (const [i, from] of senderGroups.entries()) {
    for (const to of receiverGroups) {
      const placed = to.members
        .flatMap(({ inputs }) => inputs)
        .flatMap(({ spot, stream }) => {
          const key = `${i} ${siteKey(stream)}`;
          const known = made.get(key);
          const expression = known === undefined ? streamExpression(cx, from.members, stream, source, clause) : known;
          made.set(key, expression);
          return expression === null ? [] : [{ spot, stream, expression }];
        });
      // Heads of one group share their keys and values.
      const once = [...new Map(placed.map((one) => [`${siteKey(one.spot.site)} ${one.spot.unit ?? ""}`, one])).values()]; // prettier-ignore
      if (once.length === 0) continue;
      for (const position of groupedPositions(positions, joined)) {
        const writes = once.flatMap(({ spot, stream, expression }) =>
          position.members.map(({ selection }): SiteWrite => ({
            ...spot,
            positions: selection,
            replacement: { kind: "path", expression, through: stream },
          })),
        );
        const coordinates = { ...from.coordinates, ...to.coordinates, ...position.coordinates };
        points.push({ coordinates, writes });
      }
    }
  }
  if (points.length > 0 || cx.model.assumed) return { points, span: clause.span };
  const hint = "a path leads from what is computed earlier to what reads it later; in one layer, from heads to its MLP only, where that reads their output"; // prettier-ignore
  const found = cx.sourceOf(clause.to.span);
  reportError(cx, "A3004", clause.to.span, { expected: "a receiver behind one of the senders", found }, { hint });
  return null;
}

/**
 * Whether what a receiver reads is the sum of what senders give: a path has no meaning where the stream is normed after each
 * addition, or where heads are normed together before they are added. Reports where it is not.
 */
function partsAddUp(cx: InterventionContext, target: Target, { target: name }: PatchClause): boolean {
  const { normsAfter } = cx.model.signature;
  const isHead = target.unit === "head" || target.unit === "kv_head";
  if (normsAfter === null || (normsAfter === "branch" && !isHead)) return true;
  const hint =
    normsAfter === "stream"
      ? "this model norms the stream after each addition: patch without `to` a receiver"
      : "this model norms what its heads give together: send from attention, mlp, layer or embed";
  const expected = normsAfter === "stream" ? "a model whose parts add up in the residual stream" : "another sender";
  reportError(cx, "A3004", name.span, { expected, found: name.text }, { hint });
  return false;
}

function axesOf(points: readonly { readonly coordinates: Coordinates }[]): readonly string[] {
  return [...new Set(points.flatMap(({ coordinates }) => Object.keys(coordinates)))];
}

interface Group<T> {
  readonly coordinates: Coordinates;
  readonly members: readonly T[];
}

/** What differs in the joined axes alone is one group. */
function grouped<T extends { readonly coordinates: Coordinates }>(
  points: readonly T[],
  joined: ReadonlySet<string>,
): readonly Group<T>[] {
  const groups = new Map<string, { coordinates: Coordinates; members: T[] }>();
  for (const point of points) {
    const left: [string, Coordinate][] = Object.entries(point.coordinates).filter(([axis]) => !joined.has(axis));
    const key = JSON.stringify(left);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { coordinates: Object.fromEntries(left), members: [point] });
    else group.members.push(point);
  }
  return [...groups.values()];
}

function groupedPositions(
  positions: readonly SweptPositions[],
  joined: ReadonlySet<string>,
): readonly Group<SweptPositions>[] {
  return grouped(positions, joined);
}

/**
 * The residual stream that a receiver reads where the senders' outputs alone are those of the other run: the stream of
 * the unmodified run, plus the difference of each output. Null where no sender comes before it.
 */
function streamExpression(
  cx: InterventionContext,
  senders: readonly Sender[],
  stream: SiteReference,
  source: string,
  { span }: PatchClause,
): MeasureExpression | null {
  const { signature, assumed } = cx.model;
  const outputs = senders
    .flatMap(({ outputs: own }) => own)
    .filter((output) => assumed || comesBefore(signature, output, stream));
  if (outputs.length === 0) return null;
  const builder = createExpressionBuilder();
  const own = cx.texts?.name ?? cx.runsOn;
  const given = (texts: string, spot: Spot): number => {
    const inner = createExpressionBuilder();
    const expression = inner.finish(spotNode(inner, spot, signature, span));
    const type = expression.nodes[expression.result]?.type ?? siteType(spot.site.site, signature);
    return builder.given({ texts, take: "paired", expression }, type, span);
  };
  const apply = (operation: "add" | "subtract", a: number, b: number): number => {
    const node = builder.operation(operation, [a, b], {}, span);
    if (typeof node !== "number") throw new RangeError(`streamExpression: ${node.fault}`);
    return node;
  };
  const changes = outputs.map((output) => apply("subtract", given(source, output), given(own, output)));
  const change = changes.reduce((sum, one) => apply("add", sum, one));
  return builder.finish(apply("add", given(own, { site: stream, unit: null }), change));
}

/** The value of a site, or of one head of it. */
function spotNode(
  builder: ExpressionBuilder,
  { site, unit }: Spot,
  signature: ModelSignature,
  span: Name["span"],
): number {
  const node = builder.site(site, siteType(site.site, signature), span);
  if (unit === null) return node;
  const selected = builder.operation("select", [node], { axis: "head", index: unit }, span);
  if (typeof selected !== "number") throw new RangeError(`spotNode: ${selected.fault}`);
  return selected;
}

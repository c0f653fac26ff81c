/** The `curvature` clause of an experiment: what it names is checked, and the columns that it will have are known. */
import { addBehind } from "../../diagnostics/create.js";
import type { Fix } from "../../diagnostics/diagnostic.js";
import { nearestNames } from "../../base/suggest.js";
import { slopeOf } from "../expressions/gradient.js";
import { weightBlock, type WeightBlock } from "../../autodiff/weight-blocks.js";
import { blockName, curvatureParts, headParts, otherHead, wholeParts } from "../../ir/curvature.js";
import type { Curvature, CurvaturePart } from "../../ir/curvature.js";
import { neededNodes, type MeasureExpression } from "../../ir/expression.js";
import { wholeName } from "../../ir/protocol.js";
import type { ResultAxis } from "../../ir/result-type.js";
import { typeText } from "../../ir/tensor-type.js";
import type { ModelGraph, OpenedModel } from "../../models/model.js";
import { siteKey } from "../../models/sites.js";
import { descendants } from "../../onnx/reachability.js";
import { siteText } from "../../operations/text.js";
import { outsideInputs } from "../../operations/tail.js";
import type { CurvatureClause, ExperimentStatement, NumberLiteral, PlaceLiteral } from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { columnName, elaborateTensor, type MeasureContext, type TypedExpression } from "../measures/measures.js";
import { placesWithParams } from "../names/param-values.js";
import { resolvePlace, unitCount, type ResolvedPlace } from "../models/places.js";
import type { ExperimentShape } from "./result-scope.js";
import { isWhole } from "./statistics.js";
import { createSweeps } from "../expressions/sweeps.js";

/** A sound clause, and what it adds to the results of its experiment. */
export interface CheckedCurvature {
  readonly curvature: Curvature;
  readonly columns: readonly { readonly name: string; readonly axes: readonly string[] }[];
  readonly axes: readonly ResultAxis[];
}

/** Lanczos steps where the clause says none: for so many eigenvalues, or for a density. */
function defaultSteps(top: number | null): number {
  return Math.max(40, 4 * (top ?? 0));
}

/** Checks the clause for one model; null after an error, which has been reported. */
export function checkCurvature(
  cx: MeasureContext,
  statement: ExperimentStatement,
  clause: CurvatureClause,
  opened: OpenedModel | null,
): CheckedCurvature | null {
  let sound = true;
  const refuse = (span: CurvatureClause["span"], problem: string, hint?: string): null => {
    sound = false;
    reportError(cx, "A3040", span, { problem }, hint === undefined ? {} : { hint });
    return null;
  };
  const [intervention] = statement.interventions;
  if (intervention !== undefined)
    refuse(intervention.span, "a curvature is that of the unmodified model", "put it into an experiment of its own");
  if (cx.texts?.documents != null)
    refuse(
      clause.span,
      `a curvature is over prompts, and ${cx.textsName} is a corpus`,
      "declare its texts as `prompts`",
    );
  if (cx.texts !== null && wholeName(cx.texts.name) !== cx.texts.name)
    refuse(
      clause.span,
      `the continuations of ${cx.textsName} have several lengths, and a curvature is over texts of one kind`,
    );
  const of = elaborateTensor(cx, clause.of, createSweeps(null), "a loss such as nll");
  if (of === null) sound = false;
  else {
    const problem = problemOf(of);
    if (problem !== null) refuse(clause.of.span, problem);
    const beside = problem === null && clause.gaussNewton ? besideLogits(of.expression) : null;
    if (beside !== null)
      refuse(
        clause.of.span,
        `a Gauss–Newton matrix is that of a loss of the logits, and this reads ${beside}`,
        "measure what is computed from nll, logits or logprobs, or leave gauss_newton out for the Hessian",
      );
  }
  const part = partOf(cx, clause);
  const places = part === null ? null : placesOf(cx, clause, part);
  if (!checkCounts(cx, clause)) sound = false;
  if (part === null || places === null || of === null || !sound) return null;
  if (clause.coupling && !headParts.has(part)) {
    const problem = `${part} does not belong to heads, between which there could be a coupling`;
    return refuse(clause.parameters.span, problem, `there are ${[...headParts.keys()].join(", ")}`);
  }
  const { layers, heads } = places;
  const { signature } = cx.model;
  const isOfHeads = headParts.has(part);
  const few = layers.findIndex(
    (_, i) => (heads?.[i]?.length ?? unitCount(headParts.get(part) ?? "head", signature)) < 2,
  );
  if (clause.coupling && isOfHeads && few >= 0 && !cx.model.assumed) {
    const problem = `a coupling is between heads, and there is one of L${layers[few] ?? 0}`;
    return refuse(clause.parameters.span, problem, "name several heads of a layer: W_V L2.H*");
  }
  const top = clause.top?.value ?? null;
  const problem = opened === null ? null : blocksProblem(opened.graph, of.expression, part, places, top);
  if (problem !== null) return refuse(clause.parameters.span, problem);
  const curvature: Curvature = {
    ...of,
    part,
    gaussNewton: clause.gaussNewton,
    layers,
    heads,
    headAxis: headParts.get(part) === "kv_head" && signature.kvHeads !== signature.heads ? "kv_head" : "head",
    top,
    trace: clause.trace,
    density: clause.density,
    coupling: clause.coupling,
    probes: clause.probes?.value ?? 0,
    steps: clause.steps?.value ?? defaultSteps(top),
    seed: clause.seed?.value ?? 0,
    span: clause.span,
  };
  const results = resultsOf(curvature, signature);
  const taken = results.columns.find(({ name }) => statement.measures.some((item) => columnName(item) === name));
  if (taken === undefined) return { curvature, ...results };
  const item = statement.measures.find((own) => columnName(own) === taken.name);
  const clash = `the experiment measures ${taken.name}, and a curvature has a column of that name`;
  return refuse(item?.span ?? clause.span, clash, `call it otherwise: … as my_${taken.name}`);
}

/** Why a measure has no second derivative with respect to weights, or null. */
function problemOf({ expression, type }: TypedExpression): string | null {
  if (type.element !== "real" || type.unit === "token" || type.unit === "label")
    return `a curvature is that of numbers, and this is ${typeText(type)}`;
  const nodes = neededNodes(expression).flatMap((index) => expression.nodes[index] ?? []);
  if (nodes.some(({ kind }) => kind === "given"))
    return "a curvature is that of one run, and this reads values of another";
  if (outsideInputs(expression) !== null) return "this value is no part of a graph, which alone has derivatives";
  const slope = slopeOf((index) => {
    const node = expression.nodes[index];
    if (node === undefined) throw new RangeError(`there is no node ${index}`);
    return node;
  }, expression.result);
  if (slope.kind === "steps") return `this has no derivative: ${slope.found}`;
  return slope.kind === "constant" ? "no weight of the model changes this value" : null;
}

/** What the model computes from its logits, and they themselves. */
const ofLogits: ReadonlySet<string> = new Set(["logits", "logprobs", "nll"]);

/** What a measure reads of the model beside its logits; null where there is nothing. */
function besideLogits(expression: MeasureExpression): string | null {
  for (const index of neededNodes(expression)) {
    const node = expression.nodes[index];
    if (node?.kind === "site" && !ofLogits.has(node.site.site)) return siteText(node.site);
    if (node?.kind === "parameter") return node.parameter;
  }
  return null;
}

function partOf(cx: MeasureContext, { parameters: { text, span } }: CurvatureClause): CurvaturePart | null {
  const part = curvatureParts.find((name) => name === text);
  if (part !== undefined) return part;
  const suggestions = nearestNames(text, curvatureParts);
  reportError(cx, "A2003", span, { name: text }, { suggestions, hint: `there are ${curvatureParts.join(", ")}` });
  return null;
}

/** Where blocks are: layers, and the heads of each that are named. */
type BlockPlaces = Pick<Curvature, "layers" | "heads">;

/** The places that have a block each; null after an error. */
function placesOf(cx: MeasureContext, clause: CurvatureClause, part: CurvaturePart): BlockPlaces | null {
  const { text, span } = clause.parameters;
  const isOnce = (wholeParts as readonly string[]).includes(part);
  const [first] = clause.places;
  const refuse = (at: CurvatureClause["span"], problem: string, hint: string): null => {
    reportError(cx, "A3040", at, { problem }, { hint });
    return null;
  };
  if (isOnce) {
    if (first === undefined) return { layers: [null], heads: null };
    return refuse(first.span, `${text} is no part of a layer`, `write ${text} alone`);
  }
  if (first === undefined) return refuse(span, `${text} of which layers?`, `write ${text} L*, or ${text} L2`);
  const places = placesWithParams({ params: cx.scope.params, report: cx.report }, clause.places);
  const found = (places ?? []).map((place) => layersIn(cx, place, headParts.get(part) ?? null));
  if (places === null || found.some((own) => own === null)) return null;
  const resolved = found.flatMap((own) => own ?? []);
  const layers = [...new Set(resolved.flatMap((own) => own.layers))];
  if (resolved.every(({ units }) => units === null)) return { layers, heads: null };
  if (resolved.some(({ units }) => units === null))
    return refuse(first.span, "whole layers and single heads are blocks of two kinds", "name heads alone: L2.H*");
  const heads = layers.map((layer) => {
    const own = resolved.flatMap((place) => (place.layers.includes(layer) ? (place.units ?? []) : []));
    return [...new Set(own)].sort((a, b) => a - b);
  });
  return { layers, heads };
}

function layersIn(cx: MeasureContext, place: PlaceLiteral, unit: "head" | "kv_head" | null): ResolvedPlace | null {
  if (place.unit === "none" || (place.unit === "head" && unit !== null))
    return resolvePlace(place, cx.model, unit ?? "head", cx.report);
  const wanted = unit === null ? "layers such as L9 or L*" : "layers or heads such as L9, L* or L9.H2";
  wrongKind(cx, place.span, wanted, place.text);
  return null;
}

function checkCounts(cx: MeasureContext, clause: CurvatureClause): boolean {
  const { top, trace, density, coupling, probes, steps, seed, span } = clause;
  const lacking = (name: string, hint: string, fixes: readonly Fix[] = []): boolean => {
    reportError(cx, "A2007", span, { metric: "curvature", name }, { hint, fixes });
    return false;
  };
  let sound = true;
  if (top === null && !trace && !density && !coupling) {
    sound = lacking("what to compute", "write `top 5` for the largest eigenvalues, `trace`, `density` or `coupling`");
  }
  if ((trace || density || coupling) && probes === null) {
    const hint = "trace, density and coupling are estimated from random vectors: write `probes 10`";
    sound = lacking("probes", hint, [addBehind(span, " probes 10")]);
  }
  // What is said and not done is no remark beside the result: whoever wrote it expects another one.
  const idle = (count: NumberLiteral | null, name: string, uses: string): void => {
    if (count === null) return;
    const problem = `\`${name}\` is for ${uses}, and nothing of that is asked for`;
    reportError(cx, "A3040", count.span, { problem }, { hint: `ask for it, or leave \`${name} ${count.value}\` out` });
    sound = false;
  };
  if (sound && !trace && !density && !coupling) idle(probes, "probes", "trace, density and coupling");
  if (sound && top === null && !density) idle(steps, "steps", "top and density");
  for (const count of [top, probes, steps]) if (count !== null && !isWhole(cx, count, 1)) sound = false;
  if (seed !== null && !isWhole(cx, seed, 0)) sound = false;
  if (sound && top !== null && steps !== null && steps.value < top.value) {
    const problem = `${steps.value} Lanczos steps give no more than ${steps.value} eigenvalues, and ${top.value} are asked for`;
    reportError(cx, "A3040", steps.span, { problem });
    sound = false;
  }
  return sound;
}

/** Why a model has no such blocks, or none on which the measure depends; or null. */
function blocksProblem(
  graph: ModelGraph,
  measured: MeasureExpression,
  part: CurvaturePart,
  { layers, heads }: BlockPlaces,
  top: number | null,
): string | null {
  for (const [i, layer] of layers.entries()) {
    const block = weightBlock(graph, part, layer);
    const members = heads?.[i]?.slice(0, 1) ?? null;
    const where = blockName(part, { layer, members });
    if (typeof block === "string") return `${where} has no curvature: ${block}`;
    if (!readsBlock(graph, block, measured))
      return `${where} has no curvature: what is measured is not computed from its weights`;
    const whole = block.weights.reduce(
      (sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1),
      0,
    );
    const size = members === null ? whole : whole / (block.heads?.count ?? 1);
    if (top !== null && top > size) return `${where} has ${size} parameters, and ${top} eigenvalues are asked for`;
  }
  return null;
}

/** Whether a measure is computed from a weight of a block. */
function readsBlock({ values, parameters }: ModelGraph, block: WeightBlock, measured: MeasureExpression): boolean {
  const reached = descendants(
    block.graph,
    block.weights.map(({ value }) => value),
  );
  return neededNodes(measured).some((index) => {
    const node = measured.nodes[index];
    if (node?.kind === "site") return reached.has(values[siteKey(node.site)] ?? "");
    return node?.kind === "parameter" && reached.has(parameters[node.parameter] ?? "");
  });
}

/** The columns of a curvature, and the axes that they add to the experiment. */
function resultsOf(
  { part, layers, heads, headAxis, top, trace, density, coupling }: Curvature,
  signature: MeasureContext["model"]["signature"],
): Pick<CheckedCurvature, "columns" | "axes"> {
  const own = layers.filter((layer) => layer !== null);
  const layer = own.length === 0 ? [] : ["layer"];
  const block = heads === null ? layer : [...layer, headAxis];
  const along = (axis: string): readonly string[] => [...block, axis];
  const all = Array.from({ length: unitCount(headParts.get(part) ?? "head", signature) }, (_, head) => head);
  const ofLayers = heads ?? layers.map(() => all);
  const union = all.filter((head) => ofLayers.some((members) => members.includes(head)));
  const pairs = union.flatMap((a) => union.flatMap((b) => (b > a ? [[a, b] as const] : [])));
  const known = pairs.filter(([a, b]) => ofLayers.some((members) => members.includes(a) && members.includes(b)));
  const entry = (name: string, levels: ResultAxis["levels"]): ResultAxis => ({ name, kind: "entry", levels, of: [] });
  const sweep = (name: string, levels: readonly number[]): ResultAxis => ({ name, kind: "sweep", levels, of: [] });
  const columns = (names: readonly string[], axes: readonly string[]): CheckedCurvature["columns"] =>
    names.map((name) => ({ name, axes }));
  const ranks = Array.from({ length: top ?? 0 }, (_, i) => i + 1);
  return {
    columns: [
      ...(top === null ? [] : columns(["eigenvalue", "residual"], along("rank"))),
      ...(trace ? columns(["trace", "trace_se"], block) : []),
      ...(density ? columns(["density"], along("lambda")) : []),
      ...(coupling ? columns(pairColumns, [...layer, "pair"]) : []),
      ...(coupling ? columns(["coupling_matrix", "norm_matrix"], [...layer, headAxis, otherHead]) : []),
    ],
    axes: [
      ...(own.length === 0 ? [] : [sweep("layer", own)]),
      ...(heads !== null || coupling ? [sweep(headAxis, union)] : []),
      ...(top === null ? [] : [entry("rank", ranks)]),
      ...(density ? [entry("lambda", null)] : []),
      ...(coupling
        ? [
            entry(
              "pair",
              known.map(([a, b]) => `${a}-${b}`),
            ),
            entry(otherHead, union),
          ]
        : []),
    ],
  };
}

/**
 * What a clause adds to the results of one more model or set of texts: levels of axes are those of all. Reports models of which one
 * has heads where another has key-value heads.
 */
export function joinCurvatures(
  cx: MeasureContext,
  clause: CurvatureClause,
  before: CheckedCurvature | null,
  own: CheckedCurvature,
): CheckedCurvature {
  if (before === null) return own;
  const named = before.axes.some(({ name }) => name === before.curvature.headAxis);
  if (named && before.curvature.headAxis !== own.curvature.headAxis) {
    const { text, span } = clause.parameters;
    const problem = `in ${cx.model.name} the heads of ${text} are ${own.curvature.headAxis}s, and in another model ${before.curvature.headAxis}s`;
    reportError(cx, "A3040", span, { problem }, { hint: "give each model an experiment of its own" });
    return before;
  }
  const axes = own.axes.map((axis) => {
    const earlier = before.axes.find(({ name }) => name === axis.name)?.levels ?? [];
    return axis.levels === null ? axis : { ...axis, levels: [...new Set([...earlier, ...axis.levels])] };
  });
  return { ...own, axes };
}

const pairColumns = ["coupling", "coupling_se", "coupling_norm", "coupling_norm_se"];

/**
 * The results of an experiment with those of its curvature. The curvature is that of the mean over all texts: an
 * experiment that measures nothing else has no axes of prompts.
 */
export function withCurvature(shape: ExperimentShape, curvature: CheckedCurvature | null): ExperimentShape {
  if (curvature === null) return shape;
  const { type } = shape;
  const kept = type.metrics.length > 0 ? type.axes : type.axes.filter(({ name }) => modelAxes.has(name));
  const added = curvature.axes.filter(({ name }) => !kept.some((axis) => axis.name === name));
  const axes = [...kept, ...added];
  const columns = type.columns.filter(({ of }) => of.every((axis) => axes.some(({ name }) => name === axis)));
  const metrics = curvature.columns.map((column) => ({
    name: column.name,
    unit: "none" as const,
    element: "real" as const,
    axes: axes.filter(({ name }) => modelAxes.has(name) || column.axes.includes(name)).map(({ name }) => name),
    normalised: false,
  }));
  const eigenvectors = curvature.curvature.top !== null;
  return { ...shape, eigenvectors, type: { ...type, axes, columns, metrics: [...type.metrics, ...metrics] } };
}

const modelAxes = new Set(["model", "revision", "dtype", "prompts"]);

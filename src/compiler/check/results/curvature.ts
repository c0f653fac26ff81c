/** The `curvature` clause of an experiment: what it names is checked, and the columns that it will have are known. */
import { addBehind } from "../../diagnostics/create.js";
import type { Fix } from "../../diagnostics/diagnostic.js";
import { nearestNames } from "../../base/suggest.js";
import { slopeOf } from "../expressions/gradient.js";
import { reachedFrom, weightBlock, type WeightBlock } from "../../autodiff/weight-blocks.js";
import { curvatureParts, headParts, wholeParts, type Curvature, type CurvaturePart } from "../../ir/curvature.js";
import { neededNodes, type MeasureExpression } from "../../ir/expression.js";
import { wholeName } from "../../ir/protocol.js";
import type { ResultAxis } from "../../ir/result-type.js";
import { typeText } from "../../ir/tensor-type.js";
import type { ModelGraph, OpenedModel } from "../../models/model.js";
import { siteKey } from "../../models/sites.js";
import { outsideInputs } from "../../operations/tail.js";
import { pairsOf } from "../../operations/correlation.js";
import type { CurvatureClause, ExperimentStatement, PlaceLiteral } from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { columnName, elaborateTensor, type MeasureContext, type TypedExpression } from "../measures/measures.js";
import { placesWithParams } from "../names/param-values.js";
import { resolvePlace } from "../models/places.js";
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
  }
  const part = partOf(cx, clause);
  const layers = part === null ? null : layersOf(cx, clause, part);
  if (!checkCounts(cx, clause)) sound = false;
  if (part === null || layers === null || of === null || !sound) return null;
  if (clause.coupling && !headParts.has(part)) {
    const problem = `${part} does not belong to heads, between which there could be a coupling`;
    return refuse(clause.parameters.span, problem, `there are ${[...headParts.keys()].join(", ")}`);
  }
  const top = clause.top?.value ?? null;
  const problem = opened === null ? null : blocksProblem(opened.graph, of.expression, part, layers, top);
  if (problem !== null) return refuse(clause.parameters.span, problem);
  const curvature: Curvature = {
    ...of,
    part,
    layers,
    top,
    trace: clause.trace,
    density: clause.density,
    coupling: clause.coupling,
    probes: clause.probes?.value ?? 0,
    steps: clause.steps?.value ?? defaultSteps(top),
    seed: clause.seed?.value ?? 0,
    span: clause.span,
  };
  const results = resultsOf(curvature, cx.model.signature);
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

function partOf(cx: MeasureContext, { parameters: { text, span } }: CurvatureClause): CurvaturePart | null {
  const part = curvatureParts.find((name) => name === text);
  if (part !== undefined) return part;
  const suggestions = nearestNames(text, curvatureParts);
  reportError(cx, "A2003", span, { name: text }, { suggestions, hint: `there are ${curvatureParts.join(", ")}` });
  return null;
}

/** The layers that have a block each; [null] for a part that the model has once; null after an error. */
function layersOf(cx: MeasureContext, clause: CurvatureClause, part: CurvaturePart): Curvature["layers"] | null {
  const { text, span } = clause.parameters;
  const isWhole = (wholeParts as readonly string[]).includes(part);
  const [first] = clause.places;
  if (isWhole) {
    if (first === undefined) return [null];
    reportError(cx, "A3040", first.span, { problem: `${text} is no part of a layer` }, { hint: `write ${text} alone` });
    return null;
  }
  if (first === undefined) {
    reportError(
      cx,
      "A3040",
      span,
      { problem: `${text} of which layers?` },
      { hint: `write ${text} L*, or ${text} L2` },
    );
    return null;
  }
  const places = placesWithParams({ params: cx.scope.params, report: cx.report }, clause.places);
  const found = (places ?? []).map((place) => layersIn(cx, place));
  if (places === null || found.some((layers) => layers === null)) return null;
  return [...new Set(found.flatMap((layers) => layers ?? []))];
}

function layersIn(cx: MeasureContext, place: PlaceLiteral): readonly number[] | null {
  if (place.unit === "none") return resolvePlace(place, cx.model, "head", cx.report)?.layers ?? null;
  wrongKind(cx, place.span, "layers such as L9 or L*", place.text);
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
  layers: Curvature["layers"],
  top: number | null,
): string | null {
  for (const layer of layers) {
    const block = weightBlock(graph, part, layer);
    const where = layer === null ? part : `${part} L${layer}`;
    if (typeof block === "string") return `${where} has no curvature: ${block}`;
    if (!readsBlock(graph, block, measured))
      return `${where} has no curvature: what is measured is not computed from its weights`;
    const size = block.weights.reduce(
      (sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1),
      0,
    );
    if (top !== null && top > size) return `${where} has ${size} parameters, and ${top} eigenvalues are asked for`;
  }
  return null;
}

/** Whether a measure is computed from a weight of a block. */
function readsBlock({ values, parameters }: ModelGraph, block: WeightBlock, measured: MeasureExpression): boolean {
  const reached = reachedFrom(
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
  { part, layers, top, trace, density, coupling }: Curvature,
  { heads, kvHeads }: MeasureContext["model"]["signature"],
): Pick<CheckedCurvature, "columns" | "axes"> {
  const own = layers.filter((layer) => layer !== null);
  const block = own.length === 0 ? [] : ["layer"];
  const along = (axis: string): readonly string[] => [...block, axis];
  const pairs = pairsOf(headParts.get(part) === "kv_head" ? kvHeads : heads);
  const entry = (name: string, levels: ResultAxis["levels"]): ResultAxis => ({ name, kind: "entry", levels, of: [] });
  return {
    columns: [
      ...(top === null ? [] : ["eigenvalue", "residual"].map((name) => ({ name, axes: along("rank") }))),
      ...(trace ? ["trace", "trace_se"].map((name) => ({ name, axes: block })) : []),
      ...(density ? [{ name: "density", axes: along("lambda") }] : []),
      ...(coupling ? ["coupling", "coupling_norm"].map((name) => ({ name, axes: along("pair") })) : []),
    ],
    axes: [
      ...(own.length === 0 ? [] : [{ name: "layer", kind: "sweep" as const, levels: own, of: [] }]),
      ...(top === null
        ? []
        : [
            entry(
              "rank",
              Array.from({ length: top }, (_, i) => i + 1),
            ),
          ]),
      ...(density ? [entry("lambda", null)] : []),
      ...(coupling
        ? [
            entry(
              "pair",
              pairs.map(([a, b]) => `${a}-${b}`),
            ),
          ]
        : []),
    ],
  };
}

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
  return { ...shape, type: { ...type, axes, columns, metrics: [...type.metrics, ...metrics] } };
}

const modelAxes = new Set(["model", "revision", "dtype", "prompts"]);

/** What goes into a graph for one unit: ids, gates, what is known of the texts, and values of other runs. */
import { textsKey } from "../compiler/ir/texts-key.js";
import { siteType } from "../compiler/ir/site-types.js";
import { resultType, type GivenSource } from "../compiler/ir/expression.js";
import type { Evaluation, GraphPlan, Plan, Unit } from "../compiler/ir/plan.js";
import type { Protocol, SiteWrite, TokenizedTexts } from "../compiler/ir/protocol.js";
import { extentSize, type Extent, type TensorType } from "../compiler/ir/tensor-type.js";
import {
  captureOfGiven,
  captureOfOtherRun,
  givenSources,
  siteExpression,
  type Capture,
} from "../compiler/lower/captures.js";
import { expressionsOf, textQuantitiesOf } from "../compiler/analysis/reads.js";
import { givenFaultInput, givenInput } from "../compiler/ir/expression-key.js";
import { gateInputs, startInput, startRows, textInput } from "../compiler/lower/graph.js";
import type { ModelSignature } from "../compiler/models/model.js";
import { fedValueOf } from "../compiler/replacements/index.js";
import { otherRunPrefix } from "../compiler/operations/causes.js";
import { givenReasons, missingReasons } from "../compiler/operations/reasons.js";
import { capturedValues, type CapturedEntries, type CapturedValues, type CountEntries } from "./captured.js";
import type { EngineTensor, EngineTensors } from "./engine/messages.js";
import type { ReadUnit } from "./execution.js";
import { gateFeeds, type Replacement } from "./gate-feeds.js";

export interface FeedSource {
  /** Exactly the inputs named by `inputs`, for one unit. */
  feedsOf(evaluation: Evaluation, unit: Unit, inputs: readonly string[], readUnit: ReadUnit): Promise<EngineTensors>;
}

/** Feeds of a plan's units. Averages are computed once from the finished units of the evaluations that capture them. */
export function createFeeds(
  protocol: Protocol,
  plan: Plan,
  signatureOf: (model: string) => ModelSignature,
): FeedSource {
  const texts = new Map(protocol.texts.map((t) => [textsKey(t.name, t.model), t]));
  const graphs = new Map(plan.graphs.map((g) => [g.id, g]));
  const captured = capturedValues(plan);
  return {
    async feedsOf(evaluation, unit, inputs, readUnit) {
      const graph = graphs.get(unit.graph);
      const set = texts.get(textsKey(evaluation.texts, evaluation.model));
      if (graph === undefined) throw new RangeError(`no graph ${unit.graph}`);
      if (set === undefined) throw new RangeError(`no texts ${evaluation.texts}`);
      const signature = signatureOf(evaluation.model);
      const feeds: Record<string, EngineTensor> = {
        input_ids: inputIds(set, unit),
        ...textFeeds(graph, set, unit),
        ...(await startFeeds(graph, evaluation, unit, signature, captured, readUnit)),
        ...(await givenFeeds(graph, evaluation, unit, captured, readUnit)),
      };
      for (const gate of graph.gates) {
        const setOf = (of: string): TokenizedTexts | undefined => texts.get(textsKey(of, evaluation.model));
        const value = replacementReader(evaluation, signature, captured, setOf, readUnit);
        const { mask, replacement } = await gateFeeds(gate, evaluation.conditions, unit, signature, value);
        const names = gateInputs(gate);
        feeds[names.mask] = mask;
        if (replacement !== null) feeds[names.replacement] = replacement;
      }
      return Object.fromEntries(
        inputs.map((name) => {
          const tensor = feeds[name];
          if (tensor === undefined) throw new RangeError(`the graph wants an input ${name}, which nothing provides`);
          return [name, tensor];
        }),
      );
    },
  };
}

function inputIds(set: TokenizedTexts, unit: Unit): EngineTensor {
  const { rows, positions } = unit;
  const data = new BigInt64Array(rows.length * positions);
  rows.forEach((row, r) => {
    set.prompts[row.prompt]?.ids.forEach((id, i) => {
      data[r * positions + i] = BigInt(id);
    });
  });
  return { type: "int64", dims: [rows.length, positions], data };
}

function textFeeds(graph: GraphPlan, set: TokenizedTexts, unit: Unit): EngineTensors {
  const feeds: Record<string, EngineTensor> = {};
  for (const quantity of textQuantitiesOf(graph)) {
    const data = Float32Array.from(unit.rows, ({ prompt }) => {
      const value = set.prompts[prompt]?.numbers[quantity];
      if (value === undefined) throw new RangeError(`prompt ${prompt} of ${set.name} has no ${quantity}`);
      return value;
    });
    feeds[textInput(quantity)] = { type: "float32", dims: [unit.rows.length], data };
  }
  return feeds;
}

function positionsOf(type: TensorType): Extent | null {
  return type.axes.find((axis) => axis.name === "pos")?.extent ?? null;
}

/** Given values: an average as one row for all, paired values row by row. */
async function givenFeeds(
  graph: GraphPlan,
  evaluation: Evaluation,
  unit: Unit,
  captured: CapturedValues,
  readUnit: ReadUnit,
): Promise<EngineTensors> {
  const feeds: Record<string, EngineTensor> = {};
  for (const source of givenSources(expressionsOf(graph))) {
    const name = givenInput(source);
    if (name in feeds) continue;
    const capture = captureOfGiven(source);
    if (source.take === "mean") {
      const mean = await captured.mean(
        evaluation.needs,
        capture,
        countAlong(positionsOf(resultType(source.expression))),
        readUnit,
      );
      feeds[name] = { type: "float32", dims: [1, ...mean.dims], data: Float32Array.from(mean.data) };
      feeds[givenFaultInput(source)] = missingFeed([mean], source, capture);
      continue;
    }
    const prompts = unit.rows.map((row) => row.prompt);
    const rows = await pairedValues(evaluation, prompts, capture, captured, readUnit);
    feeds[name] = pairedFeed(rows, capture);
    feeds[givenFaultInput(source)] = missingFeed(rows, source, capture);
  }
  return feeds;
}

/** Why entries of given values are missing, in the numbers of `givenReasons`; one 0 where none is. */
function missingFeed(rows: readonly CapturedEntries[], source: GivenSource, { expression }: Capture): EngineTensor {
  const dims = rows[0]?.dims ?? [];
  if (rows.every(({ missing }) => missing === null)) {
    return { type: "int32", dims: [1, ...dims.map(() => 1)], data: Int32Array.of(0) };
  }
  const told = givenReasons(source);
  // What is captured may be written in another way, and summed: a reason that is not known here is the last one.
  const numbers = missingReasons(expression).map((reason) => {
    const place = told.indexOf(otherRunPrefix(source.texts) + reason);
    return place < 0 ? told.length : place + 1;
  });
  const size = dims.reduce((product, d) => product * d, 1);
  const data = new Int32Array(rows.length * size);
  rows.forEach(({ missing }, row) => {
    missing?.forEach((number, i) => (data[row * size + i] = number === 0 ? 0 : (numbers[number - 1] ?? told.length)));
  });
  return { type: "int32", dims: [rows.length, ...dims], data };
}

/** The captured values of some prompts. */
async function pairedValues(
  { needs }: Evaluation,
  prompts: readonly number[],
  capture: Capture,
  captured: CapturedValues,
  readUnit: ReadUnit,
): Promise<readonly CapturedEntries[]> {
  const rows = [];
  for (const prompt of prompts) rows.push(await captured.ofPrompt(needs, capture, prompt, readUnit));
  return rows;
}

/** Captured values one after the other. */
function pairedFeed(rows: readonly CapturedEntries[], capture: Capture): EngineTensor {
  const dims = rows[0]?.dims ?? [];
  const size = dims.reduce((product, d) => product * d, 1);
  const data = new Float32Array(rows.length * size);
  rows.forEach((row, r) => {
    if (row.data.length !== size) throw new RangeError(`values of ${capture.texts} differ in length within a batch`);
    data.set(row.data, r * size);
  });
  return { type: "float32", dims: [rows.length, ...dims], data };
}

/** Sites that a graph begins with, as the unmodified run of the same prompts has them. */
async function startFeeds(
  graph: GraphPlan,
  evaluation: Evaluation,
  unit: Unit,
  signature: ModelSignature,
  captured: CapturedValues,
  readUnit: ReadUnit,
): Promise<EngineTensors> {
  if (graph.inputs.length === 0) return {};
  const prompts = [...new Set(unit.rows.map((row) => row.prompt))];
  const rows = BigInt64Array.from(unit.rows, (row) => BigInt(prompts.indexOf(row.prompt)));
  const feeds: Record<string, EngineTensor> = { [startRows]: { type: "int64", dims: [rows.length], data: rows } };
  for (const site of graph.inputs) {
    const capture = { texts: evaluation.texts, expression: siteExpression(site, signature) };
    feeds[startInput(site)] = pairedFeed(await pairedValues(evaluation, prompts, capture, captured, readUnit), capture);
  }
  return feeds;
}

/** Counts the entries of an extent; without one, each prompt is one entry. */
function countAlong(extent: Extent | null): CountEntries {
  return (_prompt, tokens) => (extent === null ? 1 : extentSize(extent, tokens));
}

/** Reads what a write puts in place for a prompt. */
function replacementReader(
  evaluation: Evaluation,
  signature: ModelSignature,
  captured: CapturedValues,
  setOf: (texts: string) => TokenizedTexts | undefined,
  readUnit: ReadUnit,
): (write: SiteWrite, prompt: number) => Promise<Replacement> {
  const { needs } = evaluation;
  return async ({ site, replacement }, prompt) => {
    const fed = fedValueOf(replacement);
    if (fed === null) throw new RangeError("the graph computes this replacement: nothing is fed");
    if (fed.kind === "number") return fed.value;
    const set = setOf(fed.texts);
    const isCorpus = set !== undefined && set.documents !== null;
    const capture = captureOfOtherRun(fed, site, signature, isCorpus);
    if (fed.kind === "captured") return captured.ofPrompt(needs, capture, fed.prompts[prompt] ?? prompt, readUnit);
    const extent = fed.perPosition ? null : positionsOf(siteType(site.site, signature));
    const scored: CountEntries = (of) => set?.prompts[of]?.numbers.scored ?? 0;
    return captured.mean(needs, capture, isCorpus ? scored : countAlong(extent), readUnit);
  };
}

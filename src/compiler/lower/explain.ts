/** A plan in words and numbers. */
import { countedInGroups } from "../base/counted.js";
import { printableLine } from "../base/printable.js";
import { limitsOf, type Capabilities } from "../ir/capabilities.js";
import type { MeasureExpression } from "../ir/expression.js";
import type { Evaluation, Plan, RecomputedGraph } from "../ir/plan.js";
import type { Protocol } from "../ir/protocol.js";
import type { ModelSignature } from "../models/model.js";
import { siteKey } from "../models/sites.js";
import { depthSentences, type DepthPlace } from "../models/depths.js";
import { lastLayerNeeded, sitesOf } from "../analysis/reads.js";
import { leftOutBackwards } from "../passes/run-passes.js";
import { pipeline } from "../passes/pipeline.js";
import { curvatureSum, explainCurvatures } from "./explain-curvature.js";
import type { PassSavings } from "./explain-passes.js";
import { passTable } from "./explain-table.js";
import { bytesText, flopsText, secondsText } from "./quantity-text.js";

/** What `atlasc explain` knows beside the plan. */
export interface Explanation {
  readonly savings: PassSavings;
  /** Where the times of the savings are from, or why there are none: a line. */
  readonly times: string;
  /** How long the protocol took the last time; null when it did not run. */
  readonly lastRun: string | null;
  /** Which layer each percentage of depth became; absent where there is none. */
  readonly depths?: readonly DepthPlace[];
  /** What computes; what the plan could not rely on there is listed. */
  readonly backend?: { readonly name: string; readonly capabilities: Capabilities };
}

/**
 * The plan as text without a final newline: each evaluation with its rows and batches, what the passes save where that
 * is known, then the sums.
 */
export function explainPlan(
  protocol: Protocol,
  plan: Plan,
  signatureOf: (model: string) => ModelSignature | undefined,
  explanation: Explanation | null = null,
): string {
  const lines: string[] = [];
  for (const evaluation of plan.evaluations)
    lines.push(...explainEvaluation(protocol, plan, evaluation, signatureOf), "");
  lines.push(...explainCurvatures(protocol, plan));
  for (const { experiment, model, texts, deferred } of protocol.studies) {
    if (deferred === null) continue;
    const waits = `  waits for the results of ${deferred.experiment}, which decide what it changes`;
    lines.push(`${experiment} on ${model} with ${texts}`, waits, "");
  }
  const depths = depthSentences(explanation?.depths ?? []);
  if (depths.length > 0) lines.push("Depths", ...depths.map((sentence) => `  ${sentence}`), "");
  const { backend = null } = explanation ?? {};
  const limits = backend === null ? [] : limitsOf(backend.capabilities);
  if (limits.length > 0) lines.push(`On ${backend?.name ?? ""}`, ...limits.map((why) => `  ${why}`), "");
  if (explanation !== null) lines.push(...passTable(explanation.savings), `  ${explanation.times}`, "");
  const seconds = explanation?.savings.planned.seconds ?? null;
  const lastRun = explanation?.lastRun ?? null;
  const { cost } = plan;
  const naiveLayerRuns = explanation?.savings.naive.layerRuns ?? cost.naiveLayerRuns;
  const saved = naiveLayerRuns - cost.layerRuns;
  lines.push(
    "In all",
    `  forward passes       ${countedInGroups(cost.units, "batch", "batches")} of ${countedInGroups(cost.rows, "row")} (prompt × condition)`,
    `  layer runs           ${cost.layerRuns.toLocaleString("en")} of ${naiveLayerRuns.toLocaleString("en")}` +
      (saved === 0 ? "" : ` (${Math.round((100 * saved) / naiveLayerRuns)}% saved)`),
    `  arithmetic           about ${flopsText(cost.flops)}`,
    ...curvatureSum(plan),
    `  weights              ${bytesText(cost.weightBytes)}, mapped from the model's own files`,
    `  activations          at most about ${bytesText(cost.peakActivationBytes)} at a time`,
    ...(seconds === null ? [] : [`  time                 about ${secondsText(seconds)}`]),
    ...(lastRun === null ? [] : [`  last run             ${lastRun}`]),
    `  plan                 ${plan.digest.slice(0, 12)}`,
  );
  return lines.map(printableLine).join("\n");
}

function explainEvaluation(
  protocol: Protocol,
  plan: Plan,
  evaluation: Evaluation,
  signatureOf: (model: string) => ModelSignature | undefined,
): readonly string[] {
  const through = new Set(evaluation.units.map((unit) => unit.graph));
  const graphs = plan.graphs.filter((graph) => through.has(graph.id));
  const signature = signatureOf(evaluation.model);
  if (graphs.length === 0 || signature === undefined) return [];
  const gates = [...new Set(graphs.flatMap((graph) => graph.gates.map((gate) => gate.key)))];
  const yielded = graphs.flatMap((graph) => graph.outputs.map((output) => output.expression));
  const study = evaluation.study === null ? undefined : protocol.studies[evaluation.study];
  const set = protocol.texts.find((t) => t.name === evaluation.texts && t.model === evaluation.model);
  const prompts = set?.prompts.length ?? 0;
  const rows = evaluation.units.reduce((sum, unit) => sum + unit.rows.length, 0);
  const lengths = new Set(evaluation.units.map((unit) => unit.positions));
  const depth = lastLayerNeeded(yielded, signature);
  const title =
    study === undefined
      ? `Values of ${evaluation.texts} on ${evaluation.model}, for what comes after`
      : `${study.experiment} on ${evaluation.model} with ${evaluation.texts}`;
  const lines = [title];
  if (study === undefined) {
    lines.push(`  captures   ${shorten(yielded.map(shortExpression))}`);
  } else {
    const metrics = [...new Set(study.measures.map((m) => m.metric))];
    const conditions = study.conditions.length - 1;
    lines.push(`  measures   ${metrics.join(", ")} (${countedInGroups(study.measures.length, "expression")})`);
    if (conditions > 0) {
      lines.push(
        `  conditions ${countedInGroups(conditions, "condition")} and the unmodified model, each on ${countedInGroups(prompts, "prompt")}`,
      );
    }
    if (gates.length > 0) lines.push(`  gates      ${shorten(gates)}`);
    if (evaluation.unaffected.length > 0) {
      lines.push(
        `  dropped    ${countedInGroups(evaluation.unaffected.length, "condition")} that cannot depend on what is measured: ` +
          "answered from the baseline",
      );
    }
  }
  lines.push(
    `  rows       ${rows.toLocaleString("en")} in ${countedInGroups(evaluation.units.length, "batch", "batches")}, ` +
      `${countedInGroups(lengths.size, "length")} (${shorten([...lengths].map(String))} tokens)`,
    `  layers     ${depth} of ${signature.layers} run${depth < signature.layers ? ": nothing measured lies further down" : ""}`,
  );
  const starts = startingRows(plan, evaluation);
  const slopes = gradientSites(yielded);
  if (slopes.length > 0) {
    const again = (plan.recomputed ?? []).filter(({ graph }) => through.has(graph));
    const most = (of: (own: RecomputedGraph) => number): string => bytesText(Math.max(...again.map(of)));
    const memory =
      again.length === 0
        ? "which keeps what it needs of the way there"
        : `which computes layers again: ${most((own) => own.rowBytes)} a row instead of ${most((own) => own.keptRowBytes)}`;
    lines.push(
      `  gradients  at ${shorten(slopes)}: all of a metric in one run backwards, ${memory}`,
      ...leftOutBackwards(pipeline).map(({ name, why }) => `             without ${name}: ${why}`),
    );
  }
  if (starts.size > 1 || !starts.has(tokens)) {
    const listed = [...starts].map(
      ([start, own]) => `${own.toLocaleString("en")} at ${start === tokens ? "the tokens" : `L${start}`}`,
    );
    lines.push(`  begin      ${shorten(listed)}: before what a condition changes, the unmodified run is taken over`);
  }
  if (evaluation.needs.length > 0) lines.push("  needs      the values above");
  return lines;
}

/** The sites with respect to which is differentiated. */
function gradientSites(expressions: readonly MeasureExpression[]): readonly string[] {
  const found = expressions.flatMap(({ nodes }) =>
    nodes.flatMap((node) => {
      const site = node.kind === "operation" && node.operation === "grad" ? nodes[node.inputs[1] ?? -1] : undefined;
      return site?.kind === "site" ? [siteKey(site.site)] : [];
    }),
  );
  return [...new Set(found)];
}

/** Where rows begin that compute everything: before every layer. */
const tokens = -1;

/** How many rows begin at which layer, the earliest first. */
function startingRows(plan: Plan, { units }: Evaluation): ReadonlyMap<number, number> {
  const starts = new Map(plan.graphs.map(({ id, start, inputs }) => [id, inputs.length === 0 ? tokens : start]));
  const rows = new Map<number, number>();
  for (const unit of units) {
    const start = starts.get(unit.graph) ?? tokens;
    rows.set(start, (rows.get(start) ?? 0) + unit.rows.length);
  }
  return new Map([...rows].sort(([a], [b]) => a - b));
}

/** What is captured, in short: `Σ z[5]` for a sum, the sites that it reads for anything longer. */
function shortExpression({ nodes, result }: MeasureExpression): string {
  const sites = [...new Set(sitesOf([{ nodes, result }]).map(siteKey))].join(", ");
  if (nodes.length === 1) return sites;
  const last = nodes[result];
  return nodes.length === 2 && last?.kind === "operation" && last.operation === "sum" ? `Σ ${sites}` : `of ${sites}`;
}

/** The first few of a long list. */
function shorten(items: readonly string[]): string {
  return items.length <= 8
    ? items.join(", ")
    : `${items.slice(0, 6).join(", ")}, … ${items.at(-1) ?? ""} (${items.length})`;
}

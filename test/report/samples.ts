/** Made-up runs with known numbers for the tests of results and reports. */
import type { Coordinates, NamedResult, ResultExpression } from "../../src/compiler/ir/protocol.js";
import { languageAxes, outerAxes } from "../../src/compiler/ir/axes.js";
import type { ResultRow, ResultSet } from "../../src/compiler/ir/results.js";
import { referencesName } from "../../src/compiler/ir/references.js";
import { baselineCondition, type ResultType } from "../../src/compiler/ir/result-type.js";
import type { ColumnName } from "../../src/compiler/results/columns.js";
import type { PlotOutput } from "../../src/runtime/report/figures.js";
import type { TableOutput } from "../../src/runtime/report/tables.js";

const span = { file: "sample.atlas", start: 0, end: 0 };

/** One row; without a baseline it is a row of the unmodified model. */
export function row(
  experiment: string,
  metric: string,
  axes: Coordinates,
  value: number,
  more: { readonly baseline?: number; readonly reason?: string; readonly unit?: ResultRow["unit"] } = {},
): ResultRow {
  const baseline = more.baseline ?? null;
  const impact = baseline === null ? null : value - baseline;
  return {
    experiment,
    condition: baseline === null ? baselineCondition : "intervention",
    axes,
    metric,
    unit: more.unit ?? "none",
    value,
    baseline,
    impact,
    relative: impact === null || baseline === null ? null : baseline === 0 ? NaN : impact / Math.abs(baseline),
    reason: more.reason ?? null,
  };
}

const made = new WeakMap<readonly ResultRow[], ResultSet>();

/** The results that rows are, with a type made from them: whatever has one value for each prompt is a field. */
export function resultsOf(rows: readonly ResultRow[]): ResultSet {
  const known = made.get(rows) ?? {
    rows,
    types: new Map([...new Set(rows.map((r) => r.experiment))].map((name) => [name, typeOf(name, rows)])),
  };
  made.set(rows, known);
  return known;
}

function typeOf(experiment: string, all: readonly ResultRow[]): ResultType {
  const rows = all.filter((r) => r.experiment === experiment);
  const found = [...new Set(rows.flatMap((r) => Object.keys(r.axes)))];
  const names = [...outerAxes.filter((axis) => found.includes(axis)), ...found.filter((a) => !outerAxes.includes(a))];
  const of = ["prompts", "prompt"].filter((axis) => names.includes(axis));
  const promptOf = (r: ResultRow): string => JSON.stringify(of.map((axis) => r.axes[axis]));
  const isField = (name: string): boolean => {
    if (!names.includes("prompt") || languageAxes.has(name) || name === "group") return false;
    const seen = new Map<string, unknown>();
    return rows.every((r) => {
      if (!seen.has(promptOf(r))) seen.set(promptOf(r), r.axes[name]);
      return seen.get(promptOf(r)) === r.axes[name];
    });
  };
  const axes = names.filter((name) => !isField(name));
  const metrics = [...new Set(rows.map((r) => r.metric))];
  return {
    experiment,
    axes: axes.map((name) => ({
      name,
      kind: name === "position" ? "position" : outerAxes.includes(name) ? "texts" : "sweep",
      levels: null,
      of: name === "group" && axes.includes("prompt") ? of : [],
    })),
    columns: names.filter(isField).map((name) => ({ name, field: name, kind: "field", levels: [], of })),
    metrics: metrics.map((name) => {
      const own = rows.filter((r) => r.metric === name);
      return {
        name,
        unit: own[0]?.unit ?? "none",
        element: "real",
        axes: axes.filter((axis) => own.some((r) => axis in r.axes)),
        normalised: false,
      };
    }),
    texts: experiment === referencesName ? [] : ["texts"],
    intervened: rows.some((r) => r.condition !== baselineCondition),
  };
}

/** A number in [0, 1) that depends on the seed only. */
function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898 + 4.1414) * 43758.5453;
  return x - Math.floor(x);
}

/** A head sweep with its unmodified model: `layers` × `heads` × `prompts`, nll at the last position, three NaN heads. */
export function headSweep(layers: number, heads: number, prompts: number, faults = true): readonly ResultRow[] {
  const rows: ResultRow[] = [];
  for (let prompt = 0; prompt < prompts; prompt++) {
    const baseline = 2.5 + noise(prompt);
    const outer = { group: prompt % 2 === 0 ? "factual" : "novel", prompt };
    rows.push(row("sweep", "nll", outer, baseline, { unit: "nats" }));
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) {
        const seed = layer * 31 + head * 7 + 1;
        const strength = noise(seed) ** 6 * (noise(seed + 3) > 0.35 ? 1.4 : -0.9) * (0.4 + layer / layers);
        const value = baseline + strength + (noise(seed + 100 * prompt) - 0.5) * 0.06;
        const faulty = faults && [17, 40, 41].includes(layer * heads + head);
        const axes = { ...outer, layer, head };
        if (faulty) rows.push(row("sweep", "nll", axes, NaN, { baseline, unit: "nats", reason: "log of 0 in nll" }));
        else rows.push(row("sweep", "nll", axes, value, { baseline, unit: "nats" }));
      }
    }
  }
  return rows;
}

/** Gain and entropy by layer, group and prompt, without an intervention. */
export function layerGains(layers: number, prompts: number): readonly ResultRow[] {
  const rows: ResultRow[] = [];
  for (const [index, group] of ["factual", "recursive", "novel"].entries()) {
    for (let prompt = 0; prompt < prompts; prompt++) {
      for (let layer = 0; layer < layers; layer++) {
        const value =
          1.1 - 0.04 * layer + 0.08 * index * Math.sin(layer / 2) + 0.05 * noise(layer * 5 + prompt + index);
        const axes = { group, prompt: index * prompts + prompt, layer };
        const faulty = group === "novel" && layer === 4;
        rows.push(row("gains", "gain", axes, faulty ? NaN : value, faulty ? { reason: "division by 0 in norm" } : {}));
        rows.push(row("gains", "entropy", axes, 3 + Math.cos(layer / 3) + noise(layer + 9 * index), { unit: "nats" }));
      }
    }
  }
  return rows;
}

/** One gain for each of two models at five steps of training, the steps in the order in which they are declared. */
export function trainingGains(): readonly ResultRow[] {
  const steps = ["step0", "step64", "step512", "step4000", "step16000"];
  return ["alpha", "beta"].flatMap((model, m) =>
    steps.flatMap((revision, s) =>
      [0, 1, 2].map((prompt) =>
        row("gains", "gain", { model, revision, prompt }, Math.tanh(s - 2) + 0.2 * m + noise(prompt) / 9),
      ),
    ),
  );
}

/** A column expression. */
export function column(experiment: string, metric: string, name: ColumnName = "value"): ResultExpression {
  return { kind: "column", experiment, metric, column: name };
}

/** The absolute value of an expression. */
export function abs(argument: ResultExpression): ResultExpression {
  return { kind: "call", operation: "abs", argument };
}

/** A checked value. */
export function named(label: string, expression: ResultExpression, unit: NamedResult["unit"] = "none"): NamedResult {
  return { label, expression, unit, element: "real" };
}

/** The columns of a table of an experiment that changes the model. */
export function columnsOf(
  experiment: string,
  metric: string,
  columns: readonly ColumnName[] = ["value", "baseline", "impact", "relative"],
): readonly NamedResult[] {
  return columns.map((name) =>
    named(
      name === "value" ? metric : `${metric}.${name}`,
      column(experiment, metric, name),
      name === "relative" ? "none" : "nats",
    ),
  );
}

/** A table of `sweep` unless told otherwise. */
export function tableOf(more: Partial<TableOutput>): TableOutput {
  const columns = columnsOf(more.experiment ?? "sweep", "nll");
  const standard = { title: "table sweep", experiment: "sweep", columns, where: null, by: null, top: null };
  const shape = { caption: null, notations: columns.map(() => null), rows: null, across: [], ranked: false };
  return { kind: "table", ...standard, ...shape, context: null, ci: null, span, ...more };
}

/** A plot without options. */
export const plainOptions: PlotOutput["options"] = {
  caption: null,
  x: null,
  y: null,
  values: false,
  sorted: null,
  log: [],
  identity: false,
  text: null,
};

/** A plot of the values over axes. */
export function plotOf(
  plot: PlotOutput["plot"],
  title: string,
  values: readonly NamedResult[],
  over: readonly string[],
  by: readonly string[] = [],
  against: NamedResult | null = null,
): PlotOutput {
  return { kind: "plot", title, plot, values, against, over, by, ci: null, options: plainOptions, span };
}

const impact = named("sweep.impact", column("sweep", "nll", "impact"), "nats");
const strength = named("abs(sweep.impact)", abs(impact.expression), "nats");
const gain = named("gains.gain", column("gains", "gain"));
const entropy = named("gains.entropy", column("gains", "entropy"), "nats");

/** Plots of every kind with the rows that they draw. */
export const samplePlots: readonly {
  readonly name: string;
  readonly plot: PlotOutput;
  readonly rows: readonly ResultRow[];
}[] = [
  {
    name: "heatmap-12x12",
    plot: plotOf("heatmap", "Ablating one head at a time", [impact], ["layer", "head"]),
    rows: headSweep(12, 12, 8),
  },
  {
    name: "heatmap-5x8",
    plot: plotOf("heatmap", "Strength of each head", [strength], ["layer", "head"]),
    rows: headSweep(5, 8, 4, false),
  },
  {
    name: "heatmap-group",
    plot: plotOf("heatmap", "Impact by group of prompts", [impact], ["layer", "head"], ["group"]),
    rows: headSweep(8, 12, 4),
  },
  {
    name: "line-group",
    plot: plotOf("line", "Gain over depth", [gain], ["layer"], ["group"]),
    rows: layerGains(12, 4),
  },
  {
    name: "line-two",
    plot: plotOf("line", "Gain and entropy over depth", [gain, entropy], ["layer"]),
    rows: layerGains(12, 4).filter((r) => !Number.isNaN(r.value)),
  },
  { name: "bar", plot: plotOf("bar", "Impact by layer", [impact], ["layer"]), rows: headSweep(12, 12, 8, false) },
  {
    name: "bar-group",
    plot: plotOf("bar", "Gain by layer and group", [gain], ["layer"], ["group"]),
    rows: layerGains(6, 4),
  },
  {
    name: "line-revisions",
    plot: plotOf("line", "Over training", [gain], ["revision"], ["model"]),
    rows: trainingGains(),
  },
  {
    name: "histogram",
    plot: plotOf("histogram", "Gains of all layers", [gain], []),
    rows: layerGains(12, 8),
  },
  {
    name: "histogram-group",
    plot: plotOf("histogram", "Gains by group", [gain], [], ["group"]),
    rows: layerGains(12, 8),
  },
  {
    name: "density-group",
    plot: plotOf("density", "Entropy by group", [entropy], [], ["group"]),
    rows: layerGains(12, 8),
  },
  { name: "box", plot: plotOf("box", "Gain by layer", [gain], [], ["layer"]), rows: layerGains(12, 4) },
  {
    name: "box-two",
    plot: plotOf("box", "Gain by group and layer", [gain], [], ["group", "layer"]),
    rows: layerGains(3, 40),
  },
  {
    name: "scatter",
    plot: plotOf("scatter", "Entropy against gain", [entropy], [], [], gain),
    rows: layerGains(12, 8),
  },
  {
    name: "scatter-group",
    plot: plotOf("scatter", "Entropy against gain by group", [entropy], [], ["group"], gain),
    rows: layerGains(6, 8),
  },
];

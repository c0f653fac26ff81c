/** Histograms and densities. */
import type { ResultSet } from "../../compiler/ir/results.js";
import type { OnNote } from "../../compiler/results/evaluate.js";
import { countOf } from "../../compiler/results/describe.js";
import { binCounts, binEdges, densityBandwidth, kernelDensity, quantile } from "./distribution.js";
import { describeSamples, distributionsOf, type Distributions, type Sample } from "./distribution-data.js";
import { shortNumber, type Drawing, type PlotOutput } from "./drawing.js";
import { safeTitle } from "./figure-data.js";
import { cutTo } from "./text-width.js";
import { mostSeries } from "./series-looks.js";
import { emptyMarks, palette, seriesLooks, type VegaLiteSpec } from "./figure-marks.js";

/** Panels that a histogram shows: more would be pages. */
const mostPanels = 24;

/**
 * Bars over bins that all samples share, each sample in a panel of its own with the same scales, one below the other,
 * so that they can be compared along the axis. The rule in each panel is the median.
 */
export function drawHistogram(output: PlotOutput, results: ResultSet, onNote: OnNote): Drawing {
  const data = distributionsOf(output, results, onNote);
  const all = data.samples.filter((sample) => sample.numbers.length > 0);
  const drawn = all.slice(0, mostPanels);
  const edges = binEdges(drawn.flatMap((sample) => sample.numbers));
  const counts = drawn.map((sample) => binCounts(sample.numbers, edges));
  const most = counts.flat().reduce((a, b) => Math.max(a, b), 1);
  const height = drawn.length === 1 ? 280 : Math.max(70, Math.min(140, Math.floor(640 / Math.max(1, drawn.length))));
  const panels = drawn.map((sample, i) => {
    const last = i === drawn.length - 1;
    const domain = [edges[0] ?? 0, edges.at(-1) ?? 1];
    const values = (counts[i] ?? []).map((count, bin) => ({
      ...(sample.label === "" ? {} : { sample: sample.label }),
      from: edges[bin],
      to: edges[bin + 1],
      count,
    }));
    return {
      ...(sample.label === "" ? {} : { title: panelTitle(`${sample.label} (n = ${sample.numbers.length})`) }),
      data: { values },
      width: 460,
      height,
      layer: [
        {
          mark: { type: "bar", color: palette[0], binSpacing: 1 },
          encoding: {
            x: {
              field: "from",
              type: "quantitative",
              bin: { binned: true },
              scale: { domain, nice: false, zero: false },
              axis: {
                title: last ? (output.options.x ?? data.quantity) : null,
                format: ".6~g",
                tickCount: 8,
                grid: false,
              },
            },
            x2: { field: "to" },
            y: {
              field: "count",
              type: "quantitative",
              scale: { domain: [0, most], nice: true },
              axis: {
                title: output.options.y ?? "values",
                format: "~d",
                tickMinStep: 1,
                tickCount: height < 100 ? 3 : 5,
              },
            },
            tooltip: [
              { field: "from", type: "quantitative", title: "from", format: ".6~g" },
              { field: "to", type: "quantitative", title: "to", format: ".6~g" },
              { field: "count", type: "quantitative", title: "values" },
            ],
          },
        },
        medianRule(sample),
      ],
    };
  });
  const [only] = panels;
  const parts: VegaLiteSpec =
    only === undefined
      ? emptyMarks()
      : panels.length === 1
        ? only
        : { concat: panels, columns: panels.length > 8 ? 2 : 1, spacing: 18 };
  return {
    subtitle: withNote(
      data,
      [
        drawn.length === 0 ? null : "rule: median",
        drawn.length < all.length ? `the first ${drawn.length} of ${all.length} samples` : null,
      ]
        .filter((part) => part !== null)
        .join(" · "),
    ),
    description: describe("Histogram", output, data),
    parts,
  };
}

function panelTitle(text: string): VegaLiteSpec {
  return { text: cutTo(text, 460, 12), fontSize: 12, anchor: "start", fontWeight: "normal", offset: 4 };
}

function medianRule(sample: Sample): VegaLiteSpec {
  const sorted = [...sample.numbers].sort((a, b) => a - b);
  return {
    data: { values: [{ median: quantile(sorted, 0.5) }] },
    mark: { type: "rule", color: palette[1], strokeWidth: 2 },
    encoding: {
      x: { field: "median", type: "quantitative" },
      tooltip: [{ field: "median", type: "quantitative", format: ".6~g" }],
    },
  };
}

/** Places at which a density is drawn. */
const densityPoints = 160;

/**
 * Smooth curves, one for each sample (Gaussian kernel, Scott's bandwidth). A sample without spread has no density; it
 * is left out and the subtitle says so.
 */
export function drawDensity(output: PlotOutput, results: ResultSet, onNote: OnNote): Drawing {
  const data = distributionsOf(output, results, onNote);
  const curves = data.samples.flatMap((sample) => {
    const bandwidth = densityBandwidth(sample.numbers);
    return bandwidth === null ? [] : [{ sample, bandwidth }];
  });
  let least = Infinity;
  let most = -Infinity;
  for (const { sample, bandwidth } of curves) {
    for (const number of sample.numbers) {
      least = Math.min(least, number - 3 * bandwidth);
      most = Math.max(most, number + 3 * bandwidth);
    }
  }
  const grid = Array.from({ length: densityPoints }, (_, i) => least + ((most - least) * i) / (densityPoints - 1));
  const labels = curves.map(({ sample }) => sample.label);
  const several = labels.length > 1;
  const values = curves.flatMap(({ sample }) =>
    (kernelDensity(sample.numbers, grid) ?? []).map((density, i) => ({
      ...(several ? { sample: sample.label } : {}),
      at: Number((grid[i] ?? 0).toPrecision(6)),
      density: Number(density.toPrecision(5)),
    })),
  );
  const crowded = labels.length > mostSeries;
  const named = crowded ? extremeSamples(curves.map(({ sample }) => sample)) : labels;
  const color = several
    ? {
        field: "sample",
        type: "nominal",
        sort: named,
        scale: { domain: named, range: seriesLooks(named.length, false).colors },
        legend: {
          title: safeTitle(data.by.map((axis) => axis.name).join(", ")) || null,
          symbolLimit: 60,
          labelLimit: 260,
        },
      }
    : { value: palette[0] };
  const looks = seriesLooks(named.length, false);
  const dashed = several
    ? { strokeDash: { ...color, scale: { domain: named, range: crowded ? looks.dashes : dashes(named.length) } } }
    : {};
  const tooltip = [
    ...(several ? [{ field: "sample", type: "nominal" }] : []),
    { field: "at", type: "quantitative", title: data.quantity, format: ".6~g" },
    { field: "density", type: "quantitative", format: ".4~g" },
  ];
  const flat = data.samples.filter((sample) => densityBandwidth(sample.numbers) === null).length;
  const left = flat === 0 ? null : `${countOf(flat, "sample")} without spread (not drawn)`;
  return {
    subtitle: withNote(
      data,
      [
        "Gaussian kernel, Scott's bandwidth",
        crowded ? `${labels.length} curves: the lowest and highest medians in colour, the others grey` : null,
        left,
      ]
        .filter((part) => part !== null)
        .join(" · "),
    ),
    description: describe("Density", output, data),
    parts:
      curves.length === 0
        ? emptyMarks()
        : {
            data: { values },
            width: 480,
            height: 280,
            encoding: {
              x: {
                field: "at",
                type: "quantitative",
                scale: { domain: [least, most], nice: false, zero: false },
                axis: { title: output.options.x ?? data.quantity, format: ".6~g", tickCount: 8, grid: false },
              },
              y: {
                field: "density",
                type: "quantitative",
                axis: { title: output.options.y ?? "density", format: ".6~g", tickCount: 5 },
              },
            },
            layer: [
              ...(crowded
                ? [
                    {
                      mark: { type: "line", strokeWidth: 1, color: "#b8bec8", opacity: 0.7 },
                      encoding: { detail: { field: "sample", type: "nominal" }, tooltip },
                    },
                  ]
                : []),
              {
                ...(crowded ? { transform: [{ filter: { field: "sample", oneOf: named } }] } : {}),
                mark: { type: "line", strokeWidth: 2 },
                encoding: { color, ...dashed, tooltip },
              },
            ],
          },
  };
}

/** Every curve also has its own dashes, so that no reading depends on colour alone: 49 pairs of both differ. */
function dashes(count: number): readonly (readonly number[])[] {
  const kinds = [
    [1, 0],
    [6, 3],
    [2, 2],
    [8, 2, 2, 2],
    [4, 1],
    [1, 3],
    [10, 4],
  ];
  return Array.from({ length: count }, (_, i) => kinds[(i + Math.floor(i / palette.length)) % kinds.length] ?? [1, 0]);
}

/** Samples with the lowest and the highest medians. */
function extremeSamples(samples: readonly Sample[]): readonly string[] {
  const order = samples
    .map(({ label, numbers }) => ({
      label,
      median: quantile(
        [...numbers].sort((a, b) => a - b),
        0.5,
      ),
    }))
    .sort((a, b) => a.median - b.median)
    .map(({ label }) => label);
  return [...order.slice(0, 3), ...order.slice(-3)];
}

function withNote(data: Distributions, note: string | null): string | null {
  const parts = [describeSamples(data), note].filter((part) => part !== null && part !== "");
  return parts.length === 0 ? null : parts.join(" · ");
}

/** A figure of samples in words: how many values, and the median and range of each sample. */
export function describe(kind: string, output: PlotOutput, data: Distributions): string {
  const by = output.by.length === 0 ? "" : ` by ${output.by.join(", ")}`;
  const what = output.values.map((value) => value.label).join(", ");
  const drawn = data.samples.filter((sample) => sample.numbers.length > 0);
  const told = drawn.slice(0, 12).map((sample) => {
    const sorted = [...sample.numbers].sort((a, b) => a - b);
    const range = `${shortNumber(sorted[0] ?? NaN)} to ${shortNumber(sorted.at(-1) ?? NaN)}`;
    const name = sample.label === "" ? "Values" : sample.label;
    return `${name}: ${range}, median ${shortNumber(quantile(sorted, 0.5))}, n = ${sorted.length}.`;
  });
  const more = drawn.length > told.length ? ` And ${countOf(drawn.length - told.length, "more sample")}.` : "";
  const faulty = data.faults === 0 ? "" : ` ${countOf(data.faults, "value")} NaN.`;
  return `${kind} of ${what}${by}. ${told.length === 0 ? "It has no values." : told.join(" ")}${more}${faulty}`;
}

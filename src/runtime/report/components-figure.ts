/** Principal components in pictures: how much each explains, and where the observations lie. */
import { coordinateNumber } from "../../compiler/ir/coordinate-number.js";
import type { DecisionOutcome } from "../../compiler/ir/decision-outcome.js";
import type { Drawing } from "./drawing.js";
import { safeLevel, safeTitle } from "./figure-data.js";
import { emptyMarks, palette, type VegaLiteSpec } from "./figure-marks.js";
import { placeLabels } from "./label-places.js";
import { roundDomain } from "./number-axis.js";
import { nameMarks } from "./scatter-marks.js";

type Components = Extract<DecisionOutcome, { kind: "pca" }>;

/** Components that a scree chart shows. */
const mostComponents = 12;
/** Labels would cover each other if there were more. */
const mostLabels = 40;

/** Scree chart beside the scores on the first two components (on the only one: by observation). */
export function drawComponents(outcome: Components): Drawing {
  const { components, spectrum, over, observations } = outcome;
  const [first, second] = components;
  if (first === undefined) {
    return { subtitle: outcome.reason, description: `No components: ${outcome.reason ?? ""}.`, parts: emptyMarks() };
  }
  const hidden = spectrum.length - mostComponents;
  const left = observations.length - scoreNames(outcome).length;
  const labels =
    observations.length > mostLabels
      ? `${observations.length} observations: their names are in the tooltips`
      : second !== undefined && left > 0
        ? `${left} of ${observations.length} names have no room: they are in the tooltips`
        : null;
  const notes = [hidden > 0 ? `the first ${mostComponents} of ${spectrum.length} components` : null, labels].filter(
    (note) => note !== null,
  );
  const named = `${observations.length} levels of ${over}`;
  return {
    subtitle: notes.length === 0 ? null : notes.join(" · "),
    description: `Two charts. Shares of the variance: ${spectrum
      .slice(0, mostComponents)
      .map(percent)
      .join(
        ", ",
      )}. Scores of ${named} on ${second === undefined ? "the first component" : "the first two components"}.`,
    parts: {
      concat: [scree(spectrum.slice(0, mostComponents), components.length), scores(outcome)],
      columns: 2,
      spacing: 36,
    },
  };
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function scree(spectrum: readonly number[], kept: number): VegaLiteSpec {
  let sum = 0;
  const values = spectrum.map((share, i) => {
    sum += share;
    return { component: i + 1, share, cumulative: sum, kept: i < kept ? "asked for" : "others" };
  });
  const y = (field: string): VegaLiteSpec => ({
    field,
    type: "quantitative",
    scale: { domain: [0, 1] },
    axis: { title: "share of the variance (line: cumulative)", format: ".0%", tickCount: 5 },
  });
  const tooltip = [
    { field: "component", type: "nominal", title: "component" },
    { field: "share", type: "quantitative", title: "share", format: ".1%" },
    { field: "cumulative", type: "quantitative", title: "with those before", format: ".1%" },
  ];
  return {
    title: { text: "Explained variance", fontSize: 12, anchor: "middle" },
    data: { values },
    width: { step: values.length <= 6 ? 36 : 24 },
    height: 280,
    encoding: {
      x: {
        field: "component",
        type: "ordinal",
        axis: { title: "component", labelAngle: 0, ticks: false },
        scale: { paddingInner: 0.2, paddingOuter: 0.15 },
      },
    },
    layer: [
      {
        mark: { type: "bar" },
        encoding: {
          y: y("share"),
          color: {
            field: "kept",
            type: "nominal",
            scale: { domain: ["asked for", "others"], range: [palette[0], "#c3c9d2"] },
            legend: null,
          },
          tooltip,
        },
      },
      { mark: { type: "line", color: palette[1], strokeWidth: 1.5 }, encoding: { y: y("cumulative") } },
      {
        mark: { type: "point", filled: true, color: palette[1], size: 35, opacity: 1 },
        encoding: { y: y("cumulative"), tooltip },
      },
    ],
  };
}

const width = 380;
const height = 280;

/** Scores with room at either end for the names of the outermost. */
function domainOf(scores: readonly (number | null)[]): readonly [number, number] {
  const found = scores.filter((score) => score !== null);
  const [least, most] = [Math.min(...found), Math.max(...found)];
  const room = (most - least) * 0.06;
  return found.length === 0 ? [0, 1] : roundDomain(least - room, most + room);
}

/** The names of observations beside their scores on two components, in pixels, as far as there is room. */
function scoreNames({
  components: [first, second],
  observations,
}: Pick<Components, "components" | "observations">): ReturnType<typeof placeLabels> {
  if (first === undefined || second === undefined || observations.length > mostLabels) return [];
  const [across, up] = [domainOf(first.scores), domainOf(second.scores)];
  const at = (value: number, [low, high]: readonly [number, number]): number => (value - low) / (high - low);
  return placeLabels(
    observations.map((level, i) => ({
      x: at(first.scores[i] ?? 0, across) * width,
      y: (1 - at(second.scores[i] ?? 0, up)) * height,
      text: safeTitle(String(level)),
    })),
    { width, height, fontSize: 10 },
  );
}

function scores({ components, over, observations }: Components): VegaLiteSpec {
  const [first, second] = components;
  if (first === undefined) return emptyMarks();
  const axis = safeTitle(over.replaceAll("_", " "));
  const values = observations.map((level, i) => ({
    level: safeLevel(level),
    text: safeTitle(String(level)),
    one: first.scores[i] ?? null,
    two: second?.scores[i] ?? null,
    order: i,
  }));
  const score = (field: string, c: number, explained: number, domain?: readonly number[]): VegaLiteSpec => ({
    field,
    type: "quantitative",
    scale: domain === undefined ? { zero: false, nice: true, padding: 16 } : { zero: false, nice: false, domain },
    axis: { title: `component ${c} (${percent(explained)})`, format: ".4~g", tickCount: 6 },
  });
  const tooltip = [
    { field: "text", type: "nominal", title: axis },
    { field: "one", type: "quantitative", title: "component 1", format: ".4~g" },
    ...(second === undefined ? [] : [{ field: "two", type: "quantitative", title: "component 2", format: ".4~g" }]),
  ];
  const title = { text: `Scores by ${axis}`, fontSize: 12, anchor: "middle" };
  if (second === undefined) {
    const step = Math.max(10, Math.min(22, Math.floor(280 / Math.max(1, values.length))));
    const y = { field: "text", type: "ordinal", sort: values.map(({ text }) => text), title: axis };
    return {
      title,
      data: { values },
      width: 340,
      height: { step },
      mark: { type: "point", filled: true, size: 55, opacity: 1, color: palette[0] },
      encoding: { x: score("one", 1, first.explained), y: { ...y, axis: { title: axis, grid: true } }, tooltip },
    };
  }
  // Layers and training steps have an order, which the eye wants to follow; prompts have none.
  const isPath =
    over !== "prompt" && over !== "document" && observations.every((level) => !Number.isNaN(coordinateNumber(level)));
  const [across, up] = [domainOf(values.map(({ one }) => one)), domainOf(values.map(({ two }) => two))];
  const labels = scoreNames({ components, observations });
  const xy = { x: score("one", 1, first.explained, across), y: score("two", 2, second.explained, up) };
  return {
    title,
    data: { values },
    width,
    height,
    encoding: xy,
    layer: [
      ...(isPath
        ? [
            {
              mark: { type: "line", color: "#9aa3af", strokeWidth: 1, strokeDash: [3, 2] },
              encoding: { order: { field: "order", type: "quantitative" } },
            },
          ]
        : []),
      {
        mark: { type: "point", filled: true, size: 55, opacity: 0.9, color: palette[0] },
        encoding: { tooltip },
      },
      ...(labels.length === 0 ? [] : [nameMarks(labels)]),
    ],
  };
}

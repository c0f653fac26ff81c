/** Texts with a colour behind each token. */
import { entryOf } from "../../compiler/base/entry.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import { experimentsIn } from "../../compiler/ir/result-expression.js";
import { countOf, describeMean, isSigned, unitOf } from "../../compiler/results/describe.js";
import { evaluateResult, type OnNote } from "../../compiler/results/evaluate.js";
import { averagedAxes, averageOver, coordinateKey, groupCells } from "../../compiler/results/result-array.js";
import type { ResultCell } from "../../compiler/results/result-array.js";
import {
  colorAt,
  colorScaleOf,
  hexColor,
  markerColors,
  vegaColorScale,
  wantsDarkText,
  type ColorScale,
} from "./color-scale.js";
import { shortNumber, type Drawing, type PlotOutput } from "./drawing.js";
import { safeTitle, withUnit } from "./figure-data.js";
import { emptyMarks, type VegaLiteSpec } from "./figure-marks.js";
import { cutTo } from "./text-width.js";
import { noTokenTexts, onOneLine, pieceAt, sharedText, type TokenTexts } from "./token-texts.js";

/** Axes that make a text of its own, whatever `by` says. */
const textAxes = ["prompts", "group", "prompt", "document"];
/** Texts that one figure shows; tokens of each. */
const mostTexts = 12;
const mostTokens = 600;

/** A font of one width, so that every reader's lines end where these do. */
const fontSize = 13;
const characterWidth = fontSize * 0.602;
const lineHeight = 22;
const oneColumn = 620;
const twoColumns = 400;

interface Token {
  readonly text: string;
  readonly position: number;
  readonly value: number | null;
  readonly reason: string | null;
  /** Whether it was measured and has no value: another thing than a token that was not measured. */
  readonly isFault: boolean;
}

interface ShownText {
  /** Which text it is a version of. */
  readonly key: string;
  readonly title: string;
  readonly tokens: readonly Token[];
  readonly left: number;
}

/**
 * Each text once for every value and level of `by`, side by side where there are two; tokens are coloured by their value on
 * one scale, so that equal colours mean equal numbers. A token without a value has a frame and no colour.
 */
export function drawTexts(
  output: PlotOutput,
  results: ResultSet,
  onNote: OnNote,
  tokens: TokenTexts = noTokenTexts,
): Drawing {
  // prettier-ignore
  const texts: ShownText[] = [];
  const numbers: number[] = [];
  let mean: string | null = null;
  for (const named of output.values) {
    const full = evaluateResult(named.expression, results, onNote);
    const keep = [...new Set(["position", ...textAxes.filter((axis) => full.axes.includes(axis)), ...output.by])];
    const array = averageOver(full, keep, onNote);
    mean ??= describeMean(averagedAxes(full, keep));
    const experiments = experimentsIn(named.expression);
    const own = keep.filter((axis) => axis !== "position" && array.axes.includes(axis));
    for (const cells of groupCells(array.cells, own).values()) {
      const { tokens: shown, left } = tokensOf(cells, experiments, tokens);
      for (const { value } of shown) if (value !== null) numbers.push(value);
      const key = coordinateKey(cells[0]?.coordinates ?? {}, textAxes);
      texts.push({ key, title: titleOf(named.label, output.values.length > 1, cells[0], own), tokens: shown, left });
    }
  }
  const range =
    numbers.length === 0
      ? null
      : ([numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))] as const);
  const [first] = output.values;
  const scale = colorScaleOf(
    range,
    output.values.some((named) => isSigned(named.expression)),
    markerColors,
  );
  const ordered = byText(texts);
  const shown = ordered.slice(0, mostTexts);
  const cut = shown.reduce((sum, text) => sum + text.left, 0);
  const faults = shown.reduce((sum, text) => sum + text.tokens.filter(({ isFault }) => isFault).length, 0);
  const notes = [
    mean,
    texts.length > shown.length ? `the first ${shown.length} of ${texts.length} texts` : null,
    faults > 0 ? `${countOf(faults, "token")} NaN (dashed frame; reason in the tooltip)` : null,
    cut > 0 ? `${countOf(cut, "token")} beyond the first ${mostTokens} of a text not shown` : null,
  ].filter((note) => note !== null);
  const quantity = withUnit(first?.label ?? "", first === undefined ? null : unitOf(first));
  return {
    subtitle: notes.length === 0 ? null : notes.join(" · "),
    description: describe(output, texts, range),
    parts: texts.length === 0 ? emptyMarks() : panels(shown, scale, range === null ? null : quantity),
  };
}

function tokensOf(
  cells: readonly ResultCell[],
  experiments: readonly string[],
  tokens: TokenTexts,
): { readonly tokens: readonly Token[]; readonly left: number } {
  const text = sharedText(tokens, experiments, cells[0]?.coordinates ?? {});
  const values = new Map(cells.map((cell) => [Number(entryOf(cell.coordinates, "position")), cell]));
  const measured = [...values.keys()].sort((a, b) => a - b);
  // The whole text where it is known: tokens that were not measured are read, too.
  const positions = text === null ? measured : text.pieces.map((_, i) => i + text.first);
  const all = positions.map((position): Token => {
    const cell = values.get(position);
    const piece = pieceAt(text, position) ?? `[${position}] `;
    const value = cell !== undefined && Number.isFinite(cell.value) ? cell.value : null;
    const reason = cell === undefined ? "not measured" : cell.reason;
    return { text: piece, position, value, reason, isFault: cell !== undefined && value === null };
  });
  return { tokens: all.slice(0, mostTokens), left: Math.max(0, all.length - mostTokens) };
}

function titleOf(label: string, several: boolean, cell: ResultCell | undefined, axes: readonly string[]): string {
  const levels = axes.map((axis) => {
    const level = entryOf(cell?.coordinates ?? {}, axis) ?? "all";
    return typeof level === "number" ? `${axis.replaceAll("_", " ")} ${level}` : level;
  });
  return safeTitle([...(several ? [label] : []), ...levels].join(" · "));
}

/** The versions of each text one after the other: those for every value and level of `by`. */
function byText(texts: readonly ShownText[]): readonly ShownText[] {
  const order = [...new Set(texts.map(({ key }) => key))];
  return order.flatMap((key) => texts.filter((text) => text.key === key));
}

function panels(texts: readonly ShownText[], scale: ColorScale, quantity: string | null): VegaLiteSpec {
  const room = texts.length === 1 ? oneColumn : twoColumns;
  const views = texts.map((text, i) => panel(text, scale, room, i === texts.length - 1 ? quantity : null));
  const [only] = views;
  if (views.length === 1 && only !== undefined) return only;
  return { concat: views, columns: 2, spacing: 24, resolve: { scale: { color: "independent" } } };
}

interface Box {
  readonly x: number;
  readonly x2: number;
  readonly y: number;
  readonly y2: number;
  readonly middle: number;
  /** Where its first letter stands, behind blanks. */
  readonly from: number;
  readonly text: string;
  readonly color: string;
  readonly pale: boolean;
  readonly value: number | null;
  readonly position: number;
  readonly reason: string | null;
  readonly fault: boolean;
}

/** Boxes of the tokens, line by line; a token that is wider than what is left of a line begins the next one. */
function layout(
  { tokens }: ShownText,
  scale: ColorScale,
  room: number,
): { readonly boxes: readonly Box[]; readonly height: number } {
  // prettier-ignore
  const most = Math.floor(room / characterWidth);
  const boxes: Box[] = [];
  let [column, line] = [0, 0];
  for (const token of tokens) {
    const word = onOneLine(token.text);
    const characters = Array.from(word);
    for (let start = 0; start < Math.max(1, characters.length); start += most) {
      const part = characters.slice(start, start + most);
      const wide = part.reduce((sum, one) => sum + (/[\u1100-\uffff]/.test(one) && !/[\u2000-\u2bff]/.test(one) ? 2 : 1), 0); // prettier-ignore
      if (column + wide > most && column > 0) [column, line] = [0, line + 1];
      const color = token.value === null ? null : colorAt(scale, token.value);
      boxes.push({
        x: column * characterWidth,
        x2: (column + Math.max(1, wide)) * characterWidth,
        y: line * lineHeight,
        y2: (line + 1) * lineHeight - 3,
        middle: (line + 0.5) * lineHeight - 1.5,
        // Vega drops blanks at either end of a text, and SVG all but one inside of it.
        from: (column + (/^ */.exec(part.join(""))?.[0].length ?? 0)) * characterWidth,
        text: part.join("").trim().replaceAll(" ", "\u00a0"),
        color: color === null ? "none" : hexColor(color),
        pale: color === null ? false : wantsDarkText(color),
        value: token.value,
        position: token.position,
        reason: token.reason,
        fault: token.isFault,
      });
      column += Math.max(1, wide);
    }
    if (token.text.includes("\n")) [column, line] = [0, line + 1];
  }
  return { boxes, height: (line + 1) * lineHeight };
}

function panel(text: ShownText, scale: ColorScale, room: number, quantity: string | null): VegaLiteSpec {
  const { boxes, height } = layout(text, scale, room);
  const pixels = (field: string): VegaLiteSpec => ({ field, type: "quantitative", scale: null, axis: null });
  const tooltip = [
    { field: "text", type: "nominal", title: "token" },
    { field: "position", type: "quantitative", title: "position" },
    { field: "value", type: "quantitative", title: "value", format: ".6~g" },
    ...(boxes.some(({ reason }) => reason !== null) ? [{ field: "reason", type: "nominal", title: "none because" }] : []), // prettier-ignore
  ];
  return {
    ...(text.title === ""
      ? {}
      : { title: { text: cutTo(text.title, room, 12, true), fontSize: 12, anchor: "start", offset: 6 } }),
    data: { values: boxes },
    width: room,
    height,
    layer: [
      {
        transform: [{ filter: "isValid(datum.value)" }],
        mark: { type: "rect", cornerRadius: 2 },
        encoding: {
          x: pixels("x"),
          x2: { field: "x2" },
          y: pixels("y"),
          y2: { field: "y2" },
          color: {
            field: "value",
            type: "quantitative",
            scale: vegaColorScale(scale),
            legend:
              quantity === null
                ? null
                : { title: quantity, orient: "bottom", direction: "horizontal", gradientThickness: 12, gradientLength: 200, tickCount: 5, format: ".3~g" }, // prettier-ignore
          },
          tooltip,
        },
      },
      ...(boxes.some(({ fault }) => fault) ? [faultFrames(pixels, tooltip)] : []),
      ...[true, false].map((coloured) => ({
        transform: [{ filter: `${coloured ? "" : "!"}isValid(datum.value)` }],
        mark: { type: "text", align: "left", baseline: "middle", fontSize, font: "DejaVu Sans Mono, Menlo, Consolas, monospace" }, // prettier-ignore
        encoding: {
          x: pixels("from"),
          y: pixels("middle"),
          text: { field: "text", type: "nominal" },
          // On its colour a token stays as it is on a dark page; without one it is written like other text.
          color: coloured ? { condition: { test: "datum.pale", value: "#1b1b1b" }, value: "#ffffff" } : { value: "#1f2430" }, // prettier-ignore
          tooltip,
        },
      })),
    ],
  };
}

/** A frame around tokens without a value: without it they would look like those whose colour is white. */
function faultFrames(pixels: (field: string) => VegaLiteSpec, tooltip: readonly VegaLiteSpec[]): VegaLiteSpec {
  return {
    transform: [{ filter: "datum.fault" }],
    mark: { type: "rect", filled: false, stroke: "#6d737d", strokeWidth: 1, strokeDash: [3, 2], cornerRadius: 2 },
    encoding: { x: pixels("x"), x2: { field: "x2" }, y: pixels("y"), y2: { field: "y2" }, tooltip },
  };
}

function describe(output: PlotOutput, texts: readonly ShownText[], range: readonly [number, number] | null): string {
  const by = output.by.length === 0 ? "" : ` by ${output.by.join(", ")}`;
  const what = output.values.map((value) => value.label).join(", ");
  const values =
    range === null ? "It has no values." : `Values lie between ${shortNumber(range[0])} and ${shortNumber(range[1])}.`;
  return `${countOf(texts.length, "text")} coloured by ${what}${by}. ${values}`;
}

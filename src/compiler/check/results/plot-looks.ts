/** Options of a plot: which kinds of picture take which. */
import type { PlotKind, PlotOptions } from "../../ir/protocol.js";
import type { Span } from "../../base/span.js";
import type { PlotStatement } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import { axisNames, namedResult } from "./named-results.js";
import type { ResultContext } from "./result-context.js";

/** The kinds of picture that take an option. `title` and `caption` go with every kind. */
const takers: Readonly<Record<string, readonly PlotKind[]>> = {
  text: ["heatmap"],
  values: ["heatmap", "bar", "scatter"],
  identity: ["scatter"],
  sorted: ["bar", "box"],
  "log x": ["line", "scatter"],
  "log y": ["line", "bar", "box", "scatter"],
  x: ["heatmap", "line", "bar", "histogram", "box", "scatter", "density"],
  y: ["heatmap", "line", "bar", "histogram", "box", "scatter", "density"],
};

/** What the options ask for; null after an error. */
export function checkLooks(cx: ResultContext, statement: PlotStatement): PlotOptions | null {
  const { plot, looks } = statement;
  const used: readonly (readonly [string, Span | undefined])[] = [
    ["text", looks.text?.span],
    ...looks.flags.map(({ word, span }) => [word, span] as const),
    ["sorted", looks.sorted?.span],
    ...looks.log.map(({ word, span }) => [`log ${word}`, span] as const),
    ["x", looks.x?.span],
    ["y", looks.y?.span],
  ];
  for (const [option, span] of used) {
    const kinds = takers[option] ?? [];
    if (span === undefined || kinds.includes(plot)) continue;
    const expected = `an option of \`plot ${plot}\``;
    const hint = `\`${option}\` goes with ${kinds.map((kind) => `\`plot ${kind}\``).join(", ")}`;
    reportError(cx, "A1004", span, { what: `\`${option}\``, statement: `\`plot ${plot}\`` }, { expected, hint });
    return null;
  }
  const text = looks.text === null ? null : namedResult(cx, looks.text);
  if (looks.text !== null && (text === null || axisNames(cx, statement.over, [text]) === null)) return null;
  return {
    caption: looks.caption?.value ?? null,
    x: looks.x?.value ?? null,
    y: looks.y?.value ?? null,
    values: looks.flags.some((flag) => flag.word === "values"),
    sorted: looks.sorted === null ? null : looks.sorted.word === "ascending" ? "ascending" : "descending",
    log: looks.log.map((axis) => (axis.word === "y" ? "y" : "x")),
    identity: looks.flags.some((flag) => flag.word === "identity"),
    text,
  };
}

/** Titles of axes in as many lines as the axes are long for: beside a small picture a long one would cross what stands around it. */
import { figureHeight, figureWidth } from "./figure-width.js";
import { wrapText, textWidth } from "./text-width.js";
import type { VegaLiteSpec } from "./vega-lite.js";

const titleSize = 12;
/** The shortest room that a title is broken for, in pixels. */
const leastRoom = 120;

/** A specification whose titles of axes are broken where they are longer than their axis. */
export function fitAxisTitles(spec: VegaLiteSpec): VegaLiteSpec {
  const { concat } = spec;
  if (Array.isArray(concat)) return { ...spec, concat: (concat as readonly VegaLiteSpec[]).map(fitAxisTitles) };
  // A title may be a little longer than its axis: there is room beside it.
  const room = { x: figureWidth(spec) + 60, y: figureHeight(spec) + 20 };
  return fitted(spec, { x: Math.max(leastRoom, room.x), y: Math.max(leastRoom, room.y) });
}

type Room = Readonly<Record<"x" | "y", number>>;

function fitted(view: VegaLiteSpec, room: Room): VegaLiteSpec {
  const { encoding, layer } = view;
  return {
    ...view,
    ...(isRecord(encoding) ? { encoding: withTitles(encoding, room) } : {}),
    ...(Array.isArray(layer) ? { layer: (layer as readonly VegaLiteSpec[]).map((one) => fitted(one, room)) } : {}),
  };
}

function withTitles(encoding: VegaLiteSpec, room: Room): VegaLiteSpec {
  const channels = (["x", "y"] as const).flatMap((name) => {
    const channel = encoding[name];
    return isRecord(channel) ? [[name, channelIn(channel, room[name])] as const] : [];
  });
  return { ...encoding, ...Object.fromEntries(channels) };
}

function channelIn(channel: VegaLiteSpec, room: number): VegaLiteSpec {
  const { axis } = channel;
  const own = titleIn(channel, room);
  return isRecord(axis) ? { ...own, axis: titleIn(axis, room) } : own;
}

function titleIn<T extends VegaLiteSpec>(holder: T, room: number): T {
  const { title } = holder;
  if (typeof title !== "string" || textWidth(title, titleSize) <= room) return holder;
  const lines = wrapText(title, room, titleSize);
  return { ...holder, title: lines.length === 1 ? lines[0] : lines };
}

function isRecord(value: unknown): value is VegaLiteSpec {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

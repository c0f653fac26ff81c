/** Where texts stand in an SVG that Vega wrote. */

/** A text with the rectangle that it covers, in pixels from the upper left corner; turned ones are marked. */
export interface SvgText {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly angle: number;
}

/**
 * All texts of an SVG in the order of the file. Widths are estimated from the number of characters, with the average of
 * DejaVu Sans: not what the layout itself computes with.
 */
export function svgTexts(svg: string): readonly SvgText[] {
  const found: SvgText[] = [];
  const origin: (readonly [number, number])[] = [[0, 0]];
  for (const match of svg.matchAll(
    /<g\b([^>]*?)(\/?)>|<\/g>|<text\b([^>]*)>([^<]*(?:<tspan[^>]*>[^<]*<\/tspan>)*)<\/text>/g,
  )) {
    const [whole, group, selfClosed, attributes, content] = match;
    const [x, y] = origin.at(-1) ?? [0, 0];
    if (whole === "</g>") origin.pop();
    else if (group !== undefined) {
      const [dx, dy] = translation(group);
      if (selfClosed !== "/") origin.push([x + dx, y + dy]);
    } else if (attributes !== undefined && content !== undefined) {
      const text = content
        .replace(/<[^>]*>/g, "")
        .replace(/&amp;/g, "&")
        .replace(/&lt;/g, "<");
      const size = Number(/font-size="([\d.]+)px"/.exec(attributes)?.[1] ?? 11);
      const anchor = /text-anchor="(\w+)"/.exec(attributes)?.[1] ?? "start";
      const angle = Number(/rotate\((-?[\d.]+)/.exec(attributes)?.[1] ?? 0);
      const [dx, dy] = translation(attributes);
      const width = Array.from(text).length * size * 0.55;
      const left = x + dx - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
      found.push({ text, left, right: left + width, top: y + dy - size * 0.75, bottom: y + dy + size * 0.2, angle });
    }
  }
  return found;
}

function translation(attributes: string): readonly [number, number] {
  const [, x = "0", y = "0"] = /translate\((-?[\d.e-]+)[, ]+(-?[\d.e-]+)\)/.exec(attributes) ?? [];
  return [Number(x), Number(y)];
}

/** Pairs of level texts whose rectangles share more than a pixel. */
export function overlaps(texts: readonly SvgText[]): readonly string[] {
  const level = texts.filter(({ angle, text }) => angle === 0 && text.trim() !== "");
  return level.flatMap((a, i) =>
    level
      .slice(i + 1)
      .filter((b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
      .map((b) => `${a.text} | ${b.text}`),
  );
}

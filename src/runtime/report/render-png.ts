/** Pictures to PNG. Resvg is imported when first used. */
import { createRequire } from "node:module";
import path from "node:path";
import { enlargedPng } from "./enlarge-png.js";

const require = createRequire(import.meta.url);

/** Images of cells with a pixel for each pixel of the picture: resvg would blur the edges of cells. */
function withDevicePixels(svg: string, scale: number): string {
  return svg.replace(/<image [^>]*>/g, (tag) => {
    const [, width, height] = / width="([\d.]+)" height="([\d.]+)"/.exec(tag) ?? [];
    if (width === undefined || height === undefined) return tag;
    return tag.replace(/data:image\/png;base64,([A-Za-z0-9+/=]+)/, (_, data: string) => {
      const size = [Math.round(Number(width) * scale), Math.round(Number(height) * scale)] as const;
      return `data:image/png;base64,${Buffer.from(enlargedPng(Buffer.from(data, "base64"), ...size)).toString("base64")}`;
    });
  });
}

/** An SVG of `renderFigureSvg` as PNG bytes, `scale` pixels per unit. Text is drawn in DejaVu Sans. */
export async function renderFigurePng(svg: string, scale = 2): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const fonts = path.join(path.dirname(require.resolve("dejavu-fonts-ttf/package.json")), "ttf");
  // Fonts of the machine would make the picture differ from machine to machine.
  const font = {
    fontFiles: ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"].map((file) => path.join(fonts, file)),
    loadSystemFonts: false,
    defaultFontFamily: "DejaVu Sans",
  };
  return new Resvg(withDevicePixels(svg, scale), { font, fitTo: { mode: "zoom", value: scale } }).render().asPng();
}

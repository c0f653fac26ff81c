/** Pictures to PNG. Resvg is imported when first used. */
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);

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
  return new Resvg(svg, { font, fitTo: { mode: "zoom", value: scale } }).render().asPng();
}

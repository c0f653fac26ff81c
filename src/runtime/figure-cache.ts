/** Pictures that were drawn before, by what they are drawn from: Vega and resvg take longer than many a run. */
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { renderFigureSvg } from "./report/render-figure.js";
import { renderFigurePng } from "./report/render-png.js";
import type { VegaLiteSpec } from "./report/vega-lite.js";
import { isTemporaryName, writeFileAtomic } from "./store/atomic.js";

/** To be raised when the same specification comes to be drawn otherwise: with another Vega, font or resvg. */
const drawingVersion = 1;

/** Pictures that a folder of runs keeps; those that were not used for longest go first. */
const mostFiles = 400;
const mostBytes = 200 * 2 ** 20;

/** A figure as text and as bytes. */
export interface DrawnFigure {
  readonly svg: string;
  readonly png: Uint8Array;
}

/** The folder of pictures beside the runs, for a run's own folder. */
export function figureCacheOf(runFolder: string): string {
  return join(runFolder, "..", "..", ".figures");
}

/**
 * The picture of a specification: read where it was drawn before, otherwise drawn and kept. What cannot be read, or is
 * not what was written, is drawn anew; a folder that cannot be written costs time and nothing else.
 */
export async function drawnFigure(cache: string, spec: VegaLiteSpec): Promise<DrawnFigure> {
  const key = digest(`${drawingVersion}\n${JSON.stringify(spec)}`);
  const path = join(cache, key);
  const known = await readDrawn(path);
  if (known !== null) return known;
  const svg = await renderFigureSvg(spec);
  const png = await renderFigurePng(svg);
  const body = Buffer.concat([Buffer.from(svg), png]);
  try {
    await mkdir(cache, { recursive: true });
    await writeFileAtomic(path, Buffer.concat([Buffer.from(`${digest(body)} ${Buffer.byteLength(svg)}\n`), body]));
  } catch {
    // The picture is there all the same.
  }
  return { svg, png };
}

async function readDrawn(path: string): Promise<DrawnFigure | null> {
  try {
    const bytes = await readFile(path);
    const end = bytes.indexOf(10);
    const [sum, length] = bytes.subarray(0, end).toString("latin1").split(" ");
    const body = bytes.subarray(end + 1);
    if (end < 0 || digest(body) !== sum) return null;
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return { svg: body.subarray(0, Number(length)).toString("utf8"), png: body.subarray(Number(length)) };
  } catch {
    return null;
  }
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Removes what was not used for longest until the rest is within the limits. */
export async function pruneFigures(cache: string): Promise<void> {
  try {
    const names = (await readdir(cache)).filter((name) => !isTemporaryName(name));
    const files = await Promise.all(
      names.map(async (name) => {
        const { size, mtimeMs } = await stat(join(cache, name));
        return { name, size, time: mtimeMs };
      }),
    );
    let [count, bytes] = [0, 0];
    for (const { name, size } of files.sort((a, b) => b.time - a.time)) {
      count++;
      bytes += size;
      if (count > mostFiles || bytes > mostBytes) await rm(join(cache, name), { force: true });
    }
  } catch {
    // Nothing was drawn yet, or another run is at it.
  }
}

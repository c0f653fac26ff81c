/** Part 2: the later half of a deep model, in which most layers of most runs need not be computed. */
import { contractionFlops } from "../limit.js";
import type { Comparison } from "../results.js";
import type { Settings } from "../settings.js";
import { measureSweep } from "./comparison.js";

export function deepSweep(settings: Settings, say: (line: string) => void): Promise<Comparison> {
  const shape = { layers: 32, width: settings.quick ? 128 : 512, heads: 32, vocabulary: 1024 };
  const [prompts, tokens, window, early] = [settings.quick ? 2 : 8, 20, 16, 5];
  const ablated = Array.from({ length: 16 }, (_, i) => 15 + i);
  return measureSweep(
    settings,
    {
      part: "2",
      workload:
        `GPT-2 with ${shape.layers} layers, width ${shape.width}, ${shape.heads} heads, ${shape.vocabulary} tokens; ` +
        `${prompts} prompts of ${tokens} tokens; \`ablate heads L15..30 measure R_V window ${window}\` ` +
        `(early L${early}, late L-5): ${ablated.length * shape.heads} heads set to zero, each alone`,
      shape,
      prompts,
      tokens,
      place: "L15..30",
      ablated,
      measure: `R_V window ${window}`,
      metric: "R_V",
      peers: [],
      peerMeasure: {},
      flops: contractionFlops({ ...shape, prompts, tokens, ablated }, shape.layers - 5, window),
    },
    say,
  );
}

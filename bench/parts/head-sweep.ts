/** Parts 1a and 1b: every head of a GPT-2-small is switched off, against the usual ways of doing so. */
import { contractionFlops, nllFlops } from "../limit.js";
import type { Comparison } from "../results.js";
import type { Settings } from "../settings.js";
import { measureSweep, type SweepPeer } from "./comparison.js";

/** The usual loops take minutes, and every head takes them as long: a sample stands for all. */
const sampledHeads = 9;

function peersOf(settings: Settings): readonly SweepPeer[] {
  return [
    { name: "PyTorch by hand", file: "hand_optimised.py", packages: null, sample: null },
    { name: "TransformerLens", file: "transformer_lens_2.py", packages: settings.lens2, sample: sampledHeads },
    { name: "TransformerLens", file: "transformer_lens_bridge.py", packages: settings.lens4, sample: sampledHeads },
    { name: "nnsight", file: "nnsight_loop.py", packages: null, sample: sampledHeads },
  ];
}

export function headSweep(settings: Settings, part: "1a" | "1b", say: (line: string) => void): Promise<Comparison> {
  const shape = settings.quick
    ? { layers: 12, width: 96, heads: 6, vocabulary: 5000 }
    : { layers: 12, width: 768, heads: 12, vocabulary: 50257 };
  const [prompts, tokens, window, early] = [settings.quick ? 4 : 16, 32, 16, 5];
  const late = shape.layers - 5;
  const ablated = Array.from({ length: shape.layers }, (_, layer) => layer);
  const work = { ...shape, prompts, tokens, ablated };
  const sizes = `${shape.layers} layers, width ${shape.width}, ${shape.heads} heads, ${shape.vocabulary} tokens`;
  const loss = part === "1a";
  return measureSweep(
    settings,
    {
      part,
      workload:
        `GPT-2 with ${sizes}; ${prompts} prompts of ${tokens} tokens; each of the ${shape.layers * shape.heads} heads ` +
        `set to zero alone, ` +
        (loss ? "mean nll of every prompt" : `R_V of every prompt (early L${early}, late L-5, window ${window})`),
      shape,
      prompts,
      tokens,
      place: "L*",
      ablated,
      measure: loss ? "loss" : `R_V early L${early} late L-5 window ${window}`,
      metric: loss ? "loss" : "R_V",
      peers: peersOf(settings),
      peerMeasure: { measure: loss ? "nll" : "r_v", early, late, window },
      flops: loss ? nllFlops(work) : contractionFlops(work, late, window),
    },
    say,
  );
}

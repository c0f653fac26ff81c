/** A long protocol of mixed statements, for measuring the compiler: it is sound, and every block has names of its own. */

/** About 20 lines: a metric, prompts, an experiment, a comparison and outputs. */
function block(i: number): string {
  const interventions = [
    `ablate heads L0..5.H${i % 4} by mean`,
    `ablate mlp L${i % 6} by zero`,
    `scale heads L${i % 6} by [0.5, 2]`,
    `steer resid_pre L2..4 by 2 * mean(resid_post[L1] of texts_${i}) at last`,
    `set resid_post[L${1 + (i % 5)}] to 0.5 * resid_post[L${i % 5}]`,
    `ablate heads L1.H0, L3.H2 at last together by constant 0.${i + 1}`,
  ];
  return `
## How evenly the stream is spread, relative to its size: number ${i}.
metric spread_${i}(layer: layer = L*, window: count = ${4 + (i % 9)}) =
  let x = resid_post[layer] last window in
  let centred = x - mean(x over pos) in
  PR(centred) / (1 + norm(centred))

prompts texts_${i} from [
  "The committee read the report number ${i} before it asked a single question about it.",
  "Time heals all wounds but number ${i}."
]

experiment study_${i}
  on gpt2 with texts_${i}
  ${interventions[i % interventions.length] ?? ""}
  measure loss, kl, spread_${i} layer [L1, L4], R_V early L1 late L4 window window,
    mean(max(mlp_act[L2] over neuron) over pos) as loudest_${i}

let harm_${i} = mean(abs(study_${i}.loss.impact) over prompt)
hypothesis "Number ${i} harms" expect study_${i}.loss.impact > 0 using t_test alpha 0.05
table study_${i} where abs(loss.impact) > 0.01
plot box of study_${i}.loss.impact by prompt`;
}

/** A protocol of at least `lines` lines on gpt2-tiny. */
export function longProtocol(lines: number): string {
  const blocks = [`param window = 8\nmodel gpt2 from "@stdlib/models/gpt2-tiny"`];
  for (let i = 0; blocks.join("\n").split("\n").length < lines; i++) blocks.push(block(i));
  return `${blocks.join("\n")}\n`;
}

/**
 * What lowering makes of what is asked, in digests: of every operation, of small protocols on every family, with and
 * without the passes, and of what is fed to their graphs.
 */
import { digestOf } from "../../src/compiler/base/digest.js";
import { writeKey } from "../../src/compiler/replacements/index.js";
import { textsKey } from "../../src/compiler/ir/texts-key.js";
import { extentSize } from "../../src/compiler/ir/tensor-type.js";
import type { Numerics, Plan } from "../../src/compiler/ir/plan.js";
import type { Protocol } from "../../src/compiler/ir/protocol.js";
import { graphContent } from "../../src/compiler/lower/graph-plan.js";
import { lowerGraph } from "../../src/compiler/lower/graph.js";
import { planProtocol } from "../../src/compiler/lower/plan.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { operations } from "../../src/compiler/operations/index.js";
import { passNames, type PassName } from "../../src/compiler/passes/names.js";
import type { EngineTensors } from "../../src/runtime/engine/messages.js";
import { createFeeds } from "../../src/runtime/feeds.js";
import { cases as operationCases } from "../operations/cases.js";
import { declareInput } from "../operations/support.js";
import { graphDigest } from "../support/graph-digest.js";
import { capabilities, compileText, fixtureFacts } from "./compiling.js";

/** What was asked and what was made of it, as short digests. */
export type Lowered = readonly [asked: string, made: string];

function short(value: unknown): string {
  return digestOf(value).slice(0, 16);
}

/** Every operation in the uses that its tests try, with inputs that can be faulty and with such that cannot. */
function loweredOperations(): readonly (readonly [string, readonly Lowered[]])[] {
  const inGraphs = [...operations].filter(([, operation]) => operation.outside !== true);
  return inGraphs.map(([name, operation]) => {
    const good = operationCases[name]?.good ?? [];
    const lowered = good.flatMap(({ inputs, attributes = {}, result }) =>
      [false, true].map((faulty): Lowered => {
        const builder = createGraphBuilder(name);
        const made = operation.lower(
          { builder, reason: 9, undecided: 8 },
          inputs.map(([type], i) => ({
            value: declareInput(builder, `x${i}`, type),
            fault: faulty ? declareInput(builder, `f${i}`, type, true) : null,
            type,
          })),
          attributes,
          result,
        );
        const shape = ["row", ...result.axes.map((_, i) => `r${i}`)];
        const value = builder.node("Identity", [made.value], {}, "value");
        const fault = made.fault === null ? [] : [builder.node("Identity", [made.fault], {}, "fault")];
        const graph = builder.finish([
          { name: value, type: result.element === "truth" ? "bool" : "float32", shape },
          ...fault.map((own) => ({ name: own, type: "int32" as const, shape })),
        ]);
        return [short([name, inputs.map(([type]) => type), attributes, faulty]), short(graphDigest(graph))];
      }),
    );
    return [`operation ${name}`, lowered];
  });
}

const texts = `
prompts p from ["the cat sat on", "it rained all day long", "the dog sat on"]
prompts other from ["a bird flew over", "we looked at the old house", "a fish swam under"]
prompts repeated random tokens 6 repeat 2 count 2
`;

/** Sites, gates of every kind, and values of other runs of every kind. */
const everyKind = `${texts}
experiment zeros on m with p ablate heads L* measure loss, entropy, norm(resid_post[L1]) as size
experiment means on m with p ablate mlp L0..1 by mean of other measure loss
experiment places on m with p ablate mlp L0 at last by mean of other measure nll
experiment constants on m with p ablate attention L1 at 0 by constant 0.5 measure max(logits at last) as most
experiment resampled on m with p ablate mlp L1 by resample from other seed 3 measure loss
experiment scaled on m with p scale resid_pre L1 by 0.5 measure loss
experiment steered on m with p steer resid_post L0 by mean(resid_post[L0] of other) measure loss, kl
experiment computed on m with p set z[L1.H0] to z[L1.H1] measure loss
experiment patched on m patch resid_pre L* at -2..-1 from other into p measure loss
experiment apart on m with p measure cos(resid_post[L0] at last, (resid_post[L0] at last) of other) as likeness
prompts even from ["the cat sat at", "it looked all day long", "the house sat on"]
experiment along on m patch heads L0 to heads L1 from even into p measure loss
experiment direct on m patch mlp L* to logits at last from even into p measure loss
experiment again on m with repeated measure induction_score, pattern_entropy, R_V early L0 late L1 window 4
`;

const plain = `${texts}
experiment e on m with p ablate heads L1 measure loss, sum(logits over vocab) as total, mean(pattern[L0] over query) as seen
`;

const sloped = `${texts}
experiment sloped on m with p ablate heads L0 measure saliency(loss), norm(grad(loss, resid_pre[L1])) as steepness
`;

const windows = `
corpus c from ["the cat sat on the mat and looked at the dog", "it rained all day and all night"] window 6
experiment e on m with c ablate mlp L0 measure perplexity, bits_per_byte
`;

interface Case {
  readonly model: string;
  readonly text: string;
  readonly passes: readonly PassName[];
  readonly dtype?: string;
}

const protocols: Readonly<Record<string, Case>> = {
  "gpt2, every kind": { model: "gpt2-f32", text: everyKind, passes: passNames },
  "gpt2, every kind without passes": { model: "gpt2-f32", text: everyKind, passes: [] },
  "llama, every kind": { model: "llama-tied-f32", text: everyKind, passes: passNames },
  "neox, every kind without passes": { model: "neox-sequential-bf16", text: everyKind, passes: [] },
  "gpt2, gradients": { model: "gpt2-f32", text: sloped, passes: passNames },
  "llama, gradients": { model: "llama-tied-f32", text: sloped, passes: passNames },
  "gpt2, a corpus": { model: "gpt2-f32", text: windows, passes: passNames },
  "gpt2, rounded weights": { model: "gpt2-f32", text: plain, passes: passNames, dtype: "bf16" },
  ...Object.fromEntries(
    [
      "gpt2-bf16",
      "gpt2-f16",
      "llama-rope3-bf16",
      "llama-bias-f16",
      "neox-parallel-f32",
      "neox-half-f16",
      "mistral-f32",
      "qwen2-bf16",
    ].map((model) => [`${model}, plain`, { model, text: plain, passes: passNames }]),
  ),
};

const numerics: Numerics = {
  onnxruntime: "none",
  device: "cpu",
  graphOptimization: "basic",
  prepacking: "short texts",
  tf32: false,
};

/** Values as a capture might have left them: numbers by their places. */
function madeUp(plan: Plan, id: string): EngineTensors {
  const unit = plan.evaluations.flatMap((evaluation) => evaluation.units).find((own) => own.id === id);
  const graph = plan.graphs.find((own) => own.id === unit?.graph);
  if (unit === undefined || graph === undefined) throw new RangeError(`no unit ${id}`);
  return Object.fromEntries<EngineTensors[string]>(
    graph.outputs.flatMap(({ name, fault, type }, o) => {
      const dims = [unit.rows.length, ...type.axes.map((axis) => extentSize(axis.extent, unit.positions))];
      const size = dims.reduce((product, d) => product * d, 1);
      const data = Float32Array.from({ length: size }, (_, i) => ((i * 37 + o * 11) % 101) / 7 - 5);
      const none = { type: "int32" as const, dims, data: new Int32Array(size) };
      return [
        [name, { type: "float32" as const, dims, data }],
        ...(fault === null ? [] : [[fault, none] as const]),
      ] as const;
    }),
  );
}

/** Graphs of a protocol's plan, and what is fed to them for each unit. */
async function loweredProtocol(
  name: string,
  { model, text, passes, dtype }: Case,
): Promise<readonly (readonly [string, readonly Lowered[]])[]> {
  const from = `model m from "./${model}"${dtype === undefined ? "" : ` dtype ${dtype}`}\n`;
  const { value, diagnostics } = compileText(from + text, { models: { "*": await fixtureFacts(model) } });
  const { protocol, models } = value;
  if (protocol === null) throw new Error(`${name}: ${diagnostics.map((d) => d.message).join("; ")}`);
  const options = { memoryBudget: 2 ** 30, numerics, capabilities, passes, graphWork: 0, chunkedFrom: 5 };
  const { value: plan } = planProtocol(protocol, models, options);
  const opened = models.get("m");
  if (opened === undefined) throw new Error(`${name}: no model`);
  const weights = opened.facts.digest;
  const graphs = plan.graphs.map((graph) => {
    const lowered = lowerGraph(opened.graph, graph);
    return { id: graph.id, asked: short(graphContent({ ...graph, weights })), lowered };
  });
  const feeds = createFeeds(protocol, plan, () => opened.signature);
  const fed: Lowered[] = [];
  for (const evaluation of plan.evaluations) {
    const set = protocol.texts.find((own) => textsKey(own.name, own.model) === textsKey(evaluation.texts, "m"));
    for (const unit of evaluation.units) {
      const graph = graphs.find((own) => own.id === unit.graph);
      if (graph === undefined || set === undefined) throw new Error(`${name}: no graph ${unit.graph}`);
      const inputs = graph.lowered.inputs.map((input) => input.name);
      const tensors = await feeds.feedsOf(evaluation, unit, inputs, (id) => Promise.resolve(madeUp(plan, id)));
      const bytes = Object.entries(tensors).map(([input, { type, dims, data }]) => {
        return [input, type, dims, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64")];
      });
      const writes = unit.rows.map(({ prompt, condition }) => [
        prompt,
        set.prompts[prompt]?.ids,
        set.prompts[prompt]?.numbers,
        evaluation.conditions[condition]?.writes.map(writeKey),
      ]);
      fed.push([short([graph.asked, unit.positions, writes, evaluationTexts(protocol)]), short(bytes)]);
    }
  }
  return [
    [name, graphs.map(({ asked, lowered }): Lowered => [asked, short(graphDigest(lowered))])],
    [`${name}: what is fed`, fed],
  ];
}

/** All texts of a protocol: values of other runs may be taken from each. */
function evaluationTexts(protocol: Protocol): unknown {
  return protocol.texts.map(({ name, prompts }) => [name, prompts.map(({ ids, numbers }) => [ids, numbers])]);
}

/** Every case by its name. */
export async function loweredCases(): Promise<ReadonlyMap<string, readonly Lowered[]>> {
  const found = [...loweredOperations()];
  for (const [name, own] of Object.entries(protocols)) found.push(...(await loweredProtocol(name, own)));
  return new Map(found);
}

/** Runs a model once on a few tokens, in an engine that is there, and checks its identities. */
import { seededIntegers } from "../../compiler/base/random.js";
import {
  checkIdentities,
  identityParameters,
  identitySites,
  parameterRank,
  type IdentityResult,
  type TappedTensor,
} from "../../compiler/models/identities.js";
import type { ModelGraph } from "../../compiler/models/model.js";
import { isSite, sites as siteTypes } from "../../compiler/models/sites.js";
import { int } from "../../compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../compiler/onnx/builder.js";
import { addOutput, appendNodes, eliminateDeadNodes } from "../../compiler/onnx/edit.js";
import { encodeModel } from "../../compiler/onnx/encode.js";
import type { Graph } from "../../compiler/onnx/graph.js";
import type { ProductType } from "../../compiler/onnx/products.js";
import type { Engine } from "../engine/engine.js";
import type { EngineTensor } from "../engine/messages.js";
import type { ReadModel } from "./read-model.js";
import { agreement, identityTolerance } from "./agreement.js";
import { comparedWithOriginal, textLength } from "./compare-export.js";
import { weightsOf } from "./weight-files.js";

/**
 * Entries of the vocabulary, evenly spread, whose logits are checked. All of them would bring the whole unembedding out of
 * the engine: gigabytes of a large model.
 */
const vocabularySample = 512;

/** How a model is checked. */
export interface ModelCheck {
  /** The type in which the engine computes products with weights. */
  readonly compute?: ProductType;
  /** The device's name, and an engine of the processor with which it is compared; absent for the processor itself. */
  readonly against?: { readonly device: string; readonly reference: () => Promise<Engine> };
}

/** What a model is asked for in a check. */
type Checked = Pick<ReadModel, "weightFiles" | "original" | "facts">;

/**
 * Runs the model on eight arbitrary ids with taps at every site that the identities read, on a device also beside the
 * processor.
 */
export async function checkModelIn(
  engine: Engine,
  model: ModelGraph,
  opened: Checked,
  { compute = "float32", against }: ModelCheck = {},
): Promise<readonly IdentityResult[]> {
  const { ids, sites, parameters } = await tapped(engine, model, opened);
  const identities = checkIdentities(model.signature, sites, parameters, identityTolerance(compute));
  const same = compute === "float32" ? await comparedWithOriginal(engine, opened, ids, sites["logits"]) : null;
  const results = same === null ? identities : [...identities, same];
  if (against === undefined) return results;
  const reference = await against.reference();
  try {
    const expected = await tapped(reference, model, opened);
    return [...results, ...agreement(against.device, compute, sites, expected.sites)];
  } finally {
    await reference.stop();
  }
}

/** The values of one short run. */
interface Tapped {
  readonly ids: BigInt64Array;
  readonly sites: Readonly<Record<string, TappedTensor>>;
  readonly parameters: Readonly<Record<string, TappedTensor>>;
}

async function tapped(engine: Engine, model: ModelGraph, opened: Checked): Promise<Tapped> {
  const { signature } = model;
  const taps = identitySites(signature).filter((key) => model.values[key] !== undefined);
  const parameters = identityParameters(signature).filter((name) => model.parameters[name] !== undefined);
  const { graph: sampledGraph, logits, parameters: sampled } = withSampledVocabulary(model);
  let graph = sampledGraph;
  const outputs: { readonly key: string; readonly output: string }[] = [];
  const wanted: readonly (readonly ["site" | "parameter", readonly string[], Readonly<Record<string, string>>])[] = [
    ["site", taps, { ...model.values, logits }],
    ["parameter", parameters, { ...model.parameters, ...sampled }],
  ];
  for (const [kind, keys, values] of wanted) {
    for (const key of keys) {
      const output = `${kind}/${key}`;
      graph = addOutput(graph, values[key] ?? "", { name: output, type: "float32", shape: dynamicShape(output, key) });
      outputs.push({ key, output });
    }
  }
  const next = seededIntegers(1);
  const length = Math.min(textLength(opened.facts), signature.maxPositions ?? Infinity);
  const ids = BigInt64Array.from({ length }, () => BigInt(next(signature.vocab)));
  try {
    const tappedGraph = eliminateDeadNodes(graph);
    const bytes = encodeModel(tappedGraph);
    // A few tokens are not worth rearranging all weights for.
    await engine.open({ id: "identities", bytes, weights: weightsOf(tappedGraph, opened), prepacked: false });
    const result = await engine.run({
      graphs: ["identities"],
      feeds: { input_ids: { type: "int64", dims: [1, length], data: ids } },
      fetches: outputs.map((o) => o.output),
    });
    const read = (kind: "site" | "parameter"): Record<string, TappedTensor> =>
      Object.fromEntries(
        outputs.flatMap(({ key, output }) => {
          const tensor = result.outputs[output];
          return output.startsWith(`${kind}/`) && tensor !== undefined ? [[key, tappedTensor(tensor)]] : [];
        }),
      );
    return { ids, sites: read("site"), parameters: read("parameter") };
  } finally {
    // An engine that has ended has forgotten the graph, too.
    if (engine.alive()) await engine.close("identities");
  }
}

/** The model's graph with values of the same entries of the vocabulary taken from its logits and from its unembedding. */
function withSampledVocabulary({ graph, values, parameters, signature: { vocab } }: ModelGraph): {
  readonly graph: Graph;
  readonly logits: string;
  readonly parameters: Readonly<Record<string, string>>;
} {
  const count = Math.min(vocab, vocabularySample);
  const builder = createGraphBuilder("sampled vocabulary");
  const scope = builder.scope("sampled");
  const ids = Array.from({ length: count }, (_, i) => Math.floor((i * vocab) / count));
  const sample = scope.constant("int64", [count], ids);
  const logits = scope.node("Gather", [values["logits"] ?? "", sample], { axis: int(2) });
  const rows = ["W_U", "b_U"].flatMap((name) => {
    const value = parameters[name];
    return value === undefined ? [] : [[name, scope.node("Gather", [value, sample], { axis: int(0) })] as const];
  });
  const { nodes, initializers } = builder.finish();
  return { graph: appendNodes(graph, nodes, initializers), logits, parameters: Object.fromEntries(rows) };
}

function tappedTensor(tensor: EngineTensor): TappedTensor {
  return { shape: tensor.dims, data: tensor.type === "int64" ? Float64Array.from(tensor.data, Number) : tensor.data };
}

/** As many sizes as the value has axes, each with a name of its own. */
function dynamicShape(output: string, key: string): readonly string[] {
  const site = key.replace(/\[.*/, "");
  const rank = isSite(site) ? 1 + siteTypes[site].axes.length : parameterRank(key);
  return Array.from({ length: rank }, (_, i) => `${output}.${i}`);
}

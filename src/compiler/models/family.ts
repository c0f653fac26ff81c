import { hasErrors, type Staged } from "../diagnostics/staged.js";
import { diagnostic } from "../diagnostics/create.js";
import { exportOf } from "./exports/export-facts.js";
import { exportedModel, exportedWeights } from "./exports/exported-model.js";
import { createGraphBuilder } from "../onnx/builder.js";
import { assertGraph } from "../onnx/verify.js";
import type { ModelFacts, ModelGraph, ModelSignature } from "./model.js";
import { createConfigReader, type ConfigReader } from "./parts/config.js";
import { createBuildContext } from "./parts/context.js";
import type { Family, FamilyModel } from "./parts/family-model.js";
import { createWeightSource } from "./parts/weights.js";
import { families } from "./registry.js";

export { families } from "./registry.js";

/** The family that reads a config; null when there is none. */
export function familyOf(config: ModelFacts["config"]): Family | null {
  return families.find((family) => family.modelType === config["model_type"]) ?? null;
}

/** Sizes and sites of a model from its config and tokenizer alone, without looking at its tensors. */
export function readSignature(facts: ModelFacts): Staged<ModelSignature | null> {
  const { value, diagnostics } = readModel(facts);
  return { value: value?.signature ?? null, diagnostics };
}

/**
 * The model as a graph with every site that its family has. Errors: A4001 unsupported architecture, A4002 and A4003
 * config, A4004–A4006 tensors.
 */
export function buildModelGraph(facts: ModelFacts): Staged<ModelGraph | null> {
  const { value: model, diagnostics } = readModel(facts);
  if (model === null) return { value: null, diagnostics };
  const builder = createGraphBuilder(model.signature.family);
  const exported = exportOf(facts);
  const weights =
    exported === null ? createWeightSource(facts, builder) : exportedWeights(facts, exported.architecture, builder);
  const { context, values, parameters } = createBuildContext(builder, weights, model.signature);
  model.build(context);
  const all = [...diagnostics, ...weights.diagnostics()];
  if (hasErrors(all)) return { value: null, diagnostics: all };
  const graph = assertGraph(builder.finish());
  return { value: { signature: model.signature, graph, values, parameters }, diagnostics: all };
}

function readModel(facts: ModelFacts): Staged<FamilyModel | null> {
  const exported = exportOf(facts);
  if (exported !== null) return { value: exportedModel(exported.architecture), diagnostics: [] };
  const config = createConfigReader(facts);
  const modelType = config.text("model_type");
  if (hasErrors(config.diagnostics)) return { value: null, diagnostics: config.diagnostics };
  const family = familyOf(facts.config);
  const { source } = facts;
  if (family === null) {
    const supported = families.map((known) => known.modelType).join(", ");
    return { value: null, diagnostics: [diagnostic("A4001", null, { source, architecture: modelType, supported })] };
  }
  refuseForAll(config);
  const model = family.describe(config);
  if (hasErrors(config.diagnostics)) return { value: null, diagnostics: config.diagnostics };
  const unread = config.unread();
  if (unread.length > 0) {
    const more = unread.length > mostListed ? ` and ${unread.length - mostListed} more` : "";
    const fields = unread.slice(0, mostListed).join(", ") + more;
    config.diagnostics.push(diagnostic("A8031", null, { source, fields }));
  }
  return { value: model, diagnostics: config.diagnostics };
}

/** So many names at most stand in one message. */
const mostListed = 12;

/** Settings that transformers knows for every model and that no family here has. */
function refuseForAll(config: ConfigReader): void {
  if (config.raw("quantization_config") !== undefined) {
    config.refuse("quantization_config", "quantised weights", "weights stored as f32, bf16 or f16");
  }
  if (config.raw("per_layer_config") !== undefined) {
    config.refuse("per_layer_config", "other settings for some layers", "the same settings for all layers");
  }
  // transformers looks both ways unless the value is true in Python, and null is not.
  if (config.has("is_causal") && config.raw("is_causal") !== true) {
    config.refuse("is_causal", JSON.stringify(config.raw("is_causal") ?? null), "true: positions look back only");
  }
}

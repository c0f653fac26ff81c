/** A recognised export as a model that is built like any other: its blueprint, and weights that follow from recipes. */
import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import { dataTypes } from "../../onnx/data-types.js";
import { elementOf } from "../dtype.js";
import type { ModelFacts } from "../model.js";
import type { FamilyModel } from "../parts/family-model.js";
import type { Rotary } from "../parts/rotary.js";
import { transformer } from "../parts/transformer.js";
import { createWeightSource, type WeightSource } from "../parts/weights.js";
import type { Architecture } from "./architecture.js";
import type { Recipe } from "./recipes.js";

/** What graphs call a stored tensor, so that no name of a file is one of theirs. */
export function storedTensorName(name: string): string {
  return `stored/${name}`;
}

/** The model of an architecture. */
export function exportedModel({ sizes, norm, embedding, layers, finalNorm, unembedding }: Architecture): FamilyModel {
  // Layers that are turned alike share their tables, which are told apart by the very object.
  const rotaries = new Map<string, Rotary>();
  const shared = (settings: Rotary): Rotary => {
    const key = JSON.stringify(settings);
    const known = rotaries.get(key) ?? settings;
    rotaries.set(key, known);
    return known;
  };
  const plans = layers.map(({ attention, mlp }) => {
    const { rotary } = attention;
    const turned = rotary === null ? null : { ...rotary, settings: shared(rotary.settings) };
    return { mlp, attention: { ...attention, rotary: turned } };
  });
  return transformer({
    ...{ sizes, norm, embedding, finalNorm, unembedding },
    prefix: "",
    layout: "in-out",
    layer(layer) {
      const plan = plans[layer];
      if (plan === undefined) throw new RangeError(`exportedModel: no layer ${layer}`);
      return plan;
    },
  });
}

/** The weights of an architecture, computed from the stored tensors that `facts` lists. */
export function exportedWeights(facts: ModelFacts, { weights }: Architecture, builder: GraphBuilder): WeightSource {
  const stored = createWeightSource(facts, builder);
  const recipes = new Map(weights);
  const scope = builder.scope("weights");
  const made = new Map<string, string>();

  function valueOf(recipe: Recipe): string {
    const key = JSON.stringify(recipe);
    const known = made.get(key) ?? compute(recipe);
    made.set(key, known);
    return known;
  }

  function compute(recipe: Recipe): string {
    switch (recipe.kind) {
      case "tensor": {
        const name = storedTensorName(recipe.name);
        return stored.float32(name, facts.tensors[name]?.shape ?? []);
      }
      case "numbers": {
        const { type, shape, values } = recipe;
        const constant = builder.constant(type, shape, values);
        if (type === "int64" || facts.dtype === undefined) return constant;
        const rounded = scope.node("Cast", [constant], { to: int(dataTypes[elementOf[facts.dtype]]) });
        return scope.node("Cast", [rounded], { to: int(dataTypes.float32) });
      }
      case "node":
        return scope.node(recipe.op, recipe.inputs.map(valueOf), recipe.attributes);
    }
  }

  function recipeOf(name: string): Recipe {
    const recipe = recipes.get(name);
    if (recipe === undefined) throw new RangeError(`exportedWeights: no recipe of ${name}`);
    return recipe;
  }

  return {
    has: (name) => recipes.has(name),
    float32: (name) => valueOf(recipeOf(name)),
    rows(name, shape, indices, valueName) {
      const recipe = recipeOf(name);
      if (recipe.kind === "tensor") return stored.rows(storedTensorName(recipe.name), shape, indices, valueName);
      return builder.node("Gather", [valueOf(recipe), indices], { axis: int(0) }, valueName);
    },
    vocabulary: (names) => names,
    diagnostics: () => stored.diagnostics(),
  };
}

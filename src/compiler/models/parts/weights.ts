import { entryOf } from "../../base/entry.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import { dataTypes } from "../../onnx/data-types.js";
import type { ElementType } from "../../onnx/graph.js";
import { elementOf } from "../dtype.js";
import type { ModelFacts } from "../model.js";

/** The tensors of a checkpoint as values of the graph, checked for presence, shape and type as they are asked for. */
export interface WeightSource {
  readonly diagnostics: Diagnostic[];
  has(name: string): boolean;
  /**
   * A float32 value of the given shape. Stored float32 is the file's own bytes; bfloat16 and float16 go through a
   * Cast, because onnxruntime's CPU kernels do not compute in them. Where the facts name a dtype, weights of other types
   * are rounded to it on the way.
   */
  float32(name: string, shape: readonly number[]): string;
  /** Rows `indices` of a table [rows, columns] in float32; only the rows that are read are cast. */
  rows(name: string, shape: readonly [number, number], indices: string, valueName?: string): string;
}

/** A source of the weights that `facts` lists, for a graph under construction. */
export function createWeightSource(facts: ModelFacts, builder: GraphBuilder): WeightSource {
  const diagnostics: Diagnostic[] = [];
  const reported = new Set<string>();

  function report(name: string, problem: Diagnostic): void {
    if (reported.has(name)) return;
    reported.add(name);
    diagnostics.push(problem);
  }

  /** The initializer and what it is cast to, one after the other; null after a report. */
  function initializer(name: string, shape: readonly number[]): StoredTensor | null {
    const entry = entryOf(facts.tensors, name);
    const { source } = facts;
    if (entry === undefined) {
      report(name, diagnostic("A4004", null, { source, tensor: name }));
      return null;
    }
    if (entry.shape.length !== shape.length || entry.shape.some((size, i) => size !== shape[i])) {
      const details = { expected: `[${shape.join(", ")}]`, found: `[${entry.shape.join(", ")}]` };
      report(name, diagnostic("A4005", null, { source, tensor: name }, details));
      return null;
    }
    const { type, storedType, file, offset, length } = entry;
    if (type !== "float32" && type !== "bfloat16" && type !== "float16") {
      report(name, diagnostic("A4006", null, { source, tensor: name, type: storedType }));
      return null;
    }
    const wanted = facts.dtype === undefined ? type : elementOf[facts.dtype];
    const casts = [type, ...(wanted === type ? [] : [wanted]), "float32" as const].filter(
      (t, i, all) => t !== all[i - 1],
    );
    return { value: builder.external(name, type, shape, { file, offset, length }), casts: casts.slice(1) };
  }

  const casts = new Map<string, string>();
  function throughCasts(value: string, types: readonly ElementType[], name?: string): string {
    return types.reduce(
      (from, type, i) =>
        builder.node("Cast", [from], { to: int(dataTypes[type]) }, i === types.length - 1 ? name : undefined),
      value,
    );
  }

  return {
    diagnostics,
    has: (name) => entryOf(facts.tensors, name) !== undefined,
    float32(name, shape) {
      const found = initializer(name, shape);
      if (found === null) return missing;
      if (found.casts.length === 0) return found.value;
      const cast = casts.get(name) ?? throughCasts(found.value, found.casts, `${name}/float32`);
      casts.set(name, cast);
      return cast;
    },
    rows(name, shape, indices, valueName) {
      const found = initializer(name, shape);
      if (found === null) return missing;
      const last = found.casts.length === 0 ? valueName : undefined;
      const chosen = builder.node("Gather", [found.value, indices], { axis: int(0) }, last);
      return throughCasts(chosen, found.casts, valueName);
    },
  };
}

/** A tensor of the checkpoint as an initializer, and the types that it goes through on its way to float32. */
interface StoredTensor {
  readonly value: string;
  readonly casts: readonly ElementType[];
}

/** Stands for a tensor that was reported: the graph that mentions it is thrown away. */
const missing = "missing";

import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import { dataTypes } from "../../onnx/encode.js";
import type { ModelFacts } from "../model.js";

/** The tensors of a checkpoint as values of the graph, checked for presence, shape and type as they are asked for. */
export interface WeightSource {
  readonly diagnostics: Diagnostic[];
  has(name: string): boolean;
  /**
   * A float32 value of the given shape. Stored float32 is the file's own bytes; bfloat16 and float16 go through a
   * Cast, because onnxruntime's CPU kernels do not compute in them.
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

  /** The initializer and whether it must be cast; null after a report. */
  function initializer(name: string, shape: readonly number[]): { value: string; cast: boolean } | null {
    const entry = facts.tensors[name];
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
    return { value: builder.external(name, type, shape, { file, offset, length }), cast: type !== "float32" };
  }

  const casts = new Map<string, string>();
  function toFloat32(value: string, name?: string): string {
    return builder.node("Cast", [value], { to: int(dataTypes.float32) }, name);
  }

  return {
    diagnostics,
    has: (name) => facts.tensors[name] !== undefined,
    float32(name, shape) {
      const found = initializer(name, shape);
      if (found === null) return missing;
      if (!found.cast) return found.value;
      const cast = casts.get(name) ?? toFloat32(found.value, `${name}/float32`);
      casts.set(name, cast);
      return cast;
    },
    rows(name, shape, indices, valueName) {
      const found = initializer(name, shape);
      if (found === null) return missing;
      if (!found.cast) return builder.node("Gather", [found.value, indices], { axis: int(0) }, valueName);
      return toFloat32(builder.node("Gather", [found.value, indices], { axis: int(0) }), valueName);
    },
  };
}

/** Stands for a tensor that was reported: the graph that mentions it is thrown away. */
const missing = "missing";

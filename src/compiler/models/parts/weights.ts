import { entryOf } from "../../base/entry.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import { dataTypes } from "../../onnx/data-types.js";
import type { ElementType } from "../../onnx/graph.js";
import { elementOf } from "../dtype.js";
import type { ModelFacts, TensorEntry } from "../model.js";
import { bareName, groupedNames, isHarmlessBuffer } from "./weight-names.js";

/** The tensors of a checkpoint as values of the graph, checked for presence, shape and type as they are asked for. */
export interface WeightSource {
  /** Whether there is such a tensor; names are compared without what may stand before them ({@link bareName}). */
  has(name: string): boolean;
  /**
   * A float32 value of the given shape. Stored float32 is the file's own bytes; bfloat16, float16 and float64 go through
   * a Cast, because onnxruntime's CPU kernels do not compute in them. Where the facts name a dtype, weights of other
   * types are rounded to it on the way.
   */
  float32(name: string, shape: readonly number[]): string;
  /** Rows `indices` of a table [rows, columns] in float32; only the rows that are read are cast. */
  rows(name: string, shape: readonly [number, number], indices: string, valueName?: string): string;
  /**
   * The names to read the embedding and the unembedding under. Tied ones are one tensor, whichever of both is there; when
   * both are, each is used as it is, as in transformers 5.24, and a warning says so.
   */
  vocabulary(names: VocabularyNames, tied: boolean): VocabularyNames;
  /** What was wrong with the tensors that were asked for, and a warning of those that nothing asked for. */
  diagnostics(): readonly Diagnostic[];
}

/** The tensors at both ends of a model, each [vocab, d_model]. */
export interface VocabularyNames {
  readonly embedding: string;
  readonly unembedding: string;
}

/** So many tensors are named for each kind of fault; a config of another model is at odds with all of them. */
const mostReported = 4;

/** A source of the weights that `facts` lists, for a graph under construction. */
export function createWeightSource(facts: ModelFacts, builder: GraphBuilder): WeightSource {
  const { source } = facts;
  const problems = new Map<string, Diagnostic>();
  const warnings: Diagnostic[] = [];
  const read = new Set<string>();
  const storedNames = new Map(Object.keys(facts.tensors).map((name) => [bareName(name), name]));

  function storedName(name: string): string | undefined {
    return entryOf(facts.tensors, name) === undefined ? storedNames.get(bareName(name)) : name;
  }

  function report(name: string, problem: Diagnostic): void {
    if (!problems.has(name)) problems.set(name, problem);
  }

  /** The initializer and what it is cast to, one after the other; null after a report. */
  function initializer(name: string, shape: readonly number[]): StoredTensor | null {
    const stored = storedName(name);
    const entry = stored === undefined ? undefined : entryOf(facts.tensors, stored);
    if (stored === undefined || entry === undefined) {
      report(name, diagnostic("A4004", null, { source, tensor: name }, otherPrefix(name)));
      return null;
    }
    read.add(stored);
    if (entry.shape.length !== shape.length || entry.shape.some((size, i) => size !== shape[i])) {
      const details = { expected: `[${shape.join(", ")}]`, found: `[${entry.shape.join(", ")}]` };
      report(name, diagnostic("A4005", null, { source, tensor: stored }, details));
      return null;
    }
    const { type, storedType, file, offset, length } = entry;
    if (!isNumeric(type)) {
      report(name, diagnostic("A4006", null, { source, tensor: stored, type: storedType }));
      return null;
    }
    const wanted = facts.dtype === undefined ? "float32" : elementOf[facts.dtype];
    // From float64 by way of float32, as torch does it.
    const steps = [type, ...(type === "float64" ? (["float32"] as const) : []), wanted, "float32" as const];
    const casts = steps.filter((t, i) => t !== steps[i - 1]);
    return { value: builder.external(name, type, shape, { file, offset, length }), casts: casts.slice(1) };
  }

  /** Advice for a tensor that is there under a name with something before it that is not known. */
  function otherPrefix(name: string): { readonly hint?: string } {
    const end = `.${bareName(name)}`;
    const similar = Object.keys(facts.tensors).find((stored) => stored.endsWith(end));
    if (similar === undefined) return {};
    const prefix = similar.slice(0, similar.length - end.length + 1);
    return { hint: `there is ${similar}: rename the tensors, without ${prefix} before their names` };
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
    has: (name) => storedName(name) !== undefined,
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
    vocabulary(names, tied) {
      const { embedding, unembedding } = names;
      if (!tied) return names;
      if (storedName(unembedding) === undefined) return { embedding, unembedding: embedding };
      if (storedName(embedding) === undefined) return { embedding: unembedding, unembedding };
      warnings.push(diagnostic("A8033", null, { source, tensor: unembedding }));
      return names;
    },
    diagnostics() {
      const unread = Object.keys(facts.tensors).filter((name) => !read.has(name) && !isHarmlessBuffer(name));
      const groups = groupedNames(unread);
      const tensors = groups.slice(0, mostReported).join(", ");
      const more = groups.length > mostReported ? ` and ${groups.length - mostReported} more` : "";
      const unused = groups.length === 0 ? [] : [diagnostic("A8032", null, { source, tensors: tensors + more })];
      return [...fewOfEach([...problems.values()]), ...warnings, ...unused];
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

/** The first diagnostics of each code; the last of them says how many more there are. */
function fewOfEach(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const byCode = new Map<string, Diagnostic[]>();
  for (const problem of diagnostics) byCode.set(problem.code, [...(byCode.get(problem.code) ?? []), problem]);
  return [...byCode.values()].flatMap((all) => {
    const shown = all.slice(0, mostReported);
    const last = shown.pop();
    if (last === undefined || all.length <= mostReported) return all;
    const hint = [...(last.hint === undefined ? [] : [last.hint]), `${all.length - mostReported} more tensors are so`];
    return [...shown, { ...last, hint: hint.join("; ") }];
  });
}

function isNumeric(type: TensorEntry["type"]): type is "float32" | "float64" | "float16" | "bfloat16" {
  return type === "float32" || type === "float64" || type === "float16" || type === "bfloat16";
}

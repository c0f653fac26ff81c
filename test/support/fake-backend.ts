/**
 * A backend that computes nothing: it writes down what it is asked and answers with seeded numbers of the shapes that the
 * graphs declare. The check of a model's identities gets the run of a model of zeros, for which all of them hold.
 */
import type { Capabilities } from "../../src/compiler/ir/capabilities.js";
import { extentSize } from "../../src/compiler/ir/tensor-type.js";
import { siteType } from "../../src/compiler/ir/site-types.js";
import type { ModelSignature } from "../../src/compiler/models/model.js";
import { isSite } from "../../src/compiler/models/sites.js";
import { decodeModel } from "../../src/compiler/onnx/decode.js";
import { externalFiles } from "../../src/compiler/onnx/external-files.js";
import type { Backend, BackendKind, EngineStart } from "../../src/runtime/engine/backend.js";
import { chainProblem } from "../../src/runtime/engine/chain.js";
import type { Engine, RunRequest } from "../../src/runtime/engine/engine.js";
import { EngineFault } from "../../src/runtime/engine/fault.js";
import type { EngineGraph, EngineTensor, EngineTensors, EngineValue } from "../../src/runtime/engine/messages.js";
import { seeded } from "./random.js";

/** What a fake engine was asked, in order. */
export type FakeCall =
  | { readonly call: "start"; readonly weights: NonNullable<EngineStart["weights"]> }
  | { readonly call: "open"; readonly graph: EngineGraph }
  | { readonly call: "run"; readonly request: RunRequest; readonly outputs: EngineTensors }
  | { readonly call: "close"; readonly id: string }
  | { readonly call: "stop" };

export interface FakeBackend extends Backend {
  readonly calls: readonly FakeCall[];
}

const because = "nothing is computed";
const able: Capabilities = {
  chunkedAttention: { holds: true, because },
  segments: { holds: true, because },
  rowsIndependent: { holds: true, because },
  prepacking: { holds: true, because },
  mappedWeights: { holds: true, because },
  threads: { holds: false, because },
  unitFlops: 6e10,
};

/** `signature`: of the model whose identities will be asked for. Names and seeds are one: other names, other numbers. */
export function fakeBackend(
  name: string,
  signature: ModelSignature,
  capabilities: Partial<Capabilities> = {},
): FakeBackend {
  const calls: FakeCall[] = [];
  return {
    name,
    calls,
    capabilities: { ...able, ...capabilities },
    numerics: ({ optimisation, prepacking, tf32 }) => {
      return { onnxruntime: "none", device: name, graphOptimization: optimisation, prepacking, tf32 };
    },
    start: (_settings, { weights = [] } = {}) => {
      calls.push({ call: "start", weights });
      return Promise.resolve(fakeEngine(name, signature, calls));
    },
  };
}

/** The entry of a table that has this backend: `--device NAME`. */
export function fakeKind(backend: FakeBackend): BackendKind {
  return { forms: [backend.name], named: (text) => (text === backend.name ? backend : null) };
}

interface OpenGraph {
  readonly inputs: readonly EngineValue[];
  readonly outputs: readonly EngineValue[];
}

function fakeEngine(name: string, signature: ModelSignature, calls: FakeCall[]): Engine {
  const open = new Map<string, OpenGraph>();
  const info = {
    processId: null,
    nodeVersion: process.versions.node,
    onnxruntimeVersion: "none",
    runtime: "none",
    backends: [],
  };
  let alive = true;
  const fault = (message: string): Promise<never> => Promise.reject(new EngineFault("request", message));
  return {
    info: () => info,
    alive: () => alive,
    open: (graph) => {
      calls.push({ call: "open", graph });
      if (open.has(graph.id)) return fault(`${graph.id} is open already`);
      const decoded = decodeModel(graph.bytes);
      const { inputs, outputs } = decoded;
      const named = graph.weights.map((file) => file.name).sort();
      const read = [...externalFiles(decoded)].sort();
      if (named.join() !== read.join()) return fault(`it reads ${read.join()}, and ${named.join()} are named`);
      open.set(graph.id, { inputs, outputs });
      return Promise.resolve({ inputs, outputs });
    },
    run: (request) => {
      const graphs = request.graphs.flatMap((id) => open.get(id) ?? []);
      if (graphs.length < request.graphs.length) return fault("a graph is not open");
      const problem = chainProblem(graphs, request.feeds, request.fetches);
      if (problem !== null) return fault(problem);
      const declared = new Map(graphs.flatMap((graph) => graph.outputs).map((output) => [output.name, output]));
      const sizes = sizesOf(graphs, request.feeds);
      const tensor = (output: EngineValue): EngineTensor =>
        identityTensor(output.name, signature, request.feeds) ?? seededTensor(name, output, sizes);
      const outputs = Object.fromEntries(
        request.fetches.flatMap((fetch) => {
          const output = declared.get(fetch);
          return output === undefined ? [] : [[fetch, tensor(output)]];
        }),
      );
      calls.push({ call: "run", request, outputs });
      return Promise.resolve({ outputs, seconds: 0 });
    },
    close: (id) => {
      calls.push({ call: "close", id });
      open.delete(id);
      return Promise.resolve();
    },
    stop: () => {
      if (alive) calls.push({ call: "stop" });
      alive = false;
      open.clear();
      return Promise.resolve();
    },
    restart: () => {
      alive = true;
      open.clear();
      return Promise.resolve(info);
    },
    onExit: () => () => undefined,
  };
}

/** What the symbols of the inputs' shapes stand for, as the feeds say. */
function sizesOf(graphs: readonly OpenGraph[], feeds: EngineTensors): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { name, shape } of graphs.flatMap((graph) => graph.inputs)) {
    for (const [i, symbol] of shape.entries()) {
      const size = feeds[name]?.dims[i];
      if (typeof symbol === "string" && size !== undefined) sizes.set(symbol, size);
    }
  }
  return sizes;
}

/** Numbers in [0, 1) from both names; whole numbers, which say what went wrong, are 0. */
function seededTensor(
  seed: string,
  { name, type, shape }: EngineValue,
  sizes: ReadonlyMap<string, number>,
): EngineTensor {
  const dims = shape.map((size) => {
    const known = typeof size === "number" ? size : sizes.get(size.endsWith(".row") ? "row" : size);
    if (known === undefined) throw new Error(`${name}: the feeds do not say how large ${size} is`);
    return known;
  });
  const length = dims.reduce((product, size) => product * size, 1);
  if (type === "int32") return { type, dims, data: new Int32Array(length) };
  if (type !== "float32") throw new Error(`${name} is ${type}`);
  const letters = Array.from(seed + name, (letter) => letter.charCodeAt(0));
  const random = seeded(letters.reduce((sum, code) => (sum * 31 + code) % 2 ** 31, 7));
  return { type, dims, data: Float32Array.from({ length }, () => random.next()) };
}

/** What a model of zeros with even attention has at a tapped site or parameter; null for any other output. */
function identityTensor(output: string, signature: ModelSignature, feeds: EngineTensors): EngineTensor | null {
  const [, kind, key = ""] = /^(site|parameter)\/(.*)$/.exec(output) ?? [];
  if (kind === undefined) return null;
  const positions = feeds["input_ids"]?.dims[1] ?? 0;
  const name = key.replace(/\[.*/, "");
  const dims = kind === "site" ? siteDims(name, signature, positions) : parameterDims(name, signature);
  const length = dims.reduce((product, size) => product * size, 1);
  const value = name === "pattern" ? 1 / positions : name === "final_norm.epsilon" ? 1 : 0;
  return { type: "float32", dims, data: new Float32Array(length).fill(value) };
}

function siteDims(name: string, signature: ModelSignature, positions: number): readonly number[] {
  if (!isSite(name)) throw new Error(`no site ${name}`);
  return [1, ...siteType(name, signature).axes.map(({ extent }) => extentSize(extent, positions))];
}

function parameterDims(name: string, { vocab, dModel }: ModelSignature): readonly number[] {
  if (name === "final_norm.epsilon") return [];
  return name === "W_U" ? [vocab, dModel] : [dModel];
}

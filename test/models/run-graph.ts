import { InferenceSession, Tensor } from "onnxruntime-node";
import { encodeModel } from "../../src/compiler/onnx/encode.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { assertGraph } from "../../src/compiler/onnx/verify.js";

/** A tensor that came out of a graph. */
export interface RunTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Runs a graph in this process as the engine would: in-memory model, weights mapped from `folder`, level basic. */
export async function runGraph(
  graph: Graph,
  folder: string,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, RunTensor>>> {
  const session = await createSession(graph, folder);
  return runSession(session, feeds);
}

/** A session of one thread: the graphs are small, and to start threads takes longer than to run one. */
export async function createSession(
  graph: Graph,
  folder: string,
  graphOptimizationLevel: "basic" | "disabled" = "basic",
): Promise<InferenceSession> {
  return InferenceSession.create(encodeModel(assertGraph(graph)), {
    graphOptimizationLevel,
    intraOpNumThreads: 1,
    extra: { session: { model_external_initializers_file_folder_path: folder } },
  });
}

export async function runSession(
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, RunTensor>>> {
  const missing = session.inputNames.filter((name) => !(name in feeds));
  if (missing.length > 0) throw new Error(`no feed for ${missing.join(", ")}`);
  const outputs = await session.run(feeds);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [
      name,
      { shape: tensor.dims, data: Float32Array.from(tensor.data as Float32Array) },
    ]),
  );
}

/** Token ids [rows, positions] as a feed. */
export function idsTensor(rows: readonly (readonly number[])[]): Tensor {
  const flat = rows.flat().map(BigInt);
  return new Tensor("int64", BigInt64Array.from(flat), [rows.length, rows[0]?.length ?? 0]);
}

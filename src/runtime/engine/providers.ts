/** Which providers of onnxruntime compute on this machine: not which ones it was built with. */
import { backends } from "./backends/index.js";
import type { EngineInfo } from "./messages.js";
import { measureMatrixRate } from "./matrix-rate.js";
import { reasonOf } from "../store/fault.js";

export interface ProviderState {
  readonly name: string;
  /** Why it does not multiply two matrices; null when it does. */
  readonly problem: string | null;
}

/** Starts every backend's engine once, and multiplies in it. Rejects with an EngineFault where none starts. */
export async function providersThatLoad(): Promise<{
  readonly version: string;
  /** By which door onnxruntime is used. */
  readonly runtime: string;
  readonly providers: readonly ProviderState[];
}> {
  const providers: ProviderState[] = [];
  let info: EngineInfo | null = null;
  let fault: unknown = null;
  for (const kind of backends) {
    const backend = kind.named(kind.forms[0] ?? "");
    if (backend === null) continue;
    try {
      const engine = await backend.start({ threads: 1, optimisation: "basic", prepacking: "never", tf32: false });
      try {
        info ??= engine.info();
        await measureMatrixRate(engine, [{ rows: 8, inner: 8, columns: 8, prepacked: false }]);
        providers.push({ name: backend.name, problem: null });
      } finally {
        await engine.stop();
      }
    } catch (error) {
      fault = error;
      providers.push({ name: backend.name, problem: reasonOf(error).split("\n")[0] ?? "" });
    }
  }
  if (info === null) throw fault;
  return { version: info.onnxruntimeVersion, runtime: info.runtime, providers };
}

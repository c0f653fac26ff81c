/**
 * The libraries of onnxruntime's CUDA provider, which are not onnxruntime-node's: whether they are there, and of the version of
 * the library that will load them. Nothing in onnxruntime guards against a wrong pair: one of 1.30 takes a provider of 1.29.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { versionInLibrary } from "./library-version.js";

/** The files of the provider on this system. */
export function cudaLibraries(): { readonly provider: string; readonly shared: string } {
  return process.platform === "win32"
    ? { provider: "onnxruntime_providers_cuda.dll", shared: "onnxruntime_providers_shared.dll" }
    : { provider: "libonnxruntime_providers_cuda.so", shared: "libonnxruntime_providers_shared.so" };
}

const advice = '"On a GPU" in the README says how to get them';

/** @throws Error with a sentence where a library is missing, or the provider is not of this version of onnxruntime */
export function checkCudaLibraries(folder: string, version: string): void {
  const { provider, shared } = cudaLibraries();
  const missing = [provider, shared].filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0) {
    throw new Error(
      `CUDA is not here: it takes ${missing.join(" and ")} of onnxruntime ${version} beside onnxruntime-node's library, ` +
        `CUDA 13 and cuDNN 9 (${advice})`,
    );
  }
  const found = versionInLibrary(join(folder, provider));
  if (found === version) return;
  const what = found === null ? "names no version of onnxruntime" : `is of onnxruntime ${found}`;
  throw new Error(
    `${provider} ${what}, and the library that would load it is ${version}: both must be of one version (${advice})`,
  );
}

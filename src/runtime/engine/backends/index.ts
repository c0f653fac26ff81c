/** The table of backends. A new one is an entry here, and nothing else of atlasc knows its name. */
import type { Backend, BackendKind } from "../backend.js";
import { cpu, cpuBackend } from "./cpu.js";
import { cuda } from "./cuda.js";
import { pluginKinds } from "./plugins.js";
import { webgpu } from "./webgpu.js";

export const backends: readonly BackendKind[] = [cpu, cuda, webgpu, ...pluginKinds];

/** What computes when nothing is said. */
export const defaultBackend: Backend = cpuBackend;

/** The backend that `--device` names; null when no entry knows the text. */
export function backendNamed(text: string): Backend | null {
  for (const kind of backends) {
    const backend = kind.named(text);
    if (backend !== null) return backend;
  }
  return null;
}

/** What `--device` takes, in words: `cpu, cuda or cuda:N`. */
export function backendForms(): string {
  const forms = backends.flatMap((kind) => kind.forms);
  return forms.length < 2 ? forms.join("") : `${forms.slice(0, -1).join(", ")} or ${forms.at(-1) ?? ""}`;
}

/** Opening a GGUF file: its translated folder, or what is wrong with it. */
import { basename, join } from "node:path";
import { diagnostic } from "../../../compiler/diagnostics/create.js";
import type { Diagnostic } from "../../../compiler/diagnostics/diagnostic.js";
import type { DigestCache } from "../digest-cache.js";
import type { ModelRequest } from "../model-request.js";
import { translateGguf, type TranslatedGguf } from "./translate.js";

/**
 * The folder that a file was translated into, now or before; null after a report. Errors: A4024, A4033; A8036 of what is read
 * otherwise than the file says.
 */
export async function openGguf(
  path: string,
  { source, span }: ModelRequest,
  cache: string,
  digests: DigestCache,
  diagnostics: Diagnostic[],
): Promise<TranslatedGguf | null> {
  let outcome = await translateGguf(path, cache, digests);
  if (outcome.kind === "translated" && !(await isAsWritten(outcome.value, digests))) {
    outcome = await translateGguf(path, cache, digests, true);
  }
  if (outcome.kind === "translated") {
    for (const remark of outcome.value.remarks) diagnostics.push(diagnostic("A8036", span, { source, remark }));
    return outcome.value;
  }
  const { kind, reason } = outcome;
  const file = basename(path);
  diagnostics.push(
    kind === "no-room"
      ? diagnostic("A4033", span, { source, problem: `its weights are kept as plain numbers, for which ${reason}` })
      : diagnostic("A4024", span, { source, file, reason }),
  );
  return null;
}

async function isAsWritten({ folder, weights }: TranslatedGguf, digests: DigestCache): Promise<boolean> {
  return (await digests.digestOfFile(join(folder, "model.safetensors")).catch(() => null)) === weights;
}

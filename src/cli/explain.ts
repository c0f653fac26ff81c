/** `atlasc explain`. */
import { explainPlan } from "../compiler/lower/explain.js";
import { exitCodes } from "./failure.js";
import type { CommonOptions } from "./options.js";
import { planFile } from "./source.js";

export async function explainCommand(file: string, options: CommonOptions & { json: boolean }): Promise<number> {
  const planned = await planFile(file, options);
  if (planned === null) return exitCodes.wrongInput;
  const { protocol, plan, loaded, digest } = planned;
  const text = options.json
    ? JSON.stringify({ digest, plan }, null, 2)
    : explainPlan(protocol, plan, (id) => loaded.compiled.value.models.get(id)?.signature);
  process.stdout.write(`${text}\n`);
  return exitCodes.done;
}

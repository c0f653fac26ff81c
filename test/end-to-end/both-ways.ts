/** Runs of protocols with every pass and without any. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { protocolIn, rowsOf, runFile, temporaryFolder } from "./support.js";

/** The rows of a protocol on gpt2-tiny (`m`), and of the same one without any pass, which must be the same. */
export async function rowsBothWays(context: TestContext, text: string, folder = temporaryFolder(context)) {
  const path = protocolIn(folder, `model m from "@stdlib/models/gpt2-tiny"\n${text}`);
  return bothWays(path, folder);
}

/** The rows of a protocol file with every pass and without any, which must be the same. */
export async function bothWays(path: string, folder: string): Promise<readonly ResultRow[]> {
  const rows = await rowsOf(await runFile(path, { runs: join(folder, "runs") }));
  const plain = await rowsOf(await runFile(path, { runs: join(folder, "plain"), passes: [] }));
  assert.deepEqual(plain, rows);
  return rows;
}

/** What Hugging Face's implementation computes in the models of test/fixtures/families (training/families.py), and losses like it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ModelGraph } from "../../src/compiler/models/model.js";
import { siteValueInfo } from "../../src/compiler/models/site-values.js";
import { siteKey, type SiteReference } from "../../src/compiler/models/sites.js";
import { addOutput, eliminateDeadNodes, gateNames, insertGate } from "../../src/compiler/onnx/edit.js";
import { readSafetensors } from "../../src/runtime/models/safetensors.js";
import { boolTensor, floatTensor } from "../support/tensors.js";
import { root } from "./fixture.js";
import { createSession, idsTensor, runSession, type RunTensor } from "./run-graph.js";

export interface Expected {
  readonly family: string;
  readonly ids: readonly number[];
  readonly loss: number;
  /** [layer][head] */
  readonly ablated: readonly (readonly number[])[];
  /** Whether scores are known up to what is the same for all keys of a query. */
  readonly scoresAreShifted?: boolean;
}

const folder = join(root, "test", "fixtures", "families");
/** The models that have references. */
export const names = readdirSync(join(folder, "models")).sort();

/** What Hugging Face's implementation has in every site, by the site's key. */
export function readExpected(name: string): {
  readonly numbers: Expected;
  readonly sites: Readonly<Record<string, RunTensor>>;
} {
  const numbers = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Expected;
  const read = readSafetensors(readFileSync(join(folder, `${name}.safetensors`)));
  if (!read.ok) throw new Error(read.reason);
  const sites = Object.entries(read.value.tensors).map(
    ([key, { shape, data }]) => [key, { shape, data: Float32Array.from(data as Float32Array) }] as const,
  );
  return { numbers, sites: Object.fromEntries(sites) };
}

/** Largest difference, where −∞ equals −∞ only. */
export function difference(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Infinity;
  return actual.reduce(
    (most, a, i) => Math.max(most, Object.is(a, expected[i]) ? 0 : Math.abs(a - (expected[i] ?? NaN))),
    0,
  );
}

/** Scores of each query less that of the query itself. */
export function unshifted({ shape, data }: RunTensor): Float32Array {
  const keys = shape.at(-1) ?? 1;
  return data.map((score, i) => score - (data[i - (i % keys) + (Math.floor(i / keys) % keys)] ?? NaN));
}

/** −∞ as a large number, so that differences are numbers. */
export function finite(value: number): number {
  return Number.isFinite(value) ? value : -1e9;
}

/** The mean loss of the unmodified model, and that with each head's z set to zero: [layer][head]. */
export async function ablatedLosses(
  { signature, graph, values }: ModelGraph,
  weights: string,
  ids: readonly number[],
): Promise<{ readonly none: readonly number[]; readonly heads: readonly (readonly number[])[] }> {
  const { heads, layers } = signature;
  const nll: SiteReference = { site: "nll", layer: null };
  const none: number[] = [];
  const lost: (readonly number[])[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const key = siteKey({ site: "z", layer });
    const gated = addOutput(
      insertGate(graph, values[key] ?? "", key, 4),
      values["nll"] ?? "",
      siteValueInfo(signature, nll),
    );
    const session = await createSession(eliminateDeadNodes(gated), weights);
    const names = gateNames("", key);
    const each = Array.from({ length: heads * heads }, (_, i) => Math.floor(i / heads) === i % heads);
    const run = async (mask: readonly boolean[]): Promise<readonly number[]> => {
      const taps = await runSession(session, {
        input_ids: idsTensor([ids]),
        [names.mask]: boolTensor(mask, [heads, 1, heads, 1]),
        [names.replacement]: floatTensor([0], [1, 1, 1, 1]),
      });
      return rowMeans(taps["nll"] ?? assert.fail("no nll"));
    };
    none.push((await run(each.map(() => false)))[0] ?? NaN);
    lost.push(await run(each));
  }
  return { none, heads: lost };
}

function rowMeans({ shape, data }: RunTensor): readonly number[] {
  const [rows = 0, positions = 0] = shape;
  return Array.from({ length: rows }, (_, row) =>
    data.subarray(row * positions, (row + 1) * positions).reduce((sum, x) => sum + x / positions, 0),
  );
}

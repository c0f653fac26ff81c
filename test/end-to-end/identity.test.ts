/**
 * What a unit is called holds everything that its numbers depend on: runs of one protocol with other options either have
 * other units or the same bits in them. And so with runs: those of one digest have the same results.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Prepacking } from "../../src/compiler/ir/plan.js";
import { passNames, type PassName } from "../../src/compiler/passes/names.js";
import { openUnitStore } from "../../src/runtime/store/units.js";
import { writeRandomLlama } from "../models/random-llama.js";
import { leastMemory, oneThread, planOf, protocolIn, runFile, spelledModel, temporaryFolder } from "./support.js";

/**
 * A random model that shows what the small trained ones do not: it accepts texts that are long enough for weights to stay
 * as they are in the file, and its MLP sums over more terms than onnxruntime adds in one block, so that the last bits of a
 * product depend on whether weights were rearranged.
 */
function wideModel(folder: string): void {
  writeRandomLlama(folder, { vocab: 61, dModel: 32, heads: 4, neurons: 600, layers: 2 });
}

interface Options {
  readonly prepacking: Prepacking;
  /** One row in each batch. */
  readonly small: boolean;
  readonly passes: readonly PassName[];
  readonly threads: number;
}

const usual: Options = { prepacking: "short texts", small: false, passes: passNames, threads: 1 };

/** Every option that decides how numbers are computed, by itself, and the ways of rearranging weights with small batches. */
const optionSets: readonly Options[] = [
  usual,
  { ...usual, prepacking: "always" },
  { ...usual, prepacking: "never" },
  { ...usual, small: true },
  { ...usual, prepacking: "never", small: true },
  { ...usual, threads: 2 },
  { ...usual, passes: [] },
  { ...usual, passes: [], prepacking: "never" },
];

/** Values of other runs of every kind: averages over long texts, patches, given values, clean prefixes. */
const captured = `
prompts long random tokens 800 count 2 seed 3
prompts other from ["t11 t12 t13 t14", "t15 t16 t17 t18"]
prompts p from ["t21 t22 t23 t24", "t25 t26 t27 t28"]
experiment averaged on m with p ablate mlp L1 by mean of long measure logits
experiment steered on m with p steer resid_pre L1 by mean(resid_post[L0] of long) measure logits
experiment patched on m patch mlp L* from other into p measure logits
experiment given on m with p measure norm(resid_post[L1] - mean(resid_post[L1] of long)) as apart
experiment swept on m with p ablate heads L* measure logits
`;

/** Averages over texts of a single token, which make a batch of a single row where memory is short. */
const singles = `
prompts single from ["t1", "t2", "t3"]
prompts p from ["t21"]
experiment averaged on m with p ablate mlp L0 by mean of single measure logits
experiment given on m with p measure norm(resid_post[L1] - mean(resid_post[L1] of single)) as apart
`;

/** Results that decide what is computed next, of a long text. */
const staged = `
prompts long random tokens 800 count 2 seed 3
prompts p from ["t21 t22 t23 t24"]
experiment first on m with p ablate mlp L* measure loss
experiment later on m with p ablate top 1 mlp of first by loss.impact by mean of long measure logits
`;

interface Ran {
  readonly options: Options;
  readonly digest: string;
  readonly results: Buffer;
  /** Unit id → everything that it holds, as text. */
  readonly units: ReadonlyMap<string, string>;
}

async function unitsIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const store = openUnitStore(folder);
  const units = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true }).map(String)) {
    const id = /([0-9a-f]{64})\.safetensors$/.exec(name)?.[1];
    const unit = id === undefined ? null : await store.read(id);
    if (unit === null) continue;
    const tensors = Object.entries(unit.tensors).sort(([a], [b]) => (a < b ? -1 : 1));
    const bytes = tensors.map(([key, { type, dims, data }]) => {
      return [key, type, dims, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64")];
    });
    units.set(unit.id, JSON.stringify(bytes));
  }
  return units;
}

for (const [name, text] of Object.entries({ captured, singles, staged })) {
  test(`${name}: other options, other units or the same bits; one digest, the same results`, async (context) => {
    const folder = temporaryFolder(context);
    wideModel(join(folder, "wide"));
    spelledModel(join(folder, "model"), join(folder, "wide"));
    const path = protocolIn(folder, `model m from "./model"\n${text}`);
    // What results decide is planned later, and here larger than what is planned before.
    const least = name === "staged" ? 2 ** 25 : leastMemory(await planOf(path));
    const all: Ran[] = [];
    for (const [i, options] of optionSets.entries()) {
      const runs = join(folder, `runs-${i}`);
      const { prepacking, threads, small, passes } = options;
      const engine = { ...oneThread(threads), prepacking };
      const memoryBudget = small ? least : 2 ** 30;
      const ran = await runFile(path, { runs, engine, memoryBudget, passes, graphWork: 0 });
      assert.equal(ran.summary.status, "finished");
      const units = await unitsIn(join(runs, ".units"));
      // Counted are the units of the last stage's plan; an earlier one may have had others.
      const { computed } = ran.summary.units;
      assert.ok(name === "staged" ? units.size >= computed : units.size === computed);
      all.push({ options, digest: ran.planned.digest, results: readFileSync(ran.folder.results), units });
    }
    let [shared, different] = [0, 0];
    all.forEach((one, i) => {
      for (const other of all.slice(0, i)) {
        const both = `${JSON.stringify(one.options)} and ${JSON.stringify(other.options)}`;
        for (const [id, unit] of one.units) {
          const same = other.units.get(id);
          if (same === undefined) continue;
          shared += 1;
          assert.ok(unit === same, `unit ${id} holds other numbers with ${both}`);
        }
        if (one.digest === other.digest) assert.ok(one.results.equals(other.results), `one digest with ${both}`);
        if (!one.results.equals(other.results)) different += 1;
      }
    });
    // Neither has the test looked at nothing, nor are the options without effect on this model.
    assert.ok(shared > 5, `${shared} units shared`);
    assert.ok(different > 0, "no option changes a bit of the results");
  });
}

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cudaBackend } from "../../src/runtime/engine/backends/cuda.js";
import {
  createRecord,
  readRecord,
  recordProblems,
  sha256,
  updateRecord,
  writeRecord,
  type RunRecord,
} from "../../src/runtime/store/record.js";
import { RecordFault } from "../../src/runtime/store/record-fault.js";
import { temporaryFolder } from "./processes.js";
import { engineOptions } from "./tiny-graphs.js";

const digest = "ab".repeat(32);

function asked(): RunRecord {
  return createRecord(
    {
      path: "pipelines/head-sweep.atlas",
      text: "model gpt2\n",
      digest,
      parameters: { window: 16, dtype: "f32" },
      overrides: { window: 16 },
      atlascVersion: "0.1.0",
      engine: { ...engineOptions, backend: cudaBackend(1) },
      models: [
        {
          id: "gpt2",
          source: "openai-community/gpt2",
          revision: null,
          dtype: null,
          family: "gpt2",
          digest,
          sizes: {
            layers: 12,
            heads: 12,
            kvHeads: 12,
            dHead: 64,
            dModel: 768,
            neurons: 3072,
            vocab: 50257,
            maxPositions: null,
          },
          tokenizerDigest: digest,
          bos: false,
        },
      ],
      texts: [
        {
          name: "t",
          model: "gpt2",
          prompts: 2,
          tokens: 9,
          shortest: 4,
          longest: 5,
          idsSha256: digest,
          bos: false,
          period: null,
          corpus: null,
        },
      ],
      means: [{ model: "gpt2", texts: "t", site: "z[5]", perPosition: true, prompts: 2, tokens: 9 }],
      plan: {
        digest,
        graphs: [digest],
        evaluations: 1,
        units: 2,
        rows: 4,
        cost: { layerRuns: 24, flops: 1.5e12, weightBytes: 5e8, peakActivationBytes: 1e6 },
      },
      warnings: ["warning[W001]: short texts"],
    },
    new Date("2026-01-02T03:04:05.678Z"),
  );
}

test("a record is valid before and after a run, and its times follow its status", () => {
  const record = asked();
  assert.deepEqual(recordProblems(record), []);
  assert.equal(record.status, "asked");
  assert.equal(record.protocol.sha256, sha256(record.protocol.text));
  assert.equal(record.execution.device, "cuda:1");
  assert.deepEqual(record.times, { asked: "2026-01-02T03:04:05.678Z", started: null, ended: null });
  const running = updateRecord(record, { status: "running" }, new Date("2026-01-02T03:05:00Z"));
  assert.equal(running.times.started, "2026-01-02T03:05:00.000Z");
  const finished = updateRecord(
    running,
    {
      status: "failed",
      versions: { ...running.versions, onnxruntime: "1.29.0" },
      counts: { computed: 1, reused: 0, failed: 1, skipped: 0, left: 0, seconds: 1.5 },
      faults: [{ unit: digest, message: "the engine was ended by SIGKILL" }],
      identities: [
        { model: "gpt2", identity: "rows of pattern sum to 1", largestError: 1e-7, tolerance: 1e-5, holds: true },
      ],
      outputs: [{ kind: "results", path: "results.parquet", sha256: digest }],
    },
    new Date("2026-01-02T03:06:00Z"),
  );
  assert.deepEqual(recordProblems(finished), []);
  assert.equal(finished.times.ended, "2026-01-02T03:06:00.000Z");
  assert.equal(finished.times.started, running.times.started);
  assert.deepEqual([finished.judgement, finished.decisions], [null, []]);
});

/** Absent where there is nothing to say, as in the records of before there was anything. */
const optional: ReadonlySet<string> = new Set([
  "input",
  "continuation",
  "specialTokens",
  "storage",
  "compute",
  "kernels",
]);

test("every object of the schemas is closed, and every field is required but those that may say nothing", () => {
  const schemas = ["record", "history", "judgement"].map(
    (name) => JSON.parse(readFileSync(new URL(import.meta.resolve(`atlasc/${name}.schema.json`)), "utf8")) as unknown,
  );
  let objects = 0;
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { type, properties, required, additionalProperties } = value as Record<string, unknown>;
    if (type === "object" && typeof properties === "object") {
      objects += 1;
      assert.equal(additionalProperties, false);
      const expected = Object.keys(properties ?? {}).filter((key) => !optional.has(key));
      assert.deepEqual([...(required as string[])].sort(), expected.sort());
    }
    Object.values(value).forEach(look);
  };
  schemas.forEach(look);
  assert.ok(objects > 12);
});

test("what is wrong with a record is said in words", async (context) => {
  const record = asked();
  const wrong = {
    ...record,
    status: "done",
    format: "atlasc-record-0",
    extra: 1,
    machine: { ...record.machine, cores: "two" },
    models: [{ ...record.models[0], digest: undefined }],
    protocol: { ...record.protocol, sha256: "xyz" },
    times: { ...record.times, started: "yesterday" },
  };
  const problems = recordProblems(JSON.parse(JSON.stringify(wrong)));
  assert.deepEqual(problems.filter((problem) => !problem.startsWith("times.")).sort(), [
    'format is "atlasc-record-0"; it must be "atlasc-record-2"',
    'machine.cores is "two"; it must be integer',
    "models.0 lacks digest",
    'protocol.sha256 must match pattern "^[0-9a-f]{64}$"',
    'status is "done"; it must be one of asked, running, finished, interrupted, failed',
    "the record has extra, which the format does not know",
  ]);
  assert.ok(problems.some((problem) => problem.startsWith("times.started ")));

  const path = join(temporaryFolder(context), "record.json");
  await assert.rejects(writeRecord(path, wrong as never), RecordFault);
  assert.equal(await readRecord(path), null, "nothing is written");
  const refused: readonly (readonly [string, RegExp])[] = [
    ['{"format": ', /it is not JSON/],
    ["[1, 2]", /it is not a JSON object/],
    ["{}", /its format is not named; this one reads atlasc-record-1 and atlasc-record-2/],
    [JSON.stringify({ format: "other" }), /its format is "other"; this one reads/],
    [
      JSON.stringify({ ...record, format: "atlasc-record-3" }),
      /atlasc-record-3, which another version of atlasc wrote/,
    ],
    [JSON.stringify({ ...record, status: "done" }), /status is "done"; it must be one of/],
    [JSON.stringify({ ...record, judgement: 5 }), /judgement is 5; it must be/],
  ];
  for (const [text, expected] of refused) {
    writeFileSync(path, text);
    await assert.rejects(readRecord(path), (error: unknown) => {
      assert.ok(error instanceof RecordFault);
      assert.match(error.message, /record\.json is not a valid record:\n {2}/);
      assert.match(error.message, expected);
      assert.match(error.message, /\nNothing was overwritten\. Mend it, or move it away to have a new one/);
      return true;
    });
    await assert.rejects(writeRecord(path, record), RecordFault);
    assert.equal(readFileSync(path, "utf8"), text, "it is left as it is");
  }
});

test("a record of the first format is read, and what it did not know is null", async (context) => {
  const { values: _values, runs: _runs, machine, counts, ...rest } = asked();
  const { host: _host, ...known } = machine;
  const { left: _left, ...counted } = { ...counts, computed: 7 };
  const first = { ...rest, format: "atlasc-record-1", status: "finished", machine: known, counts: counted };
  const path = join(temporaryFolder(context), "record.json");
  writeFileSync(path, JSON.stringify({ ...first, judgement: "an induction head" }));
  const read = await readRecord(path);
  assert.ok(read !== null);
  assert.deepEqual([read.format, read.judgement, read.counts.computed], ["atlasc-record-2", "an induction head", 7]);
  assert.deepEqual([read.machine.host, read.counts.left, read.values], [null, null, null]);
  const { times, versions, execution } = read;
  const run = {
    file: null,
    status: "finished",
    times,
    versions,
    machine: read.machine,
    execution,
    counts: read.counts,
  };
  assert.deepEqual(read.runs, [{ ...run, values: null }]);
  assert.deepEqual(recordProblems(read), []);
  writeFileSync(path, JSON.stringify({ ...first, machine: null }));
  await assert.rejects(readRecord(path), /machine/);
});

test("what a person wrote into a record survives the next run", async (context) => {
  const path = join(temporaryFolder(context), "runs", "record.json");
  await writeRecord(path, asked());
  const text = readFileSync(path, "utf8").replace('"judgement": null', '"judgement": "an induction head"');
  writeFileSync(path, text);
  const again = await writeRecord(path, asked());
  assert.equal(again.judgement, "an induction head");
  assert.deepEqual(await readRecord(path), again);
  const signed = { text: "an induction head", name: "A. Reader", date: "2026-01-02" };
  writeFileSync(path, text.replace('"an induction head"', JSON.stringify(signed)));
  assert.deepEqual((await writeRecord(path, asked())).judgement, signed);
});

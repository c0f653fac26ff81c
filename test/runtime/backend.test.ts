/** What computes is exchangeable: a run with a backend that only writes down what it is asked, and several side by side. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { digestOf } from "../../src/compiler/base/digest.js";
import { limitsOf, type Capabilities } from "../../src/compiler/ir/capabilities.js";
import type { Plan } from "../../src/compiler/ir/plan.js";
import { planSegments } from "../../src/compiler/lower/segments.js";
import type { ModelSignature } from "../../src/compiler/models/model.js";
import type { Backend } from "../../src/runtime/engine/backend.js";
import { backendForms, backendNamed, backends, defaultBackend } from "../../src/runtime/engine/backends/index.js";
import { weightsFolder } from "../../src/runtime/engine/weights.js";
import { preparedSegments } from "../../src/runtime/prepared-segments.js";
import { loweredGraphs } from "../../src/runtime/execute-stage.js";
import { readRecord, recordProblems } from "../../src/runtime/store/record.js";
import {
  oneThread,
  planOf,
  protocolIn,
  randomModel,
  runFile,
  spelled,
  spelledModel,
  temporaryFolder,
  type Ran,
} from "../end-to-end/support.js";
import { fakeBackend, type FakeBackend, type FakeCall } from "../support/fake-backend.js";

const text = `model m from "./model"
prompts p from ["${spelled([5, 9, 30, 2, 44])}", "${spelled([8, 8, 1, 60, 12])}"]
prompts q from ["${spelled([3, 4, 5, 6])}", "${spelled([7, 8, 9])}"]
experiment averaged on m with p ablate heads L0..1 by mean of q measure norm(resid_post[L2] at last) as size, loss
experiment zeroed on m with p ablate mlp L1 measure loss
`;

interface Project {
  readonly path: string;
  readonly runs: string;
  readonly signature: ModelSignature;
}

async function project(context: TestContext): Promise<Project> {
  const folder = temporaryFolder(context);
  // What was found out about models is kept here and not among the user's own.
  process.env["XDG_CACHE_HOME"] = join(folder, "cache");
  spelledModel(join(folder, "model"), randomModel);
  const path = protocolIn(folder, text);
  const { loaded } = await planOf(path);
  const signature = loaded.compiled.value.models.get("m")?.signature;
  assert.ok(signature !== undefined);
  return { path, runs: join(folder, "runs"), signature };
}

function runWith(backend: Backend, { path, runs }: Project): Promise<Ran> {
  return runFile(path, { runs, engine: { ...oneThread(), backend } });
}

const callsOf = <C extends FakeCall["call"]>(
  { calls }: FakeBackend,
  call: C,
): readonly Extract<FakeCall, { call: C }>[] =>
  calls.filter((asked): asked is Extract<FakeCall, { call: C }> => asked.call === call);

/** The chains of segments that the units of a plan run through, in order. */
function chainsOf({ planned }: Ran, plan: Plan = planned.plan): readonly (readonly string[])[] {
  const { models } = planned.loaded.compiled.value;
  const segments = planSegments(plan, loweredGraphs(plan, models), (id) => {
    const model = models.get(id);
    if (model === undefined) throw new Error(`no model ${id}`);
    return model.graph;
  });
  const units = new Map(plan.evaluations.flatMap((evaluation) => evaluation.units).map((unit) => [unit.id, unit]));
  return [...units.values()].map(({ graph, prepacked }) =>
    (segments.get(graph) ?? []).map(({ key }) => digestOf(["m", key, prepacked])),
  );
}

test("a whole run goes through whatever backend it is given", async (context) => {
  const place = await project(context);
  const fake = fakeBackend("fake:a", place.signature);
  const ran = await runWith(fake, place);
  assert.equal(ran.summary.status, "finished");

  // It is told where this machine has the weights, and asked for nothing but them, by content and name.
  const model = join(place.path, "..", "model");
  const digest = createHash("sha256").update(readFileSync(join(model, "model.safetensors"))).digest("hex"); // prettier-ignore
  const [start, ...later] = callsOf(fake, "start");
  assert.deepEqual(later, []);
  assert.deepEqual(
    start?.weights.map((file) => [file.digest, file.name]),
    [[digest, "model.safetensors"]],
  );
  const opened = callsOf(fake, "open").map(({ graph }) => graph);
  for (const graph of opened) {
    assert.ok(graph.weights.length <= 1);
    for (const file of graph.weights) assert.deepEqual(file, { digest, name: "model.safetensors" });
    const { bytes, ...rest } = graph;
    const message = Buffer.concat([bytes, Buffer.from(JSON.stringify(rest))]);
    for (const path of [place.runs, start.weights[0]?.folder ?? "?"]) assert.ok(!message.includes(path), path);
  }
  assert.ok(opened.some((graph) => graph.weights.length === 1));

  // The model's identities first, then every segment when the first unit needs it, in the order of the plan.
  const chains = chainsOf(ran);
  assert.ok(
    chains.some((chain) => chain.length > 1),
    "graphs are cut",
  );
  assert.deepEqual(
    opened.map(({ id }) => id),
    ["identities", ...new Set(chains.flat())],
  );
  assert.deepEqual(
    callsOf(fake, "run").map(({ request }) => request.graphs),
    [["identities"], ...chains],
  );
  assert.deepEqual(fake.calls.map(({ call }) => call).slice(0, 4), ["start", "open", "run", "close"]);
  assert.equal(fake.calls.at(-1)?.call, "stop");

  // The results are what it answered.
  const answered = new Set(callsOf(fake, "run").flatMap(({ outputs }) => Object.values(outputs).flatMap(({ data }) => [...data]))); // prettier-ignore
  assert.ok(ran.assembled.rows.length > 0);
  for (const { value } of ran.assembled.rows) assert.ok(answered.has(value), String(value));

  const record = await readRecord(ran.folder.record);
  assert.deepEqual([record?.execution.device, record?.versions.onnxruntime], ["fake:a", "none"]);
  assert.deepEqual(recordProblems(record), []);
  assert.match(readFileSync(ran.written.report, "utf8"), /fake:a, 1 threads/);
});

test("several backends compute side by side in one folder, and none takes another's units", async (context) => {
  const place = await project(context);
  const [one, other] = [fakeBackend("fake:a", place.signature), fakeBackend("fake:b", place.signature)];
  const all = await Promise.all([one, other, defaultBackend].map((backend) => runWith(backend, place)));
  for (const { summary } of all) {
    assert.equal(summary.status, "finished");
    assert.equal(summary.units.computed, summary.units.total);
  }
  assert.equal(new Set(all.map(({ folder }) => folder.folder)).size, 3);
  const values = all.map(({ assembled }) => [...assembled.rows].map(({ value }) => value));
  assert.notDeepEqual(values[0], values[1]);
  assert.notDeepEqual(values[0], values[2]);
  assert.deepEqual(
    all.map(({ record }) => record.execution.device),
    ["fake:a", "fake:b", "cpu"],
  );

  const before = one.calls.length;
  const again = await runWith(one, place);
  assert.equal(again.summary.units.reused, again.summary.units.total);
  assert.equal(one.calls.length, before, "nothing is started for what is there");
});

test("plans rely on what a backend can do, and not on its name", async (context) => {
  const place = await project(context);
  const without = (capability: keyof Capabilities): Partial<Capabilities> => {
    return { [capability]: { holds: false, because: `no ${capability}` } };
  };
  const usual = (await runWith(fakeBackend("fake:a", place.signature), place)).planned.plan;
  const planWith = async (capability: keyof Capabilities): Promise<Plan> => {
    const fake = fakeBackend("fake:a", place.signature, without(capability));
    return (await runWith(fake, { ...place, runs: join(place.runs, capability) })).planned.plan;
  };
  assert.ok(Object.keys(usual.cuts).length > 0);
  assert.deepEqual((await planWith("segments")).cuts, {});
  const prepackedOf = (plan: Plan): readonly boolean[] =>
    plan.evaluations.flatMap(({ units }) => units.map(({ prepacked }) => prepacked));
  assert.ok(prepackedOf(usual).every((prepacked) => prepacked));
  assert.ok(prepackedOf(await planWith("prepacking")).every((prepacked) => !prepacked));
  // Captured values have another identity, and so have the units that use them; those of the captures themselves have not.
  const idsOf = (plan: Plan, purpose: string): readonly string[] =>
    plan.evaluations.filter((own) => own.purpose === purpose).flatMap(({ units }) => units.map(({ id }) => id));
  const dependent = await planWith("rowsIndependent");
  assert.deepEqual(idsOf(dependent, "capture"), idsOf(usual, "capture"));
  assert.notDeepEqual(idsOf(dependent, "measure"), idsOf(usual, "measure"));
});

test("weights that a session cannot leave where they are mapped count as its own", async (context) => {
  const { path } = await project(context);
  const { plan, loaded } = await planOf(path);
  const { models } = loaded.compiled.value;
  const graphs = loweredGraphs(plan, models);
  const whole = new Map(plan.graphs.map(({ id }) => [id, [{ key: id, graph: graphs(id) }]]));
  const bytesOf = (holds: boolean, prepacked: boolean): readonly number[] => {
    const capabilities = { ...defaultBackend.capabilities, mappedWeights: { holds, because: "" } };
    const prepared = preparedSegments(plan, whole, loaded.models, capabilities);
    return plan.graphs.flatMap(({ id }) => (prepared.get(id)?.(prepacked) ?? []).map((segment) => segment.weightBytes));
  };
  assert.ok(bytesOf(true, true).every((bytes) => bytes > 0));
  assert.ok(bytesOf(true, false).every((bytes) => bytes === 0));
  assert.deepEqual(bytesOf(false, false), bytesOf(true, true));
});

test("the table of backends: what --device takes, and what it does not", () => {
  const words = backendForms().split(/, | or /);
  assert.deepEqual(
    words,
    backends.flatMap((kind) => kind.forms),
    backendForms(),
  );
  assert.deepEqual(words.slice(0, 3), ["cpu", "cuda", "cuda:N"]);
  const names = ["cpu", "cuda", "cuda:3"].map((name) => backendNamed(name)?.name);
  assert.deepEqual(names, ["cpu", "cuda:0", "cuda:3"]);
  for (const name of ["", "CPU", "cuda:", "cuda:x", "cuda:12345", "cpu:0", "gpu"])
    assert.equal(backendNamed(name), null);
  assert.deepEqual(limitsOf(defaultBackend.capabilities), [], "on the CPU everything holds");
  for (const form of backends.flatMap((kind) => kind.forms)) {
    const backend = backendNamed(form.replace("N", "7"));
    assert.ok(backend !== null, form);
    assert.equal(backendNamed(backend.name)?.name, backend.name, "a name names the backend that has it");
    const { unitFlops, ...answers } = backend.capabilities;
    assert.ok(unitFlops > 0);
    for (const { because } of Object.values(answers)) assert.match(because, /\w/);
  }
});

test("weights are found by content and name, all in one folder", () => {
  const a = { digest: "a", name: "model.safetensors" };
  const blob = { digest: "a", name: "blobs/a" };
  const b = { digest: "b", name: "b.safetensors" };
  const local = [
    { ...a, folder: "/one" },
    { ...blob, folder: "/cache" },
    { ...a, folder: "/two" },
    { ...b, folder: "/two" },
  ];
  assert.equal(weightsFolder([], local), null);
  assert.equal(weightsFolder([a], local), "/one");
  assert.equal(weightsFolder([blob], local), "/cache");
  assert.equal(weightsFolder([a, b], local), "/two");
  assert.throws(
    () => weightsFolder([blob, b], local),
    /the weights b\.safetensors of digest b are not on this machine/,
  );
  assert.throws(() => weightsFolder([{ ...a, digest: "c" }], local), /model\.safetensors of digest c are not/);
});

/** Single experts of a mixture as targets, against models in which the expert's last matrix is 0. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { writeRandomMixtral } from "../models/random-llama.js";
import { protocolIn, rowsOf, runFile, temporaryFolder } from "./support.js";

const sizes = { vocab: 61, dModel: 16, heads: 4, neurons: 24, layers: 2 };
const experts = 4;
const ids = "prompts p from [[5, 9, 30, 2, 44, 7, 7, 12], [8, 8, 1, 60, 12, 3, 22, 41]]";

test("an expert that is ablated is one whose matrix is 0, and the others keep their weights", async (t) => {
  const folder = temporaryFolder(t);
  writeRandomMixtral(join(folder, "whole"), sizes, experts);
  const places = [0, 1].flatMap((layer) => [0, 1, 2, 3].map((expert) => ({ layer, expert })));
  for (const { layer, expert } of places) {
    writeRandomMixtral(join(folder, `without-${layer}-${expert}`), sizes, experts, { layer, expert });
  }
  const silent = places.map(({ layer, expert }) => ({ layer, expert, name: `silent_${layer}_${expert}` }));
  const path = protocolIn(
    folder,
    [
      'model whole from "./whole"',
      ...silent.map(({ layer, expert, name }) => `model ${name} from "./without-${layer}-${expert}"`),
      ids,
      "experiment whole_loss on whole with p measure loss",
      "experiment swept on whole with p ablate experts L* measure loss",
      "experiment one on whole with p ablate experts L1.E2..3 measure loss",
      "experiment site on whole with p scale expert_out L1.E2 by 0 measure loss",
      "experiment written on whole with p set expert_out[L1.E2] to 0 measure loss",
      "experiment read on whole with p measure norm(expert_out[L1.E2]) as size",
      ...silent.map(({ name }) => `experiment on_${name} on ${name} with p measure loss`),
    ].join("\n"),
  );
  const rows = await rowsOf(await runFile(path, { runs: join(folder, "runs") }));
  const lossOf = (experiment: string, prompt: number, axes: Readonly<Record<string, number>> = {}): number => {
    const found = rows.filter(
      (row) =>
        row.experiment === experiment &&
        row.axes["prompt"] === prompt &&
        (Object.keys(axes).length === 0 || row.baseline !== null) &&
        Object.entries(axes).every(([axis, value]) => row.axes[axis] === value),
    );
    const changed = found.filter(({ baseline }) => baseline !== null);
    const [only] = changed.length > 0 ? changed : found;
    assert.ok(only !== undefined, `${experiment} ${JSON.stringify(axes)}`);
    return only.value;
  };
  let largest = 0;
  for (const prompt of [0, 1]) {
    for (const { layer, expert, name } of silent) {
      const expected = lossOf(`on_${name}`, prompt);
      // The same sums but for the place of a 0.
      assert.ok(Math.abs(lossOf("swept", prompt, { layer, expert }) - expected) <= 1e-6, `L${layer}.E${expert}`);
      largest = Math.max(largest, Math.abs(expected - lossOf("whole_loss", prompt)));
    }
    const expected = lossOf("on_silent_1_2", prompt);
    for (const experiment of ["one", "site"]) {
      assert.ok(Math.abs(lossOf(experiment, prompt, { layer: 1, expert: 2 }) - expected) <= 1e-6, experiment);
    }
    assert.ok(Math.abs(lossOf("written", prompt) - expected) <= 1e-6, "written");
  }
  assert.ok(largest > 1e-5, `an expert changes the loss by ${largest} at most`);
});

test("a mixture has no neurons to ablate, and other models no experts", async (t) => {
  const folder = temporaryFolder(t);
  writeRandomMixtral(join(folder, "mixture"), sizes, experts);
  const refused = async (model: string, statement: string): Promise<unknown> => {
    const path = protocolIn(folder, `model m from "${model}"\n${ids}\n${statement}`);
    return runFile(path, { runs: join(folder, "runs") });
  };
  await assert.rejects(refused("./mixture", "ablate neurons L* measure loss"), /A4203 m has no site mlp_act/);
  const other = "@stdlib/models/gpt2-tiny";
  await assert.rejects(refused(other, "ablate experts L* measure loss"), /A4203 m has no site expert_out/);
  await assert.rejects(refused("./mixture", "ablate heads L0.E1 measure loss"), /A3004/);
  await assert.rejects(refused("./mixture", "ablate experts L0.E4 measure loss"), /A4202/);
});

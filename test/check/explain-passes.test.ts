/** What each pass saves, as `atlasc explain` shows it: the table, and that its numbers add up. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Plan } from "../../src/compiler/ir/plan.js";
import type { Speed } from "../../src/compiler/lower/estimate.js";
import { explainPasses, type PassSavings, type PlanWork } from "../../src/compiler/lower/explain-passes.js";
import { passTable } from "../../src/compiler/lower/explain-table.js";
import { explainPlan } from "../../src/compiler/lower/explain.js";
import { planProtocol, type PlanOptions } from "../../src/compiler/lower/plan.js";
import { passNames } from "../../src/compiler/passes/names.js";
import { expectGolden } from "../support/golden.js";
import { compileText } from "./compiling.js";
import { stageSurroundings } from "./stages.js";

const around = await stageSurroundings();

/** Every pass has something to do here: shared captures, places without influence, a loss, a value of one position. */
const text = `model m from "./m"
prompts p from ["the cat sat on the mat and looked at it", "the dog ran on and on and saw the cat in it"]
prompts q from ["it rained all day on the cat", "it rained on the dog"]
experiment early on m with p ablate heads L* by mean of q measure norm(resid_post[L0]) as size
experiment late on m with p ablate heads L* by mean of q measure loss
experiment last on m with p ablate neurons L* N0..3 measure logit_lens(L-1)
`;
const options: PlanOptions = {
  memoryBudget: 2 ** 30,
  // Graphs of so small a model are never worth opening otherwise.
  graphWork: 1e4,
  numerics: { onnxruntime: "none", device: "cpu", graphOptimization: "basic", prepacking: true, tf32: false },
};
const speed: Speed = { matrixRate: 1e9, prepacking: true };

interface Explained {
  readonly plan: Plan;
  readonly savings: PassSavings;
  readonly text: string;
}

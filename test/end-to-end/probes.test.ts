/**
 * Probes of a shipped model from the protocol to the record: scores are those of scikit-learn on the activations that
 * transformers gives (test/fixtures/probes/gpt2_tiny.py), and the file, the report and another run say the same.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../support/root.js";
import { protocolIn, runFile, temporaryFolder } from "./support.js";

interface Fixture {
  readonly names: readonly string[];
  readonly classes: readonly { readonly accuracy: number; readonly right: readonly number[] }[];
  readonly numbers: readonly number[];
}

const fixture = JSON.parse(readFileSync(join(root, "test/fixtures/probes/gpt2-tiny.json"), "utf8")) as Fixture;
const skip = existsSync(join(root, "stdlib/models/gpt2-tiny/model.safetensors")) ? false : "there is no gpt2-tiny";

/** Activations are float32 in both, and R² follows them smoothly; a class changes only where a text lies on the border. */
const tolerance = 1e-4;

const protocol = `
import "@stdlib/prompts/recursive-factual"
import "@stdlib/prompts/categories"
model gpt2 from "@stdlib/models/gpt2-tiny"
experiment registers
  with recursive_factual
  measure resid_post[L*] at last as x
experiment lengths
  with categories
  measure resid_post[L*] at last as x
probe group from registers.x over d_model by layer together item as known
probe words from lengths.x over d_model by layer folds 4 penalty 10 seed 3
probe group from registers.x where layer is L3 over d_model folds 4 using permutation(19) seed 2
let accuracy = mean(known.right over group, prompt)
save accuracy to "accuracy.jsonl"
save known to "known.csv"
`;

test("probes of gpt2-tiny are those of scikit-learn", { skip }, async (t) => {
  const scratch = temporaryFolder(t);
  const ran = await runFile(protocolIn(scratch, protocol), { runs: join(scratch, "runs") });
  const [registers, lengths, one] = ran.record.decisions.map(({ outcome }) => outcome);
  assert.ok(registers?.kind === "probe" && lengths?.kind === "probe" && one?.kind === "probe");

  assert.deepEqual([registers.predicts, registers.folds, registers.seed, registers.penalty], ["classes", 5, 0, 1]);
  assert.equal(registers.parts.length, fixture.classes.length);
  registers.parts.forEach((part, layer) => {
    assert.deepEqual(part.coordinates, { layer });
    assert.equal(part.score, fixture.classes[layer]?.accuracy);
    assert.deepEqual(
      part.classes.map(({ name }) => name),
      fixture.names,
    );
    assert.deepEqual(
      part.classes.map(({ right }) => right),
      fixture.classes[layer]?.right,
    );
    assert.deepEqual([part.n, part.units, part.baseline], [80, 40, 0.5]);
  });

  assert.deepEqual([lengths.predicts, lengths.folds, lengths.seed, lengths.penalty], ["numbers", 4, 3, 10]);
  lengths.parts.forEach(({ score }, layer) => {
    const expected = fixture.numbers[layer] ?? Number.NaN;
    assert.ok(score !== null && Math.abs(score - expected) < tolerance, `layer ${layer}: ${score} for ${expected}`);
  });
  assert.equal(one.parts[0]?.pValue, 0.05);

  const csv = readFileSync(join(ran.folder.outputs, "probe-1.csv"), "utf8").trimEnd().split("\n");
  assert.equal(csv[0], "layer,accuracy,low,high,baseline,p,p_corrected,texts,units,features,reason");
  assert.equal(csv.length, 1 + fixture.classes.length);
  assert.equal(csv[4]?.split(",")[1], String(fixture.classes[3]?.accuracy));
  // What is computed of the answers is what the statement says.
  const saved = readFileSync(join(ran.folder.outputs, "accuracy.jsonl"), "utf8").trimEnd().split("\n");
  assert.deepEqual(
    saved.map((line) => (JSON.parse(line) as { value: number }).value),
    fixture.classes.map(({ accuracy }) => accuracy),
  );
  const known = readFileSync(join(ran.folder.outputs, "known.csv"), "utf8").trimEnd().split("\n");
  assert.equal(known.length, 1 + 80 * fixture.classes.length * 2);
  const html = readFileSync(join(ran.folder.folder, "report.html"), "utf8");
  assert.match(html, /right by class/);
  assert.ok(existsSync(join(ran.folder.outputs, "figure-1-probe.svg")));

  const again = await runFile(protocolIn(scratch, protocol), { runs: join(scratch, "runs") });
  assert.deepEqual(again.record.decisions, ran.record.decisions);
});

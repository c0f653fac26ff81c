/**
 * Sound protocols with one token changed so that they no longer parse: whatever the change, nothing is said of the other
 * statements, which are as sound as before, and the protocol is not run.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "../../src/compiler/syntax/parse.js";
import { compileText } from "../check/compiling.js";
import { seeded } from "../support/random.js";
import { around, change, texts } from "./changes.js";

const runs = 500;

/** A statement at the end of every text whose mistake must be found all the same. */
const probe = "\nexperiment probe_of_this_test\n  measure no_such_metric\n";

test(`${runs} sound protocols with one change`, () => {
  assert.ok(texts.length > 40, `only ${texts.length} texts are sound`);
  let unparsable = 0;
  let others = 0;
  let kept = 0;
  let found = 0;
  const failures: string[] = [];
  for (let seed = 0; seed < runs; seed++) {
    const random = seeded(seed);
    const original = random.pick(texts);
    const changed = change(original, random);
    const file = parse({ path: "test.atlas", text: changed.text }).value;
    if (file.complete) continue;
    unparsable++;
    const { value, diagnostics } = compileText(changed.text + probe, around);
    assert.equal(value.protocol, null, `seed ${seed} would run`);
    const isProbe = (start: number): boolean => start >= changed.text.length;
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    if (errors.some(({ code, primary }) => code === "A2001" && isProbe(primary?.span.start ?? -1))) found++;
    const own = errors.filter(({ primary }) => !isProbe(primary?.span.start ?? -1));
    assert.ok(own.length > 0, `seed ${seed}: nothing is said of what is wrong`);
    const elsewhere = own.filter(({ primary }) => {
      const { file = "", start = -1 } = primary?.span ?? {};
      return file !== "test.atlas" || start < changed.start || start > changed.end;
    });
    if (elsewhere.length > 0) {
      const said = elsewhere.map((d) => `${d.code} ${d.message} at ${d.primary?.span.start ?? -1}`).join("\n");
      failures.push(`seed ${seed}: ${said}\n${changed.text}`);
    }
    const besides = parse({ path: "", text: original }).value.statements.length - 1;
    others += besides;
    kept += Math.min(file.recovered?.sound.length ?? 0, besides);
  }
  assert.equal(failures.length, 0, `${failures.length} of ${unparsable}\n${failures.slice(0, 3).join("\n\n")}`);
  assert.ok(unparsable > runs / 2, `only ${unparsable} do not parse`);
  // A compiler that checks nothing would say nothing wrong. Measured: 99.9% of the other statements, 94% of the probes.
  assert.ok(kept > 0.98 * others, `${kept} of ${others} other statements are checked`);
  assert.ok(found > 0.9 * unparsable, `${found} of ${unparsable} mistakes elsewhere are found`);
});

/**
 * Sound protocols with one token changed so that they no longer parse: whatever the change, nothing is said of the other
 * statements, which are as sound as before, and the protocol is not run.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import test from "node:test";
import { tokenize } from "../../grammar/tokens.js";
import { hasErrors } from "../../src/compiler/diagnostics/staged.js";
import { isStatementWord } from "../../src/compiler/syntax/regions.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { compileText, fixtureFacts, type Surroundings } from "../check/compiling.js";
import { stageCases } from "../check/stages.js";
import { type Random, seeded } from "../support/random.js";
import { root } from "../support/root.js";
import { atlasFiles } from "../support/trees.js";

const runs = 2000;

/** Files below a folder of the repository, by the name that a protocol in `from` gives them. */
function filesBelow(folder: string, prefix: string): readonly (readonly [string, string])[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(txt|jsonl?|csv|atlas)$/.test(name) && statSync(join(root, folder, name)).isFile())
    .map((name) => [prefix + relative(".", name), readFileSync(join(root, folder, name), "utf8")] as const);
}

const around: Surroundings = {
  models: { "*": await fixtureFacts("../../../stdlib/models/gpt2-tiny") },
  files: Object.fromEntries([
    ...filesBelow("stdlib/prompts", "@stdlib/prompts/"),
    ...filesBelow("pipelines", ""),
    ...filesBelow("docs/examples", ""),
  ]),
};

const texts = [...stageCases(), ...atlasFiles("pipelines"), ...atlasFiles("docs/examples")]
  .map(({ text }) => text)
  .filter((text) => !hasErrors(compileText(text, around).diagnostics));
const pieces = [...new Set(texts.flatMap((text) => tokenize(text).tokens.map((token) => token.image)))];
const noise = Array.from('"#[](){}.,:=<>+-*/^%L0k\0é');

interface Changed {
  readonly text: string;
  /** The statement with the change, up to the next one. */
  readonly start: number;
  readonly end: number;
}

/** One token inserted, deleted, replaced or doubled, swapped with the next, or one character of it changed. */
function change(text: string, random: Random): Changed {
  const { tokens } = tokenize(text);
  const at = random.below(tokens.length - 1);
  const [token, next] = [tokens[at], tokens[at + 1]];
  if (token === undefined || next === undefined) throw new Error("a text of two tokens at least");
  const start = token.startOffset;
  const { image } = token;
  const inside = random.below(image.length);
  const write = (replacement: string, until = start + image.length): Changed => {
    const starts = parse({ path: "", text }).value.statements.map((statement) => statement.span.start);
    const own = Math.max(0, ...starts.filter((offset) => offset <= start));
    const behind = starts.find((offset) => offset >= until) ?? text.length;
    const changed = text.slice(0, start) + replacement + text.slice(until);
    return { text: changed, start: own, end: behind + changed.length - text.length };
  };
  switch (random.below(8)) {
    case 0:
      return write(`${random.pick(pieces)} ${image}`);
    case 1:
      return write("");
    case 2:
      return write(random.pick(pieces));
    case 3:
      return write(`${image} ${image}`);
    case 4:
      // Two tokens of one statement.
      if (isStatementWord(next)) return write("");
      return write(`${next.image} ${image} `, next.startOffset + next.image.length);
    case 5:
      return write(image.slice(0, inside) + random.pick(noise) + image.slice(inside));
    case 6:
      return write(image.slice(0, inside) + image.slice(inside + 1));
    default:
      return write(`${image} ${random.pick(pieces)}`);
  }
}

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

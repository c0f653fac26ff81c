/**
 * Guards `loweringVersion`: what is asked of lowering, and what it makes of it, is kept in test/golden/lowering.json. When
 * the same request comes to be lowered otherwise, finished units would be taken for what would be computed now, unless
 * the version says that they are not the same.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { loweringVersion } from "../../src/compiler/lower/graph-plan.js";
import { graphDigest } from "../support/graph-digest.js";
import { root } from "../support/root.js";
import { loweredCases, type Lowered } from "./lowering-cases.js";

interface Golden {
  readonly loweringVersion: number;
  readonly cases: Readonly<Record<string, readonly Lowered[]>>;
}

const path = join(root, "test", "golden", "lowering.json");

/** Cases in which the same request is lowered otherwise than before. */
function changedCases(golden: Golden, now: ReadonlyMap<string, readonly Lowered[]>): readonly string[] {
  const changed = [...now].filter(([name, lowered]) => {
    const before = new Map(golden.cases[name] ?? []);
    return lowered.some(([asked, made]) => before.has(asked) && before.get(asked) !== made);
  });
  return changed.map(([name]) => name);
}

/** What there is to do about a golden file; null when it is as it should be. */
function advice(golden: Golden, version: number, now: ReadonlyMap<string, readonly Lowered[]>): string | null {
  const changed = changedCases(golden, now);
  if (changed.length > 0 && golden.loweringVersion === version) {
    const shown = changed.slice(0, 5).join("; ") + (changed.length > 5 ? `; and ${changed.length - 5} more` : "");
    return (
      `lowering changed without a new version, and finished units would be taken for what is computed now: raise ` +
      `loweringVersion in src/compiler/lower/graph-plan.ts to ${version + 1}, then run UPDATE_GOLDEN=1 node ` +
      `scripts/test.mjs lowering-version. It changed in: ${shown}`
    );
  }
  const current: Golden = { loweringVersion: version, cases: Object.fromEntries(now) };
  if (JSON.stringify(current) === JSON.stringify(golden)) return null;
  return (
    "test/golden/lowering.json is out of date (another version, or other cases; nothing is lowered otherwise under the " +
    "same version): run UPDATE_GOLDEN=1 node scripts/test.mjs lowering-version"
  );
}

/** A case on a line. */
function written({ loweringVersion: version, cases }: Golden): string {
  const lines = Object.entries(cases).map(
    ([name, lowered]) => `    ${JSON.stringify(name)}: ${JSON.stringify(lowered)}`,
  );
  return `{\n  "loweringVersion": ${version},\n  "cases": {\n${lines.join(",\n")}\n  }\n}\n`;
}

test("a changed lowering has a new version", async () => {
  const now = await loweredCases();
  assert.ok(now.size > 60 && [...now.values()].every((lowered) => lowered.length > 0));
  const current: Golden = { loweringVersion, cases: Object.fromEntries(now) };
  const golden = existsSync(path)
    ? (JSON.parse(readFileSync(path, "utf8")) as Golden)
    : { loweringVersion: 0, cases: {} };
  const found = advice(golden, loweringVersion, now);
  if (found === null) return;
  // Nobody updates a changed lowering away: the sentence about the version stays until there is a new one.
  const stays = changedCases(golden, now).length > 0 && golden.loweringVersion === loweringVersion;
  if (process.env["UPDATE_GOLDEN"] !== "1" || stays) assert.fail(found);
  assert.ok(process.env["CI"] !== "true", "UPDATE_GOLDEN=1 is refused while CI=true");
  writeFileSync(path, written(current));
});

test("what the guard says", () => {
  const before: Golden = { loweringVersion: 4, cases: { a: [["x", "1"]], b: [["y", "2"]] } };
  const same = new Map<string, readonly Lowered[]>(Object.entries(before.cases));
  assert.equal(advice(before, 4, same), null);
  const otherwise = new Map([...same, ["b", [["y", "3"]] as const] as const]);
  assert.match(
    advice(before, 4, otherwise) ?? "",
    /^lowering changed without a new version.*graph-plan\.ts to 5,.*: b$/,
  );
  assert.match(advice(before, 5, otherwise) ?? "", /out of date/);
  const asked = new Map([...same, ["b", [["z", "3"]] as const] as const]);
  assert.match(advice(before, 4, asked) ?? "", /out of date/, "something else is asked: that is no other lowering");
});

test("a graph's digest does not depend on the names inside, and on everything else", () => {
  const graph = (name: string, factor: number, output = "y"): Graph => {
    const builder = createGraphBuilder(name);
    const x = builder.input("x", "float32", ["row"]);
    const scope = builder.scope(name);
    const scaled = scope.node("Mul", [x, scope.constant("float32", [1], [factor])]);
    const y = builder.node("Add", [scaled, x], {}, output);
    return builder.finish([{ name: y, type: "float32", shape: ["row"] }]);
  };
  const digest = graphDigest(graph("a", 2));
  assert.equal(graphDigest(graph("b", 2)), digest);
  assert.notEqual(graphDigest(graph("a", 3)), digest);
  assert.notEqual(graphDigest(graph("a", 2, "z")), digest, "the output's name is what results are stored under");
  const zero = graph("a", 0);
  const negative = zero.initializers.map((own) => ({ ...own, data: { kind: "inline" as const, values: [-0] } }));
  assert.notEqual(graphDigest({ ...zero, initializers: negative }), graphDigest(zero));
});

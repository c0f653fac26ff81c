/**
 * Golden files: expected texts that are kept under `test/golden/` and reviewed like code. `UPDATE_GOLDEN=1` writes them;
 * with `CI=true` nothing is ever written, so that a run of the tests cannot approve its own output.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./root.js";

/**
 * Compares `text` with the golden file at `file` (relative to `test/golden/`, forward slashes). Fails with a readable
 * difference, or with what to do when the file is missing.
 */
export function expectGolden(file: string, text: string): void {
  const target = path.join(root, "test", "golden", ...file.split("/"));
  const inContinuousIntegration = process.env["CI"] === "true";
  if (process.env["UPDATE_GOLDEN"] === "1") {
    assert.ok(!inContinuousIntegration, "UPDATE_GOLDEN=1 is refused while CI=true: golden files are written by people");
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
    return;
  }
  assert.ok(
    existsSync(target),
    `test/golden/${file} is missing: run the test with UPDATE_GOLDEN=1 and review the file`,
  );
  const expected = readFileSync(target, "utf8").replaceAll("\r\n", "\n");
  if (expected === text) return;
  assert.fail(
    `test/golden/${file} differs (- golden, + now); UPDATE_GOLDEN=1 accepts it:\n${differenceOf(expected, text)}`,
  );
}

/** Lines that differ, with two lines around each change: `-` stands in `before` only, `+` in `after` only. */
export function differenceOf(before: string, after: string): string {
  const a = before.split("\n");
  const b = after.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const marked = [
    ...a.slice(Math.max(0, head - 2), head).map((line) => `  ${line}`),
    ...changedLines(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail, a.length - tail + 2).map((line) => `  ${line}`),
  ];
  const shown = marked.length > 80 ? [...marked.slice(0, 80), `  … ${marked.length - 80} more lines`] : marked;
  return [`at line ${head + 1}:`, ...shown].join("\n");
}

/** A longest common subsequence by dynamic programming; large differences are shown as two whole blocks instead. */
function changedLines(a: readonly string[], b: readonly string[]): readonly string[] {
  if (a.length * b.length > 1_000_000) return [...a.map((line) => `- ${line}`), ...b.map((line) => `+ ${line}`)];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i] ?? ""}`);
      i++;
      j++;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) lines.push(`- ${a[i++] ?? ""}`);
    else lines.push(`+ ${b[j++] ?? ""}`);
  }
  return lines;
}

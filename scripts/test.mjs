/**
 * Runs the compiled tests, two files at a time: `node scripts/test.mjs [TEXT …]`, where only files whose path contains
 * one of the texts run; `--quick` leaves out what runs whole protocols, random inputs and the examples of the documents.
 * The last line of the output is `N passed, N failed, N skipped`.
 */
import { existsSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const root = join(import.meta.dirname, "..");
const compiled = join(root, "dist", "test");
const words = process.argv.slice(2);
const patterns = words.filter((word) => word !== "--quick");
const slow = words.includes("--quick") ? ["test/end-to-end/", "test/fuzz/", "test/docs/examples"] : [];
const minutesPerFile = 15;

/** The source of a compiled test, relative to the repository, with forward slashes. */
function sourceOf(file) {
  return relative(join(root, "dist"), file).split(sep).join("/").replace(/\.js$/, ".ts");
}

function testFiles() {
  if (!existsSync(compiled)) return [];
  return readdirSync(compiled, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.js"))
    .map((name) => join(compiled, name))
    .filter((file) => existsSync(join(root, sourceOf(file))))
    .filter((file) => !slow.some((start) => sourceOf(file).startsWith(start)))
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => sourceOf(file).includes(pattern)))
    .sort();
}

const files = testFiles();
const counts = { passed: 0, failed: 0, skipped: 0 };

/** A file that ends well is itself reported as a test when it holds none; groups are reported after what they hold. */
function count(event, outcome) {
  const isFile = files.includes(event.name) && outcome === "passed";
  if (event.details.type === "suite" || isFile) return;
  counts[event.skip !== undefined || event.todo !== undefined ? "skipped" : outcome]++;
}

function finish() {
  const { passed, failed, skipped } = counts;
  if (files.length === 0) {
    console.error(
      patterns.length === 0
        ? "There are no compiled tests: run npm run build."
        : `No test file's path contains ${patterns.join(" or ")}.`,
    );
  }
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

if (files.length === 0) finish();
else {
  const events = run({ files, concurrency: 2, timeout: minutesPerFile * 60_000 });
  events.on("test:pass", (event) => count(event, "passed"));
  events.on("test:fail", (event) => count(event, "failed"));
  const report = events.compose(new spec());
  report.on("end", finish);
  report.pipe(process.stdout);
}

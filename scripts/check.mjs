/**
 * What `npm test` does after the build: ESLint, Prettier and the types of the site run beside the tests, which leave a core
 * free now and then. What they find is printed when they end; the last line is that of the tests. Fails if anything fails.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** Runs a Node script of the repository, and tells of its output as it comes. */
function run(script, words, onOutput) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, script), ...words], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.on("data", onOutput);
    child.stderr.on("data", onOutput);
    child.on("error", (error) => {
      onOutput(String(error));
      resolve(1);
    });
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** Runs a tool whose output is of interest only if it fails. */
async function look(name, script, words) {
  let output = "";
  const code = await run(script, words, (chunk) => (output += chunk));
  if (code !== 0) console.log(`\n${name} failed:\n${output.trimEnd()}\n`);
  return code;
}

async function lookAtAll() {
  const codes = [
    await look("ESLint", "node_modules/eslint/bin/eslint.js", [".", "--max-warnings", "0"]),
    await look("TypeScript of the site", "node_modules/typescript/bin/tsc", ["-p", "site"]),
    await look("Prettier", "node_modules/prettier/bin/prettier.cjs", ["--check", "."]),
  ];
  return Math.max(...codes);
}

const looking = lookAtAll();
let end = "";
const tests = await run("scripts/test.mjs", [], (chunk) => {
  process.stdout.write(chunk);
  end = (end + chunk).slice(-400);
});
const looked = await looking;
if (looked !== 0) console.log(end.trimEnd().split("\n").at(-1));
process.exitCode = tests === 0 && looked === 0 ? 0 : 1;

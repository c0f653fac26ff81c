/** Files stay readable: half of them have at most 150 lines; one with more than 400 says why, in a comment at its top. */
import assert from "node:assert/strict";
import test from "node:test";
import { filesBelow, textOf } from "./sources.js";

const limit = 400;
const medianLimit = 150;

const sizes = ["grammar", "src", "test", "scripts", "bench"]
  .flatMap((folder) => [...filesBelow(folder, ".ts"), ...filesBelow(folder, ".mjs")])
  .map((file) => ({ file, lines: textOf(file).trimEnd().split("\n").length }))
  .sort((a, b) => a.lines - b.lines);

test(`the median file has at most ${medianLimit} lines`, () => {
  const median = sizes[Math.floor(sizes.length / 2)];
  assert.ok(median !== undefined && median.lines <= medianLimit, JSON.stringify(median));
});

test(`a file of more than ${limit} lines begins with a comment that says \`Long because …\``, () => {
  const unexplained = sizes.filter(({ file, lines }) => {
    const [comment = ""] = /^(?:#!.*\n)?\/\*\*[\s\S]*?\*\//.exec(textOf(file)) ?? [];
    return lines > limit && !/\bLong because \S/.test(comment.replace(/\s*\n \* ?/g, " "));
  });
  assert.deepEqual(unexplained, []);
});

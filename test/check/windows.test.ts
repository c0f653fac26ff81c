/** Windows of a corpus: every token is predicted once, with as much before it as the recipe gives. */
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { cutWindows, firstScored, type Window } from "../../src/compiler/check/texts/windows.js";

/**
 * The loop of Hugging Face's guide to perplexity, as (first token, end, targets): targets are the last tokens of a
 * window, and of the very first window the first one is none.
 */
function recipe(tokens: number, window: number, stride: number): readonly Window[] {
  const windows: Window[] = [];
  let previous = 0;
  for (let begin = 0; begin < tokens; begin += stride) {
    const end = Math.min(begin + window, tokens);
    windows.push({ begin, end, scored: end - previous - (begin === 0 ? 1 : 0) });
    previous = end;
    if (end === tokens) break;
  }
  return windows;
}

const sizes = fc.record({
  tokens: fc.integer({ min: 2, max: 200 }),
  window: fc.integer({ min: 2, max: 40 }),
  part: fc.double({ min: 0, max: 1, noNaN: true }),
});

test("strides below the window: the windows of the recipe", () => {
  fc.assert(
    fc.property(sizes, ({ tokens, window, part }) => {
      const stride = 1 + Math.floor(part * (window - 2));
      assert.deepEqual(cutWindows(tokens, window, stride, false), recipe(tokens, window, stride));
    }),
  );
  // 10 tokens, windows of 4, stride 2: the numbers of the guide's figure.
  assert.deepEqual(
    cutWindows(10, 4, 2, false).map(({ begin, end, scored }) => [begin, end, scored]),
    [
      [0, 4, 3],
      [2, 6, 2],
      [4, 8, 2],
      [6, 10, 2],
    ],
  );
});

test("every token that is predicted is scored once, has a token before it, and no window is too long", () => {
  fc.assert(
    fc.property(sizes, fc.boolean(), ({ tokens, window, part }, bos) => {
      const stride = 1 + Math.floor(part * (window - 1));
      const scored = new Map<number, number>();
      for (const { begin, end, scored: count } of cutWindows(tokens, window, stride, bos)) {
        assert.ok(end - begin + (bos ? 1 : 0) <= window);
        assert.ok(count >= 1 && (bos || end - count > begin));
        for (let token = end - count; token < end; token++) scored.set(token, (scored.get(token) ?? 0) + 1);
      }
      const expected = Array.from({ length: tokens - firstScored(bos) }, (_, i) => [i + firstScored(bos), 1]);
      assert.deepEqual([...scored], expected);
    }),
  );
});

test("a stride as long as the window: neighbours share the one token that the first prediction needs", () => {
  assert.deepEqual(
    cutWindows(9, 4, 4, false).map(({ begin, end, scored }) => [begin, end, scored]),
    [
      [0, 4, 3],
      [3, 7, 3],
      [6, 9, 2],
    ],
  );
  // With BOS in front a window holds three tokens of the text, and shares none.
  assert.deepEqual(
    cutWindows(7, 4, 4, true).map(({ begin, end, scored }) => [begin, end, scored]),
    [
      [0, 3, 3],
      [3, 6, 3],
      [6, 7, 1],
    ],
  );
});

test("a text in which nothing is predicted has no window", () => {
  assert.deepEqual(cutWindows(1, 8, 8, false), []);
  assert.deepEqual(cutWindows(0, 8, 8, true), []);
  assert.deepEqual(cutWindows(1, 8, 8, true), [{ begin: 0, end: 1, scored: 1 }]);
});

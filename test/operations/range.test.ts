/** What the table says of numbers that are not finite is what the operations do with them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { operations } from "../../src/compiler/operations/index.js";
import type { Operation, ReferenceTensor } from "../../src/compiler/operations/operation.js";
import type { GoodCase } from "./case-parts.js";
import { cases } from "./cases.js";
import { createRandom, drawTensor } from "./support.js";

/** Long enough that no axis is empty. */
const length = 9;
const largest = 3.4028234663852886e38;

/** They put infinities in the place of what is left out, and the sums and extremes of those take no notice of them. */
const excepted = new Set(["scored", "kept"]);

for (const [name, operation] of operations) {
  if (excepted.has(name)) continue;
  test(`${name} is ${operation.range.kind}, as its results show`, () => {
    for (const [index, goodCase] of (cases[name]?.good ?? []).entries()) {
      const inputs = drawn(goodCase, index);
      switch (operation.range.kind) {
        case "view": {
          const entries = new Set(inputs[0]?.data);
          for (const value of soundValues(operation, goodCase, inputs)) assert.ok(entries.has(value), String(value));
          break;
        }
        case "transparent":
          inputs.forEach((_, i) => {
            if (operation.range.vanishing?.includes(i) === true) return;
            const spoiled = inputs.map((input, j) => (i === j ? filled(input, Infinity) : input));
            for (const value of soundValues(operation, goodCase, spoiled))
              assert.ok(!Number.isFinite(value), String(i));
          });
          break;
        case "bounded":
          for (const extreme of [largest, -largest]) {
            const large = inputs.map((input, i) => (isNumber(goodCase, i) ? filled(input, extreme) : input));
            for (const value of [inputs, large].flatMap((some) => soundValues(operation, goodCase, some))) {
              assert.ok(Number.isFinite(Math.fround(value)), String(value));
            }
          }
          break;
        case "growing":
          // That it may grow is no promise that it does.
          break;
      }
    }
  });
}

/** Finite inputs of a case. */
function drawn({ inputs }: GoodCase, seed: number): readonly ReferenceTensor[] {
  const random = createRandom(seed);
  // Masked scores are drawn with −∞ among them.
  const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
  return inputs.map(([type, values]) => {
    const tensor = drawTensor(type, length, values, random, false);
    return { ...tensor, data: tensor.data.map(finite) };
  });
}

function filled(tensor: ReferenceTensor, value: number): ReferenceTensor {
  return { ...tensor, data: tensor.data.map(() => value) };
}

function isNumber({ inputs }: GoodCase, i: number): boolean {
  const type = inputs[i]?.[0];
  return type?.element === "real" && type.unit !== "token";
}

/** The entries of a result that have no fault. */
function soundValues(
  operation: Operation,
  { attributes = {} }: GoodCase,
  inputs: readonly ReferenceTensor[],
): readonly number[] {
  const { data, fault } = operation.reference(inputs, attributes, 1, 2);
  return [...data].filter((_, place) => (fault?.[place] ?? 0) === 0);
}

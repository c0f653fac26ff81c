/** Functions of results give what NumPy and SciPy give (test/fixtures/results/make.py), and say what they leave out. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { suite } from "node:test";
import type { Coordinates, ResultExpression } from "../../src/compiler/ir/protocol.js";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import type { ResultArray } from "../../src/compiler/results/result-array.js";
import { root } from "../support/root.js";
import { argmax, evaluated, less, m, number, quantile, rank, reduce, truth } from "./expressions.js";
import { column, row } from "./samples.js";

type Nested = number | null | readonly Nested[];
type Reductions = Readonly<Record<"mean" | "sum" | "max" | "min" | "std" | "var" | "median" | "count", Nested>> & {
  readonly quantiles: readonly (readonly [level: number, value: Nested])[];
  readonly below: readonly (readonly [limit: number, share: Nested, count: Nested])[];
};
interface Cube {
  readonly name: string;
  readonly values: readonly (readonly (readonly number[])[])[];
  readonly over: Readonly<Record<string, Reductions>>;
  readonly argmax: Readonly<Record<string, Nested>>;
  readonly argmin: Readonly<Record<string, Nested>>;
  readonly rank: Readonly<Record<string, Nested>>;
}
interface Ragged {
  readonly texts: readonly (readonly number[])[];
  readonly position: Readonly<Record<string, Nested>>;
  readonly prompt: Readonly<Record<string, Nested>>;
  readonly all: Readonly<Record<string, Nested>>;
}
const fixture = JSON.parse(readFileSync(join(root, "test/fixtures/results/functions.json"), "utf8")) as {
  readonly cubes: readonly Cube[];
  readonly ragged: readonly Ragged[];
  readonly faulty: Readonly<Record<"values" | "median" | "quantile" | "count" | "rank" | "below", Nested>>;
  readonly larger: Readonly<Record<"x" | "y" | "max" | "min", readonly number[]>>;
};

/** All numbers of a nested list, in order; null is NaN. */
const flat = (value: Nested): readonly number[] =>
  typeof value === "number" ? [value] : value === null ? [NaN] : value.flatMap(flat);

/** Rows of nested values along `axes`, in order; null is NaN with a reason. */
function rowsOf(values: Nested, axes: readonly string[], at: Coordinates = {}): readonly ResultRow[] {
  const [axis, ...more] = axes;
  if (typeof values === "number") return [row("e", "m", at, values)];
  if (values === null) return [row("e", "m", at, NaN, { reason: "log of 0" })];
  return values.flatMap((inner, i) => rowsOf(inner, more, { ...at, [axis ?? ""]: i }));
}

/** NumPy adds in pairs and we one after the other: sums agree to rounding. */
function agree(found: ResultArray, expected: Nested, what: string): void {
  const values = found.cells.map(({ value }) => value);
  const wanted = flat(expected);
  assert.equal(values.length, wanted.length, what);
  values.forEach((value, i) => {
    const other = wanted[i] ?? NaN;
    const close = Number.isNaN(other) ? Number.isNaN(value) : Math.abs(value - other) <= 1e-12 * (1 + Math.abs(other));
    assert.ok(close, `${what} ${i}: ${value} instead of ${other}`);
    assert.equal(found.cells.at(i)?.reason === null, !Number.isNaN(value), `${what} ${i} has a reason where it is NaN`);
  });
}

suite("reductions", () => {
  for (const { name, values, over } of fixture.cubes) {
    const rows = rowsOf(values, ["prompt", "layer", "head"]);
    for (const [axis, { quantiles, below, ...simple }] of Object.entries(over)) {
      const axes = axis === "all" ? null : [axis];
      test(`of ${name} over ${axis}`, () => {
        for (const operation of Object.keys(simple) as (keyof typeof simple)[]) {
          agree(evaluated(reduce(operation, axes), rows), simple[operation], operation);
        }
        for (const [level, value] of quantiles) agree(evaluated(quantile(level, axes), rows), value, `q ${level}`);
        for (const [limit, share, count] of below) {
          const smaller = truth(less(m, number(limit)));
          agree(evaluated(reduce("mean", axes, smaller), rows), share, `share below ${limit}`);
          agree(evaluated(reduce("count", axes, smaller), rows), count, `count below ${limit}`);
          agree(evaluated(reduce("sum", axes, smaller), rows), count, `sum below ${limit}`);
        }
      });
    }
  }

  test("of texts of different length", () => {
    for (const { texts, position, prompt, all } of fixture.ragged) {
      const rows = rowsOf(texts, ["prompt", "position"]);
      const same = (over: readonly string[] | null, expected: Readonly<Record<string, Nested>>): void => {
        agree(evaluated(reduce("median", over), rows), expected["median"] ?? null, "median");
        agree(evaluated(quantile(0.9, over), rows), expected["quantile"] ?? null, "quantile");
        agree(evaluated(reduce("count", over), rows), expected["count"] ?? null, "count");
      };
      same(["position"], position);
      same(["prompt"], prompt);
      same(null, all);
      agree(evaluated(argmax("position"), rows), position["argmax"] ?? null, "argmax");
      const [note] = evaluated(reduce("median", ["prompt"]), rows).notes;
      assert.match(note ?? "", /^texts differ in length: along position, the median is of \d+ to \d+ values a place$/);
    }
  });

  test("of nothing: a count is 0, everything else has no value", () => {
    assert.deepEqual(
      evaluated(reduce("count", null), []).cells.map(({ value, reason }) => [value, reason]),
      [[0, null]],
    );
    const [cell] = evaluated(reduce("median", null), []).cells;
    assert.deepEqual([cell?.value, cell?.reason], [NaN, "median over no values"]);
    const [high] = evaluated(quantile(0.9, null), []).cells;
    assert.deepEqual([high?.value, high?.reason], [NaN, "quantile over no values"]);
  });

  test("of infinite values are infinite where that is known", () => {
    const rows = rowsOf([-Infinity, -Infinity, 1, Infinity], ["head"]);
    const value = (expression: ResultExpression) => evaluated(expression, rows).cells.at(0)?.value;
    assert.equal(value(quantile(1 / 3, null)), -Infinity);
    assert.equal(value(quantile(1, null)), Infinity);
    assert.equal(value(reduce("median", null)), -Infinity);
  });
});

suite("a NaN", () => {
  const { values, median, quantile: low, count, rank: ranks, below } = fixture.faulty;
  const rows = rowsOf(values, ["prompt", "head"]);

  test("makes a median and a quantile NaN, with the reason", () => {
    const found = evaluated(reduce("median", ["head"]), rows);
    agree(found, median, "median");
    assert.deepEqual(
      found.cells.map(({ reason }) => reason),
      [null, "1 of 6 values is NaN: log of 0", null, "2 of 6 values are NaN: log of 0"],
    );
    agree(evaluated(quantile(0.25, ["head"]), rows), low, "quantile");
  });

  test("is not counted, and that is said", () => {
    const found = evaluated(reduce("count", ["head"]), rows);
    agree(found, count, "count");
    assert.deepEqual(found.notes, ["count: 3 of 24 values are NaN and are not counted"]);
  });

  test("has no rank; the others are ranked without it, and that is said", () => {
    const found = evaluated(rank("head"), rows);
    agree(found, ranks, "rank");
    assert.equal(found.cells.at(8)?.reason, "log of 0");
    assert.deepEqual(found.notes, ["rank: 3 of 24 values are NaN and have no rank; the others are ranked without"]);
  });

  test("leaves argmax unknown, and a comparison undecided", () => {
    const [first, second] = evaluated(argmax("head"), rows).cells;
    assert.equal(first?.reason, null);
    assert.deepEqual([second?.value, second?.reason], [NaN, "1 of 6 values is NaN: log of 0"]);
    agree(evaluated(truth(less(m, number(0.2))), rows), below, "below");
    const counted = evaluated(reduce("count", ["head"], truth(less(m, number(0.2)))), rows);
    assert.deepEqual(
      counted.cells.map(({ value }) => Number.isNaN(value)),
      [false, true, false, true],
    );
  });
});

suite("argmax and argmin", () => {
  for (const { name, values, argmax: largest, argmin: smallest } of fixture.cubes) {
    test(`of ${name}`, () => {
      const rows = rowsOf(values, ["prompt", "layer", "head"]);
      for (const axis of ["prompt", "layer", "head"]) {
        agree(evaluated(argmax(axis), rows), largest[axis] ?? null, `argmax over ${axis}`);
        agree(evaluated(argmax(axis, "smallest"), rows), smallest[axis] ?? null, `argmin over ${axis}`);
      }
    });
  }

  test("give the coordinate, and of equal values the first along the axis, whatever the order of rows", () => {
    const rows = [7, 3, 12, 9].map((layer) => row("e", "m", { layer }, layer === 7 ? 0 : 2));
    const found = evaluated(argmax("layer"), rows);
    assert.deepEqual(
      found.cells.map(({ value }) => value),
      [3],
    );
    assert.deepEqual(found.notes, ["argmax: several values over layer are equally large; the first is given"]);
    const twice = [0, 1].flatMap((prompt) => [0, 1].map((layer) => row("e", "m", { prompt, layer }, prompt * layer)));
    assert.deepEqual(evaluated(argmax("layer", "smallest"), twice).notes, [
      "argmin: at 1 of 2 places several values over layer are equally small; the first is given",
    ]);
  });
});

suite("rank", () => {
  for (const { name, values, rank: ranks } of fixture.cubes) {
    test(`of ${name}`, () => {
      const rows = rowsOf(values, ["prompt", "layer", "head"]);
      for (const [axes, expected] of Object.entries(ranks)) {
        agree(evaluated(rank(...axes.split(" ")), rows), expected, `rank over ${axes}`);
      }
    });
  }

  test("of texts of different length, along each and place by place", () => {
    for (const { texts, position, all, prompt } of fixture.ragged) {
      const rows = rowsOf(texts, ["prompt", "position"]);
      agree(evaluated(rank("position"), rows), position["rank"] ?? null, "over position");
      agree(evaluated(rank("prompt", "position"), rows), all["rank"] ?? null, "over both");
      const byPlace = evaluated(rank("prompt"), rows);
      const inOrder = [...byPlace.cells].sort((a, b) => Number(a.coordinates["position"]) - Number(b.coordinates["position"])); // prettier-ignore
      agree({ ...byPlace, cells: inOrder }, prompt["rank"] ?? null, "over prompt");
      assert.match(byPlace.notes[0] ?? "", /^texts differ in length: along position, the rank/);
    }
  });

  test("keeps axes, columns and the order of values", () => {
    const rows = [2, 9, 4].map((value, prompt) => row("e", "m", { prompt, source: `s${prompt}` }, value));
    const found = evaluated(rank("prompt"), rows);
    assert.deepEqual(found.axes, ["prompt", "source"]);
    assert.deepEqual(
      found.cells.map(({ coordinates, value }) => [coordinates["source"], value]),
      [
        ["s0", 3],
        ["s1", 1],
        ["s2", 2],
      ],
    );
  });
});

test("the larger and the smaller of two values, place by place", () => {
  const { x, y, max, min } = fixture.larger;
  const rows = [...rowsOf(x, ["head"]), ...y.map((value, head) => row("e", "n", { head }, value))];
  const of = (operation: "max" | "min"): ResultExpression => ({
    kind: "binary",
    operation,
    left: m,
    right: column("e", "n"),
  });
  agree(evaluated(of("max"), rows), max, "max");
  agree(evaluated(of("min"), rows), min, "min");
});

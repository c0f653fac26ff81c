/** Choices and draws of places, what `together` joins, every position, and ranges of numbers. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { conditions, messages, refused, studiesOf, withP } from "./intervention-support.js";

suite("choices of places", () => {
  test("every two, in the order in which they are named", () => {
    assert.deepEqual(withP("ablate pairs of heads L0.H0..1, L2.H3"), [
      "first=L0.H0 second=L0.H1: z[0].0 = 0; z[0].1 = 0",
      "first=L0.H0 second=L2.H3: z[0].0 = 0; z[2].3 = 0",
      "first=L0.H1 second=L2.H3: z[0].1 = 0; z[2].3 = 0",
    ]);
    assert.equal(withP("ablate pairs of heads L*").length, (12 * 11) / 2);
  });

  test("layers are numbers, and a place that is named twice is one", () => {
    assert.deepEqual(withP("ablate pairs of mlp L0, L0, L2"), ["first=0 second=2: mlp_out[0] = 0; mlp_out[2] = 0"]);
    assert.deepEqual(withP("ablate pairs of layer L0..1"), [
      "first=0 second=1: attn_out[0] = 0; mlp_out[0] = 0; attn_out[1] = 0; mlp_out[1] = 0",
    ]);
    assert.deepEqual(withP("ablate pairs of neurons L0.N5, L1.N7"), [
      "first=L0.N5 second=L1.N7: mlp_act[0].5 = 0; mlp_act[1].7 = 0",
    ]);
  });

  test("three, or any number", () => {
    assert.deepEqual(withP("ablate triples of mlp L*"), [
      "first=0 second=1 third=2: mlp_out[0] = 0; mlp_out[1] = 0; mlp_out[2] = 0",
    ]);
    assert.equal(withP("ablate combinations of 4 heads L0..1").length, 70);
    assert.deepEqual(withP("ablate combinations of 1 mlp L0..1"), [
      "first=0: mlp_out[0] = 0",
      "first=1: mlp_out[1] = 0",
    ]);
  });

  test("at positions in turn, or joined", () => {
    assert.deepEqual(withP("ablate pairs of mlp L0..1 at -2..-1"), [
      "first=0 second=1 position=-2: mlp_out[0] at -2 = 0; mlp_out[1] at -2 = 0",
      "first=0 second=1 position=-1: mlp_out[0] at -1 = 0; mlp_out[1] at -1 = 0",
    ]);
    assert.deepEqual(withP("ablate pairs of mlp L0..1 at -2..-1 together over position"), [
      "first=0 second=1: mlp_out[0] at -2..-1 = 0; mlp_out[1] at -2..-1 = 0",
    ]);
  });

  test("what cannot be, by its number before anything is made", () => {
    assert.deepEqual(refused("ablate pairs of mlp L1"), ["A3004 expected at least 2 MLPs to choose from, found 1"]);
    assert.deepEqual(refused("ablate combinations of 7 heads L*"), [
      "A3005 7 is not a whole number of places from 1 to 6",
    ]);
    assert.deepEqual(refused("ablate combinations of 6 neurons L*"), [
      "A3009 combinations of 6 places makes 752,068,773,456 conditions; at most 100,000 are possible",
    ]);
    assert.deepEqual(refused("ablate pairs of heads L0 together"), [
      "A3004 expected `together over position`, or no `together`, found together",
    ]);
  });
});

suite("draws of places", () => {
  const drawnBy = (clauses: string): readonly (string | undefined)[] => {
    const study = studiesOf(`experiment e with p ablate ${clauses} measure loss`).at(-1);
    return (study?.conditions ?? []).slice(1).map(({ drawn }) => drawn);
  };

  test("a condition each, with different places and a column that names them", () => {
    const all = withP("ablate random 4 heads of L* seed 1 draws 20 together");
    assert.equal(all.length, 20);
    const drawn = drawnBy("random 4 heads of L* seed 1 draws 20 together");
    for (const [i, condition] of all.entries()) {
      const [at = "", writes = ""] = condition.split(": ");
      assert.equal(at, `draw=${i + 1}`);
      const changed = writes.split("; ").map((write) => write.replace(/^z\[(\d)\]\.(\d) = 0$/, "L$1.H$2"));
      assert.equal(new Set(changed).size, 4);
      assert.equal(drawn[i], changed.join(" "));
    }
    // 495 choices of four heads: twenty draws of them are hardly ever the same.
    assert.ok(new Set(drawn).size > 15);
  });

  test("repeatable by the seed, and more draws leave the first ones as they are", () => {
    const few = drawnBy("random 3 heads of L* seed 7 draws 5 together");
    assert.deepEqual(drawnBy("random 3 heads of L* seed 7 draws 9 together").slice(0, 5), few);
    assert.notDeepEqual(drawnBy("random 3 heads of L* seed 8 draws 5 together"), few);
    assert.deepEqual(
      drawnBy("random 3 heads of L* draws 5 together"),
      drawnBy("random 3 heads of L* seed 0 draws 5 together"),
    );
  });

  test("each place as often as any other", () => {
    const counts = new Map<string, number>();
    for (const places of drawnBy("random 3 heads of L* seed 3 draws 4000 together")) {
      for (const place of places?.split(" ") ?? []) counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    // Of 12 heads each is in a quarter of 4,000 draws: 1,000, with a standard deviation of √(4000 · ¼ · ¾) = 27.
    assert.equal(counts.size, 12);
    for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 5 * 27.4, String(count));
  });

  test("once when nothing is said, all places when that many are drawn, and layers as places", () => {
    assert.deepEqual(drawnBy("random 3 mlp of L* together"), ["L0 L1 L2"]);
    assert.deepEqual(withP("ablate random 1 mlp of L2 at -2..-1 together"), ["draw=1: mlp_out[2] at -2..-1 = 0"]);
  });

  test("what cannot be", () => {
    assert.deepEqual(refused("ablate random 2 heads of L*"), [
      "A3004 expected `together` with `random`, found `random` without it",
    ]);
    assert.deepEqual(refused("ablate random 13 heads of L* together"), [
      "A3004 expected at most 12 heads, as many as there are to draw from, found 13",
    ]);
    assert.deepEqual(refused("ablate random 1.5 heads of L* together"), ["A3005 1.5 is not a count of at least 1"]);
    assert.deepEqual(refused("ablate random 2 heads of L* draws 0 together"), ["A3005 0 is not at least one draw"]);
    assert.deepEqual(refused("ablate random 2 heads of L* seed 5e9 together"), [
      "A3005 5e9 is not a seed: a whole number below 4294967296",
    ]);
  });
});

suite("together over axes", () => {
  test("positions, with a condition for each head", () => {
    assert.deepEqual(withP("ablate heads L1.H2..3 at -3..-1 together over position"), [
      "layer=1 head=2: z[1].2 at -3..-1 = 0",
      "layer=1 head=3: z[1].3 at -3..-1 = 0",
    ]);
    assert.deepEqual(
      conditions("experiment e patch heads L0.H1, L2.H0 at -3..-1 together over position from q into p measure kl"),
      ["layer=0 head=1: z[0].1 at -3..-1 = q[0, 1]", "layer=2 head=0: z[2].0 at -3..-1 = q[0, 1]"],
    );
  });

  test("heads of a layer, layers of a head, and several axes", () => {
    assert.deepEqual(withP("ablate heads L0..1.H0..1 together over head"), [
      "layer=0: z[0].0 = 0; z[0].1 = 0",
      "layer=1: z[1].0 = 0; z[1].1 = 0",
    ]);
    assert.deepEqual(withP("ablate heads L0..1.H0..1 together over layer"), [
      "head=0: z[0].0 = 0; z[1].0 = 0",
      "head=1: z[0].1 = 0; z[1].1 = 0",
    ]);
    assert.deepEqual(withP("ablate mlp L0..1 at -2..-1 together over layer"), [
      "position=-2: mlp_out[0] at -2 = 0; mlp_out[1] at -2 = 0",
      "position=-1: mlp_out[0] at -1 = 0; mlp_out[1] at -1 = 0",
    ]);
    assert.deepEqual(
      withP("ablate mlp L0..1 at -2..-1 together over layer, position"),
      withP("ablate mlp L0..1 at -2..-1 together"),
    );
  });

  test("values keep their axis", () => {
    assert.deepEqual(withP("scale mlp L0..1 together over layer by [0.5, 2]"), [
      "factor=0.5: mlp_out[0] * 0.5; mlp_out[1] * 0.5",
      "factor=2: mlp_out[0] * 2; mlp_out[1] * 2",
    ]);
    assert.deepEqual(withP("set z[L*.H0..1] together over layer to 0"), [
      "head=0: z[0].0 = 0; z[1].0 = 0; z[2].0 = 0",
      "head=1: z[0].1 = 0; z[1].1 = 0; z[2].1 = 0",
    ]);
  });

  test("axes that the sweep does not have", () => {
    assert.deepEqual(refused("ablate heads L0 together over position"), [
      "A3004 expected one of its axes, layer, head, found position",
    ]);
    assert.deepEqual(refused("ablate mlp L0 at last together over head"), ["A3004 expected layer, found head"]);
    assert.deepEqual(refused("ablate mlp L0 together over layer, layer"), ["A1003 the axis layer is given twice"]);
    assert.deepEqual(refused("scale mlp L0 together over factor by [0.5, 2]"), ["A3004 expected layer, found factor"]);
  });
});

suite("every position", () => {
  test("in turn where all prompts have the same, and at once in any", () => {
    const e = "experiment e with short";
    assert.deepEqual(conditions(`${e} ablate mlp L0 at * measure loss`), [
      "layer=0 position=0: mlp_out[0] at 0 = 0",
      "layer=0 position=1: mlp_out[0] at 1 = 0",
    ]);
    assert.deepEqual(withP("ablate mlp L0 at * together"), [": mlp_out[0] = 0"]);
    assert.deepEqual(withP("ablate mlp L0..1 at * together over position"), [
      "layer=0: mlp_out[0] = 0",
      "layer=1: mlp_out[1] = 0",
    ]);
  });

  test("prompts of different lengths do not have the same positions", () => {
    assert.deepEqual(refused("ablate mlp L0 at *"), [
      "A4304 prompt 0 of p has 3 tokens and prompt 1 of p has 4; here they must be equally long",
    ]);
    assert.match(messages("experiment e with story ablate mlp L0 at * measure perplexity").join(), /^A4308 /);
    assert.deepEqual(refused("ablate mlp L0 measure mean(nll at *) as m"), [
      "A3004 expected some of the positions, found *",
    ]);
  });

  test("every second one", () => {
    assert.deepEqual(withP("ablate mlp L0 at -3..-1 step 2"), [
      "layer=0 position=-3: mlp_out[0] at -3 = 0",
      "layer=0 position=-1: mlp_out[0] at -1 = 0",
    ]);
    assert.deepEqual(refused("ablate mlp L0 at -3..-1 step 2 together"), [
      "A3004 expected positions next to one another with `together`, found -3..-1 step 2",
    ]);
  });
});

suite("ranges of numbers", () => {
  const factors = (range: string): readonly unknown[] =>
    studiesOf(`experiment e with p scale mlp L0 by ${range} measure loss`)
      .at(-1)
      ?.conditions.slice(1)
      .map(({ coordinates }) => coordinates["factor"]) ?? [];

  test("both ends, and what one would write between them", () => {
    assert.deepEqual(factors("0..2 step 0.25"), [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]);
    assert.deepEqual(factors("0..1 step 0.1"), [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    assert.deepEqual(factors("-1..1 step 0.5"), [-1, -0.5, 0, 0.5, 1]);
    assert.deepEqual(factors("-0.3..0.3 step 0.1"), [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
    assert.deepEqual(factors("-0.6..0.6 step 0.2"), [-0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6]);
    assert.deepEqual(factors("1e-7..3e-7 step 1e-7"), [1e-7, 2e-7, 3e-7]);
    assert.deepEqual(factors("1..3"), [1, 2, 3]);
    assert.deepEqual(factors("[0..1 step 0.5, 4]"), [0, 0.5, 1, 4]);
    assert.equal(factors("0..4 step 1e-3").length, 4001);
    assert.equal(factors("0..4 step 1e-3")[1234], 1.234);
  });

  test("as parameters of metrics and as coordinates", () => {
    const [study] = studiesOf(
      "metric scaled(x: scalar = 1) = x * loss\nexperiment e with p measure scaled x 0..1 step 0.5\ntable e where x in 0.5..1 step 0.5",
    );
    assert.deepEqual(
      study?.measures.map(({ coordinates }) => coordinates["x"]),
      [0, 0.5, 1],
    );
  });

  test("a metric's own parameter `step` keeps its name", () => {
    assert.deepEqual(
      messages("metric m(n: count = 1, step: count = 1) = n * step * loss\nexperiment e with p measure m n 2 step 3"),
      [],
    );
  });

  test("what is no range", () => {
    const bad = (range: string): readonly string[] => refused(`scale mlp L0 by ${range}`);
    assert.deepEqual(bad("0..2 step 0"), ["A3005 step 0 is not a step above 0"]);
    assert.deepEqual(bad("0..2 step -1"), ["A3005 step -1 is not a step above 0"]);
    assert.deepEqual(bad("2..0 step 0.5"), ["A3012 the range 2..0 step 0.5 is empty"]);
    assert.deepEqual(bad("0..2 step 0.3"), [
      "A3004 expected steps of 0.3 that reach 2, found 0..2 step 0.3, which goes from 1.8 to 2.1",
    ]);
    assert.deepEqual(bad("0..0.5"), ["A3004 expected a range of whole numbers, or `step` after it, found 0..0.5"]);
    assert.deepEqual(bad("0..1 step 1e-9"), [
      "A3009 this sweep of factor makes 1,000,000,001 expressions; at most 4,096 are possible",
    ]);
  });
});

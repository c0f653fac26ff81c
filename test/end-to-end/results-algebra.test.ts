/**
 * Results are what their labels say: random protocols whose slices, selections, joins and files must agree with what was
 * measured position by position. The seed in a test's name makes its protocol again.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parquetReadObjects } from "hyparquet";
import { textsKey } from "../../src/compiler/ir/texts-key.js";
import type { Prompt, ResultExpression } from "../../src/compiler/ir/protocol.js";
import type { ResultRow, ResultSet } from "../../src/compiler/ir/results.js";
import { evaluateResult } from "../../src/compiler/results/evaluate.js";
import { seeded, type Random } from "../support/random.js";
import { protocolIn, rowsOf, runFile, temporaryFolder, type Ran } from "./support.js";

const sentences = [
  "Emma looked up and saw her father.",
  "The old king is dead, and so is his son.",
  "It rained.",
  "Time heals all wounds, my lady, but not this one.",
  "Nobody spoke, and nobody went to the door of the old house.",
];

/** Names that axes, columns, objects and spreadsheets have already, or that differ in little. */
const trickyFields = [
  "layer", "field_layer", "field_field_layer", "head", "entry", "position", "measured_position", "value", "unit",
  "condition", "prompt", "prompt_text", "token", "", " ", "constructor", "__proto__", "toString", "size", "count",
]; // prettier-ignore

/** A slice of nll's entries: how it is written, and which entries of `length` it takes. */
interface Slice {
  readonly written: string;
  readonly entries: (length: number) => readonly [start: number, end: number];
}

function randomSlice(random: Random): Slice {
  const clamp = (value: number, length: number): number => Math.max(0, Math.min(length, value));
  const place = (index: number, length: number): number => clamp(index < 0 ? length + index : index, length);
  const kind = random.pick(["front", "middle", "end", "last"]);
  if (kind === "last") {
    const count = 1 + random.below(12);
    return { written: `nll last ${count}`, entries: (length) => [clamp(length - count, length), length] };
  }
  const first = random.below(4);
  const width = random.below(4);
  const [from, to] =
    kind === "front"
      ? [first, first + width]
      : kind === "middle"
        ? [first, -1 - width]
        : [-1 - first - width, -1 - first];
  return {
    written: `nll at ${from}..${to}`,
    entries: (length) => {
      const start = place(from, length);
      return [start, Math.max(start, to < 0 ? clamp(length + to + 1, length) : clamp(to + 1, length))];
    },
  };
}

interface RandomResults {
  readonly text: string;
  readonly records: readonly Readonly<Record<string, string>>[];
  readonly slices: readonly Slice[];
  readonly intervened: boolean;
}

function randomResults(random: Random): RandomResults {
  const fields = trickyFields.filter(() => random.next() < 0.3);
  const count = 2 + random.below(3);
  const records = Array.from({ length: count }, (_, i): Readonly<Record<string, string>> => {
    const sentence = sentences[(i + random.below(2)) % sentences.length] ?? "";
    return Object.fromEntries<string>([
      ["sentence", sentence],
      ...fields.map((field) => [field, `${field}-${i % 2}`] as const),
    ]);
  });
  const slices = Array.from({ length: 3 }, () => randomSlice(random));
  const intervention = random.pick([
    "",
    "ablate heads L0..1.H0..1",
    "ablate heads L0..1 together",
    "ablate mlp L2 at -2..-1",
    "scale resid_post [L1, L3] by [0.5, 2]",
  ]);
  const measures = [
    "nll as all",
    ...slices.map(({ written }, i) => `${written} as part${i}`),
    "flatten(nll over pos) as flat",
    "diagonal(pattern[L1], offset: -1) as back",
  ];
  const text = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from "p.jsonl" text "sentence"
experiment e
  ${intervention}
  measure ${measures.join(", ")}
${slices.map((_, i) => `let zero${i} = e.part${i} - e.all\ntable zero${i}\nsave zero${i} to "zero${i}.csv"`).join("\n")}
save e to "e.parquet"
`;
  return { text, records, slices, intervened: intervention !== "" };
}

function keyOf(row: ResultRow, more: readonly unknown[] = []): string {
  const axes = Object.entries(row.axes).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([row.experiment, row.metric, row.condition, axes, ...more]);
}

/** The axis along which the measured values run: an intervention may have taken the plain name. */
function positionAxis(ran: Ran): string {
  const [type] = ran.planned.protocol.results;
  const along = type?.axes.filter(({ kind }) => kind === "position").map(({ name }) => name) ?? [];
  assert.equal(along.length, 1);
  return along[0] ?? "";
}

for (let seed = 1; seed <= 8; seed++) {
  test(`labels, joins and files agree with what was measured (seed ${seed})`, async (context) => {
    const { text, records, slices, intervened } = randomResults(seeded(seed));
    const folder = temporaryFolder(context);
    writeFileSync(join(folder, "p.jsonl"), records.map((record) => JSON.stringify(record)).join("\n"));
    const ran = await runFile(protocolIn(folder, text), { runs: join(folder, "runs") });
    const rows = [...ran.assembled.rows];
    const { protocol, loaded } = ran.planned;
    const [type] = protocol.results;
    assert.ok(type !== undefined);

    // Rows are unique by what the result type says they are unique by.
    assert.equal(new Set(rows.map((row) => keyOf(row))).size, rows.length, text);
    assert.equal(type.intervened, intervened);

    // Every field is there under a name of its own, with its own values.
    const names = new Map(type.columns.map(({ field, name }) => [field, name]));
    const taken = [...type.axes, ...type.columns].map(({ name }) => name);
    assert.equal(new Set(taken).size, taken.length);
    for (const row of rows) {
      const record = records[Number(row.axes["prompt"])] ?? {};
      for (const [field, value] of Object.entries(record)) {
        if (field !== "sentence") assert.equal(row.axes[names.get(field) ?? "?"], value, `${field} in ${text}`);
      }
    }

    // A value of a slice is that of the whole at the same position; there are as many as the slice has.
    const axis = positionAxis(ran);
    const placeOf = (row: ResultRow): string => keyOf({ ...row, metric: "", reason: null });
    const whole = new Map(rows.filter((row) => row.metric === "all").map((row) => [placeOf(row), row]));
    const set = protocol.texts[0];
    assert.ok(set !== undefined);
    const prompts: readonly Prompt[] = set.prompts;
    const pieces = loaded.compiled.value.pieces.get(textsKey(set.name, set.model));
    for (const [i, { entries, written }] of slices.entries()) {
      for (const { index, ids } of prompts) {
        const own: readonly ResultRow[] = rows.filter(
          (row) => row.metric === `part${i}` && row.axes["prompt"] === index && row.condition === rows[0]?.condition,
        );
        const [start, end] = entries(ids.length - 1);
        // Entry k of nll is the loss of token k + 1.
        const expected = Array.from({ length: end - start }, (_, k) => start + k + 1);
        assert.deepEqual(
          own.map((row) => row.axes[axis]),
          expected,
          `${written} of ${ids.length} tokens`,
        );
      }
    }
    for (const row of rows.filter(({ metric }) => metric.startsWith("part"))) {
      const partner = whole.get(placeOf(row));
      assert.ok(partner !== undefined, `${row.metric} at ${placeOf(row)} is no place of the whole`);
      assert.equal(row.value, partner.value);
    }
    // Entries of a flattened axis are numbered from 0, the previous token's pattern from the second token on.
    const first = (metric: string, name: string): unknown => rows.find((row) => row.metric === metric)?.axes[name];
    assert.equal(first("flat", "entry"), 0);
    assert.equal(first("back", axis), 1);

    // What is saved comes back, with the words of its tokens.
    assert.deepEqual(await rowsOf(ran), rows);

    // x − x is 0 wherever x is, after every selection and join.
    const results: ResultSet = { types: new Map([[type.experiment, type]]), rows };
    for (const { name, count } of slices.map((_, i) => ({ name: `zero${i}`, count: `part${i}` }))) {
      const table = ran.written.tables.find(({ title }) => title === name);
      const last = table?.columns.length ?? 0;
      for (const cells of table?.rows ?? []) assert.equal(cells[last - 1]?.value, 0, `${name} in ${text}`);
      const measured = rows.filter((row) => row.metric === count && (!intervened || row.condition !== "baseline"));
      assert.equal((table?.rows.length ?? 0) > 0, measured.length > 0);
    }
    const all: ResultExpression = { kind: "column", experiment: "e", metric: "all", column: "value" };
    const selections: readonly ResultExpression[] = [
      all,
      { kind: "where", argument: all, condition: { kind: "axis", axis: "prompt", among: [1] } },
      { kind: "where", argument: all, condition: { kind: "axis", axis, among: [1, 2, 5] } },
      { kind: "reduce", operation: "mean", argument: all, over: [axis] },
      { kind: "reduce", operation: "max", argument: all, over: ["prompt"] },
      {
        kind: "where",
        argument: all,
        condition: { kind: "compare", operation: ">", left: all, right: { kind: "number", value: 3 } },
      },
    ];
    for (const x of selections) {
      const before = evaluateResult(x, results);
      const zero = evaluateResult({ kind: "binary", operation: "-", left: x, right: x }, results);
      assert.equal(zero.cells.length, before.cells.length);
      for (const { value } of zero.cells) assert.equal(value, 0);
      assert.deepEqual(zero.axes, before.axes);
    }

    // The token that a row names is the token at its position.
    const bytes = readFileSync(join(ran.folder.outputs, "e.parquet"));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    for (const object of (await parquetReadObjects({ file })) as readonly Readonly<Record<string, unknown>>[]) {
      const position = object[axis];
      const prompt = Number(object["prompt"]);
      assert.equal(object["prompt_text"], records[prompt]?.["sentence"]);
      if (position === null || position === undefined) assert.equal(object["token"] ?? null, null);
      else assert.equal(object["token"], pieces?.[prompt]?.[Number(position)]);
    }
  });
}

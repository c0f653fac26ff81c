/** What an editor is told of a protocol: names, types by model and point, places, declarations; also of one with mistakes. */
import assert from "node:assert/strict";
import test from "node:test";
import { hasErrors } from "../../src/compiler/diagnostics/staged.js";
import { definitionOf, entriesAt, referencesTo, symbolAt } from "../../src/compiler/ide/lookup.js";
import type { Entry, SideTable } from "../../src/compiler/ir/side-table.js";
import { compileText, fixtureFacts, type CompiledText } from "../check/compiling.js";
import { expectGolden } from "../support/golden.js";
import { everything, surroundings } from "./everything.js";
import { entryText, tableText } from "./table-text.js";

const file = "test.atlas";

function tableOf({ value }: CompiledText): SideTable {
  assert.ok(value.sideTable !== null);
  return value.sideTable;
}

/** The one entry whose text is `text` and that stands behind `after`. */
function entryOf(text: string, written: string, after: string, compiled: CompiledText): Entry {
  const start = text.indexOf(written, text.indexOf(after) + (after === "" ? 0 : after.length));
  const entry = tableOf(compiled).entries.find(({ span }) => {
    return span.file === file && span.start === start && span.end === start + written.length;
  });
  assert.ok(entry !== undefined, `no entry for ${written}`);
  return entry;
}

const compiled = compileText(everything, surroundings);

test("the side table of a protocol with everything", () => {
  assert.equal(hasErrors(compiled.diagnostics), false);
  expectGolden("ide/everything.txt", tableText(tableOf(compiled), file, compiled.sources));
});

test("a side table is plain data, sorted, with one entry for a span", () => {
  const table = tableOf(compiled);
  assert.deepEqual(JSON.parse(JSON.stringify(table)), table);
  const { scope, syntax } = compiled.value;
  assert.deepEqual(JSON.parse(JSON.stringify([scope, syntax])), [scope, syntax]);
  for (const [i, { span }] of table.entries.entries()) {
    const next = table.entries[i + 1]?.span;
    if (next === undefined) continue;
    const order =
      span.file === next.file ? span.start - next.start || next.end - span.end : span.file < next.file ? -1 : 1;
    assert.ok(order < 0, `${JSON.stringify(span)} before ${JSON.stringify(next)}`);
  }
});

test("collecting changes nothing else", () => {
  for (const text of [everything, everything.replace("L50%", "R_V(").replace("happy,", "hapy,")]) {
    const { value: on, diagnostics: said } = compileText(text, surroundings);
    const { value: off, diagnostics } = compileText(text, { ...surroundings, sideTable: false });
    assert.equal(off.sideTable, null);
    assert.deepEqual({ ...on, sideTable: null, fields: off.fields }, off);
    assert.deepEqual(said, diagnostics);
  }
});

test("declarations have their places, documentation and parameters", () => {
  const { scope, syntax } = compiled.value;
  const named = (name: string) => scope.find((declaration) => declaration.name === name);
  const shown = (span: { readonly file: string; readonly start: number; readonly end: number } | null | undefined) =>
    span == null ? null : (compiled.sources.get(span.file) ?? "").slice(span.start, span.end);
  const spread = named("spread");
  assert.equal(spread?.kind, "metric");
  assert.deepEqual(spread.documentation, ["How far the rows of x lie apart."]);
  assert.deepEqual(
    spread.parameters.map(({ name, type, default: written, span }) => [name, type, written, shown(span)]),
    [
      ["x", "[row, *]", null, "x"],
      ["window", "count", "width", "window"],
    ],
  );
  assert.equal(shown(named("moods")?.nameSpan), "moods");
  assert.equal(named("happy_words")?.file, "shared.atlas");
  assert.deepEqual(named("happy_words")?.documentation, ["Words of one mood."]);
  assert.equal(named("experiment_1")?.nameSpan, null);
  assert.match(shown(named("experiment_1")?.span) ?? "", /^on gpt2 with stories/);
  assert.equal(named("R_V")?.file, "@stdlib/geometry.atlas");
  assert.deepEqual(
    syntax.slice(0, 2).map(({ span }) => span.file),
    [file, "shared.atlas"],
  );
});

test("from a name to its declaration and back", () => {
  const table = tableOf(compiled);
  const use = everything.indexOf("late share [");
  const symbol = symbolAt(table, file, use + 2);
  assert.ok(symbol !== null);
  const at = definitionOf(symbol);
  assert.equal(at?.start, everything.indexOf("late(layer"));
  const references = referencesTo(table, symbol).map(({ kind, span }) => [kind, span.start]);
  const indices = [...everything.matchAll(/\blate\b/g)].map(({ index }) => index);
  assert.deepEqual(
    references.map(([, start]) => start),
    indices,
  );
  assert.equal(references[0]?.[0], "definition");
  // The innermost first: the name, the call, the measure's value.
  const around = entriesAt(table, file, everything.indexOf("centred)") + 1);
  assert.deepEqual(
    around.map((entry) => entryText(entry, file, compiled.sources).split(" ")[1]),
    ["centred", "norm(centred)", "norm(centred)", "let"],
  );
  assert.equal(symbolAt(table, file, everything.indexOf("= L50%")), null);
});

test("one expression has a type for each model and each point of its sweep", async () => {
  const text = [
    'model small from "small"',
    'model large from "large"',
    'prompts p from ["the cat sat on the mat"]',
    "metric heads(layer: layer = L*, window: count = 2) = norm(z[layer] last window over pos)",
    "on small, large measure heads, heads window [2, 3] as several",
  ].join("\n");
  const small = await fixtureFacts("gpt2-f32");
  const models = { small, large: await fixtureFacts("llama-tied-f32") };
  const checked = compileText(text, { models, sideTable: true });
  const { types } = entryOf(text, "z[layer] last window", "", checked);
  const of = (model: string) => types.filter((fact) => fact.model === model);
  assert.deepEqual(
    of("small").map(({ type }) => type),
    ["[pos=min(2, n), head=4, d_head=6]", "[pos=min(3, n), head=4, d_head=6]"],
  );
  assert.deepEqual(
    of("large").map(({ type }) => type),
    ["[pos=min(2, n), head=6, d_head=4]", "[pos=min(3, n), head=6, d_head=4]"],
  );
  assert.deepEqual(
    of("small")[1]?.points,
    [0, 1, 2].map((layer) => ({ layer, window: 3 })),
  );
  const site = entryOf(text, "z[layer]", "", checked);
  assert.equal(site.kind, "site");
  assert.deepEqual(
    site.types.filter(({ model }) => model === "small").map((fact) => fact.site),
    [0, 1, 2].map((layer) => ({ site: "z", layer })),
  );
});

test("places are layers of each model", () => {
  const entry = entryOf(everything, "L*", "patch resid_pre ", compiled);
  assert.deepEqual(entry.places, [{ model: "gpt2", layers: [0, 1, 2], units: null }]);
  assert.deepEqual(entryOf(everything, "L50%", "", compiled).places, [{ model: "gpt2", layers: [1], units: null }]);
});

test("where no model can be opened, types have no sizes", () => {
  const text = 'model gone from "gone"\nprompts p from ["the cat sat"]\nmeasure norm(z[L1] last 2 over pos) as x';
  const checked = compileText(text, { models: {}, sideTable: true });
  const { types } = entryOf(text, "z[L1] last 2", "", checked);
  assert.deepEqual(types, [
    { type: "[pos=min(2, n), head, d_head]", model: null, site: null, value: null, points: [{}] },
  ]);
  const { types: site, places } = entryOf(text, "z", "norm(", checked);
  assert.deepEqual(
    site.map((fact) => fact.site),
    [{ site: "z", layer: null }],
  );
  assert.deepEqual(places, []);
});

test("the sound parts of a wrong expression have their types", async () => {
  const models = { "*": await fixtureFacts("gpt2-f32") };
  const head = 'model gpt2 from "gpt2"\nprompts p from ["the cat sat on the mat"]\n';
  /** What is written, and a part of it with the beginning of its type. */
  const cases = [
    ["measure norm(resid_post[L1], 3, nothing) as x", "resid_post[L1]", "[pos, d_model=24]"],
    ["measure norm(resid_post[L1]) + nothing as x", "norm(resid_post[L1])", "scalar"],
    ["measure nothing(resid_post[L1] at last, y: z[L0]) as x", "resid_post[L1] at last", "[d_model=24]"],
    ["measure nothing(resid_post[L1] at last, y: z[L0]) as x", "z[L0]", "[pos, head=4, d_head=6]"],
    ["measure R_V early L1 lat L2", "L1", "layer"],
    ["measure nll * 2", "nll", "[pos=n-1] in nats"],
    ["measure nll, nll at last as nll", "nll at last", "scalar in nats"],
    ["measure mean(nll of nobody over pos) as x", "nll", "[pos=n-1] in nats"],
    ["measure let a = z[L0] in nothing + norm(a) as x", "norm(a)", "scalar"],
    ["experiment e measure nll\ntable pearson(e.nll, 3)", "e.nll", "[prompt, position] in nats"],
    ["experiment e measure nll\ntable mean(e.nll over nothing)", "e.nll", "[prompt, position] in nats"],
    ["experiment e measure nll\ntable e.nll + nothing", "e.nll", "[prompt, position] in nats"],
  ] as const;
  for (const [written, part, type] of cases) {
    const text = head + written;
    const checked = compileText(text, { models, sideTable: true });
    assert.ok(hasErrors(checked.diagnostics), `${written} is sound`);
    const types = entryOf(text, part, written.slice(0, 8), checked).types.map((fact) => fact.type);
    assert.deepEqual(types, [type], written);
  }
});

test("names that mean nothing, and words of the language", async () => {
  const models = { "*": await fixtureFacts("gpt2-f32") };
  const text = [
    'model gpt2 from "gpt2"',
    'prompts p from ["the cat sat on the mat"]',
    "metric m(x: [row, head]) = kl(x, nobody over row)",
    "experiment e",
    "  on gpt, gpt2 with q",
    "  measure kl, m(pattern[L0]), mean(kl over pos)",
    "table e where nobody is 1",
  ].join("\n");
  const checked = compileText(text, { models, sideTable: true });
  const shown = (written: string, after: string): string =>
    entryText(entryOf(text, written, after, checked), file, checked.sources)
      .replace(/ : .*/, "")
      .replace(/^\S+ /, "");
  assert.equal(shown("gpt", "on "), "gpt reference");
  assert.equal(shown("gpt2", "on gpt, "), "gpt2 reference → model gpt2 1:7");
  assert.equal(shown("q", "with "), "q reference");
  assert.equal(shown("nobody", "kl(x, "), "nobody reference");
  assert.equal(shown("nobody", "where "), "nobody axis → axis nobody");
  // A function where it names axes, the metric of that name elsewhere; an axis of the language is no name of the metric's own.
  assert.equal(shown("kl", ") = "), "kl word → function kl");
  assert.match(shown("kl", "measure "), /^kl reference → metric kl @stdlib/);
  assert.equal(shown("head", "[row, "), "head axis → axis head");
  assert.equal(shown("row", "over "), "row axis → axis row 3:14");
});

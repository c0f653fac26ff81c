/** The known numbers of stories260K on TinyStories, from a protocol alone. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { evaluateResult } from "../../src/compiler/results/evaluate.js";
import { loadModel, readFixture, type TrainedFixture } from "../models/fixture.js";
import { differences, noStories, protocolIn, quoted, rowsOf, runFile, shared, temporaryFolder } from "./support.js";

const corpus = join(shared, "corpora", "tinystories_1000.json");
const skip = noStories || (existsSync(corpus) ? false : "../shared/corpora is not here");

/** The longest beginning of a text that encodes to at most `longest` ids. */
function cutTo(longest: number, text: string, encode: (text: string) => readonly number[]): string {
  const ids = encode(text);
  if (ids.length <= longest) return text;
  for (let length = text.length; length > 0; length--) {
    const cut = text.slice(0, length);
    if (JSON.stringify(encode(cut)) === JSON.stringify(ids.slice(0, longest))) return cut;
  }
  throw new Error("no beginning of the text has these ids");
}

test("stories260K on 20 stories: 1.334 nats per token, 0.912 bits per byte", { skip }, async (context) => {
  const fixture = readFixture<TrainedFixture>("stories260K");
  assert.ok(fixture?.corpus !== undefined);
  const folder = temporaryFolder(context);
  const { tokenizer } = (await loadModel(fixture.model)).opened;
  assert.ok(tokenizer !== null);
  const stories = (JSON.parse(readFileSync(corpus, "utf8")) as string[]).slice(0, fixture.corpus.stories);
  const cut = stories.map((text) => cutTo(fixture.corpus?.longest ?? 0, text, (t) => tokenizer.encode(t)));
  writeFileSync(join(folder, "stories.json"), JSON.stringify(cut));
  writeFileSync(join(folder, "stories.jsonl"), cut.map((story) => `${JSON.stringify({ story })}\n`).join(""));
  const path = protocolIn(
    folder,
    `
    ## Each story on its own, BOS first.
    model   tiny from ${quoted(join(shared, "models", "stories260K"))}
    prompts all  from "stories.jsonl" text "story"
    corpus  texts from "stories.json"
    experiment stories
      with all
      measure sum(nll over pos) as total, tokens as predicted, bytes as size
    let nats = sum(stories.total over prompt) / sum(stories.predicted over prompt)
    experiment documents
      with texts
      measure sum(nll over pos) as total, tokens as predicted, bytes as size
    let bits = sum(stories.total over prompt) / log(2) / sum(stories.size over prompt)
    table nats
    table bits
    `,
  );
  const ran = await runFile(path, { runs: join(folder, "runs") });
  const rows = await rowsOf(ran);
  const [nats, bits] = ran.written.tables.map((table) => Number(table.rows[0]?.[0]?.value));
  assert.ok(nats !== undefined && bits !== undefined);
  context.diagnostic(`${nats.toFixed(5)} nats per token, ${bits.toFixed(5)} bits per byte`);

  const d = differences();
  d.check("published nats per token", nats, 1.334, 0.01, true);
  d.check("published bits per byte", bits, 0.912, 0.01, true);
  const types = new Map(ran.planned.protocol.results.map((type) => [type.experiment, type]));
  const column = (metric: string): number => {
    const expression = { kind: "column", experiment: "stories", metric, column: "value" } as const;
    return [...evaluateResult(expression, { types, rows }).cells].reduce((sum, cell) => sum + cell.value, 0);
  };
  assert.equal(column("predicted"), fixture.corpus.tokens);
  // Sums of 6,560 float32 losses, each within 2e-5, whose errors have both signs.
  d.check("nats per token", nats, fixture.corpus.total_nll / fixture.corpus.tokens, 1e-6);
  d.check("total nats", column("total"), fixture.corpus.total_nll, 1e-6, true);
  // As documents of a corpus the stories have the same numbers, each in one window after BOS.
  for (const metric of ["total", "predicted", "size"]) {
    const values = (experiment: string): readonly number[] =>
      rows.filter((row) => row.experiment === experiment && row.metric === metric).map((row) => row.value);
    assert.equal(values("documents").length, fixture.corpus.stories);
    assert.deepEqual(values("documents"), values("stories"));
  }
  context.diagnostic(`differences: ${d.text()}`);
});

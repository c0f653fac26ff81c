/** Imports: each file once, whatever it is called, and never the protocol itself. */
import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, suite } from "node:test";
import { compileText, fixtureFacts, messagesOf } from "./compiling.js";
import { createWorkspace } from "./workspace.js";

const models = { "*": await fixtureFacts("gpt2-f32") };
const declarations = 'model gpt2 from "gpt2"\nprompts p from ["the cat sat"]\nmetric own = loss\n';

/** The protocol is test.atlas. */
const messages = (imports: string, files: Readonly<Record<string, string>>): readonly string[] =>
  messagesOf(`${imports}\n${declarations}measure loss`, { models, files });

suite("a way that leads back to the protocol", () => {
  test("at once", () => {
    for (const written of ["test", "./test", "test.atlas", "a/../test"]) {
      assert.deepEqual(messages(`import "${written}"`, {}), ["A2021 test imports itself: test → test"], written);
    }
  });

  test("by another file, and by two", () => {
    const files = {
      "a.atlas": 'import "test"\nmetric a = loss',
      "b.atlas": 'import "./sub/c"\nmetric b = loss',
      "sub/c.atlas": 'import "../test.atlas"\nmetric c = loss',
    };
    assert.deepEqual(messages('import "a"', files), ["A2021 test imports itself: test → a → test"]);
    assert.deepEqual(messages('import "b"', files), ["A2021 test imports itself: test → b → sub/c → test"]);
    assert.deepEqual(messages('import "a"\nimport "b"', files), [
      "A2021 test imports itself: test → a → test",
      "A2021 test imports itself: test → b → sub/c → test",
    ]);
  });

  test("is marked where it begins, with the way back", () => {
    const files = { "a.atlas": 'import "test"\nmetric a = loss' };
    const { diagnostics, sources } = compileText(`import "a"\n${declarations}measure a`, { models, files });
    const [first] = diagnostics;
    const places = [first?.primary, ...(first?.related ?? [])].map((label) => {
      const { file = "", start = 0, end = 0 } = label?.span ?? {};
      return [file, sources.get(file)?.slice(start, end), label?.text];
    });
    assert.deepEqual(places, [
      ["test.atlas", '"a"', ""],
      ["a.atlas", '"test"', "the way back"],
    ]);
  });
});

suite("no circle", () => {
  test("a file that two others import", () => {
    const files = {
      "a.atlas": 'import "c"\nmetric a = c',
      "b.atlas": 'import "./c.atlas"\nmetric b = c',
      "c.atlas": "metric c = loss",
    };
    assert.deepEqual(messages('import "a"\nimport "b"\nimport "c"', files), []);
  });

  test("files that import one another: they only declare", () => {
    const files = { "a.atlas": 'import "b"\nmetric a = loss', "b.atlas": 'import "a"\nmetric b = a' };
    assert.deepEqual(messages('import "a"', files), []);
  });
});

suite("links", () => {
  const workspace = createWorkspace();
  after(workspace.end);
  const text = (imports: string): string =>
    `${imports}\nmodel gpt2 from "./models/gpt2"\nprompts p from ["The cat sat."]\nmetric own = loss\nmeasure loss\n`;
  const codes = async (name: string, protocol: string): Promise<readonly string[]> => {
    writeFileSync(join(workspace.folder, name), protocol);
    const { diagnostics } = await workspace.plan(name, protocol);
    return diagnostics.map((d) => `${d.code} ${d.message}`);
  };

  test("to one file are one file", async () => {
    writeFileSync(join(workspace.folder, "real.atlas"), "metric real = loss\n");
    symlinkSync("real.atlas", join(workspace.folder, "alias.atlas"));
    assert.deepEqual(await codes("linked.atlas", text('import "real"\nimport "alias"')), []);
  });

  test("to the protocol lead back to it", async () => {
    symlinkSync("looped.atlas", join(workspace.folder, "again.atlas"));
    assert.deepEqual(await codes("looped.atlas", text('import "again"')), [
      "A2021 looped imports itself: looped → looped",
    ]);
  });
});

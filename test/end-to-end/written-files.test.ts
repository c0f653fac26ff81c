/** Files of the user's: whatever happens while they are written, the old content or the new one is there. */
import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { replaceFile } from "../../src/runtime/store/atomic.js";
import { command, protocolIn, temporaryFolder, type CommandOptions } from "./support.js";

const ugly = 'model   gpt2 from "@stdlib/models/gpt2-tiny"\n';
const tidy = 'model gpt2 from "@stdlib/models/gpt2-tiny"\n';
const isRoot = process.getuid?.() === 0;

/** Root may write everywhere, so that missing permissions need somebody else: `nobody`, as most systems number it. */
const nobody: CommandOptions = isRoot ? { user: 65534 } : {};

test("a file that cannot be replaced is as it was, and the fault is told", async (context) => {
  const folder = temporaryFolder(context);
  chmodSync(folder, 0o755);
  const large = `${ugly}# ${"a".repeat(40_000)}\n`;
  const cases: readonly (readonly [string, string, CommandOptions, RegExp, () => void])[] = [
    [
      "full.atlas",
      large,
      { fileLimit: 8192 },
      /cannot write full\.atlas: it would be larger than a file may be$/m,
      () => undefined,
    ],
    [
      "folder/x.atlas",
      ugly,
      nobody,
      /cannot write folder\/x\.atlas: no file can be made in its folder \S+folder: there is no permission$/m,
      () => {
        chmodSync(join(folder, "folder", "x.atlas"), 0o666);
        chmodSync(join(folder, "folder"), 0o555);
      },
    ],
    [
      "kept.atlas",
      ugly,
      nobody,
      /cannot write kept\.atlas: there is no permission$/m,
      () => {
        chmodSync(join(folder, "kept.atlas"), 0o444);
        chmodSync(folder, 0o777);
      },
    ],
  ];
  mkdirSync(join(folder, "folder"));
  // Where this repository lies in a folder of root's own, nobody cannot even start the command.
  const asNobody = (await command(["--version"], { cwd: folder, ...nobody })).code === 0;
  for (const [name, text, options, message, prepare] of cases) {
    if (options === nobody && !asNobody) continue;
    protocolIn(folder, text, name);
    prepare();
    const end = await command(["fmt", name], { cwd: folder, ...options });
    // A fault of the machine, not of the protocol.
    assert.equal(end.code, 2, end.stderr);
    assert.match(end.stderr, /^error\[A5006\]: /);
    assert.match(end.stderr, message);
    assert.match(end.stderr, /^hint: the file is as it was$/m);
    assert.equal(readFileSync(join(folder, name), "utf8"), text);
  }
  chmodSync(join(folder, "folder"), 0o755);
  assert.deepEqual(
    readdirSync(folder, { recursive: true }).filter((name) => String(name).includes(".part")),
    [],
  );
});

test("one file that cannot be written does not keep the others from being formatted", async (context) => {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, "here"));
  symlinkSync("circle.atlas", join(folder, "circle.atlas"));
  for (const name of ["a.atlas", "b.atlas"]) protocolIn(folder, ugly, name);
  const end = await command(["fmt", "a.atlas", "here", "circle.atlas", "b.atlas"], { cwd: folder });
  assert.equal(end.code, 1);
  assert.equal(end.stdout, "a.atlas formatted\nb.atlas formatted\n");
  assert.match(end.stderr, /A5005\]: cannot read here: it is a folder/);
});

test("permissions stay, and a symbolic link is written through", async (context) => {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, "elsewhere"));
  const target = protocolIn(folder, ugly, "elsewhere/real.atlas");
  chmodSync(target, 0o640);
  symlinkSync("elsewhere/real.atlas", join(folder, "link.atlas"));
  symlinkSync("link.atlas", join(folder, "second.atlas"));
  const end = await command(["fmt", "second.atlas"], { cwd: folder });
  assert.deepEqual([end.code, end.stderr], [0, ""]);
  assert.equal(readFileSync(target, "utf8"), tidy);
  assert.equal(statSync(target).mode & 0o7777, 0o640);
  assert.equal(readlinkSync(join(folder, "second.atlas")), "link.atlas");
  assert.ok(lstatSync(join(folder, "link.atlas")).isSymbolicLink());
});

test("a link to what is not there yet makes it there, and names of full length can be written", async (context) => {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, "elsewhere"));
  symlinkSync("elsewhere/new", join(folder, "link"));
  assert.equal(await replaceFile(join(folder, "link"), "new"), null);
  assert.equal(readFileSync(join(folder, "elsewhere", "new"), "utf8"), "new");
  // 255 bytes, the last of them in the middle of characters that the temporary file's name must not cut.
  const long = join(folder, `a${"é".repeat(127)}`);
  assert.equal(await replaceFile(long, "long"), null);
  assert.equal(readFileSync(long, "utf8"), "long");
  assert.equal(await replaceFile(`${long}b`, "longer"), "a name in the path is too long");
  assert.equal(await replaceFile(folder, "x"), "it is a folder");
  assert.equal(await replaceFile("/dev/null", "x"), "it is no ordinary file");
  assert.deepEqual(readdirSync(folder).sort(), [`a${"é".repeat(127)}`, "elsewhere", "link"].sort());
});

test("graphs that cannot be written are told, and old ones are whole", async (context) => {
  const folder = temporaryFolder(context);
  const path = protocolIn(
    folder,
    `${tidy}prompts p from ["Time heals all wounds."]\nexperiment e ablate heads L0 measure loss\ntable e\n`,
  );
  assert.equal((await command(["graph", path, "--out", "graphs"], { cwd: folder })).code, 0);
  const [name = ""] = readdirSync(join(folder, "graphs"));
  const before = readFileSync(join(folder, "graphs", name));
  const full = await command(["graph", path, "--out", "graphs"], { cwd: folder, fileLimit: 1024 });
  assert.equal(full.code, 2);
  assert.match(full.stderr, /A5006\]: cannot write graphs\/\w+\.onnx: it would be larger than a file may be/);
  assert.deepEqual(readFileSync(join(folder, "graphs", name)), before);
  writeFileSync(join(folder, "file"), "");
  const taken = await command(["graph", path, "--out", "file"], { cwd: folder });
  assert.equal(taken.code, 2);
  assert.equal(taken.stderr, "atlasc: cannot make the folder file: there is a file of this name\n");
});

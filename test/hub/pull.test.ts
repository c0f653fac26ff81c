/** Downloads from a Hub on this machine: what is fetched, where it lies, and everything that can go wrong on the way. */
import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { suite } from "node:test";
import { cachedModel, pullModel } from "../../src/runtime/hub/pull.js";
import { openModel } from "../../src/runtime/models/open-model.js";
import { commitOf, gitDigest, sha256, type Fault } from "../support/hub-server.js";
import { createPlace, faultOf, files, needed, settingsFor, treeOf, tiny, type Place } from "./support.js";
import { createHttp, proxyFor } from "../../src/runtime/hub/http.js";
import { describeRepository } from "../../src/runtime/hub/repository.js";

const weights = files["model.safetensors"] ?? Buffer.alloc(0);
const digest = sha256(weights);
const commit = commitOf("org/tiny", "main");
const pull = ({ http, events }: Place, revision = "main", name = "org/tiny"): ReturnType<typeof pullModel> =>
  pullModel(http, name, revision, events);
const repository = ({ cache }: Place): string => join(cache, "models--org--tiny");

/** Whether the cache holds the model, whole and as it is at its source. */
function assertWhole(place: Place): void {
  const snapshot = join(repository(place), "snapshots", commit);
  assert.deepEqual(Object.keys(treeOf(snapshot)), needed);
  for (const name of needed) assert.deepEqual(readFileSync(join(snapshot, name)), files[name], name);
  const left = Object.keys(treeOf(place.cache)).filter((path) => /incomplete|\.part$|\.lock$/.test(path));
  assert.deepEqual(left, []);
}

/** Faults for the first requests that a pattern fits, in order. */
const faults = (pattern: RegExp, ...list: readonly Fault[]): { fault: (asked: { path: string }) => Fault | null } => {
  const queue = [...list];
  return { fault: ({ path }) => (pattern.test(path) ? (queue.shift() ?? null) : null) };
};

suite("a download", () => {
  test("fetches what is needed into the layout of Hugging Face's cache, and says what it does", async () => {
    const place = await createPlace();
    const { received } = await pull(place);
    assertWhole(place);
    const tree = treeOf(repository(place));
    const small = needed.filter((name) => name !== "model.safetensors");
    const blobs = [digest, ...small.map((name) => gitDigest(files[name] ?? Buffer.alloc(0)))];
    assert.deepEqual(
      Object.keys(tree).filter((path) => path.startsWith("blobs/")),
      blobs.map((name) => `blobs/${name}`).sort(),
    );
    assert.equal(readFileSync(join(repository(place), "refs", "main"), "utf8"), commit);
    const link = readlinkSync(join(repository(place), "snapshots", commit, "model.safetensors"));
    assert.equal(link, `../../blobs/${digest}`);
    assert.equal(
      received,
      needed.reduce((sum, name) => sum + (files[name]?.length ?? 0), 0),
    );
    assert.deepEqual(place.said, [`downloading org/tiny: 4 files, 1.52 MB, to ${repository(place)}`]);
    // A second time nothing is fetched but the list of files.
    const before = place.hub.sent();
    assert.equal((await pull(place)).received, 0);
    assert.equal(place.hub.sent(), before);
  });

  test("is opened like any other model, and without the network", async () => {
    const place = await createPlace();
    await pull(place);
    await place.hub.close();
    assert.equal((await cachedModel(place.cache, "org/tiny", "main"))?.commit, commit);
    const environment = { home: join(place.cache, ".."), variables: { HF_HUB_CACHE: place.cache } };
    const request = { source: "org/tiny", revision: null, baseFolder: "/", span: null };
    const { value, diagnostics } = await openModel(request, environment);
    assert.deepEqual(diagnostics, []);
    assert.ok(value?.tokenizer);
    // A blob is called by its digest: one whose bytes have changed since is found out.
    const blob = join(repository(place), "blobs", digest);
    writeFileSync(blob, Buffer.from(weights).fill(7, weights.length - 4));
    const damaged = await openModel(request, environment);
    assert.deepEqual([damaged.value, damaged.diagnostics.map(({ code }) => code)], [null, ["A4021"]]);
  });

  test("of shards: those that the index names, and revisions with a slash in their names", async () => {
    const sharded = {
      "config.json": files["config.json"] ?? Buffer.alloc(0),
      "model.safetensors.index.json": Buffer.from(
        '{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}}',
      ),
      "model-1.safetensors": Buffer.alloc(200_000, 1),
      "model-2.safetensors": Buffer.alloc(200_000, 2),
      "model-3.safetensors": Buffer.alloc(200_000, 3),
    };
    const place = await createPlace({ repositories: { "org/tiny": { revisions: { "refs/pr/1": sharded } } } });
    const { folder, commit: own } = await pull(place, "refs/pr/1");
    assert.equal(readFileSync(join(repository(place), "refs", "refs", "pr", "1"), "utf8"), own);
    const names = ["config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json"];
    assert.deepEqual(Object.keys(treeOf(folder)), names);
    assert.notEqual(await cachedModel(place.cache, "org/tiny", "refs/pr/1"), null);
    rmSync(join(folder, "model-2.safetensors"));
    assert.equal(await cachedModel(place.cache, "org/tiny", "refs/pr/1"), null);
  });

  test("two revisions with the same bytes store them once", async () => {
    const place = await createPlace({ repositories: { "org/tiny": { revisions: { main: files, step1: files } } } });
    await pull(place);
    assert.equal((await pull(place, "step1")).received, 0);
    assert.equal(Object.keys(treeOf(join(repository(place), "blobs"))).length, needed.length);
    assert.notEqual(await cachedModel(place.cache, "org/tiny", "step1"), null);
  });
});

suite("broken connections and busy servers", () => {
  test("what was received is kept: a cut goes on where it was", async () => {
    const cuts: readonly Fault[] = [400_000, 500_000, 100_000].map((after) => ({ kind: "cut", after }));
    const place = await createPlace(faults(new RegExp(`^/${digest}`), ...cuts));
    await pull(place);
    assertWhole(place);
    const ranges = place.hub.asked.filter(({ host }) => host === "cdn").map(({ range }) => range);
    assert.deepEqual(ranges, [null, "bytes=400000-", "bytes=900000-", "bytes=1000000-"]);
  });

  test("a part of an earlier run goes on, a longer one is thrown away, a damaged one is found out", async () => {
    const place = await createPlace();
    const blobs = join(repository(place), "blobs");
    const part = join(blobs, `${digest}.atlasc.incomplete`);
    mkdirSync(blobs, { recursive: true });
    writeFileSync(part, weights.subarray(0, 1_000_000));
    await pull(place);
    assertWhole(place);
    assert.equal(place.hub.asked.find(({ host }) => host === "cdn")?.range, "bytes=1000000-");
    assert.match(place.said[0] ?? "", /0\.95 MB of them here already/);

    for (const content of [Buffer.concat([weights, weights]), Buffer.alloc(900_000, 3)]) {
      rmSync(join(blobs, digest));
      writeFileSync(part, content);
      await pull(place);
      assertWhole(place);
    }
  });

  test("a server without ranges sends everything, which is the file and not its end", async () => {
    const fault = faults(new RegExp(`^/${digest}`), { kind: "cut", after: 400_000 }, { kind: "whole" });
    const place = await createPlace(fault);
    await pull(place);
    assertWhole(place);
  });

  test("429 and 5xx are waited for, as long as the server asks", async () => {
    const wait = { kind: "status", status: 429, headers: { "retry-after": "1" } } as const;
    const place = await createPlace(
      faults(/revision|safetensors/, wait, { kind: "status", status: 503 }, { kind: "status", status: 500 }),
    );
    const begun = Date.now();
    await pull(place);
    assertWhole(place);
    assert.ok(Date.now() - begun >= 1_000);
  });

  test("a server that stays busy, or asks to wait for hours, ends in a sentence", async () => {
    const busy = await createPlace({ fault: () => ({ kind: "status", status: 502 }) });
    const { host } = new URL(busy.hub.endpoint);
    const nothing = "see `atlasc doctor`, or try again later";
    assert.deepEqual(await faultOf(pull(busy)), ["A4030", `${host} answers with 502`, nothing]);
    assert.equal(busy.hub.asked.length, 6);
    const later = { kind: "status", status: 429, headers: { "retry-after": "7200" } } as const;
    const [code, , hint] = await faultOf(pull(await createPlace({ fault: () => later })));
    assert.deepEqual([code, hint.slice(0, 29)], ["A4030", "it asks to wait 120 minutes; "]);
    const known = await faultOf(pull(await createPlace({ fault: () => later }, { token: "hf_right" })));
    assert.equal(known[2], "it asks to wait 120 minutes");
  });

  test("a redirect to a file of this machine, and a file that is listed and not there", async () => {
    const location = { location: "file:///etc/hostname" };
    for (const path of [/^\/api\//, /\/resolve\//]) {
      const away = { kind: "status", status: 302, headers: location } as const;
      const place = await createPlace({ fault: (asked) => (path.test(asked.path) ? away : null) });
      const [code, said] = await faultOf(pull(place));
      assert.equal(code, "A4030");
      assert.match(said, /redirects to what is no address of the web$/);
    }
    const gone = { kind: "status", status: 404 } as const;
    const place = await createPlace({ fault: ({ path }) => (path.endsWith("safetensors") ? gone : null) });
    assert.deepEqual((await faultOf(pull(place))).slice(0, 2), [
      "A4030",
      "the Hub lists model.safetensors and does not have it",
    ]);
  });

  test("a host that takes no connections", async () => {
    const place = await createPlace();
    await place.hub.close();
    const { host } = new URL(place.hub.endpoint);
    assert.deepEqual((await faultOf(pull(place))).slice(0, 2), ["A4030", `${host} takes no connections`]);
    assert.equal(existsSync(join(repository(place), "refs")), false);
  });

  test("wrong bytes once are fetched again; twice they are refused and thrown away", async () => {
    const path = new RegExp(`^/${digest}`);
    const once = await createPlace(faults(path, { kind: "wrong" }));
    await pull(once);
    assertWhole(once);
    const always = await createPlace({ fault: (asked) => (path.test(asked.path) ? { kind: "wrong" } : null) });
    const [code, problem] = await faultOf(pull(always));
    assert.deepEqual(
      [code, problem],
      ["A4030", `model.safetensors does not have the sha256 that the Hub says: ${digest}`],
    );
    assert.equal(existsSync(join(repository(always), "blobs", digest)), false);
    assert.equal(await cachedModel(always.cache, "org/tiny", "main"), null);
    assert.equal(existsSync(join(repository(always), "snapshots")), false);
  });
});

suite("what the Hub does not give", () => {
  const repositories = {
    ...tiny,
    "org/gated": { revisions: { main: files }, gated: "hf_right" },
    "org/private": { revisions: { main: files }, private: "hf_right" },
    "org/bin": { revisions: { main: { "config.json": Buffer.from("{}"), "pytorch_model.bin": Buffer.alloc(9) } } },
    "org/gguf": { revisions: { main: { "model.Q8_0.gguf": Buffer.alloc(9) } } },
    "org/evil": { revisions: { main: { ...files, "../../../evil": Buffer.from("x") } } },
    "org/hollow": {
      revisions: {
        main: {
          "config.json": Buffer.from("{}"),
          "model.safetensors.index.json": Buffer.from('{"weight_map":{"a":"b.safetensors"}}'),
        },
      },
    },
  };
  const cases: readonly (readonly [
    name: string,
    revision: string,
    token: string | null,
    code: string,
    problem: RegExp,
  ])[] = [
    ["org/none", "main", null, "A4031", /^the Hub has no model org\/none, or none for you$/],
    ["org/tiny", "step7", null, "A4017", /^step7$/],
    ["org/gated", "main", null, "A4031", /^org\/gated is given only to those who accepted its conditions$/],
    ["org/gated", "main", "hf_wrong", "A4031", /^org\/gated is given only to those/],
    ["org/private", "main", null, "A4031", /^the Hub has no model org\/private, or none for you$/],
    [
      "org/bin",
      "main",
      null,
      "A4032",
      /^org\/bin has its weights only in PyTorch's own format \(pytorch_model\.bin\), not as safetensors$/,
    ],
    ["org/gguf", "main", null, "A4032", /^org\/gguf has no model\.safetensors$/],
    [
      "org/hollow",
      "main",
      null,
      "A4032",
      /^the weights of org\/hollow are incomplete: its index names b\.safetensors$/,
    ],
    ["org/evil", "main", null, "A4030", /a file has an impossible name$/],
    ["org/../evil", "main", null, "A4031", /^org\/\.\.\/evil cannot be a name on the Hub$/],
    ["org/tiny", "../../main", null, "A4017", /^\.\.\/\.\.\/main$/],
    ["org/tiny", "main?x=1", null, "A4017", /^main\?x=1$/],
  ];
  for (const [name, revision, token, code, problem] of cases) {
    test(`${name} at ${revision}${token === null ? "" : ` with ${token}`}: ${code}`, async () => {
      const place = await createPlace({ repositories }, { token });
      const [found, said, hint] = await faultOf(pull(place, revision, name));
      assert.equal(found, code);
      assert.match(said, problem);
      assert.notEqual(hint, "");
      // Nothing of it is found as a model.
      assert.equal(await cachedModel(place.cache, name, revision), null);
      assert.equal(existsSync(join(place.cache, "..", "evil")), false);
    });
  }

  test("with the right token there is everything, and the token goes to no other host", async () => {
    for (const name of ["org/gated", "org/private"]) {
      assert.equal((await faultOf(pull(await createPlace({ repositories }), "main", name)))[0], "A4031");
      const place = await createPlace({ repositories }, { token: "hf_right" });
      await pull(place, "main", name);
      const cdn = place.hub.asked.filter(({ host }) => host === "cdn");
      assert.ok(cdn.length > 0);
      assert.ok(cdn.every(({ token }) => token === null));
      const own = place.hub.asked.filter(({ host }) => host === "hub");
      assert.ok(own.every(({ token }) => token === "hf_right"));
    }
  });
});

test("a proxy is asked for what the environment says, and not for the hosts that it leaves out", async () => {
  const place = await createPlace();
  const dead = { http: "http://127.0.0.1:9", https: "http://127.0.0.1:9", none: "" };
  const http = createHttp(settingsFor(place.hub.endpoint, place.cache, { proxies: dead }));
  assert.equal((await faultOf(pullModel(http, "org/tiny", "main", place.events)))[0], "A4030");
  await http.close();
  const around = createHttp(settingsFor(place.hub.endpoint, place.cache, { proxies: { ...dead, none: "127.0.0.1" } }));
  await pullModel(around, "org/tiny", "main", place.events);
  await around.close();
  assertWhole(place);
});

test("addresses that the environment gives are read before anything is asked", async () => {
  const none = { http: null, https: null, none: "" };
  const of = async (endpoint: string, proxy: string | null): Promise<string> => {
    const http = createHttp(settingsFor(endpoint, "nowhere", { proxies: { ...none, http: proxy }, pause: 1 }));
    const [code, problem] = await faultOf(describeRepository(http, { kind: "models", name: "org/tiny" }, "main"));
    await http.close();
    return `${code}: ${problem}`;
  };
  for (const endpoint of ["nonsense", "ftp://hub.org", "file:///etc/passwd", "localhost:8080", "http://"]) {
    assert.equal(await of(endpoint, null), `A4030: HF_ENDPOINT is no address of the web: ${endpoint}`);
  }
  for (const proxy of ["socks5://127.0.0.1:1080", "http://", "a b"]) {
    const expected = `A4030: HTTPS_PROXY or HTTP_PROXY is no address of a proxy: ${proxy}`;
    assert.equal(await of("http://127.0.0.1:9", proxy), expected);
  }
  // Without its scheme it is one of http, where nothing answers here.
  assert.match(await of("http://127.0.0.1:9", "127.0.0.1:9"), /takes no connections/);
});

test("NO_PROXY names hosts with those below them, and ports", () => {
  const proxies = (none: string): Parameters<typeof proxyFor>[1] => ({ http: "http://a", https: "http://b", none });
  const of = (url: string, none: string): string | null => proxyFor(new URL(url), proxies(none));
  assert.equal(of("https://hub.org/x", ""), "http://b");
  assert.equal(of("http://hub.org/x", "other.org"), "http://a");
  for (const none of ["hub.org", ".hub.org", "*.hub.org, x", "cdn.hub.org:443", "*"]) {
    assert.equal(of("https://cdn.hub.org/x", none), null, none);
  }
  for (const none of ["bub.org", "ub.org", "cdn.hub.org:80", "hub.org.uk"]) {
    assert.equal(of("https://cdn.hub.org/x", none), "http://b", none);
  }
});

test("a disk without room is found out before anything is fetched", async () => {
  const huge = 2 ** 50;
  const place = await createPlace();
  const http = {
    ...place.http,
    get: async (...request: Parameters<typeof place.http.get>) => {
      const answer = await place.http.get(...request);
      if (!request[0].includes("/api/")) return answer;
      const text = (await answer.body.text()).replaceAll(`"size":${weights.length}`, `"size":${huge}`);
      return { ...answer, body: new Response(text).body as unknown as typeof answer.body };
    },
  };
  const [code, problem] = await faultOf(pullModel(http, "org/tiny", "main", place.events));
  assert.equal(code, "A4033");
  assert.match(problem, /^org\/tiny needs 1048576(?:\.\d+)? GB, and .* has .* left$/);
  assert.equal(place.hub.sent(), 0);
});

test("a moved branch is followed by another pull, and what it was stays there", async () => {
  const revisions: Record<string, Readonly<Record<string, Buffer>>> = { main: files };
  const place = await createPlace({ repositories: { "org/tiny": { revisions } } });
  await pull(place);
  const ref = join(repository(place), "refs", "main");
  const old = "0".repeat(40);
  writeFileSync(ref, old);
  assert.equal(await cachedModel(place.cache, "org/tiny", "main"), null);
  await pull(place);
  assert.equal(readFileSync(ref, "utf8"), commit);
  // A link whose blob somebody has deleted is no file.
  rmSync(join(repository(place), "blobs", digest));
  assert.equal(await cachedModel(place.cache, "org/tiny", "main"), null);
  await pull(place);
  assertWhole(place);
  appendFileSync(ref, "\n");
  assert.notEqual(await cachedModel(place.cache, "org/tiny", "main"), null);
});

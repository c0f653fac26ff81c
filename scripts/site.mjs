/**
 * The playground: a static page of the compiler, the small models and onnxruntime-web, in `docs/site/playground` (which git
 * ignores). `node scripts/site.mjs` builds it and serves it on this machine, `--build` only builds. `--port=N`: 8765
 * when nothing is said.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  createReadStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");

/** Where the command builds it. */
export const siteFolder = join(root, "docs/site/playground");

const models = ["gpt2-tiny", "llama-tiny", "pythia-tiny", "pythia-tiny-seed2"];
const modelFiles = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

/** What stands in for modules that only Node has, by their paths in the repository. */
const standIns = { "src/runtime/report/deflate.ts": "site/host/deflate.ts" };

function withStandIns() {
  const modules = new Map(Object.entries(standIns).map(([from, to]) => [join(root, from), join(root, to)]));
  return {
    name: "stand-ins",
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const module = modules.get(join(resolveDir, path).replace(/\.js$/, ".ts"));
        return module === undefined ? undefined : { path: module };
      });
    },
  };
}

function textFiles(folder, endings) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.includes(extname(entry.name)))
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join("/"),
    );
}

/** Whether every model that a protocol names is one of the page's, and it names some. */
function runsInPage(text) {
  const named = [...text.matchAll(/^model\s+\w+\s+from\s+"([^"]*)"/gm)];
  return (
    named.length > 0 &&
    named.every(([, source]) => models.some((name) => source === `@stdlib/models/${name}`)) &&
    // The page has no revisions, and computes no curvature.
    !/^\s*(?:model\b.*)?\b(?:revision|curvature of)\b/m.test(text)
  );
}

/** What a protocol asks: the first line of the comment at its beginning. */
function titleOf(text) {
  return (/^(?:##? *.*\n)+/.exec(text)?.[0].split("\n")[0] ?? "").replace(/^#+ */, "");
}

/** Examples in the order in which one reads them: the tutorial, what is run as it is, and the parts of the reference. */
function placeOf(path) {
  if (path.includes("/tutorial-")) return path.endsWith("-first.atlas") ? 0 : 1;
  return path.startsWith("pipelines/") ? 2 : 3;
}

function filesOfSite() {
  const data = [".atlas", ".jsonl", ".json", ".csv", ".txt"];
  const protocols = [...textFiles("pipelines", data), ...textFiles("docs/examples", data)].filter(
    (path) => !/\/(seeds|api|broken)\//.test(path),
  );
  return [
    ...textFiles("stdlib", data).filter((path) => !path.startsWith("stdlib/models/")),
    ...models.flatMap((name) => modelFiles.map((file) => `stdlib/models/${name}/${file}`)),
    ...protocols,
  ].sort();
}

/** Builds the site into a folder, which is emptied first. Returns its size in bytes, its files and what the scripts import. */
export async function buildSite(folder = siteFolder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: "site/page/main.ts", worker: "site/host/worker.ts" },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    metafile: true,
    legalComments: "linked",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    plugins: [withStandIns()],
    logLevel: "warning",
  });
  const onnxruntime = join(root, "node_modules/onnxruntime-web");
  const wasm = "ort-wasm-simd-threaded.wasm";
  copyFileSync(join(onnxruntime, "dist", wasm), join(folder, wasm));
  for (const name of ["index.html", "style.css"]) copyFileSync(join(root, "site", name), join(folder, name));
  const versionIn = (path) => JSON.parse(readFileSync(path, "utf8")).version;
  const paths = filesOfSite();
  const files = paths.map((path) => {
    const content = readFileSync(join(root, path));
    const target = join(folder, "files", path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    const weights = path.endsWith(".safetensors");
    return {
      path,
      bytes: content.length,
      ...(weights ? { sha256: createHash("sha256").update(content).digest("hex") } : {}),
    };
  });
  const examples = paths
    .filter((path) => /^(pipelines|docs\/examples)\/[^/]+\.atlas$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))
    .filter(({ text }) => runsInPage(text))
    .map(({ path, text }) => ({ path, title: titleOf(text) }))
    .sort((a, b) => placeOf(a.path) - placeOf(b.path));
  const manifest = {
    onnxruntime: versionIn(join(onnxruntime, "package.json")),
    atlasc: versionIn(join(root, "package.json")),
    files,
    examples,
  };
  writeFileSync(join(folder, "files.json"), JSON.stringify(manifest));
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const bytes = all.reduce((sum, path) => sum + statSync(path).size, 0);
  return { bytes, files: all.map((path) => relative(folder, path).split(sep).join("/")), metafile, examples };
}

const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Serves a built site to this machine, and nothing but the files that were built. */
export function serveSite(folder, files, port) {
  const known = new Set(files);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname).replace(/^\//, "");
    const name = path === "" ? "index.html" : path;
    if (!known.has(name) || !["GET", "HEAD"].includes(request.method ?? "")) {
      response.writeHead(404, { "content-type": "text/plain" }).end("there is no such file");
      return;
    }
    response.writeHead(200, {
      "content-type": types[extname(name)] ?? "text/plain; charset=utf-8",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
    });
    if (request.method === "HEAD") response.end();
    else createReadStream(join(folder, name)).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { bytes, files } = await buildSite();
  console.log(`${relative(root, siteFolder)}: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
  if (!process.argv.includes("--build")) {
    const port = Number(process.argv.find((word) => word.startsWith("--port="))?.slice("--port=".length) ?? 8765);
    const server = await serveSite(siteFolder, files, port);
    console.log(`http://localhost:${server.address().port}/  (Ctrl+C ends it)`);
  }
}

/**
 * Packs atlasc and installs the tarball as somebody would who has no clone, no home folder and nothing but the npm registry:
 *
 *     node scripts/package-check.mjs
 *
 * Other hosts are cut off by names that lead nowhere. The built package must be small, install without a word from other hosts, and
 * run the README's first command.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const mostBytes = 15_000_000;
const folder = mkdtempSync(join(tmpdir(), "atlasc-package-"));

function run(command, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", ...options });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

try {
  const [packed] = JSON.parse(
    run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { cwd: root }),
  );
  console.log(`packed: ${(packed.size / 1e6).toFixed(2)} MB, ${packed.entryCount} files`);
  if (packed.size > mostBytes)
    throw new Error(`the tarball has ${packed.size} bytes, and at most ${mostBytes} are allowed`);

  // A package of npm's own loads this into every process: only the registry has an address.
  const registry = new URL(run("npm", ["config", "get", "registry"]).trim()).hostname;
  const guard = join(folder, "only-the-registry.cjs");
  writeFileSync(
    guard,
    `const dns = require("node:dns");
const lookup = dns.lookup;
dns.lookup = (host, ...rest) => lookup(["localhost", ${JSON.stringify(registry)}].includes(host) ? host : "nowhere.invalid", ...rest);
`,
  );
  const work = join(folder, "work");
  mkdirSync(work);
  const kept = Object.entries(process.env).filter(([name]) =>
    /^(?:PATH|npm_config_.*|NODE_EXTRA_CA_CERTS|https?_proxy)$/i.test(name),
  );
  const env = { ...Object.fromEntries(kept), NODE_OPTIONS: `--require=${guard}` };
  const prefix = join(folder, "prefix");
  const options = { cwd: work, env };
  run(
    "npm",
    ["install", "-g", "--prefix", prefix, "--cache", join(folder, "cache"), join(folder, packed.filename)],
    options,
  );
  const atlasc = join(prefix, "bin", "atlasc");
  console.log(`installed: atlasc ${run(atlasc, ["--version"], options).trim()}`);
  const protocol = join(prefix, "lib", "node_modules", "atlasc", "pipelines", "head-sweep.atlas");
  run(atlasc, ["run", protocol, "--runs", join(work, "runs")], options);
  console.log(`run: ${protocol.slice(prefix.length)}`);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

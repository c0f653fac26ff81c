/**
 * Runs when npm has unpacked atlasc and what it needs, before any package's own script: onnxruntime-node's downloads 400 MB for
 * CUDA from api.nuget.org on Linux x64, and the installation fails where that cannot be reached. atlasc computes without
 * them, so that they are got only when somebody asks (ONNXRUNTIME_NODE_INSTALL). See
 * docs/decisions/0089-what-the-npm-package-holds.md.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";

const question = `// Put here by atlasc, which needs nothing that is downloaded below; ONNXRUNTIME_NODE_INSTALL=cuda12 asks for it.
if (!process.env.ONNXRUNTIME_NODE_INSTALL && !process.env.npm_config_onnxruntime_node_install) process.exit(0);
`;

/** The script, as node finds the package from here: beside atlasc, inside it, or above. */
function installScript() {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const script = join(folder, "node_modules", "onnxruntime-node", "script", "install.js");
    if (existsSync(script)) return script;
    if (folder === dirname(folder)) return null;
  }
}

// In a clone, the lock file keeps that script from running.
const isInstalled = import.meta.dirname.includes(`${sep}node_modules${sep}`);
const script = isInstalled ? installScript() : null;
if (script !== null) {
  const text = readFileSync(script, "utf8");
  if (!text.startsWith(question)) writeFileSync(script, question + text);
}

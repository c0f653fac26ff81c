/** The two programs of the extension of VS Code, each in one file. */
import { join } from "node:path";
import { buildSync } from "esbuild";

/** What runs in the editor. A test has some packages left `outside`, to put others in their place. */
export function bundleExtension(root, outfile, outside = []) {
  return buildSync({
    entryPoints: [join(root, "grammar/vscode/src/extension.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode", ...outside],
    minify: true,
    legalComments: "linked",
    logLevel: "warning",
    metafile: true,
  });
}

/** The language server for those who have no atlasc, from the build. It measures no speed: that takes ONNX Runtime. */
export function bundleServer(root, outfile) {
  return buildSync({
    stdin: {
      contents: 'import { serveStdio } from "./dist/src/lsp/stdio.js"; serveStdio();',
      resolveDir: root,
      sourcefile: "server.mjs",
    },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["onnxruntime-node"],
    minify: true,
    legalComments: "linked",
    // Packages among them ask for modules of Node's by `require`, which ES modules do not have.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    logLevel: "warning",
    metafile: true,
  });
}

/** `atlasc doctor`: what this machine has for runs, and what is wrong with it. */
import { constants, existsSync } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { dirname } from "node:path";
import { defaultBackend } from "../runtime/engine/backends/index.js";
import { webAddress } from "../runtime/hub/http.js";
import { hubSettings } from "../runtime/hub/settings.js";
import { cacheFolder, processEnvironment } from "../runtime/models/places.js";
import { providersThatLoad } from "../runtime/engine/providers.js";
import { sizeText } from "../runtime/read-text.js";
import { reasonOf } from "../runtime/store/fault.js";
import { atlascVersion } from "../runtime/version.js";
import { exitCodes } from "./exit-codes.js";
import { output } from "./screen.js";

/** One thing that was looked at. */
interface Finding {
  readonly what: string;
  readonly found: string;
  /** What to do; null where all is well. */
  readonly advice: string | null;
}

export async function doctorCommand({ json }: { readonly json: boolean }): Promise<number> {
  const environment = processEnvironment();
  const hub = hubSettings(environment);
  const findings: Finding[] = [
    { what: "atlasc", found: atlascVersion(), advice: null },
    nodeFinding(),
    ...(await engineFindings()),
    {
      what: "processor",
      found: `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} threads`,
      advice: null,
    },
    memoryFinding(),
    await folderFinding("cache of atlasc", cacheFolder(environment), "XDG_CACHE_HOME names another place"),
    await folderFinding("cache of the Hub", hub.cache, "HF_HOME names another place"),
    {
      what: "Hub",
      found: `${hub.endpoint}, ${hub.token === null ? "not logged in" : "with a token"}${hub.offline ? ", offline" : ""}`,
      advice: webAddress(hub.endpoint) === null ? "HF_ENDPOINT is no address of the web" : null,
    },
  ];
  if (json) output.json(findings);
  else {
    const width = Math.max(...findings.map(({ what }) => what.length));
    for (const { what, found, advice } of findings) {
      output.line(
        `${advice === null ? "ok  " : "look"}  ${what.padEnd(width)} ${found}${advice === null ? "" : `: ${advice}`}`,
      );
    }
  }
  return findings.every(({ advice }) => advice === null) ? exitCodes.done : exitCodes.wrongInput;
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isOld = major < 20 || (major === 20 && minor < 12);
  const found = `${process.versions.node}, ${process.platform} ${process.arch}`;
  return { what: "Node", found, advice: isOld ? "atlasc needs 20.12 or later" : null };
}

async function engineFindings(): Promise<readonly Finding[]> {
  try {
    const { version, runtime, providers } = await providersThatLoad();
    const loaded = providers.map(({ name, problem }): Finding => {
      // Only what every run needs is a fault.
      const advice =
        problem !== null && name === defaultBackend.name ? "install atlasc again: npm install -g atlasc" : null;
      return { what: `provider ${name}`, found: problem === null ? "loads" : `does not load: ${problem}`, advice };
    });
    return [{ what: "onnxruntime", found: `${version}, through ${runtime}`, advice: null }, ...loaded];
  } catch (error) {
    // A word that no runtime has is not mended by installing anything.
    const asked = process.env["ATLASC_RUNTIME"] ?? "";
    const advice = asked === "" ? "install atlasc again: npm install -g atlasc" : "unset ATLASC_RUNTIME";
    return [{ what: "onnxruntime", found: `does not load: ${reasonOf(error)}`, advice }];
  }
}

function memoryFinding(): Finding {
  const limited = process.constrainedMemory();
  const limit = limited > 0 && limited < totalmem() ? limited : totalmem();
  const found = `${sizeText(freemem())} free of ${sizeText(limit)}`;
  return { what: "memory", found, advice: limit < 2 ** 31 ? "large models need more than this" : null };
}

/** Whether a folder can be written, and what its disk has left. */
async function folderFinding(what: string, folder: string, other: string): Promise<Finding> {
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    await access(nearest, constants.W_OK);
    const { bavail, bsize, blocks } = await statfs(nearest);
    const found = `${folder}, ${sizeText(bavail * bsize)} free of ${sizeText(blocks * bsize)}`;
    return { what, found, advice: bavail * bsize < 2 ** 30 ? `the disk is nearly full; ${other}` : null };
  } catch (error) {
    return { what, found: `${folder} cannot be written: ${reasonOf(error)}`, advice: other };
  }
}

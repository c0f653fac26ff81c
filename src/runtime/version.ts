import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./models/places.js";

/** The version of this atlasc, from its package.json. */
export function atlascVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string };
  return version;
}

/**
 * Writes the table of families in docs/families.md from the registry and the fixtures: `node scripts/families.mjs` after a
 * build. With `--check` it changes nothing and ends with 1 when the table is not up to date.
 */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { families } from "../dist/src/compiler/models/family.js";

const root = join(import.meta.dirname, "..");
const fixtures = join(root, "test", "fixtures", "families");

/** Names of the sites of a fixture, from the header of its safetensors file. */
function sitesOf(name) {
  const bytes = readFileSync(join(fixtures, `${name}.safetensors`));
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString("utf8"));
  return Object.keys(header).filter((key) => key !== "__metadata__");
}

const variants = readdirSync(join(fixtures, "models"))
  .sort()
  .map((name) => {
    const { family, ablated } = JSON.parse(readFileSync(join(fixtures, `${name}.json`), "utf8"));
    return { name, family, sites: sitesOf(name), heads: ablated.flat().length };
  });

/** Sites that not every family has. */
const special = [...["q_norm", "k_norm", "normalized_resid_mid", "router_logits", "expert_out", "shared_expert_out"]];

const rows = families.map(({ modelType, title }) => {
  const own = variants.filter(({ family }) => family === modelType);
  const sum = (count) => own.reduce((total, variant) => total + count(variant), 0);
  const kinds = new Set(own.flatMap(({ sites }) => sites.map((site) => site.replace(/\[.*/, ""))));
  const further = special.filter((site) => kinds.has(site)).map((site) => `\`${site}\``);
  const names = own.map(({ name }) => name).join(", ");
  const checked = [sum(({ sites }) => sites.length), sum(({ heads }) => heads)];
  return `| ${title} | \`${modelType}\` | ${names} | ${checked.join(" | ")} | ${further.join(" ")} |`;
});
const table = [
  "| family | `model_type` | variants | values of sites | heads ablated | further sites |",
  "| --- | --- | --- | --: | --: | --- |",
  ...rows,
].join("\n");

const path = join(root, "docs", "families.md");
const before = readFileSync(path, "utf8");
const marked = /(<!-- families -->\n)[\s\S]*?(\n<!-- \/families -->)/;
const filled = before.replace(marked, (_all, start, end) => `${start}\n${table}\n${end}`);
const after = await format(filled, { ...(await resolveConfig(path)), filepath: path });
if (after !== before) {
  if (process.argv.includes("--check")) {
    console.error("docs/families.md is not up to date: run npm run build && node scripts/families.mjs");
    process.exitCode = 1;
  } else {
    writeFileSync(path, after);
    console.log("docs/families.md written");
  }
}

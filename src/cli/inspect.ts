/** `atlasc inspect`. */
import { availableParallelism } from "node:os";
import { hasErrors } from "../compiler/diagnostics/staged.js";
import { exportOf } from "../compiler/models/exports/export-facts.js";
import { describeExport } from "../compiler/models/exports/describe.js";
import { siteType } from "../compiler/ir/site-types.js";
import { typeText } from "../compiler/ir/tensor-type.js";
import { buildModelGraph } from "../compiler/models/family.js";
import type { TokenizerFacts } from "../compiler/models/model.js";
import { sites } from "../compiler/models/sites.js";
import { defaultBackend } from "../runtime/engine/backends/index.js";
import { openModel } from "../runtime/models/open-model.js";
import { checkModel } from "../runtime/models/verify-model.js";
import { exitCodes } from "./exit-codes.js";
import { engineOptions } from "./options.js";
import { output } from "./screen.js";
import { printRejection } from "./source.js";

export async function inspectCommand(
  source: string,
  options: { revision?: string; threads?: number; json: boolean },
): Promise<number> {
  const opened = await openModel({
    source,
    revision: options.revision ?? null,
    baseFolder: process.cwd(),
    span: null,
  });
  const built = opened.value === null ? null : buildModelGraph(opened.value.facts);
  const diagnostics = [...opened.diagnostics, ...(built?.diagnostics ?? [])];
  if (opened.value === null || built?.value == null || hasErrors(diagnostics)) {
    printRejection(diagnostics, new Map(), options.json);
    return exitCodes.wrongInput;
  }
  const { facts, folder } = opened.value;
  const found = exportOf(facts);
  const { signature } = built.value;
  const engine = engineOptions({
    device: defaultBackend,
    threads: options.threads ?? availableParallelism(),
    prepacking: false,
    tf32: false,
  });
  const identities = await checkModel(built.value, opened.value, engine);
  const sound = identities.every((identity) => identity.ok);
  const described = signature.sites.map((site) => ({
    site: sites[site].perLayer ? `${site}[l]` : site,
    shape: typeText(siteType(site, signature)),
    meaning: sites[site].meaning,
  }));
  if (options.json) {
    const { tokenizer, digest } = facts;
    const exported = found === null ? {} : { exported: Object.fromEntries(describeExport(found)) };
    output.json({ source, folder, digest, ...exported, signature, tokenizer, sites: described, identities });
    return sound ? exitCodes.done : exitCodes.fault;
  }
  const parameters = Object.values(facts.tensors).reduce((sum, t) => sum + t.shape.reduce((a, b) => a * b, 1), 0);
  const lines = [
    `${source}  (${signature.family}, ${(parameters / 1e6).toFixed(2)} M numbers in ${Object.keys(facts.tensors).length} tensors)`,
    `  folder     ${folder}`,
    `  layers     ${signature.layers}: L0..${signature.layers - 1}`,
    `  heads      ${signature.heads}: H0..${signature.heads - 1}` +
      (signature.kvHeads === signature.heads ? "" : `, ${signature.kvHeads} kv heads`),
    `  d_model    ${signature.dModel}, d_head ${signature.dHead}, ${signature.neurons} neurons a layer`,
    `  vocabulary ${signature.vocab}, at most ${signature.maxPositions ?? "any number of"} positions`,
    `  tokenizer  ${tokenizerText(facts.tokenizer)}`,
    `  digest     ${facts.digest}`,
    ...(found === null
      ? []
      : ["", "Recognised in the graph", ...describeExport(found).map(([what, how]) => `  ${what.padEnd(11)} ${how}`)]),
    "",
    "Sites",
    ...described.map((d) => `  ${d.site.padEnd(14)} ${d.shape.padEnd(42)} ${d.meaning}`),
    "",
    "Identities, on a run of a few tokens",
    ...summariseIdentities(identities),
  ];
  for (const line of lines) output.line(line);
  return sound ? exitCodes.done : exitCodes.fault;
}

function tokenizerText(tokenizer: TokenizerFacts | null): string {
  if (tokenizer === null) return "none";
  const bos = tokenizer.bosToken === null ? "no BOS token" : `BOS ${tokenizer.bosToken}`;
  const read = tokenizer.className === undefined ? "" : `, read as ${tokenizer.className}`;
  return `${tokenizer.size} ids${read}, ${bos}${tokenizer.bosToken === null ? "" : tokenizer.addsBos ? ", added by default" : ", not added by default"}`;
}

/** One line for each equation: the worst layer. */
function summariseIdentities(identities: Awaited<ReturnType<typeof checkModel>>): readonly string[] {
  const byName = new Map<string, (typeof identities)[number][]>();
  for (const identity of identities) byName.set(identity.name, [...(byName.get(identity.name) ?? []), identity]);
  return [...byName].map(([name, all]) => {
    const severity = (i: (typeof identities)[number]): number =>
      Number.isFinite(i.maxAbsDifference) ? i.maxAbsDifference / i.tolerance : Infinity;
    const worst = all.reduce((a, b) => (severity(b) > severity(a) ? b : a));
    const verdict = all.every((i) => i.ok) ? "holds" : "FAILS";
    return `  ${verdict}  ${name.padEnd(44)} largest difference ${worst.maxAbsDifference.toExponential(1)} at ${worst.site}`;
  });
}

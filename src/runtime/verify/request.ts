/** Whether models, texts and protocol still are what was run: the record's own text is compiled and planned once more. */
import { readFile } from "node:fs/promises";
import { hasErrors } from "../../compiler/diagnostics/staged.js";
import { planProtocol } from "../../compiler/lower/plan.js";
import { resolveStudies } from "../../compiler/results/deferred.js";
import { numericsOf } from "../engine/backend.js";
import { planOptions, planRun, type Planned, type PlanSettings } from "../plan-run.js";
import { recordedFacts } from "../recorded.js";
import { protocolPath, settingsOf } from "../replan.js";
import type { Stage } from "../stages.js";
import type { RunRecord } from "../store/record.js";
import { readResults } from "../store/results.js";
import type { RunFolder } from "../store/run-folder.js";
import { atlascVersion } from "../version.js";
import { counted } from "../../compiler/base/counted.js";
import { type Checked, type Finding } from "./finding.js";

/** What was run, planned anew. */
export interface Replanned {
  readonly planned: Planned;
  readonly settings: PlanSettings;
  /** The protocol with the conditions that results decided. */
  readonly stage: Stage;
  /** Why units of the record cannot be computed by this atlasc, in words; null when they can. */
  readonly otherVersion: string | null;
}

export interface CheckedRequest {
  readonly checked: Checked;
  /** null where the protocol does not compile here. */
  readonly replanned: Replanned | null;
}

/** Compiles and plans what the record says, with all weights hashed anew, and compares what it says of them. */
export async function checkRequest(folder: RunFolder, record: RunRecord): Promise<CheckedRequest> {
  const settings = settingsOf(record);
  if (typeof settings === "string") {
    const finding = { what: "device", expected: record.execution.device, found: settings };
    return { checked: { looked: [], findings: [finding], notes: [] }, replanned: null };
  }
  const path = protocolPath(folder, record);
  const outcome = await planRun({ path, text: record.protocol.text }, settings);
  if (outcome.kind === "rejected") {
    const errors = outcome.diagnostics.filter(({ severity }) => severity === "error");
    const findings = errors.slice(0, namedErrors).map(({ code, message }) => ({
      what: "models, texts and protocol",
      expected: "as they were when the run was asked for",
      found: `${code}: ${message}`,
    }));
    return { checked: { looked: [], findings, notes: [] }, replanned: null };
  }
  const { planned } = outcome;
  const stage = await lastStage(folder, planned, settings);
  const otherVersion = otherVersionOf(record, settings);
  const findings = factFindings(record, planned, stage, otherVersion);
  const notes = [
    ...(await textNote(path, record)),
    ...(otherVersion === null ? [] : [`plans are not compared: ${otherVersion}`]),
    ...(record.planning === null
      ? ["the record does not say how the work was divided, and the usual way is taken"]
      : []),
  ];
  const looked = [
    `weights and tokenizers of ${counted(record.models.length, "model")}`,
    `token ids of ${counted(record.texts.length, "set of texts", "sets of texts")}`,
  ];
  return { checked: { looked, findings, notes }, replanned: { planned, settings, stage, otherVersion } };
}

/** Errors of a protocol that does not compile any more; one is mostly enough. */
const namedErrors = 3;

/** The file of the protocol may have gone on since: no disagreement, and good to know. */
async function textNote(path: string, { protocol }: RunRecord): Promise<readonly string[]> {
  const text = await readFile(path, "utf8").catch(() => null);
  return text === null || text === protocol.text
    ? []
    : [`${path} is another text by now; the record's own was checked`];
}

function otherVersionOf({ versions, plan }: RunRecord, settings: PlanSettings): string | null {
  const { onnxruntime } = numericsOf(settings.engine);
  if (versions.onnxruntime !== null && versions.onnxruntime !== onnxruntime) {
    return `ONNX Runtime was ${versions.onnxruntime}, and is ${onnxruntime} here`;
  }
  const atlasc = atlascVersion();
  if (versions.atlasc !== atlasc) return `atlasc was ${versions.atlasc}, and is ${atlasc} here`;
  return plan === null ? "the record has no plan" : null;
}

/** The stage in which every condition is decided, as far as the results of the run are there to decide them. */
async function lastStage(folder: RunFolder, planned: Planned, settings: PlanSettings): Promise<Stage> {
  const { models } = planned.loaded.compiled.value;
  let stage: Stage = planned;
  if (stage.protocol.studies.every(({ deferred }) => deferred === null)) return stage;
  const rows = await readResults(folder.results).catch(() => null);
  while (rows !== null) {
    const resolved = resolveStudies(stage.protocol, rows, models);
    if (resolved === null || resolved.problems.length > 0) return stage;
    const { value: plan, diagnostics } = planProtocol(resolved.protocol, models, planOptions(settings));
    if (hasErrors(diagnostics)) return stage;
    stage = { protocol: resolved.protocol, plan };
  }
  return stage;
}

/** What the record says of models, texts, statements, plan and request, and what is there. */
function factFindings(
  record: RunRecord,
  { digest, loaded }: Planned,
  stage: Stage,
  otherVersion: string | null,
): readonly Finding[] {
  const { models } = loaded.compiled.value;
  const facts = recordedFacts(stage.protocol, stage.plan, models);
  const findings: Finding[] = [];
  const compare = (what: string, expected: string | number | null, found: string | number | null): void => {
    if (expected !== found) findings.push({ what, expected: textOf(expected), found: textOf(found) });
  };
  compare("number of models", record.models.length, facts.models.length);
  for (const [i, model] of record.models.entries()) {
    const found = facts.models[i];
    if (found === undefined) continue;
    compare(`model ${i + 1}`, model.id, found.id);
    compare(`weights of ${model.id}`, model.digest, found.digest);
    compare(`tokenizer of ${model.id}`, model.tokenizerDigest, found.tokenizerDigest);
  }
  compare("number of sets of texts", record.texts.length, facts.texts.length);
  for (const [i, texts] of record.texts.entries()) {
    compare(`token ids of ${texts.name} for ${texts.model}`, texts.idsSha256, facts.texts[i]?.idsSha256 ?? null);
  }
  compare("number of statements", record.decisions.length, facts.decisions.length);
  for (const [i, { statement, title }] of record.decisions.entries()) {
    compare(`statement ${i + 1}`, statement, facts.decisions[i]?.statement ?? null);
    compare(`title of statement ${i + 1}`, title, facts.decisions[i]?.title ?? null);
  }
  // Whatever of the above is another one makes these others, too.
  if (findings.length > 0 || otherVersion !== null) return findings;
  compare("request", record.protocol.digest, digest);
  if (record.status === "finished") compare("plan", record.plan?.digest ?? null, facts.plan?.digest ?? null);
  return findings;
}

function textOf(value: string | number | null): string {
  return value === null ? "none" : String(value);
}

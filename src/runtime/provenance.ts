/** A record as labelled facts for the report. */
import { counted } from "../compiler/base/counted.js";
import { flopsText, rateText, secondsText } from "../compiler/lower/quantity-text.js";
import type { ProvenanceSection } from "./report/report-input.js";
import { computedIn, executionText } from "./store/execution-text.js";
import type { RecordedRun, RunRecord } from "./store/record.js";

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function seconds(value: number): string {
  return value < 10 ? `${value.toFixed(2)} s` : `${value.toFixed(0)} s`;
}

function storedAs(storage: Readonly<Record<string, number>>): string {
  const types = Object.entries(storage).map(([type, count]) => `${type} (${counted(count, "tensor")})`);
  return `${types.join(", ")} of a GGUF file, computed with as the float32 numbers that these stand for`;
}

/** Models, texts, averages, plan, work, machine and versions: everything that can change a number. */
export function provenanceOf(record: RunRecord): readonly ProvenanceSection[] {
  const { counts, estimate, plan, execution, machine, versions } = record;
  const sections: ProvenanceSection[] = record.models.map((model) => ({
    section: `Model ${model.id}`,
    entries: [
      { label: "source", value: model.source },
      ...(model.revision === null ? [] : [{ label: "revision", value: model.revision }]),
      { label: "architecture", value: `${model.family}, raw weights (no LayerNorm folding)` },
      {
        label: "sizes",
        value:
          `${model.sizes.layers} layers, ${model.sizes.heads} heads (${model.sizes.kvHeads} kv), ` +
          `d_model ${model.sizes.dModel}, d_head ${model.sizes.dHead}, vocabulary ${model.sizes.vocab}`,
      },
      ...(model.storage === undefined ? [] : [{ label: "stored as", value: storedAs(model.storage) }]),
      { label: "weights digest", value: model.digest },
      { label: "tokenizer digest", value: model.tokenizerDigest ?? "none" },
      { label: "identities", value: identitiesOf(record, model.id) },
    ],
  }));
  sections.push(
    ...record.texts.map((texts) => ({
      section: `Texts ${texts.name} for ${texts.model}`,
      entries: [
        { label: texts.corpus === null ? "prompts" : "windows", value: String(texts.prompts) },
        ...(texts.corpus === null
          ? []
          : [
              { label: "texts", value: String(texts.corpus.documents) },
              {
                label: "scored",
                value: `${texts.corpus.tokens} tokens, ${texts.corpus.bytes} bytes, ${texts.corpus.words} words`,
              },
            ]),
        { label: "tokens", value: `${texts.tokens} (${texts.shortest} to ${texts.longest} each)` },
        { label: "BOS", value: begins(texts) },
        ...(texts.continuation === undefined
          ? []
          : [{ label: "continuation", value: `the last ${texts.continuation} of each` }]),
        ...(texts.period === null ? [] : [{ label: "repeated sequence", value: `${texts.period} tokens` }]),
        { label: "digest of the ids", value: texts.idsSha256 },
      ],
    })),
  );
  if (record.means.length > 0) {
    sections.push({
      section: "Averages used as replacements",
      entries: record.means.map((mean) => ({
        label: mean.site,
        value: `over ${mean.tokens} tokens of ${mean.prompts} prompts of ${mean.texts}, ${mean.model}`,
      })),
    });
  }
  if (record.decisions.length > 0) {
    sections.push({
      section: "Statements written before the run",
      entries: record.decisions.map(({ kind, statement, status }) => ({
        label: kind,
        value: status === "decided" ? statement : `${statement} (${status})`,
      })),
    });
  }
  if (plan !== null) {
    sections.push({
      section: "Plan and work",
      entries: [
        { label: "rows", value: `${plan.rows} (prompt × condition) in ${plan.units} units` },
        { label: "layer runs", value: String(plan.cost.layerRuns) },
        { label: "estimated arithmetic", value: `${(plan.cost.flops / 1e9).toFixed(2)} GFLOP` },
        { label: "weights", value: megabytes(plan.cost.weightBytes) },
        { label: "activations at most", value: megabytes(plan.cost.peakActivationBytes) },
        {
          label: "units",
          value: `${counts.computed} computed, ${counts.reused} reused, ${counts.failed} failed, ${counts.skipped} skipped`,
        },
        { label: "time", value: seconds(counts.seconds) },
        ...(estimate === null
          ? []
          : [
              {
                label: "estimated time",
                value: `${secondsText(estimate.seconds)}: ${flopsText(estimate.flops)} at ${rateText(estimate.matrixRate)}`,
              },
            ]),
        { label: "plan digest", value: plan.digest },
      ],
    });
  }
  const computing = record.runs.filter(({ counts, status }) => status === "killed" || (counts?.computed ?? 0) > 0);
  if (computing.length > 1) {
    sections.push({ section: "Runs that computed", entries: computing.map(runEntry) });
  }
  sections.push({
    section: "Machine and versions",
    entries: [
      { label: "device", value: executionText(execution) },
      {
        label: "numerics",
        value:
          `${computedIn(execution)}, graph optimisation ${execution.optimisation}, prepacking: ${execution.prepacking}` +
          `, TF32 ${execution.tf32 ? "on" : "off"}`,
      },
      { label: "machine", value: `${machine.processor}, ${machine.cores} cores, ${machine.platform}` },
      { label: "atlasc", value: versions.atlasc },
      { label: "onnxruntime", value: versions.onnxruntime ?? "not started" },
      { label: "node", value: versions.node },
    ],
  });
  return sections;
}

/** When a run computed how much, and where. */
function runEntry({
  times,
  status,
  counts,
  execution,
  machine,
  versions,
}: RecordedRun): ProvenanceSection["entries"][0] {
  const work =
    counts === null ? "an unknown number of units" : `${counts.computed} units in ${seconds(counts.seconds)}`;
  const where = `${executionText(execution)}, ${machine.processor}`;
  return {
    label: times.asked,
    value: `${work}${status === "finished" ? "" : ` (${status})`}; ${where}; atlasc ${versions.atlasc}`,
  };
}

function identitiesOf(record: RunRecord, model: string): string {
  const own = record.identities.filter((identity) => identity.model === model);
  const held = own.filter((identity) => identity.holds).length;
  return `${held} of ${own.length} hold`;
}

/** Whether texts begin with BOS, and who says so. */
function begins({ bos, input }: RunRecord["texts"][number]): string {
  if (input === "ids") return "ids are used as they are given";
  if (input === "chat") return "as the chat template writes it";
  return bos ? "added" : "not added";
}

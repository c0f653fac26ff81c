/** The methods of a run as paragraphs for a paper: made from the protocol and the record, the same words for the same run. */
import { isUnit } from "../compiler/base/place-units.js";
import { documentedMetrics, type DocumentedMetric } from "../compiler/docs/metrics.js";
import { entryOf } from "../compiler/base/entry.js";
import { sites } from "../compiler/models/sites.js";
import type { Condition, Decision, Protocol, SiteWrite, TestUse } from "../compiler/ir/protocol.js";
import { carrierOf } from "../compiler/replacements/index.js";
import { countOf } from "../compiler/results/describe.js";
import type { Curve } from "../compiler/statistics/curve-fit.js";
import { statisticalTest } from "../compiler/statistics/table.js";
import type { Loaded } from "./load-protocol.js";
import type { MethodsParagraph } from "./report/report-input.js";
import { listOf } from "./report/sentences.js";
import { computedIn, executionText } from "./store/execution-text.js";
import type { RunRecord } from "./store/record.js";

const formats: Readonly<Record<string, string>> = { f32: "float32", bf16: "bfloat16", f16: "float16" };

/** Models, texts, what was done to the models, measures, statistics, software; a part that the run has not is left out. */
export function methodsOf(
  protocol: Protocol,
  record: RunRecord,
  loaded: Loaded,
  library: readonly DocumentedMetric[],
): readonly MethodsParagraph[] {
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ["Models", modelSentences(protocol, record)],
    ["Texts", textSentences(protocol)],
    ["Interventions", interventionSentences(protocol)],
    ["Measures", measureSentences(protocol, loaded, library)],
    ["Statistics", statisticsSentences(protocol)],
    ["Software", softwareSentences(record)],
  ];
  return parts.flatMap(([heading, sentences]) =>
    sentences.length === 0 ? [] : [{ heading, text: sentences.join(" ") }],
  );
}

function modelSentences(protocol: Protocol, record: RunRecord): readonly string[] {
  return record.models.map(({ id, source, revision, dtype, family, sizes, digest, bos }) => {
    const params = paramsOf(protocol, id);
    const size = [
      ...(params === null ? [] : [`${params} parameters`]),
      `${countOf(sizes.layers, "layer")} of ${countOf(sizes.heads, "attention head")}` +
        (sizes.kvHeads === sizes.heads ? "" : ` and ${countOf(sizes.kvHeads, "key-value head")}`),
      `d_model ${sizes.dModel}`,
      `a vocabulary of ${sizes.vocab.toLocaleString("en")} tokens`,
    ];
    const at = revision === null ? "" : ` at revision ${revision}`;
    const rounded = dtype === null ? "" : ` Its weights were rounded to ${formats[dtype] ?? dtype}.`;
    const begin = bos ? " Its tokenizer begins texts with a BOS token." : "";
    return `The model ${id} was ${source}${at} (${family}; ${listOf(size)}; weights ${digest.slice(0, 12)}). Its weights were used as published, without folding normalisation into them.${rounded}${begin}`;
  });
}

/** `124M`: how large a model is, as far as a study knows it. */
function paramsOf({ studies }: Protocol, model: string): string | null {
  const params = studies.filter((study) => study.model === model).map(({ facts }) => entryOf(facts, "params"))[0];
  if (typeof params !== "number") return null;
  const [unit, sign] = params >= 1e9 ? [1e9, "B"] : params >= 1e6 ? [1e6, "M"] : [1e3, "k"];
  return `${Number((params / unit).toPrecision(3))}${sign}`;
}

function textSentences({ texts }: Protocol): readonly string[] {
  // Models with the same tokenizer read the same tokens, which is said once.
  const said = new Map<string, string[]>();
  for (const set of texts) {
    const lengths = set.prompts.map(({ ids }) => ids.length);
    const [shortest, longest] = [Math.min(...extremes(lengths)), Math.max(...extremes(lengths))];
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const range = shortest === longest ? countOf(longest, "token") : `${shortest} to ${longest} tokens`;
    const groups = new Map<string, number>();
    for (const { group } of set.documents ?? set.prompts) {
      if (group !== null) groups.set(String(group), (groups.get(String(group)) ?? 0) + 1);
    }
    const counts = [...groups].map(([name, count]) => `${count} of ${name}`);
    const parts = counts.length === 0 ? "" : counts.length > 8 ? ` in ${counts.length} groups` : ` (${listOf(counts)})`;
    const begun = set.bos ? ", BOS included" : "";
    const scored = set.documents?.reduce((sum, { tokens }) => sum + tokens, 0) ?? 0;
    const sentence =
      set.documents === null
        ? `${set.name} has ${countOf(set.prompts.length, "prompt")}${parts} of ${range}, ${total.toLocaleString("en")} in all${begun}`
        : `${set.name} is a corpus of ${countOf(set.documents.length, "text")}${parts} with ${scored.toLocaleString("en")} scored tokens, read in ${countOf(set.prompts.length, "window")} of ${range}`;
    said.set(sentence, [...(said.get(sentence) ?? []), set.model]);
  }
  return [...said].map(([sentence, models]) => {
    const apart = said.size > new Set(texts.map(({ name }) => name)).size ? ` as ${listOf(models)} reads it` : "";
    return `${sentence}${apart}.`;
  });
}

/** The smallest and the largest, however many there are. */
function extremes(numbers: readonly number[]): readonly number[] {
  return [numbers.reduce((a, b) => Math.min(a, b), Infinity), numbers.reduce((a, b) => Math.max(a, b), -Infinity)];
}

function interventionSentences({ studies }: Protocol): readonly string[] {
  const said = new Set<string>();
  for (const study of studies) {
    const changed = study.conditions.filter(({ writes }) => writes.length > 0);
    if (changed.length === 0) continue;
    const each =
      changed.length === 1
        ? `In ${study.experiment}`
        : `In each of the ${changed.length} conditions of ${study.experiment}`;
    said.add(`${each}, ${changesText(changed)}. It was compared with the unmodified model on the same text.`);
  }
  return [...said];
}

/**
 * `z (…) of one head at layers 0 to 5 was set to zero`; where conditions differ in what they do, the ways are listed with
 * the number of conditions that go each: none of them does all.
 */
function changesText(conditions: readonly Condition[]): string {
  const ways = new Map<string, Condition[]>();
  for (const condition of conditions) {
    const key = [...new Set(condition.writes.map(kindOf))].sort().join();
    ways.set(key, [...(ways.get(key) ?? []), condition]);
  }
  if (ways.size <= 1) return sameChanges(conditions);
  const listed = [...ways.values()].slice(0, mostWays).map((own) => `${sameChanges(own)} (${countOf(own.length, "condition")})`); // prettier-ignore
  const more = ways.size > mostWays ? `; and ${ways.size - mostWays} others` : "";
  return `one of these changes was made: ${listed.join("; ")}${more}`;
}

/** Ways of conditions, or kinds of changes in one, that are listed. */
const mostWays = 6;

function kindOf(write: SiteWrite): string {
  return JSON.stringify([write.site.site, write.unit === null, positionsText(write), changeText(write)]);
}

/** The changes of conditions that all do the same, at places of their own. */
function sameChanges(conditions: readonly Condition[]): string {
  const kinds = new Map<string, SiteWrite[]>();
  for (const write of conditions.flatMap(({ writes }) => writes)) {
    const key = kindOf(write);
    kinds.set(key, [...(kinds.get(key) ?? []), write]);
  }
  const changes = [...kinds.values()].slice(0, mostWays).map((writes) => {
    const [first] = writes;
    if (first === undefined) return "";
    const { axes, meaning } = sites[first.site.site];
    const axis = axes.find(isUnit) ?? "part";
    const each = conditions.every((condition) => condition.writes.length === 1);
    const units = new Set(writes.map(({ site, unit }) => `${site.layer ?? ""}.${unit ?? ""}`)).size;
    const which = first.unit === null ? "" : each ? ` of one ${axis.replace("_", "-")}` : ` of ${countOf(units, axis)}`;
    return `${first.site.site} (${meaning})${which}${layersText(writes)}${positionsText(first)} was ${changeText(first)}`;
  });
  const more =
    kinds.size > changes.length ? ` and ${kinds.size - changes.length} changes of other kinds were made` : "";
  return `${changes.join(" and ")}${more}`;
}

function layersText(writes: readonly SiteWrite[]): string {
  const layers = [...new Set(writes.flatMap(({ site }) => site.layer ?? []))].sort((a, b) => a - b);
  const [first, last] = [layers[0], layers.at(-1)];
  if (first === undefined || last === undefined) return "";
  if (first === last) return ` at layer ${first}`;
  return last - first + 1 === layers.length
    ? ` at layers ${first} to ${last}`
    : ` at layers ${listOf(layers.map(String))}`;
}

function positionsText({ positions }: SiteWrite): string {
  if (positions === null) return "";
  if (positions.kind === "each") return " at a position of each prompt's own";
  const { first, last } = positions;
  if (first === last) return first === -1 ? " at the last position" : ` at position ${first}`;
  return ` at positions ${first} to ${last}`;
}

function changeText({ replacement }: SiteWrite): string {
  const carrier = carrierOf(replacement);
  if (carrier.gate === "compute") {
    return carrier.add
      ? "increased by a vector computed in the same run"
      : "replaced by a value computed in the same run";
  }
  const { fed } = carrier;
  switch (fed.kind) {
    case "number":
      if (carrier.gate === "scale") return `multiplied by ${fed.value}`;
      return fed.value === 0 ? "set to zero" : `set to ${fed.value}`;
    case "captured":
      return `replaced by its value in the unmodified run on ${fed.texts}`;
    case "average":
      return `replaced by its mean over ${fed.texts}${fed.perPosition ? ", position by position" : ""}`;
  }
}

function measureSentences(protocol: Protocol, loaded: Loaded, library: readonly DocumentedMetric[]): readonly string[] {
  const own = documentedMetrics(loaded.source);
  const units = new Map(protocol.results.flatMap(({ metrics }) => metrics.map(({ name, unit }) => [name, unit])));
  const names = [...new Set(protocol.studies.flatMap(({ measures }) => measures.map(({ metric }) => metric)))];
  return names.map((name) => {
    const known = own.find((metric) => metric.name === name) ?? library.find((metric) => metric.name === name);
    const unit = units.get(name);
    const measured =
      unit === undefined || unit === "none" || unit === "label" ? "" : `, in ${unit === "token" ? "tokens" : unit}`;
    if (known === undefined) {
      const site = entryOf(sites, name);
      return site === undefined
        ? `${name} was measured as the protocol writes it${measured}.`
        : `${name} is the ${site.meaning}${site.meaning.includes("in nats") ? "" : measured}.`;
    }
    const source = known.facts.find((fact) => fact.name === "source")?.text;
    const formula = known.definition.replace(/^metric\s+/, "").replace(/\s+/g, " ");
    const said = known.sentences === "" ? "" : `: ${lowered(known.sentences.replace(/\.$/, ""))}`;
    const cited = source === undefined ? "" : `; ${source.replace(/\.$/, "")}`;
    return `${name}${said} (${formula}${cited})${known.sentences.includes(` in ${unit ?? ""}`) ? "" : measured}.`;
  });
}

function lowered(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

function statisticsSentences({ decisions, outputs }: Protocol): readonly string[] {
  const sentences = decisions.map((decision) => {
    switch (decision.kind) {
      case "hypothesis": {
        const tested = decision.tests.length === 0 ? "" : ` tested by ${testsText(decision.tests)}`;
        const sides = tested === "" ? "" : `; ${sidesText}`;
        return `The hypothesis “${decision.title}” was stated before the run and${tested === "" ? " decided" : tested} at alpha = ${decision.alpha}${sides}.`;
      }
      case "compare":
        return `${decision.value.label} was compared between levels of ${decision.axis} by ${testsText(decision.tests)}, two-sided${corrected(decision)}.`;
      case "correlate":
        return `${decision.left.label} was correlated by ${testsText(decision.tests)}, two-sided${corrected(decision)}.`;
      case "fit":
        return `${curveNames[decision.curve]} was fitted to ${decision.value.label} over ${decision.over} by least squares.`;
      case "probe":
        return `Linear probes predicted ${decision.field} from ${decision.value.label} over ${listOf(decision.over)}, in ${decision.folds}-fold cross-validation (penalty ${decision.penalty}, seed ${decision.seed}${decision.together === null ? "" : `; texts with one ${decision.together} stay in one fold`})${decision.tests.length === 0 ? "" : `, with p-values by ${testsText(decision.tests)} within folds`}.`;
      case "find":
        return `The ${decision.what} of ${decision.value.label} over ${decision.over} was looked for.`;
      case "pca":
        return `Principal components of ${decision.value.label} were taken over ${decision.over}.`;
      case "classify":
        return `${decision.value.label} was sorted into ${listOf(decision.classes.map(({ name }) => name))}.`;
    }
  });
  const requests = outputs.flatMap((output) => ("ci" in output && output.ci?.when === "asked" ? [output.ci] : []));
  const intervals = requests.map(
    ({ level, count, seed }) =>
      `Intervals of ${Math.round(level * 1000) / 10}% beside means in tables and figures are BCa bootstrap intervals from ${count.toLocaleString("en")} draws of whole texts (seed ${seed}); those of tests and fits come from the test or the fit.`,
  );
  const unit = decisions.some(({ kind }) => kind === "hypothesis" || kind === "compare")
    ? [
        "In hypotheses and comparisons each prompt or document gives one value, the mean over everything measured on it.",
      ]
    : [];
  return [...new Set([...sentences, ...unit, ...intervals])];
}

/** How p-values of hypotheses are taken. */
const sidesText =
  "p-values of “<” and “>” are one-sided, in the expected direction, those of equivalence the larger of two one-sided tests";

const curveNames: Readonly<Record<Curve, string>> = {
  power_law: "A power law",
  linear: "A straight line",
  exponential: "An exponential curve",
  logistic: "A logistic curve",
};

function corrected(decision: Extract<Decision, { kind: "compare" | "correlate" }>): string {
  return decision.correction === null ? "" : `, p-values corrected by ${decision.correction}`;
}

/** `welch_t (Welch's t-test …) and bootstrap (10,000 draws, seed 1)`. */
function testsText(tests: readonly TestUse[]): string {
  return listOf(
    tests.map(({ name, count, seed }) => {
      const [meaning = ""] = statisticalTest(name).meaning.split(/[:(]/);
      const drawn = [
        ...(count === null ? [] : [`${count.toLocaleString("en")} draws`]),
        ...(seed === null ? [] : [`seed ${seed}`]),
      ].join(", ");
      const said = [meaning.trim().replace(/\.$/, ""), drawn].filter((part) => part !== "").join("; ");
      return said === "" ? name : `${name} (${said})`;
    }),
  );
}

function softwareSentences({ versions, execution, machine, parameters, protocol }: RunRecord): readonly string[] {
  const set = Object.entries(parameters).map(([name, value]) => `${name} = ${value}`);
  return [
    `The protocol was run with atlasc ${versions.atlasc}, ONNX Runtime ${versions.onnxruntime ?? "(not started)"} and Node ${versions.node} on ${executionText(execution)} (${machine.processor}, ${machine.platform}), activations in ${computedIn(execution)}${execution.tf32 ? " with TF32 products" : ""}.`,
    ...(set.length === 0 ? [] : [`Parameters: ${set.join(", ")}.`]),
    `The request has the digest ${protocol.digest.slice(0, 12)}, under which every value can be computed again.`,
  ];
}

/** Facts of a compiled protocol in the form in which a record keeps them. */
import { statedDecisions } from "./decisions.js";
import type { OpenedModel, TokenizerFacts } from "../compiler/models/model.js";
import { textsKey } from "../compiler/ir/texts-key.js";
import { canonicalJson } from "../compiler/base/digest.js";
import type { Plan } from "../compiler/ir/plan.js";
import type { CorpusDocument, Protocol, TokenizedTexts } from "../compiler/ir/protocol.js";
import type { IdentityResult } from "../compiler/models/identities.js";
import { passNames } from "../compiler/passes/names.js";
import { siteKey } from "../compiler/models/sites.js";
import { fedValueOf } from "../compiler/replacements/index.js";
import { conditionNotes } from "./condition-notes.js";
import type { Assembled } from "../compiler/results/assemble.js";
import {
  sha256,
  type RecordRequest,
  type RecordedIdentity,
  type RecordedMean,
  type RecordedModel,
  type RecordedPlanning,
  type RecordedTexts,
} from "./store/record.js";
import type { PlanSettings } from "./plan-run.js";
import { unitNotes, type RunSummary } from "./unit-rows.js";

function tokenCount(set: TokenizedTexts): number {
  return set.prompts.reduce((sum, p) => sum + p.ids.length, 0);
}

function corpusSize(documents: readonly CorpusDocument[]): RecordedTexts["corpus"] {
  const total = (of: (document: CorpusDocument) => number): number => documents.reduce((sum, d) => sum + of(d), 0);
  return {
    documents: documents.length,
    tokens: total((d) => d.tokens),
    bytes: total((d) => d.bytes),
    words: total((d) => d.words),
  };
}

/** Tokens that an average is over: of a corpus those that are scored, so that windows share none. */
function averagedTokens(set: TokenizedTexts): number {
  return set.documents === null ? tokenCount(set) : set.documents.reduce((sum, { tokens }) => sum + tokens, 0);
}

/** What every replacement averages that is a mean, each once. */
export function recordedMeans(protocol: Protocol): readonly RecordedMean[] {
  const sets = new Map(protocol.texts.map((t) => [textsKey(t.name, t.model), t]));
  const means = new Map<string, RecordedMean>();
  for (const { model, conditions } of protocol.studies) {
    for (const { site, replacement } of conditions.flatMap((condition) => condition.writes)) {
      const fed = fedValueOf(replacement);
      if (fed?.kind !== "average") continue;
      const { texts, perPosition } = fed;
      const set = sets.get(textsKey(texts, model));
      const prompts = set?.prompts.length ?? 0;
      const tokens = set === undefined ? 0 : averagedTokens(set);
      const mean = { model, texts, site: siteKey(site), perPosition, prompts, tokens };
      means.set(JSON.stringify(mean), mean);
    }
  }
  return [...means.values()];
}

/** What a tokenizer puts around texts by itself, and the class of transformers that says so. */
function specialTokens(tokenizer: TokenizerFacts | null): Pick<RecordedModel, "specialTokens"> {
  if (tokenizer?.className === undefined) return {};
  const { className, before = [], after = [] } = tokenizer;
  return { specialTokens: { class: className, before, after } };
}

/** Models, texts, averages and plan of a run. */
export function recordedFacts(
  protocol: Protocol,
  plan: Plan,
  models: ReadonlyMap<string, OpenedModel>,
): Required<Pick<RecordRequest, "models" | "texts" | "means" | "plan" | "decisions">> {
  return {
    decisions: statedDecisions(protocol),
    models: protocol.models.map((instance) => {
      const opened = models.get(instance.id);
      if (opened === undefined) throw new RangeError(`the model ${instance.id} is not open`);
      const { layers, heads, kvHeads, dHead, dModel, neurons, vocab, maxPositions } = opened.signature;
      return {
        id: instance.id,
        source: instance.source,
        revision: instance.revision,
        dtype: instance.dtype,
        family: opened.signature.family,
        digest: opened.facts.digest,
        sizes: { layers, heads, kvHeads, dHead, dModel, neurons, vocab, maxPositions },
        tokenizerDigest: opened.facts.tokenizer?.digest ?? null,
        bos: opened.facts.tokenizer?.addsBos ?? false,
        ...specialTokens(opened.facts.tokenizer),
        ...(opened.facts.storage === undefined ? {} : { storage: opened.facts.storage }),
      };
    }),
    texts: protocol.texts.map((set) => {
      const lengths = set.prompts.map((p) => p.ids.length);
      return {
        name: set.name,
        model: set.model,
        prompts: set.prompts.length,
        tokens: tokenCount(set),
        shortest: lengths.reduce((a, b) => Math.min(a, b), Infinity),
        longest: lengths.reduce((a, b) => Math.max(a, b), 0),
        idsSha256: sha256(canonicalJson(set.prompts.map((p) => p.ids))),
        bos: set.bos,
        ...(set.input === "ids" || set.input === "chat" ? { input: set.input } : {}),
        ...(set.continuation === 0 ? {} : { continuation: set.continuation }),
        period: set.period,
        corpus: set.documents === null ? null : corpusSize(set.documents),
      };
    }),
    means: recordedMeans(protocol),
    plan: recordedPlan(plan),
  };
}

/** How the work is divided, as the settings say. */
export function recordedPlanning({ memoryBudget, passes, graphWork, chunkedFrom }: PlanSettings): RecordedPlanning {
  return {
    memoryBudget,
    passes: passes ?? passNames,
    graphWork: graphWork ?? null,
    chunkedFrom: chunkedFrom ?? null,
  };
}

/** A plan in numbers. */
export function recordedPlan({ digest, graphs, evaluations, cost }: Plan): NonNullable<RecordRequest["plan"]> {
  const { units, rows, layerRuns, flops, weightBytes, peakActivationBytes } = cost;
  return {
    digest,
    graphs: graphs.map((g) => g.id),
    evaluations: evaluations.length,
    units,
    rows,
    cost: { layerRuns, flops, weightBytes, peakActivationBytes },
  };
}

export function recordedIdentities(model: string, identities: readonly IdentityResult[]): readonly RecordedIdentity[] {
  return identities.map((identity) => ({
    model,
    identity: `${identity.name} at ${identity.site}`,
    largestError: Number.isFinite(identity.maxAbsDifference) ? identity.maxAbsDifference : null,
    tolerance: identity.tolerance,
    holds: identity.ok,
  }));
}

/** What a reader of the results must know: what is missing or was lost, and which conditions did nothing. */
export function runNotes(summary: RunSummary, assembled: Assembled): readonly string[] {
  const { total, left, failed, skipped } = summary.units;
  const without = left + failed + skipped;
  const partial =
    without === 0
      ? []
      : [
          `these results are incomplete: ${without} of ${total} units have no result` +
            (failed + skipped === 0 ? " yet" : "; what was lost is kept as NaN with its reason"),
        ];
  return [...partial, ...unitNotes(summary), ...conditionNotes(assembled)];
}

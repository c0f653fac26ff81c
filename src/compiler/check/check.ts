/**
 * Checking: syntax trees and facts become a protocol. Everything is looked at even when something is missing (a model
 * that does not open, a prompt file that is not there), so that one run reports every mistake.
 */
import { nearestNames } from "../base/suggest.js";
import type { Span } from "../base/span.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { ModelInstance, Output, Protocol, Study, TokenizedTexts } from "../ir/protocol.js";
import { extentSize } from "../ir/tensor-type.js";
import type { ModelFacts, ModelGraph, ModelSignature } from "../models/model.js";
import type { ExperimentStatement, Name } from "../syntax/ast.js";
import { checkConditions } from "./conditions.js";
import { checkCycles, checkDefinitions } from "./declared.js";
import { reportError, tooMany } from "./faults.js";
import { limits } from "./limits.js";
import { checkMeasures, columnName } from "./measures.js";
import { checkOutput } from "./outputs.js";
import { assumedSignature, type CheckedModel } from "./places.js";
import { experimentShape, type ExperimentShape } from "./result-scope.js";
import { checkResult } from "./results.js";
import type { Scope } from "./scope.js";

/** An opened model; null where it could not be opened (which has been reported). */
export interface OpenedModel {
  readonly facts: ModelFacts;
  readonly signature: ModelSignature;
  readonly graph: ModelGraph;
}

export interface CheckInput {
  readonly scope: Scope;
  /** Instances of each declared model, by the declaration's name. */
  readonly instances: ReadonlyMap<string, readonly ModelInstance[]>;
  readonly models: ReadonlyMap<string, OpenedModel | null>;
  /** By `textsKey`; missing where the texts or the model could not be read. */
  readonly texts: ReadonlyMap<string, TokenizedTexts>;
  readonly sourceOf: (span: Span) => string;
  readonly report: (d: Diagnostic) => void;
}

/** Identifies a prompt set as one model reads it. */
export function textsKey(texts: string, model: string): string {
  return `${texts} for ${model}`;
}

export function checkProtocol(host: CheckInput): Protocol {
  const report = reportingOnce(host.report);
  const input: CheckInput = { ...host, report };
  const { scope } = input;
  let cycles = 0;
  checkDefinitions(input);
  const studies: Study[] = [];
  const shapes = new Map<string, ExperimentShape>();
  for (const [name, statement] of scope.experiments) {
    const counting = (d: Diagnostic): void => {
      if (d.code === "A2006") cycles++;
      report(d);
    };
    const shape = checkExperiment({ ...input, report: counting }, name, statement, studies);
    shapes.set(name, shape);
  }
  if (cycles === 0) checkCycles(input);
  if (scope.experiments.size === 0)
    report(diagnostic("A5002", null, {}, { hint: "add one, such as `measure nll at last`" }));
  const outputs: Output[] = [];
  const results = { experiments: shapes, lets: scope.lets };
  const saved = new Map<string, Span>();
  const { sourceOf } = input;
  for (const statement of scope.statements) {
    const work = { unfolded: 0, depth: 0 };
    const context = { results, subject: null, report, unfolding: [], work, sourceOf, saved };
    if (statement.kind === "letResult") {
      // Also one that nothing shows; what is wrong is said once, however often it is used.
      if (scope.lets.get(statement.name.text) === statement) {
        checkResult({ ...context, unfolding: [statement.name.text] }, statement.value);
      }
      continue;
    }
    const output = checkOutput(context, statement);
    if (output !== null) outputs.push(output);
  }
  const used = new Set(studies.map((s) => s.model));
  warnSameWeights(input, used);
  const usedTexts = new Set(studies.flatMap((s) => textsOf(s).map((t) => textsKey(t, s.model))));
  return {
    models: [...input.instances.values()].flat().filter((m) => used.has(m.id)),
    texts: [...input.texts].filter(([key]) => usedTexts.has(key)).map(([, t]) => t),
    studies,
    outputs,
    parameters: Object.fromEntries(
      [...scope.params].map(([name, value]) => [
        name,
        value.kind === "number" || value.kind === "string" ? value.value : input.sourceOf(value.span),
      ]),
    ),
  };
}

/** Names of the prompt sets that a study reads: its own, and those its replacements average. */
function textsOf(study: Study): readonly string[] {
  const averaged = study.conditions
    .flatMap((c) => c.writes)
    .flatMap((w) => (w.replacement.kind === "mean" ? [w.replacement.of] : []));
  return [...new Set([study.texts, ...averaged])];
}

/** Names chosen by `on` or `with`, or the only one declared. */
function choose(
  input: CheckInput,
  chosen: readonly Name[],
  declared: Iterable<string>,
  statement: ExperimentStatement,
  unknown: "A2009" | "A2010",
  ambiguous: "A2014" | "A2015",
): readonly string[] | null {
  const names = [...declared];
  if (chosen.length === 0) {
    const [only, ...more] = names;
    if (only !== undefined && more.length === 0) return [only];
    const what = unknown === "A2009" ? "model" : "prompt set";
    const word = unknown === "A2009" ? "on" : "with";
    reportError(
      input,
      ambiguous,
      statement.name?.span ?? statement.span,
      {},
      {
        hint:
          names.length === 0
            ? `the file declares no ${what}`
            : `the file has ${names.join(", ")}: write \`${word} ${names[0] ?? ""}\` in the experiment`,
      },
    );
    return null;
  }
  let sound = true;
  for (const name of chosen) {
    if (!names.includes(name.text)) {
      sound = false;
      const hint = names.length === 0 ? "the file declares none" : `the file has ${names.join(", ")}`;
      const suggestions = nearestNames(name.text, names);
      reportError(input, unknown, name.span, { name: name.text }, { suggestions, hint });
    } else if (chosen.find((other) => other.text === name.text) !== name) {
      sound = false;
      reportError(input, "A1003", name.span, { what: name.text });
    }
  }
  return sound ? chosen.map((n) => n.text) : null;
}

/** Prompts that an experiment names: after `with`, or those that it patches into. */
function promptsOf(statement: ExperimentStatement, scope: Scope): readonly Name[] {
  const into = statement.interventions.flatMap((i) =>
    i.kind === "patch" && scope.texts.has(i.into.text) ? [i.into] : [],
  );
  return statement.with.length > 0 ? statement.with : into.slice(0, 1);
}

function checkExperiment(
  input: CheckInput,
  name: string,
  statement: ExperimentStatement,
  studies: Study[],
): ExperimentShape {
  const { scope, report } = input;
  let errors = 0;
  const once = (d: Diagnostic): void => {
    if (d.severity === "error") errors++;
    report(d);
  };
  const context = { ...input, report: once };
  if (statement.curvature !== null) {
    once(diagnostic("A5001", statement.curvature.span, { what: "`curvature`" }));
  }
  if (statement.measures.length === 0 && statement.curvature === null) {
    const hint = "add a clause such as `measure nll at last`";
    once(diagnostic("A3010", statement.name?.span ?? statement.span, {}, { hint }));
  }
  const models = choose(context, statement.on, scope.models.keys(), statement, "A2009", "A2014");
  const texts = choose(context, promptsOf(statement, scope), scope.texts.keys(), statement, "A2010", "A2015");
  const own: Study[] = [];
  let complete = models !== null && texts !== null;
  const instances = models?.flatMap((m) => input.instances.get(m) ?? []) ?? [];
  const assumedInstance: ModelInstance = {
    id: "the model",
    name: "the model",
    source: "",
    revision: null,
    dtype: null,
    coordinates: {},
  };
  for (const instance of instances.length === 0 ? [assumedInstance] : instances) {
    const opened = input.models.get(instance.id) ?? null;
    if (opened === null) complete = false;
    const model: CheckedModel = {
      name: instance.id,
      signature: opened?.signature ?? assumedSignature,
      assumed: opened === null,
    };
    for (const textsName of texts ?? [null]) {
      const tokenized = textsName === null ? undefined : input.texts.get(textsKey(textsName, instance.id));
      if (tokenized === undefined) complete = false;
      const conditions = checkConditions(
        { scope, model, texts: textsName ?? "", report: once, sourceOf: input.sourceOf },
        statement,
      );
      const measures = checkMeasures(
        {
          scope,
          model,
          textsName: textsName ?? "",
          // Unknown texts are given a period, so that their absence is reported once and not here again.
          period: tokenized === undefined ? 1 : tokenized.period,
          conditionAxes: new Set(conditions.flatMap((c) => Object.keys(c.coordinates))),
          report: once,
          sourceOf: input.sourceOf,
        },
        statement.measures,
      );
      if (tokenized === undefined || opened === null) continue;
      const rows = conditions.length * tokenized.prompts.length;
      if (rows > limits.rows) {
        const span = statement.interventions[0]?.span ?? statement.span;
        const hint = `${conditions.length.toLocaleString("en")} conditions on ${tokenized.prompts.length} prompts: name fewer of one of them`;
        tooMany({ report: once }, span, "rows", rows, "this experiment", "forward passes", hint);
        continue;
      }
      const study: Study = {
        experiment: name,
        model: instance.id,
        texts: tokenized.name,
        coordinates: {
          ...(models !== null && models.length > 1 ? { model: instance.name } : {}),
          ...instance.coordinates,
          ...(texts !== null && texts.length > 1 ? { prompts: tokenized.name } : {}),
        },
        interventionSpan: statement.interventions[0]?.span ?? null,
        conditions,
        measures,
      };
      warnShortTexts(study, tokenized, statement, once);
      refuseSharedNames(study, tokenized, statement, once);
      own.push(study);
    }
  }
  warnTokenizers(own, input.texts, statement, once);
  const sound = complete && errors === 0;
  if (sound) studies.push(...own);
  const metrics = statement.measures.flatMap((item) => columnName(item) ?? []);
  return experimentShape(name, own, [...input.texts.values()], metrics, sound);
}

/** Says when two models, or two revisions of one, are the same bytes: hubs have served one checkpoint under two names. */
function warnSameWeights(input: CheckInput, used: ReadonlySet<string>): void {
  const first = new Map<string, string>();
  for (const [id, opened] of input.models) {
    if (opened === null || !used.has(id)) continue;
    const known = first.get(opened.facts.digest);
    if (known === undefined) {
      first.set(opened.facts.digest, id);
      continue;
    }
    const declared = [...input.instances].find(([, instances]) =>
      instances.some((instance) => instance.id === id),
    )?.[0];
    const statement = declared === undefined ? undefined : input.scope.models.get(declared);
    input.report(diagnostic("A8008", statement?.name.span ?? null, { first: known, second: id }));
  }
}

/** Says when values per token stand side by side for models that read the same texts as different tokens. */
function warnTokenizers(
  studies: readonly Study[],
  texts: CheckInput["texts"],
  statement: ExperimentStatement,
  report: (d: Diagnostic) => void,
): void {
  const readings = new Map<string, Set<string>>();
  for (const study of studies) {
    const set = texts.get(textsKey(study.texts, study.model));
    // Random probes are drawn from each vocabulary: they are different texts anyway.
    if (set?.period !== null) continue;
    const reading = set.prompts.map((prompt) => prompt.ids.join(" ")).join("\n");
    readings.set(study.texts, (readings.get(study.texts) ?? new Set()).add(reading));
  }
  const count = Math.max(0, ...[...readings.values()].map((set) => set.size));
  if (count < 2) return;
  for (const { metric, expression } of studies[0]?.measures ?? []) {
    const perToken = expression.nodes.some((node) => node.kind === "site" && node.site.site === "nll");
    const perByte = expression.nodes.some((node) => node.kind === "text" && node.quantity === "bytes");
    if (!perToken || perByte) continue;
    const item = statement.measures.find((m) => columnName(m) === metric);
    const hint = "measure bits_per_byte, which does not depend on the tokenizer";
    report(diagnostic("A8007", item?.span ?? statement.span, { metric, count }, { hint }));
  }
}

/** A measure's axis and a column of the prompts must not share a name: one would overwrite the other. */
function refuseSharedNames(
  study: Study,
  texts: TokenizedTexts,
  statement: ExperimentStatement,
  report: (d: Diagnostic) => void,
): void {
  const columns = new Set([...texts.prompts.flatMap((p) => Object.keys(p.columns)), ...Object.keys(study.coordinates)]);
  for (const { metric, coordinates } of study.measures) {
    const axis = Object.keys(coordinates).find((name) => columns.has(name) || name === "prompt");
    if (axis === undefined) continue;
    const item = statement.measures.find((m) => columnName(m) === metric);
    const hint = `${texts.name} or the model already gives that axis: rename the parameter of the metric`;
    report(diagnostic("A3011", item?.span ?? statement.span, { metric, axis }, { hint }));
  }
}

/** Forwards every diagnostic once: several models, prompt sets and experiments elaborate the same syntax again. */
function reportingOnce(report: (d: Diagnostic) => void): (d: Diagnostic) => void {
  const seen = new Set<string>();
  return (d) => {
    const { file = "", start = -1, end = -1 } = d.primary?.span ?? {};
    const key = `${d.code} ${file} ${start} ${end} ${d.message}`;
    if (seen.has(key)) return;
    seen.add(key);
    report(d);
  };
}

/** Says when prompts are shorter than a window that a measure asks for: the number then means something else. */
function warnShortTexts(
  study: Study,
  texts: TokenizedTexts,
  statement: ExperimentStatement,
  report: (d: Diagnostic) => void,
): void {
  const warned = new Set<string>();
  for (const measure of study.measures) {
    for (const node of measure.expression.nodes) {
      for (const axis of node.type.axes) {
        if (axis.extent.kind !== "window") continue;
        const { size, of } = axis.extent;
        const short = texts.prompts.filter((p) => extentSize(of, p.ids.length) < size).length;
        const key = `${measure.metric} ${size}`;
        if (short === 0 || warned.has(key)) continue;
        warned.add(key);
        report(
          diagnostic(
            "A8002",
            statement.measures.find((m) => columnName(m) === measure.metric)?.span ?? statement.span,
            {
              count: short,
              total: texts.prompts.length,
              texts: texts.name,
              window: size,
              metric: measure.metric,
            },
          ),
        );
      }
    }
  }
}

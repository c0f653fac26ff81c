/**
 * Checking: syntax trees and facts become a protocol. Everything is looked at even when something is missing (a model
 * that does not open, a prompt file that is not there), so that one run reports every mistake.
 */
import { nearestNames } from "../base/suggest.js";
import type { Span } from "../base/span.js";
import type { Steps } from "../base/steps.js";
import { addBehind, diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { ModelInstance, Protocol, Study, TokenizedTexts } from "../ir/protocol.js";
import type { ResultType } from "../ir/result-type.js";
import type { OpenedModel } from "../models/model.js";
import type { ExperimentStatement, FileSyntax, Name } from "../syntax/ast.js";
import { checkConditions } from "./interventions/conditions.js";
import type { EncodedText } from "../ir/encodings.js";
import { refuseOnCorpus } from "./measures/corpus-measures.js";
import { checkCurvature, joinCurvatures, withCurvature, type CheckedCurvature } from "./results/curvature.js";
import { checkCycles, checkDefinitions } from "./measures/definitions.js";
import { isDoubtful, nothingDoubtful } from "./names/doubtful.js";
import { reportError, tooMany } from "./faults.js";
import type { Notes } from "./notes.js";
import { afterWith } from "./names/unknown-results.js";
import { experimentOrder } from "./names/experiment-order.js";
import type { EarlierExperiments } from "./interventions/deferred.js";
import { deferredMost } from "../ir/deferred-axes.js";
import { namedTexts, textsRunOn } from "./interventions/patch.js";
import { limits } from "./limits.js";
import { checkMeasures, columnName, type MeasureContext } from "./measures/measures.js";
import { assumedSignature, type CheckedModel } from "./models/places.js";
import { factsOf, modelColumnsOf } from "./models/model-columns.js";
import { modelLabels } from "./models/models.js";
import { assertUniqueRows } from "../ir/result-rows.js";
import { referencesName } from "../ir/references.js";
import { checkReferences } from "./results/references.js";
import type { ExperimentShape } from "./results/result-scope.js";
import { checkResultStatements } from "./results/result-statements.js";
import { resultTypeOf, type TypedResults } from "./results/result-type.js";
import { warnSameTexts } from "./results/same-texts.js";
import type { Scope } from "./names/scope.js";
import { refuseSharedNames, warnRenamedFields, warnShortTexts, warnTokenizers } from "./results/study-labels.js";
import { noteSymbols } from "./symbols/symbols.js";
import { besideOwn, partsNamed, textsNamed } from "./texts/parts.js";
import { textsOfStudy } from "./texts/study-texts.js";
import { textsKey } from "../ir/texts-key.js";

export interface CheckInput {
  readonly scope: Scope;
  /** The protocol's own text, and those of its imports and the standard library. */
  readonly main: FileSyntax;
  readonly others: readonly FileSyntax[];
  /** Instances of each declared model, by the declaration's name. */
  readonly instances: ReadonlyMap<string, readonly ModelInstance[]>;
  readonly models: ReadonlyMap<string, OpenedModel | null>;
  /** By `textsKey`; missing where the texts or the model could not be read. */
  readonly texts: ReadonlyMap<string, TokenizedTexts>;
  /** A string of the protocol as a model (by instance id) reads it where it continues a text; null when unknown. */
  readonly tokenOf: (model: string, text: string) => EncodedText | null;
  readonly sourceOf: (span: Span) => string;
  readonly report: (d: Diagnostic) => void;
  /** Told what places are and, where a side table is wanted, everything else. */
  readonly notes: Notes;
}

export function* checkProtocol(host: CheckInput): Steps<Protocol> {
  const report = reportingOnce(host.report);
  const input: CheckInput = { ...host, report };
  const { scope } = input;
  let cycles = 0;
  const beyond = [...scope.experiments.values()][limits.experiments];
  if (beyond !== undefined) {
    const count = scope.experiments.size;
    const hint = "name several models, prompt sets or places in one experiment, or divide the protocol";
    tooMany(input, beyond.name?.span ?? beyond.span, "experiments", count, "this protocol", "experiments", hint);
    return nothingChecked;
  }
  checkDefinitions(input);
  const studies: Study[] = [];
  const shapes = new Map<string, ExperimentShape>();
  const finishing: FinishShape[] = [];
  const earlier = new Map<string, readonly Study[]>();
  // An experiment can choose its conditions from the results of another one, whose shape it needs.
  for (const name of experimentOrder(scope)) {
    const statement = scope.experiments.get(name);
    if (statement === undefined) continue;
    const counting = (d: Diagnostic): void => {
      if (d.code === "A2006") cycles++;
      report(d);
    };
    const made: Made = { studies: [], finishing, earlier: { shapes, studies: earlier } };
    const shape = checkExperiment({ ...input, report: counting }, name, statement, made);
    shapes.set(name, shape);
    earlier.set(name, made.studies);
    yield;
  }
  for (const name of scope.experiments.keys()) studies.push(...(earlier.get(name) ?? []));
  if (cycles === 0) checkCycles(input);
  if (scope.experiments.size === 0)
    report(diagnostic("A5002", null, {}, { hint: "add one, such as `measure nll at last`" }));
  // A field must not be called like an axis of another experiment: saved results have one column for both.
  const types = [...shapes.values()].map(({ type }) => type);
  const fieldsOf = ({ columns }: ResultType): readonly string[] =>
    columns.flatMap(({ kind, name }) => (kind === "field" ? [name] : []));
  const others = {
    axes: new Set(types.flatMap(({ axes }) => axes.map((axis) => axis.name))),
    fields: new Set(types.flatMap(fieldsOf)),
    types,
  };
  for (const finish of finishing) {
    const shape = finish(others);
    shapes.set(shape.name, shape);
  }
  yield;
  const references = checkReferences(input, scope.references);
  if (references !== null) shapes.set(referencesName, references.shape);
  const { decisions, outputs, probes } = checkResultStatements(input, shapes);
  for (const probe of probes) shapes.set(probe.name, probe);
  yield;
  warnSameTexts(
    decisions,
    [...shapes.values()].map(({ type }) => type),
    input.texts.values(),
    report,
  );
  if (input.notes.collecting) {
    const results = { experiments: shapes, lets: scope.lets, params: scope.params };
    noteSymbols(
      { scope, results, notes: input.notes, sourceOf: input.sourceOf, axes: new Map() },
      input.main,
      input.others,
    );
    yield;
  }
  const used = new Set(studies.map((s) => s.model));
  warnSameWeights(input, used);
  const usedTexts = new Set(studies.flatMap((s) => textsOfStudy(s).map((t) => textsKey(t, s.model))));
  return {
    models: [...input.instances.values()].flat().filter((m) => used.has(m.id)),
    texts: [...input.texts.values()].filter((t) => usedTexts.has(textsKey(t.name, t.model))),
    studies,
    results: [
      ...[...scope.experiments.keys()].flatMap((name) => shapes.get(name)?.type ?? []),
      ...probes.map(({ type }) => type),
      ...(references === null ? [] : [references.shape.type]),
    ],
    references: references?.values ?? [],
    decisions,
    outputs,
    parameters: Object.fromEntries(
      [...scope.params].map(([name, value]) => [
        name,
        value.kind === "number" || value.kind === "string" ? value.value : input.sourceOf(value.span),
      ]),
    ),
  };
}

const nothingChecked: Protocol = {
  models: [],
  texts: [],
  studies: [],
  results: [],
  references: [],
  decisions: [],
  outputs: [],
  parameters: {},
};

/** How many names are offered where one has to be chosen. */
const mostFixes = 8;

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
    // Which one is meant is in doubt where there may be another.
    if (isDoubtful(input.scope.doubtful ?? nothingDoubtful, unknown === "A2009" ? "model" : "prompt set")) return null;
    if (only !== undefined && more.length === 0) return [only];
    const what = unknown === "A2009" ? "model" : "prompt set";
    const word = unknown === "A2009" ? "on" : "with";
    const { name, span } = statement;
    // Without a name the experiment begins with the clause itself.
    const fixes = names.slice(0, mostFixes).map((own) => {
      const begin = { ...span, end: span.start };
      return name === null ? addBehind(begin, `${word} ${own} `) : addBehind(name.span, ` ${word} ${own}`);
    });
    reportError(
      input,
      ambiguous,
      name?.span ?? span,
      {},
      {
        fixes,
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
      const listed = names.length === 0 ? "the file declares none" : `the file has ${names.join(", ")}`;
      const hint =
        unknown === "A2010" && statement.with.includes(name)
          ? (afterWith(name.text, statement.measures.length > 0) ?? `\`with\` takes prompt sets and corpora: ${listed}`)
          : listed;
      const suggestions = nearestNames(name.text, names);
      reportError(input, unknown, name.span, { name: name.text }, { suggestions, hint });
    } else if (chosen.find((other) => other.text === name.text) !== name) {
      sound = false;
      reportError(input, "A1003", name.span, { what: name.text });
    }
  }
  return sound ? chosen.map((n) => n.text) : null;
}

/** The shape of an experiment once the axes of all experiments are known. */
type FinishShape = (others: NonNullable<Parameters<typeof resultTypeOf>[4]>) => ExperimentShape;

/** What checking experiments makes, and what those before have made. */
interface Made {
  readonly studies: Study[];
  readonly finishing: FinishShape[];
  readonly earlier: EarlierExperiments;
}

function checkExperiment(input: CheckInput, name: string, statement: ExperimentStatement, made: Made): ExperimentShape {
  const { scope, report } = input;
  let errors = 0;
  const once = (d: Diagnostic): void => {
    if (d.severity === "error") errors++;
    report(d);
  };
  const context = { ...input, report: once };
  if (statement.measures.length === 0 && statement.curvature === null) {
    const [clause] = [...(statement.with.length > 0 ? ["with"] : []), ...(statement.on.length > 0 ? ["on"] : [])];
    const begins = statement.name === null && statement.interventions.length === 0 && clause !== undefined;
    const hint = begins
      ? `\`${clause}\` begins an experiment here, which needs a \`measure\`; the statement before has no such option`
      : "`measure` comes last: `experiment NAME on MODEL with TEXTS ablate heads L3 measure loss`; what stands behind it begins another experiment";
    const fixes = [addBehind(statement.span, "\n  measure loss")];
    once(diagnostic("A3010", statement.name?.span ?? statement.span, {}, { hint, fixes }));
  }
  const models = choose(context, statement.on, scope.models.keys(), statement, "A2009", "A2014");
  const texts = choose(context, namedTexts(statement, scope), scope.texts.keys(), statement, "A2010", "A2015");
  const own: Study[] = [];
  let curvature: CheckedCurvature | null = null;
  let complete = models !== null && texts !== null;
  const instances = models?.flatMap((m) => input.instances.get(m) ?? []) ?? [];
  const labels = modelLabels(instances);
  const facts = modelColumnsOf(instances, input.models);
  const assumedInstance: ModelInstance = {
    id: "the model",
    name: "the model",
    source: "",
    revision: null,
    dtype: null,
    coordinates: {},
    facts: {},
  };
  for (const instance of instances.length === 0 ? [assumedInstance] : instances) {
    const opened = input.models.get(instance.id) ?? null;
    if (opened === null) complete = false;
    const model: CheckedModel = {
      name: instance.id,
      signature: opened?.signature ?? assumedSignature,
      assumed: opened === null,
      notes: input.notes,
    };
    const read = (texts ?? [null]).flatMap((textsName) => {
      const declared = textsName === null ? "" : textsRunOn(statement, scope, textsName);
      const parts = partsNamed(input.texts, declared, instance.id);
      return (parts.length === 0 ? [undefined] : parts).map((tokenized) => ({
        textsName,
        runsOn: tokenized?.name ?? declared,
        tokenized,
      }));
    });
    for (const { textsName, runsOn, tokenized } of read) {
      if (tokenized === undefined) complete = false;
      const common: MeasureContext = {
        scope,
        model,
        textsName: textsName ?? "",
        // Unknown texts are given a period, so that their absence is reported once and not here again.
        period: tokenized === undefined ? 1 : tokenized.period,
        texts: tokenized ?? null,
        otherTexts: (other) => textsNamed(input.texts, other, instance.id),
        besideOwn: (other, take) => besideOwn(input.texts, tokenized ?? null, other, take, instance.id),
        tokenOf: (text) => input.tokenOf(instance.id, text),
        patchSource: null,
        conditionAxes: new Set(),
        report: once,
        sourceOf: input.sourceOf,
      };
      const changed = checkConditions({ ...common, runsOn }, name, statement, made.earlier);
      const { conditions, deferred, patchSource } = changed;
      const changedBy = statement.interventions.map(({ kind }) => kind);
      const measuring: MeasureContext = { ...common, patchSource, conditionAxes: changed.axes, changedBy };
      const measures = checkMeasures(measuring, statement.measures);
      const clause = statement.curvature;
      const bent = clause === null ? null : checkCurvature(measuring, statement, clause, opened);
      curvature = bent === null || clause === null ? curvature : joinCurvatures(measuring, clause, curvature, bent);
      if (tokenized === undefined || opened === null) continue;
      const rows = (conditions.length + deferredMost(deferred)) * tokenized.prompts.length;
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
          ...instance.coordinates,
          ...(labels.has(instance.id) ? { model: labels.get(instance.id) ?? instance.name } : {}),
          ...(textsName !== null && texts !== null && texts.length > 1 ? { prompts: textsName } : {}),
        },
        facts: factsOf(facts, instance.id),
        interventionSpan: spanOf(statement.interventions),
        conditions,
        deferred,
        measures,
        ...(bent === null ? {} : { curvature: bent.curvature }),
      };
      warnShortTexts(study, tokenized, statement, once);
      refuseSharedNames(study, statement, once);
      refuseOnCorpus(study, tokenized, statement, once);
      own.push(study);
    }
  }
  warnTokenizers(own, input.texts, statement, once);
  const sound = complete && errors === 0;
  const measured = statement.measures.flatMap((item) => {
    const metric = columnName(item);
    return metric === null ? [] : [{ name: metric, normalised: item.recovery }];
  });
  if (sound) made.studies.push(...own);
  const shapeWith = ({ type }: TypedResults): ExperimentShape =>
    withCurvature({ name, type, complete: sound }, curvature);
  made.finishing.push((others) => {
    const typed = resultTypeOf(name, own, input.texts.values(), measured, others);
    if (sound) assertUniqueRows(typed.type, own, [...input.texts.values()]);
    warnRenamedFields(typed.fields, own, input.scope, [...input.texts.values()], once);
    return shapeWith(typed);
  });
  return shapeWith(resultTypeOf(name, own, input.texts.values(), measured));
}

/** Where the protocol says what is done to the model: from the first intervention to the last. */
function spanOf(interventions: ExperimentStatement["interventions"]): Span | null {
  const [first] = interventions;
  const last = interventions.at(-1);
  return first === undefined || last === undefined ? null : { ...first.span, end: last.span.end };
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

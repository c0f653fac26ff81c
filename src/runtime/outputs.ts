/** Everything a run leaves behind for people: results, saved files, figures and the report. */
import type { ReportStatus } from "./report/status.js";
import { clauseTexts } from "../compiler/syntax/clause-texts.js";
import { basename, join } from "node:path";
import { experimentsIn } from "../compiler/ir/result-expression.js";
import { wholeName } from "../compiler/ir/protocol.js";
import { experimentsWithRows, rowsOfExperiments } from "../compiler/ir/result-table.js";
import type { ResultSet } from "../compiler/ir/results.js";
import { unstableMeans } from "../compiler/results/unstable.js";
import { tokenSpans } from "../compiler/syntax/token-spans.js";
import { decisionView, type DecisionView } from "./report/decision-view.js";
import { decisionFigures } from "./report/decision-figures.js";
import { buildFigure, type Figure } from "./report/figures.js";
import { drawnFigure, figureCacheOf, pruneFigures } from "./figure-cache.js";
import { renderReport } from "./report/html.js";
import { latexTable } from "./report/latex-table.js";
import { markdownTable } from "./report/markdown-table.js";
import type { JudgementsView, ReportDecision, ReportFigure, StudySummary } from "./report/report-input.js";
import type { TableData } from "./report/tables.js";
import { documentedMetrics } from "../compiler/docs/metrics.js";
import { tokenTextsOf } from "./known-tokens.js";
import { readStandardLibrary } from "./load.js";
import { experimentsOf, outputName, tableOf } from "./output-tables.js";
import { methodsOf } from "./methods.js";
import { questionOf, shownTexts } from "./report-texts.js";
import { provenanceOf } from "./provenance.js";
import type { Planned } from "./plan-run.js";
import { probeCsv } from "./store/probe-csv.js";
import { keepResults } from "./results-cache.js";
import { savedResults } from "./saved-results.js";
import { tableOfValue } from "./saved-values.js";
import type { EigenvectorFile } from "./eigenvectors.js";
import { writeSafetensors } from "./models/safetensors.js";
import { writeFileAtomic } from "./store/atomic.js";
import { digestOfFile } from "./store/file-digest.js";
import type { RunRecord } from "./store/record.js";
import { saveResults } from "./store/results.js";
import { protocolName, type RunFolder } from "./store/run-folder.js";

export interface OutputRequest {
  readonly planned: Planned;
  readonly folder: RunFolder;
  readonly record: RunRecord;
  readonly results: ResultSet;
  /** Eigenvectors that are saved, by experiment. */
  readonly eigenvectors: ReadonlyMap<string, EigenvectorFile>;
  /** What people said of the run. */
  readonly judgements: JudgementsView;
}

export interface WrittenOutputs {
  readonly decisions: readonly DecisionView[];
  readonly tables: readonly TableData[];
  readonly studies: readonly StudySummary[];
  readonly status: ReportStatus;
  readonly files: RunRecord["outputs"];
  readonly report: string;
  /** What a reader must know before trusting what is shown: sentences for the record. */
  readonly warnings: readonly string[];
  /** Outputs that have nothing to show yet, as `table NAME`: they wait for the next run. */
  readonly missing: readonly string[];
}

/** Writes results.parquet, saved files, figures (SVG, PNG) and report.html into the run's folder. */
export async function writeOutputs(request: OutputRequest): Promise<WrittenOutputs> {
  const { planned, folder, record, results } = request;
  const { rows } = results;
  const { protocol } = planned;
  const files: { kind: string; path: string; sha256: string }[] = [];
  const keep = (kind: string, path: string, digest: string): void => {
    files.push({ kind, path: path.slice(folder.folder.length + 1), sha256: digest });
  };
  const write = async (kind: string, path: string, content: string | Uint8Array): Promise<void> => {
    await writeFileAtomic(path, content);
    keep(kind, path, await digestOfFile(path));
  };

  const tokens = tokenTextsOf(protocol, planned.loaded);
  // Published values and what probes answer are no measurements: protocol and statements give them again.
  const experiments = new Set(protocol.studies.map(({ experiment }) => experiment));
  const cache = figureCacheOf(folder.folder);
  const measured = rowsOfExperiments(rows, (experiment) => experiments.has(experiment));
  const digest = await keepResults(cache, folder.results, savedResults(measured, results, tokens));
  keep("results", folder.results, digest);
  const warnings = new Set(unstableMeans(results));
  const warn = (title: string, sentences: readonly string[]): void => {
    for (const sentence of sentences) warnings.add(`${title}: ${sentence}`);
  };

  const tables: TableData[] = [];
  const figures: ReportFigure[] = [];
  let drawn = 0;
  const draw = async (figure: Figure, kind: string): Promise<ReportFigure> => {
    warn(figure.title, figure.warnings);
    const { svg, png } = await drawnFigure(cache, figure.spec);
    const name = `figure-${++drawn}-${kind}`;
    await write("figure", join(folder.outputs, `${name}.svg`), svg);
    await write("figure", join(folder.outputs, `${name}.png`), png);
    await write("figure", join(folder.outputs, `${name}.vl.json`), specificationText(figure.spec));
    return { figure, svg };
  };
  const missing: string[] = [];
  const present = experimentsWithRows(rows);
  for (const output of protocol.outputs) {
    // An interrupted run may have nothing yet of an experiment: its table or figure waits for the next run.
    if (!experimentsOf(output).every((experiment) => present.has(experiment))) {
      missing.push(outputName(output));
      continue;
    }
    if (output.kind === "table" || output.kind === "winner") {
      const table = tableOf(output, results, tokens);
      tables.push(table);
      warn(table.title, table.warnings);
    }
    if (output.kind === "save") {
      // Not beside the record, whose name a user may choose too.
      const path = join(folder.outputs, output.path);
      const { name, value } = output;
      if (output.table !== null) {
        const table = tableOf(output.table, results, tokens);
        warn(output.path, table.warnings);
        const isLatex = output.path.toLowerCase().endsWith(".tex");
        const label = basename(output.path).replace(/\.[a-z]+$/i, "");
        await write("saved", path, isLatex ? latexTable(table, label) : markdownTable(table));
        continue;
      }
      if (output.eigenvectors === true) {
        const file = request.eigenvectors.get(name);
        if (file === undefined) missing.push(outputName(output));
        else await write("saved", path, writeSafetensors(file.tensors, file.metadata));
        continue;
      }
      if (value === null) {
        const own = rowsOfExperiments(rows, (experiment) => experiment === name);
        keep("saved", path, await keepResults(cache, path, savedResults(own, results, tokens)));
        continue;
      }
      const said = (sentence: string): void => {
        warn(name, [sentence]);
      };
      await saveResults(path, tableOfValue(name, value, results, tokens, said));
      keep("saved", path, await digestOfFile(path));
    }
    if (output.kind === "plot" || output.kind === "figure") {
      figures.push(await draw(buildFigure(output, results, tokens), output.kind === "plot" ? output.plot : "panels"));
    }
  }

  const decisions: ReportDecision[] = [];
  let probes = 0;
  for (const [i, { outcome }] of record.decisions.entries()) {
    const decision = protocol.decisions[i];
    if (outcome === null || decision === undefined) continue;
    const experiments = decision.kind === "pca" ? experimentsIn(decision.value.expression) : [];
    const own: ReportFigure[] = [];
    if (outcome.kind === "probe")
      await write("saved", join(folder.outputs, `probe-${++probes}.csv`), probeCsv(outcome));
    for (const { figure, kind } of decisionFigures(decision, outcome, results)) own.push(await draw(figure, kind));
    decisions.push({ ...decisionView(outcome, { tokens, experiments }), figures: own });
  }
  await pruneFigures(cache);
  const status = statusOf(record);
  const studies = studiesOf(planned);
  const { source } = planned.loaded;
  const { report } = folder;
  const html = renderReport({
    title: protocolName(source.path),
    question: questionOf(source.text),
    status,
    when: record.times.ended ?? record.times.asked,
    digest: planned.digest,
    studies,
    selections: record.selections,
    decisions,
    figures,
    tables,
    texts: shownTexts(protocol),
    methods: methodsOf(protocol, record, planned.loaded, (await readStandardLibrary()).flatMap(documentedMetrics)),
    source: { path: basename(source.path), text: source.text, tokens: tokenSpans(source.text) },
    warnings: [...new Set([...record.warnings, ...warnings, ...record.faults.map((f) => f.message)])],
    provenance: provenanceOf(record),
    judgements: request.judgements,
  });
  await write("report", report, html);
  return { tables, decisions, studies, status, files, report, missing, warnings: [...warnings] };
}

/** A specification with a line for each point rather than for each of its numbers. */
function specificationText(spec: Figure["spec"]): string {
  const text = JSON.stringify(spec, null, 2);
  return `${text.length > 200_000 ? JSON.stringify(spec) : text}\n`;
}

function statusOf(record: RunRecord): ReportStatus {
  switch (record.status) {
    case "finished":
      return { label: "finished", tone: "good" };
    case "interrupted":
      return { label: "interrupted", tone: "warning" };
    default:
      return { label: record.status, tone: "bad" };
  }
}

function studiesOf(planned: Planned): readonly StudySummary[] {
  const { protocol, loaded } = planned;
  const { text } = loaded.source;
  const summaries = protocol.studies.map((study) => {
    const set = protocol.texts.find((t) => t.name === study.texts && t.model === study.model);
    const span = study.interventionSpan;
    return {
      experiment: study.experiment,
      model: study.model,
      texts: wholeName(study.texts),
      prompts: set?.prompts.length ?? 0,
      ...(set?.documents == null ? {} : { documents: set.documents.length }),
      conditions: study.conditions.length - 1,
      intervention: span === null ? null : clauseTexts(text.slice(span.start, span.end)).join(" and "),
      metrics: [
        ...new Set(study.measures.map((m) => m.metric)),
        ...(study.curvature === undefined ? [] : [`the curvature over ${study.curvature.part}`]),
      ],
    };
  });
  // Of a set with continuations of several lengths each is a study of its own; they differ in nothing but their prompts.
  const joined = new Map<string, StudySummary>();
  for (const summary of summaries) {
    const key = JSON.stringify({ ...summary, prompts: 0 });
    const before = joined.get(key)?.prompts ?? 0;
    joined.set(key, { ...summary, prompts: before + summary.prompts });
  }
  return [...joined.values()];
}

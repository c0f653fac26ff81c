/** What the statements of a protocol and of the files it imports declare, by name. */
import { diagnostic } from "../../diagnostics/create.js";
import { isSite } from "../../models/sites.js";
import { soundStatements } from "../../syntax/sound-statements.js";
import { nothingDoubtful, type Doubtful } from "./doubtful.js";
import { baselineName, functionNames, isQuantity } from "./functions.js";
import { referencesName } from "../../ir/references.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type {
  CorpusStatement,
  Expression,
  ExperimentStatement,
  FileSyntax,
  LetStatement,
  MetricStatement,
  ModelStatement,
  Name,
  ParamStatement,
  ProbeStatement,
  PromptsStatement,
  ReferenceStatement,
  Statement,
} from "../../syntax/ast.js";

export interface Scope {
  readonly models: ReadonlyMap<string, ModelStatement>;
  readonly texts: ReadonlyMap<string, PromptsStatement | CorpusStatement>;
  readonly metrics: ReadonlyMap<string, MetricStatement>;
  readonly params: ReadonlyMap<string, Expression>;
  /** The statements that declare `params`, whose values may have been given from outside. */
  readonly declaredParams: ReadonlyMap<string, ParamStatement>;
  /** Experiments of the protocol itself in order; unnamed ones are called `experiment_1`, `experiment_2` … */
  readonly experiments: ReadonlyMap<string, ExperimentStatement>;
  readonly lets: ReadonlyMap<string, LetStatement>;
  /** Probes that have a name, in order: what they answer about each text is a result. */
  readonly probes: ReadonlyMap<string, ProbeStatement & { readonly as: Name }>;
  /** Published values, of imported files as well. */
  readonly references: readonly ReferenceStatement[];
  /** Statements of the protocol itself, in order. */
  readonly statements: readonly Statement[];
  /** What statements may declare that cannot be read; absent: nothing. */
  readonly doubtful?: Doubtful;
}

/** What else an expression means by this name, which the declaration would hide or be hidden by; null when nothing. */
function takenBy(kind: string, name: string): string | null {
  if (kind === "prompt set" && name === baselineName) return "the unmodified run, in `… of baseline`";
  if (kind !== "metric" && kind !== "parameter") return null;
  if (isSite(name)) return "a site";
  if (functionNames.includes(name)) return "a function";
  return isQuantity(name) ? "a quantity of the texts or the model" : null;
}

/** A value given on the command line for a `param`, already parsed as an expression. */
export type Overrides = ReadonlyMap<string, Expression>;

/**
 * Collects declarations. Standard library metrics are visible everywhere and may be redefined by the protocol (a
 * warning says so); a second declaration of a name within the protocol and its imports is an error. Of a file with syntax
 * errors the sound statements count.
 */
export function collectScope(
  main: FileSyntax,
  imported: readonly FileSyntax[],
  stdlib: readonly FileSyntax[],
  overrides: Overrides,
  report: (d: Diagnostic) => void,
  doubtful: Doubtful = nothingDoubtful,
): Scope {
  const models = new Map<string, ModelStatement>();
  const texts = new Map<string, PromptsStatement | CorpusStatement>();
  const standard = new Map<string, MetricStatement>();
  const own = new Map<string, MetricStatement>();
  const declaredParams = new Map<string, ParamStatement>();
  const experiments = new Map<string, ExperimentStatement>();
  const lets = new Map<string, LetStatement>();
  const probes = new Map<string, ProbeStatement & { readonly as: Name }>();
  const references: ReferenceStatement[] = [];
  const declared = new Map<string, Name>();

  const declare = (kind: string, name: Name): boolean => {
    if (name.text === "") return false;
    const isPublished = kind === "result" && name.text === referencesName && references.length > 0;
    const taken = isPublished ? "what `reference` statements publish" : takenBy(kind, name.text);
    if (taken !== null) {
      const hint = "give it another name";
      report(diagnostic("A2019", name.span, { kind, name: name.text, what: taken }, { hint }));
      return false;
    }
    // Models, texts, metrics and results live in namespaces of their own: each is named in places of its own.
    const key = `${kind} ${name.text}`;
    const first = declared.get(key);
    if (first === undefined) {
      declared.set(key, name);
      return true;
    }
    report(
      diagnostic(
        "A2002",
        name.span,
        { kind, name: name.text },
        { related: [{ span: first.span, text: "first declared here" }], hint: "give one of them another name" },
      ),
    );
    return false;
  };

  for (const file of stdlib) {
    for (const s of file.statements) if (s.kind === "metric") standard.set(s.name.text, s);
  }
  for (const file of [...imported, main]) {
    for (const s of soundStatements(file)) {
      if (s.kind === "model" && declare("model", s.name)) models.set(s.name.text, s);
      else if ((s.kind === "prompts" || s.kind === "corpus") && declare("prompt set", s.name))
        texts.set(s.name.text, s);
      else if (s.kind === "reference") references.push(s);
      else if (s.kind === "param" && declare("parameter", s.name)) declaredParams.set(s.name.text, s);
      else if (s.kind === "metric") {
        // A file of the standard library that is imported by name declares what is already visible.
        if (standard.get(s.name.text)?.span.file === s.span.file) continue;
        const shadowed = standard.get(s.name.text);
        if (declare("metric", s.name)) own.set(s.name.text, s);
        if (shadowed !== undefined) report(diagnostic("A8001", s.name.span, { name: s.name.text }));
      }
    }
  }

  for (const [name, statement] of declaredParams) {
    if (!own.has(name) && !standard.has(name)) continue;
    const what = own.has(name) ? "a metric" : "a metric of the standard library";
    const hint = "give it another name";
    report(diagnostic("A2019", statement.name.span, { kind: "parameter", name, what }, { hint }));
  }
  for (const file of imported) warnOfLeftOut(file, report);

  const statements = soundStatements(main);
  const named = new Set(
    statements.flatMap((s) => {
      if (s.kind === "probe") return [s.as?.text];
      return s.kind === "experiment" || s.kind === "letResult" ? [s.name?.text] : [];
    }),
  );
  // Those that cannot be read have numbers too.
  const lost = (main.recovered?.broken ?? []).filter((broken) => broken.unnamedExperiment);
  let unnamed = 0;
  const nextNumber = (): string => {
    do unnamed++;
    while (named.has(`experiment_${unnamed}`));
    return `experiment_${unnamed}`;
  };
  for (const s of statements) {
    if (s.kind === "experiment") {
      if (s.name === null) {
        while (lost[0] !== undefined && lost[0].span.start < s.span.start) {
          lost.shift();
          nextNumber();
        }
        experiments.set(nextNumber(), s);
      } else if (declare("result", s.name)) experiments.set(s.name.text, s);
    } else if (s.kind === "letResult" && declare("result", s.name)) lets.set(s.name.text, s);
    else if (isNamedProbe(s) && declare("result", s.as)) probes.set(s.as.text, s);
  }

  // What a standard metric means is in doubt, too, when a broken statement may replace it.
  for (const name of doubtful.names.get("metric") ?? []) standard.delete(name);
  const params = new Map<string, Expression>();
  for (const [name, statement] of declaredParams) params.set(name, overrides.get(name) ?? statement.value);
  return {
    models,
    texts,
    metrics: new Map([...standard, ...own]),
    params,
    declaredParams,
    experiments,
    lets,
    probes,
    references,
    statements,
    doubtful,
  };
}

function isNamedProbe(statement: Statement): statement is ProbeStatement & { readonly as: Name } {
  return statement.kind === "probe" && statement.as !== null;
}

const declarations = new Set<Statement["kind"]>([
  "import",
  "model",
  "prompts",
  "corpus",
  "param",
  "metric",
  "reference",
]);

/** True for a statement that an import takes; others run or show something. */
export function isDeclaration({ kind }: Statement): boolean {
  return declarations.has(kind);
}

/** Warns of an imported file that also runs or shows something: only its declarations are taken. */
function warnOfLeftOut(file: FileSyntax, report: (d: Diagnostic) => void): void {
  const left = soundStatements(file).filter((s) => !isDeclaration(s));
  const [first] = left;
  if (first === undefined) return;
  const what =
    left.length === 1
      ? "1 statement that runs or shows something"
      : `${left.length} statements that run or show something`;
  report(diagnostic("A8004", { ...first.span }, { path: file.span.file, what }));
}

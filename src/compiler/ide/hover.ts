/** What a piece of a text is, in words: its declaration, its type in each model, its documentation. */
import { unitOfLetter } from "../base/place-units.js";
import { tokenize } from "../../../grammar/tokens.js";
import { countedInGroups } from "../base/counted.js";
import type { Span } from "../base/span.js";
import type { Study } from "../ir/protocol.js";
import type { Declaration, Entry, SymbolReference, TypeFact } from "../ir/side-table.js";
import { flopsText, secondsText } from "../lower/quantity-text.js";
import { isWord } from "../syntax/regions.js";
import { tableOf, textOf, type Analysis } from "./analysis.js";
import { measureLine, typeLine } from "./result-candidates.js";
import {
  codeBlock,
  declarationMarkdown,
  documentationMarkdown,
  entryMarkdown,
  entryOfSymbol,
  entryOfWord,
  plainMarkdown,
} from "./documentation.js";
import { entriesAt } from "./lookup.js";

export interface Hover {
  /** What is described. */
  readonly span: Span;
  /** Markdown. */
  readonly text: string;
}

/** What a run of an experiment takes. */
export interface ExperimentSize {
  readonly layerRuns: number;
  /** Floating-point operations of matrix products. */
  readonly flops: number;
}

/** Most models and points of which types are listed one by one. */
const mostTypes = 6;

/** What the host has found out about an experiment beside the analysis. */
export interface KnownSize {
  /** Null where it cannot be planned. */
  readonly size: ExperimentSize | null;
  /** Floating-point operations of matrix products per second; null where that was not measured. */
  readonly rate: number | null;
}

/** Finds out how much work an experiment is, by its name. */
export type SizeOf = (experiment: string) => KnownSize;

const nothingPlanned: SizeOf = () => ({ size: null, rate: null });

/** What stands at an offset of the protocol's own text; null where nothing is known. */
export function hoverAt(analysis: Analysis, offset: number, sizeOf: SizeOf = nothingPlanned): Hover | null {
  const { path, text } = analysis.source;
  const around = entriesAt(tableOf(analysis), path, offset);
  const entry = around.find(({ symbol, kind }) => symbol !== null || kind === "place" || kind === "site") ?? around[0];
  const word = tokenize(text).tokens.find(
    (token) => token.startOffset <= offset && offset < token.startOffset + token.image.length,
  );
  const isKeyword = word !== undefined && isWord(word) && entry?.span.start !== word.startOffset;
  if (word !== undefined && (entry === undefined || isKeyword)) {
    const described = entryOfWord(analysis.documentation, word.image);
    const span = { file: path, start: word.startOffset, end: word.startOffset + word.image.length };
    if (described !== null) return { span, text: entryMarkdown(described) };
  }
  if (entry === undefined) return null;
  const parts = [
    ...(entry.symbol === null
      ? [codeBlock(textOf(analysis, entry.span))]
      : symbolParts(analysis, entry.symbol, sizeOf)),
    placesText(entry, textOf(analysis, entry.span)),
    typesText(entry.types),
  ].filter((part) => part !== "");
  return { span: entry.span, text: parts.join("\n\n") };
}

function symbolParts(analysis: Analysis, symbol: SymbolReference, sizeOf: SizeOf): readonly string[] {
  const { checked, documentation } = analysis;
  const declaration = checked.scope.find(
    ({ kind, name, nameSpan, file }) =>
      kind === symbol.kind &&
      name === symbol.name &&
      (nameSpan === null || symbol.at === null || file === symbol.at.file),
  );
  const entry = entryOfSymbol(documentation, symbol.kind, symbol.name);
  const written = symbolText(analysis, symbol, declaration);
  const described =
    written !== null
      ? [codeBlock(written), ...(declaration === undefined ? [] : [documentationMarkdown(declaration)])]
          .filter((part) => part !== "")
          .join("\n\n")
      : symbol.kind === "metric" && entry !== null && symbol.at?.file.startsWith("@stdlib/") === true
        ? entryMarkdown(entry)
        : declaration !== undefined
          ? declarationMarkdown(declaration)
          : entry !== null
            ? entryMarkdown(entry)
            : codeBlock(`${symbol.kind} ${symbol.name}`);
  return [
    described,
    ...(symbol.kind === "experiment" ? experimentParts(analysis, symbol.name, sizeOf(symbol.name)) : []),
    ...(symbol.kind === "model" ? modelParts(analysis, symbol.name) : []),
    ...(symbol.kind === "prompts" || symbol.kind === "corpus" ? textParts(analysis, symbol.name) : []),
  ];
}

/** Longer values are cut. */
const mostWritten = 200;

/**
 * What a name stands for, as it is written: a `param` and a `let` with their values, a parameter with its type and default,
 * a column with its axes and unit. Null for all others.
 */
function symbolText(analysis: Analysis, { kind, name, at }: SymbolReference, declaration?: Declaration): string | null {
  const { checked } = analysis;
  if ((kind === "param" || kind === "result") && declaration !== undefined) {
    const text = textOf(analysis, declaration.span).replace(/\s+/g, " ");
    return text.length > mostWritten ? `${text.slice(0, mostWritten)}…` : text;
  }
  const holds = ({ file, start, end }: Span): boolean =>
    at !== null && file === at.file && start <= at.start && at.end <= end;
  if (kind === "parameter") {
    const parameter = checked.scope.flatMap(({ parameters }) => parameters).find(({ span }) => holds(span));
    if (parameter === undefined) return null;
    const type = parameter.type === null ? "" : `: ${parameter.type}`;
    return `parameter ${name}${type}${parameter.default === null ? "" : ` = ${parameter.default}`}`;
  }
  if (kind !== "column") return null;
  const owner = checked.scope.find((one) => one.kind === "experiment" && holds(one.span));
  const measured = checked.results
    .find(({ experiment }) => experiment === owner?.name)
    ?.metrics.find((metric) => metric.name === name);
  return measured === undefined ? null : `column ${name}  # ${measureLine(measured)}`;
}

/** Conditions × prompts, what results have, and how much work it is. */
function experimentParts({ checked }: Analysis, name: string, { size, rate }: KnownSize): readonly string[] {
  const type = checked.results.find(({ experiment }) => experiment === name);
  const studies = checked.protocol?.studies.filter(({ experiment }) => experiment === name) ?? [];
  const promptsOf = ({ model, texts }: Study): number =>
    checked.protocol?.texts.find((set) => set.model === model && set.name === texts)?.prompts.length ?? 0;
  const lines = studies.map((study) => {
    const waits =
      study.deferred === null ? "" : ` (and more, which the results of ${study.deferred.experiment} decide)`;
    const conditions = countedInGroups(study.conditions.length, "condition");
    return `- ${plainMarkdown(study.model)} with ${plainMarkdown(study.texts)}: ${conditions}${waits} × ${countedInGroups(promptsOf(study), isCorpus(checked, study.texts) ? "window" : "prompt")}`;
  });
  const seconds = size === null || rate === null ? "" : `, ${aboutSeconds(size.flops / rate)}`;
  return [
    type === undefined ? "" : `Results: ${plainMarkdown(typeLine(type))}`,
    lines.join("\n"),
    size === null ? "" : `${countedInGroups(size.layerRuns, "layer run")}, ${flopsText(size.flops)}${seconds}`,
  ];
}

/** `about 0.42 s`; what would be rounded to nothing is `less than 0.01 s`. */
const aboutSeconds = (n: number): string => (n < 0.005 ? `less than ${secondsText(0.01)}` : `about ${secondsText(n)}`);

const isCorpus = ({ scope }: Analysis["checked"], name: string): boolean =>
  scope.some((declaration) => declaration.kind === "corpus" && declaration.name === name);

function modelParts({ checked }: Analysis, name: string): readonly string[] {
  const instances = [...checked.models].filter(([id]) => id === name || id.startsWith(`${name} `));
  return instances.map(([id, { signature }]) => {
    const { family, layers, heads, kvHeads, dModel, dHead, vocab, maxPositions } = signature;
    const grouped = kvHeads === heads ? "" : ` (${kvHeads} key-value heads)`;
    const context = maxPositions === null ? "a context without end" : `a context of ${inGroups(maxPositions)} tokens`;
    return `${plainMarkdown(id)}: ${family}, ${layers} layers, ${heads} heads${grouped}, d\\_model ${dModel}, d\\_head ${dHead}, a vocabulary of ${inGroups(vocab)}, ${context}`;
  });
}

const inGroups = (n: number): string => n.toLocaleString("en");

function textParts({ checked }: Analysis, name: string): readonly string[] {
  const sets = checked.protocol?.texts.filter((set) => set.name === name) ?? [];
  return sets.map(({ model, prompts, bos }) => {
    const lengths = prompts.map(({ ids }) => ids.length);
    const range = lengths.length === 0 ? "" : `, ${rangeText(Math.min(...lengths), Math.max(...lengths))} tokens`;
    return `${plainMarkdown(model)}: ${countedInGroups(prompts.length, isCorpus(checked, name) ? "window" : "prompt")}${range}${bos ? ", BOS included" : ""}`;
  });
}

const rangeText = (low: number, high: number): string => (low === high ? String(low) : `${low} to ${high}`);

function placesText({ places, kind }: Entry, written: string): string {
  if (places.length === 0 || kind !== "place") return "";
  // A param can stand for one, whose name does not say what of a layer it is.
  const unit = unitOfLetter(/\.([HNE])/.exec(written)?.[1]) ?? "unit";
  return places
    .slice(0, mostTypes)
    .map(({ model, layers, units }) => {
      const which = units === null ? "" : `, ${unit}${units.length === 1 ? "" : "s"} ${indexText(units)}`;
      return `- ${plainMarkdown(model)}: ${layers.length === 1 ? "layer" : "layers"} ${indexText(layers)}${which}`;
    })
    .join("\n");
}

/** `0, 1, 2` or `0 to 11`. */
function indexText(numbers: readonly number[]): string {
  const [first = 0] = numbers;
  const isRun = numbers.length > 2 && numbers.every((n, i) => n === first + i);
  return isRun ? `${first} to ${numbers.at(-1) ?? first}` : numbers.join(", ");
}

function typesText(types: readonly TypeFact[]): string {
  const lines = [
    ...new Set(
      types.map(({ type, model, value }) => {
        const shown = value === null ? type : `${type} ${value}`;
        return `- \`${shown}\`${model === null ? "" : ` in ${plainMarkdown(model)}`}`;
      }),
    ),
  ];
  const more = lines.length - mostTypes;
  return [...lines.slice(0, mostTypes), ...(more > 0 ? [`- and ${more} more`] : [])].join("\n");
}

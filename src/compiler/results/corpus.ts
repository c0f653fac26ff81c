/** Values of documents from the values of their windows. */
import { rememberedIn } from "../base/remembered.js";
import type { GraphPlan, PlanRow } from "../ir/plan.js";
import type { CorpusDocument, Study, TokenizedTexts } from "../ir/protocol.js";
import type { MeasureExpression } from "../ir/expression.js";
import { extentSize, type Axis } from "../ir/tensor-type.js";
import { causesOf } from "../operations/causes.js";
import { soundParts, type DocumentPart } from "../operations/documents.js";
import type { ReferenceTensor } from "../operations/operation.js";
import { reasonsOf } from "../operations/reasons.js";
import { evaluateReference } from "../operations/reference.js";
import type { EntryAxis } from "../ir/study-rows.js";
import { entryAxes, type UnitTensors } from "./cells.js";
import { beyondFloat64, numberAt, putReader, rowReader, type RowNumbers, type RowReader } from "./numbers.js";
import type { StudyBuilder } from "./study-builder.js";

/** What one window yields for one part of a measure: of `positions` its scored ones only. Faults are reasons of the expression. */
type WindowValue = RowNumbers;

/** A window's values, part by part, with what its interventions put in that is not a number; or why it has none. */
type WindowResult = { readonly parts: readonly WindowValue[]; readonly put: string | null } | string;

export interface CorpusCollector {
  /** Takes in a finished unit of a graph; without tensors, the reason why its rows are lost. */
  readonly add: (rows: readonly PlanRow[], tensors: UnitTensors | string, graph: GraphPlan) => void;
  /** Gives the values of the documents of which every window was seen. */
  readonly fill: (builder: StudyBuilder) => void;
}

/** What reads a part from the units of a graph. */
interface Source {
  readonly part: DocumentPart;
  readonly read: RowReader;
}

/** What reads a study's parts, one measure after the other, from the units of a graph. */
interface UnitReader {
  readonly sources: readonly Source[];
  readonly put: ReturnType<typeof putReader>;
}

/**
 * Collects a study's windows in any order. A document's value is made of its windows in float64: sums and extremes of
 * theirs, values of positions one after the other, and whatever the measure computes from those.
 */
export function collectDocuments(study: Study, texts: TokenizedTexts): CorpusCollector {
  const measures = study.measures.map(({ expression }) => soundParts(expression, texts.name));
  const known = new Map<string, UnitReader>();
  function readerOf(graph: GraphPlan): UnitReader {
    const found = known.get(graph.id);
    if (found !== undefined) return found;
    const sources = study.measures.flatMap(({ expression }, m) => {
      const reasons = reasonsOf(expression);
      const parts = measures[m] ?? [];
      return parts.map((part): Source => ({ part, read: rowReader(graph, part.expression, reasons) }));
    });
    const reader = { sources, put: putReader(graph, study.conditions) };
    known.set(graph.id, reader);
    return reader;
  }
  /** By condition, then by window. */
  const seen = new Map<number, Map<number, WindowResult>>();

  return {
    add(rows, tensors, graph) {
      rows.forEach(({ prompt, condition }, row) => {
        const windows = seen.get(condition) ?? new Map<number, WindowResult>();
        seen.set(condition, windows);
        const scored = texts.prompts[prompt]?.numbers.scored ?? 0;
        if (typeof tensors === "string") {
          windows.set(prompt, tensors);
          return;
        }
        const { sources, put } = readerOf(graph);
        const parts = sources.map((source) => windowValue(source, tensors, row, scored));
        windows.set(prompt, { parts, put: put(tensors, row, condition) });
      });
    },
    fill(builder) {
      for (const [condition, windows] of seen) {
        for (const [text, document] of (texts.documents ?? []).entries()) {
          const own = document.windows.map((window) => windows.get(window)).filter((window) => window !== undefined);
          if (own.length < document.windows.length) continue;
          const lost = own.find((window) => typeof window === "string");
          const values = own.filter((window) => typeof window !== "string");
          let part = 0;
          study.measures.forEach((measure, m) => {
            const parts = measures[m] ?? [];
            const from = part;
            part += parts.length;
            const yielded = values.map((window) => window.parts.slice(from, from + parts.length));
            const result = lost === undefined ? documentNumbers(measure.expression, parts, yielded, document) : null;
            const put = values.find((window) => window.put !== null)?.put ?? null;
            const reasons = reasonsOf(measure.expression);
            const first = builder.slotOf(condition, text, m);
            for (let entry = 0; entry < builder.entries(text, m); entry++) {
              const { value, reason } =
                result === null ? { value: Number.NaN, reason: lost ?? null } : numberAt(result, entry, reasons, put);
              builder.values[first + entry] = value;
              if (reason !== null) builder.explain(first + entry, reason);
            }
          });
          builder.complete(condition, text);
        }
      }
    },
  };
}

/** The axes of measures on the documents of a corpus. */
export function documentAxes(
  { measures }: Study,
  { documents, bos }: TokenizedTexts,
): (text: number, measure: number) => readonly EntryAxis[] {
  const known = new Map<number, readonly EntryAxis[]>();
  return (text, m) => {
    const [measure, document] = [measures[m], documents?.[text]];
    if (measure === undefined || document === undefined) return [];
    return rememberedIn(known, text * measures.length + m, () =>
      entryAxes(measure, (axis) => rangeOf(axis, document, bos)),
    );
  };
}

/** Entries of an axis in a document: along `pos` its scored tokens, by their numbers in the document, BOS counted. */
function rangeOf(
  axis: Axis,
  document: CorpusDocument,
  bos: boolean,
): { readonly first: number; readonly size: number } {
  return axis.name === "pos"
    ? { first: (document.starts[0] ?? 0) + Number(bos), size: document.tokens }
    : { first: 0, size: extentSize(axis.extent, 0) };
}

function windowValue({ part, read }: Source, tensors: UnitTensors, row: number, scored: number): WindowValue {
  const found = read(tensors, row);
  if (part.kind !== "positions") return found;
  // Of all positions the last ones are this window's.
  const { before, after } = entriesAroundPositions(part);
  const length = found.data.length / (before * after);
  const isScored = (place: number): boolean => Math.floor(place / after) % length >= length - scored;
  return {
    ...found,
    data: found.data.filter((_, place) => isScored(place)),
    fault: found.fault?.filter((_, place) => isScored(place)) ?? null,
  };
}

/** {@link documentValue} with what makes it infinite: the first cause of a window, or what float64 cannot hold. */
function documentNumbers(
  expression: MeasureExpression,
  parts: readonly DocumentPart[],
  windows: readonly (readonly WindowValue[])[],
  document: CorpusDocument,
): RowNumbers {
  const { data, fault } = documentValue(expression, parts, windows, document);
  const found = windows.flat().find(({ cause }) => cause !== null);
  const { masked } = causesOf(expression);
  return { data, fault, cause: found?.cause ?? beyondFloat64(expression), masked };
}

/** The value of a measure for a document, from its windows' values in order; faults are reasons of the expression. */
function documentValue(
  expression: MeasureExpression,
  parts: readonly DocumentPart[],
  windows: readonly (readonly WindowValue[])[],
  { tokens, bytes, words }: CorpusDocument,
): ReferenceTensor {
  const known = new Map(
    parts.map(
      (part, i) =>
        [
          part.node,
          joined(
            part,
            windows.flatMap((window) => window[i] ?? []),
            tokens,
          ),
        ] as const,
    ),
  );
  const sites = (): never => {
    throw new RangeError("documentValue: every value of the model is a part");
  };
  return evaluateReference(expression, sites, undefined, { texts: { tokens, bytes, words }, known });
}

function joined(part: DocumentPart, windows: readonly WindowValue[], tokens: number): ReferenceTensor {
  const axes = part.type.axes.map((axis) => ({
    name: axis.name,
    size: axis.name === "pos" ? tokens : extentSize(axis.extent, 0),
  }));
  const [first, ...others] = windows;
  if (first === undefined) throw new RangeError("documentValue: a document without windows");
  switch (part.kind) {
    case "same":
      return { axes, data: first.data, fault: first.fault };
    case "positions":
      return { axes, ...alongPositions(part, windows) };
    case "sum":
    case "mean":
    case "max":
    case "min": {
      const join = { sum: add, mean: add, max: Math.max, min: Math.min }[part.kind];
      const total = others.reduce<Values>((made, window) => combined(made, window, join), first);
      const divisor = part.kind === "mean" ? tokens * part.entries : 1;
      return { axes, data: total.data.map((value) => value / divisor), fault: total.fault };
    }
  }
}

function add(a: number, b: number): number {
  return a + b;
}

/** Values and faults of a window, or of several together. */
type Values = Pick<WindowValue, "data" | "fault">;

/** Two windows' values place by place, with the later of their reasons. */
function combined(a: Values, b: Values, join: (a: number, b: number) => number): Values {
  const { fault } = a;
  return {
    data: a.data.map((value, i) => join(value, b.data[i] ?? Number.NaN)),
    fault: fault === null ? b.fault : fault.map((number, i) => Math.max(number, b.fault?.[i] ?? 0)),
  };
}

/** How many entries the axes before pos have together, and those behind it. */
function entriesAroundPositions({ type: { axes } }: DocumentPart): { readonly before: number; readonly after: number } {
  const at = axes.findIndex(({ name }) => name === "pos");
  const entries = (some: readonly Axis[]): number =>
    some.reduce((product, { extent }) => product * extentSize(extent, 0), 1);
  return { before: entries(axes.slice(0, at)), after: entries(axes.slice(at + 1)) };
}

/** Windows one after the other along pos, which may have axes before and behind it. */
function alongPositions(part: DocumentPart, windows: readonly WindowValue[]): Values {
  const { before } = entriesAroundPositions(part);
  const order = (of: (window: WindowValue) => Float64Array | Int32Array | null): number[] =>
    Array.from({ length: before }, (_, outer) =>
      windows.map((window) => {
        const numbers = of(window);
        const length = window.data.length / before;
        return numbers === null
          ? new Array<number>(length).fill(0)
          : Array.from(numbers.subarray(outer * length, (outer + 1) * length));
      }),
    ).flat(2);
  const faulty = windows.some((window) => window.fault !== null);
  return {
    data: Float64Array.from(order((window) => window.data)),
    fault: faulty ? Int32Array.from(order((window) => window.fault)) : null,
  };
}

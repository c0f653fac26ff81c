/** Values of documents from the values of their windows. */
import type { GraphPlan, PlanRow } from "../ir/plan.js";
import type { CorpusDocument, Study, TokenizedTexts } from "../ir/protocol.js";
import type { MeasureExpression } from "../ir/expression.js";
import { extentSize, type Axis } from "../ir/tensor-type.js";
import { soundParts, type DocumentPart } from "../operations/documents.js";
import type { ReferenceTensor } from "../operations/operation.js";
import { outputFinder } from "../lower/graph-plan.js";
import { evaluateReference, reasonsOf } from "../operations/reference.js";
import {
  entriesOf,
  freeAxes,
  freeCoordinates,
  notFinite,
  type Cell,
  type UnitTensor,
  type UnitTensors,
} from "./cells.js";

/** What one window yields for one part of a measure: of `positions` its scored ones only. Faults: 0, or a reason of the expression. */
interface WindowValue {
  readonly data: Float64Array;
  readonly fault: Int32Array | null;
}

/** A window's values, part by part; or why it has none. */
type WindowResult = readonly WindowValue[] | string;

export interface CorpusCollector {
  /** Takes in a finished unit of a graph; without tensors, the reason why its rows are lost. */
  readonly add: (rows: readonly PlanRow[], tensors: UnitTensors | string, graph: GraphPlan) => void;
  /** Values of the documents of which every window was seen. */
  readonly cells: () => readonly Cell[];
}

/** The output of a graph that yields a part, and how that output numbers the expression's reasons. */
interface Source {
  readonly part: DocumentPart;
  readonly name: string;
  readonly fault: string | null;
  readonly reasonNumbers: readonly number[];
}

/**
 * Collects a study's windows in any order. A document's value is made of its windows in float64: sums and extremes of
 * theirs, values of positions one after the other, and whatever the measure computes from those.
 */
export function collectDocuments(study: Study, texts: TokenizedTexts): CorpusCollector {
  const measures = study.measures.map(({ expression }) => soundParts(expression, texts.name));
  const known = new Map<string, readonly Source[]>();
  /** Where a graph yields the parts of the measures, one measure after the other. */
  function sourcesOf(graph: GraphPlan): readonly Source[] {
    const found = known.get(graph.id);
    if (found !== undefined) return found;
    const outputOf = outputFinder(graph);
    const sources = study.measures.flatMap(({ expression }, m) => {
      const reasons = reasonsOf(expression);
      return (measures[m] ?? []).map((part): Source => {
        const { name, fault, reasons: numbered } = outputOf(part.expression);
        return { part, name, fault, reasonNumbers: numbered.map((reason) => reasons.indexOf(reason) + 1) };
      });
    });
    known.set(graph.id, sources);
    return sources;
  }
  /** By condition, then by window. */
  const seen = new Map<number, Map<number, WindowResult>>();

  return {
    add(rows, tensors, graph) {
      rows.forEach(({ prompt, condition }, row) => {
        const windows = seen.get(condition) ?? new Map<number, WindowResult>();
        seen.set(condition, windows);
        const scored = texts.prompts[prompt]?.numbers.scored ?? 0;
        const result =
          typeof tensors === "string"
            ? tensors
            : sourcesOf(graph).map((source) => windowValue(source, tensors, row, scored));
        windows.set(prompt, result);
      });
    },
    cells() {
      const cells: Cell[] = [];
      for (const [condition, windows] of seen) {
        for (const [text, document] of (texts.documents ?? []).entries()) {
          const own = document.windows.map((window) => windows.get(window)).filter((window) => window !== undefined);
          if (own.length < document.windows.length) continue;
          const lost = own.find((window) => typeof window === "string");
          const values = own.filter((window) => typeof window !== "string");
          let first = 0;
          study.measures.forEach((measure, m) => {
            const parts = measures[m] ?? [];
            const from = first;
            first += parts.length;
            const axes = freeAxes(measure, (axis) => rangeOf(axis, document));
            const result =
              lost === undefined
                ? documentValue(
                    measure.expression,
                    parts,
                    values.map((window) => window.slice(from, from + parts.length)),
                    document,
                  )
                : null;
            const reasons = reasonsOf(measure.expression);
            for (let place = 0; place < entriesOf(axes); place++) {
              const value = result?.data[place] ?? Number.NaN;
              const fault = result?.fault?.[place] ?? 0;
              const reason =
                fault > 0 ? (reasons[fault - 1] ?? notFinite) : Number.isFinite(value) ? null : (lost ?? notFinite);
              cells.push({ text, condition, measure: m, free: freeCoordinates(axes, place), value, reason });
            }
          });
        }
      }
      return cells;
    },
  };
}

/** Entries of an axis in a document: along `pos` its scored tokens, by their numbers in the document. */
function rangeOf(axis: Axis, document: CorpusDocument): { readonly first: number; readonly size: number } {
  return axis.name === "pos"
    ? { first: document.starts[0] ?? 0, size: document.tokens }
    : { first: 0, size: extentSize(axis.extent, 0) };
}

function windowValue(
  { part, name, fault, reasonNumbers }: Source,
  tensors: UnitTensors,
  row: number,
  scored: number,
): WindowValue {
  const values = tensors[name];
  if (values === undefined) throw new RangeError(`collectDocuments: the unit has no ${name}`);
  const faults = fault === null ? undefined : tensors[fault];
  const kept = part.kind === "positions" ? scored : null;
  return {
    data: Float64Array.from(rowOf(values, part, row, kept)),
    fault:
      faults === undefined
        ? null
        : Int32Array.from(rowOf(faults, part, row, kept), (number) => reasonNumbers[number - 1] ?? 0),
  };
}

/** The numbers of one row, row-major; with `kept`, only that many last entries of pos. */
function rowOf(tensor: UnitTensor, part: DocumentPart, row: number, kept: number | null): readonly number[] {
  // A value that does not depend on the text is there once for all rows.
  const count = tensor.dims[0] ?? 1;
  const size = tensor.data.length / count;
  const start = count === 1 ? 0 : row * size;
  const numbers = Array.from({ length: size }, (_, i) => Number(tensor.data[start + i]));
  if (kept === null) return numbers;
  const axis = part.type.axes.findIndex(({ name }) => name === "pos");
  const length = tensor.dims[axis + 1] ?? 0;
  const after = tensor.dims.slice(axis + 2).reduce((product, dimension) => product * dimension, 1);
  return numbers.filter((_, i) => Math.floor(i / after) % length >= length - kept);
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
      return { axes, ...first };
    case "positions":
      return { axes, ...alongPositions(part, windows) };
    case "sum":
    case "mean":
    case "max":
    case "min": {
      const join = { sum: add, mean: add, max: Math.max, min: Math.min }[part.kind];
      const total = others.reduce((made, window) => combined(made, window, join), first);
      const divisor = part.kind === "mean" ? tokens * part.entries : 1;
      return { axes, data: total.data.map((value) => value / divisor), fault: total.fault };
    }
  }
}

function add(a: number, b: number): number {
  return a + b;
}

/** Two windows' values place by place, with the later of their reasons. */
function combined(a: WindowValue, b: WindowValue, join: (a: number, b: number) => number): WindowValue {
  const { fault } = a;
  return {
    data: a.data.map((value, i) => join(value, b.data[i] ?? Number.NaN)),
    fault: fault === null ? b.fault : fault.map((number, i) => Math.max(number, b.fault?.[i] ?? 0)),
  };
}

/** Windows one after the other along pos, which may have axes before and behind it. */
function alongPositions(part: DocumentPart, windows: readonly WindowValue[]): WindowValue {
  const axis = part.type.axes.findIndex(({ name }) => name === "pos");
  const sizes = part.type.axes.map(({ name, extent }) => (name === "pos" ? 1 : extentSize(extent, 0)));
  const before = sizes.slice(0, axis).reduce((product, size) => product * size, 1);
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

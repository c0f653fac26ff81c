/** The type of an experiment's results: computed here, once, and read by everything after. */
import { outerAxes } from "../../ir/axes.js";
import { declaredName, wholeName, type Coordinate, type Study, type TokenizedTexts } from "../../ir/protocol.js";
import type { MetricType, ResultAxis, ResultAxisKind, ResultColumn, ResultType } from "../../ir/result-type.js";
import { scalar } from "../../ir/tensor-type.js";
import { nameFields, type FieldNames } from "./field-names.js";
import { deferredAxes } from "../../ir/deferred-axes.js";
import { labelledTexts, type LabelledText } from "../../ir/labelled-texts.js";

/** A column that the `measure` clause asks for. */
export interface MeasuredMetric {
  readonly name: string;
  readonly normalised: boolean;
}

export interface TypedResults {
  readonly type: ResultType;
  readonly fields: FieldNames;
}

/** Names that the protocol's experiments have, all together and each. */
interface OtherNames {
  readonly axes: ReadonlySet<string>;
  readonly fields: ReadonlySet<string>;
  readonly types: readonly Pick<ResultType, "texts" | "metrics">[];
}

const noOthers: OtherNames = { axes: new Set(), fields: new Set(), types: [] };

/** Which axes the group of a text and a text itself are told apart by. */
const textAxes = ["prompts", "group", "prompt", "document"] as const;

/**
 * @param studies those of the experiment: all have the same metrics, and may differ in axes.
 * @param texts every prompt set that was read.
 * @param metrics in the order of the protocol; those of an experiment that is wrong may be in no study.
 * @param others axes, fields and measures of all the protocol's experiments: one saved column never means two things.
 */
export function resultTypeOf(
  experiment: string,
  studies: readonly Study[],
  texts: Iterable<TokenizedTexts>,
  metrics: readonly MeasuredMetric[],
  others: OtherNames = noOthers,
): TypedResults {
  const sets = [...texts].filter((set) => studies.some((s) => s.texts === set.name && s.model === set.model));
  const axes = createAxes();
  for (const study of studies) {
    for (const [axis, level] of Object.entries(study.coordinates)) {
      axes.add(axis, (textAxes as readonly string[]).includes(axis) ? "texts" : "model", level);
    }
  }
  const inParts = sets.some(({ name }) => wholeName(name) !== name);
  const read = sets.flatMap(labelledTexts);
  const labelled = inParts ? [...read].sort((a, b) => Number(a.place["prompt"]) - Number(b.place["prompt"])) : read;
  for (const { place } of labelled) {
    for (const [axis, level] of Object.entries(place)) axes.add(axis, "texts", level);
  }
  for (const study of studies) {
    for (const { coordinates } of study.conditions) {
      for (const [axis, level] of Object.entries(coordinates)) axes.add(axis, "intervention", level);
    }
    // Which places a selection by another experiment's result chooses is known when that result is there.
    for (const axis of deferredAxes(study.deferred)) axes.open(axis, "intervention", countsOf(study));
  }
  for (const { measures } of studies) {
    for (const measure of measures) {
      for (const [axis, level] of Object.entries(measure.coordinates)) axes.add(axis, "sweep", level);
      for (const { name, origin } of measure.axes) axes.open(name, origin === null ? "entry" : "position", null);
    }
  }
  const all = axes.list(groupDecidedBy(sets, studies));
  const names = new Set(all.map((axis) => axis.name));
  // A field is called alike in all experiments on the same texts.
  const own = new Set(studies.map((study) => declaredName(study.texts)));
  const sharing = others.types.filter(({ texts: read }) => read.some((name) => own.has(name)));
  const fields = nameFields(
    new Set(labelled.flatMap((text) => Object.keys(text.fields))),
    new Set([...names, ...others.axes]),
    new Set([...metrics, ...sharing.flatMap((type) => type.metrics)].map(({ name }) => name)),
  );
  const ofText = textAxes.filter((axis) => axis !== "group" || !names.has("prompt")).filter((axis) => names.has(axis));
  const columns = [
    ...fieldColumns(labelled, fields, ofText),
    ...modelColumns(studies, new Set([...names, ...others.axes, ...others.fields, ...fields.names.values()])),
    ...drawnColumns(studies, new Set([...names, ...others.axes, ...others.fields, ...fields.names.values()])),
  ];
  return {
    fields,
    type: {
      experiment,
      axes: all,
      columns,
      metrics: metrics.map((metric) => metricTypeOf(metric, studies, all)),
      texts: [...own],
      intervened: studies.some((s) => s.conditions.length > 1 || s.deferred !== null),
    },
  };
}

function groupDecidedBy(sets: readonly TokenizedTexts[], studies: readonly Study[]): readonly string[] {
  // Documents are numbered within their group, prompts through all groups of their set.
  if (sets.some((set) => set.documents !== null)) return [];
  return studies.some((study) => "prompts" in study.coordinates) ? ["prompts", "prompt"] : ["prompt"];
}

function fieldColumns(
  texts: readonly LabelledText[],
  { names }: FieldNames,
  of: readonly string[],
): readonly ResultColumn[] {
  const levels = new Map<string, Set<Coordinate>>([...names.keys()].map((field) => [field, new Set()]));
  for (const { fields } of texts) {
    for (const [field, value] of Object.entries(fields)) levels.get(field)?.add(value);
  }
  return [...names].map(([field, name]) => ({
    name,
    field,
    kind: "field",
    levels: [...(levels.get(field) ?? [])],
    of,
  }));
}

/** Facts of models, where the experiment has several of them to compare. */
function modelColumns(studies: readonly Study[], taken: ReadonlySet<string>): readonly ResultColumn[] {
  const of = ["model", "revision", "dtype"].filter((axis) => studies.some(({ coordinates }) => axis in coordinates));
  if (of.length === 0) return [];
  const names = new Set(studies.flatMap(({ facts }) => Object.keys(facts)));
  return [...names].flatMap((name): readonly ResultColumn[] => {
    const levels = [...new Set(studies.flatMap(({ facts }) => facts[name] ?? []))];
    return [{ name: taken.has(name) ? `model_${name}` : name, field: name, kind: "model", levels, of }];
  });
}

/** What was drawn at random, where places were: with several models, different places in each. */
function drawnColumns(studies: readonly Study[], taken: ReadonlySet<string>): readonly ResultColumn[] {
  const levels = [...new Set(studies.flatMap(({ conditions }) => conditions.flatMap(({ drawn }) => drawn ?? [])))];
  if (levels.length === 0) return [];
  const of = ["model", "revision", "dtype"].filter((axis) => studies.some(({ coordinates }) => axis in coordinates));
  const name = taken.has("places") ? "drawn_places" : "places";
  return [{ name, field: "places", kind: "places", levels, of: [...of, "draw"] }];
}

function metricTypeOf(metric: MeasuredMetric, studies: readonly Study[], axes: readonly ResultAxis[]): MetricType {
  const measures = studies.flatMap((study) => study.measures.filter(({ metric: name }) => name === metric.name));
  const own = new Set(
    measures.flatMap((measure) => [...Object.keys(measure.coordinates), ...measure.axes.map(({ name }) => name)]),
  );
  const { unit, element } = measures[0]?.type ?? scalar;
  return {
    ...metric,
    unit,
    element,
    axes: axes.filter(({ name, kind }) => own.has(name) || !isMeasured(kind)).map(({ name }) => name),
  };
}

function isMeasured(kind: ResultAxisKind): boolean {
  return kind === "sweep" || kind === "position" || kind === "entry";
}

/** The coordinates of `count`, the axis of `top 1..20`; null for any other selection. */
function countsOf({ deferred }: Study): readonly Coordinate[] | null {
  if (deferred?.isRange !== true) return null;
  return Array.from({ length: deferred.last - deferred.first + 1 }, (_, i) => deferred.first + i);
}

/** Axes as they are found, one entry a name. */
function createAxes() {
  const found = new Map<string, { readonly kind: ResultAxisKind; levels: Set<Coordinate> | null }>();
  return {
    add(name: string, kind: ResultAxisKind, level: Coordinate): void {
      const known = found.get(name);
      if (known === undefined) found.set(name, { kind, levels: new Set([level]) });
      else known.levels?.add(level);
    },
    /** An axis whose coordinates are these, or known only when the experiment has run. */
    open(name: string, kind: ResultAxisKind, levels: readonly Coordinate[] | null): void {
      found.set(name, { kind: found.get(name)?.kind ?? kind, levels: levels === null ? null : new Set(levels) });
    },
    list(groupOf: readonly string[]): readonly ResultAxis[] {
      const names = [...found.keys()];
      const outer = outerAxes.filter((axis) => found.has(axis));
      return [...outer, ...names.filter((name) => !outerAxes.includes(name))].flatMap((name) => {
        const axis = found.get(name);
        if (axis === undefined) return [];
        const levels = axis.levels === null ? null : [...axis.levels];
        return [{ name, kind: axis.kind, levels, of: name === "group" ? groupOf : [] }];
      });
    },
  };
}

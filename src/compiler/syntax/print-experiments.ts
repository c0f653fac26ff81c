/** The layout of experiments: one clause on a line, indented under the name. */
import type {
  AblateClause,
  CurvatureClause,
  ExperimentStatement,
  Expression,
  Intervention,
  MeasureItem,
  PathReceiver,
  PlaceUse,
  Positions,
  Replacement,
  Selection,
  Together,
} from "./ast.js";
import { type Doc, group, hard, indent, join, line, source } from "./layout.js";
import {
  bindingLevel,
  bindingOf,
  parenthesised,
  printExpression,
  printName,
  printNames,
  printNumber,
  printPositions,
  printShort,
} from "./print-expressions.js";

/** A named experiment has its clauses on lines of their own; an unnamed one stays on one line when it fits. */
export function printExperiment(e: ExperimentStatement): Doc {
  const header = [
    ...(e.on.length === 0 ? [] : [[source(e.on[0]?.span.start ?? 0), group("on ", indent(printNames(e.on)))]]),
    ...(e.with.length === 0 ? [] : [[source(e.with[0]?.span.start ?? 0), group("with ", indent(printNames(e.with)))]]),
  ];
  const measures = e.measures.map(printMeasureItem);
  const clauses: readonly Doc[] = [
    ...(header.length === 0 ? [] : [group(join(header, line))]),
    ...e.interventions.map((clause) => [source(clause.span.start), printIntervention(clause)]),
    ...(measures.length === 0
      ? []
      : [[source(e.measures[0]?.span.start ?? 0), group("measure ", indent(join(measures, [",", line])))]]),
    ...(e.curvature === null ? [] : [[source(e.curvature.span.start), printCurvature(e.curvature)]]),
  ];
  if (e.name !== null) return ["experiment ", printName(e.name), indent(clauses.map((clause) => [hard, clause]))];
  const [first = "", ...others] = clauses;
  return group(first, indent(others.map((clause) => [line, clause])));
}

function printIntervention(clause: Intervention): Doc {
  switch (clause.kind) {
    case "ablate":
      return printAblate(clause);
    case "patch":
      return group(
        "patch ",
        printTarget(clause.target.text, clause.target.span.start, clause.places),
        indent(
          clause.to === null ? [] : [line, printReceiver(clause.to)],
          reach(clause.positions, clause.together),
          line,
          "from ",
          printName(clause.from),
          line,
          "into ",
          printName(clause.into),
        ),
      );
    case "set": {
      const { site, positions, together } = clause;
      // An `at` at the end of the site is read as the clause's own unless it stands in parentheses.
      const printed =
        positions === null && site.kind === "at" ? parenthesised(site) : printExpression(site, bindingLevel.postfix);
      return group("set ", printed, indent(reach(positions, together), line, "to ", group(printExpression(clause.to))));
    }
    case "scale":
      return group(
        "scale ",
        printTarget(clause.target.text, clause.target.span.start, clause.places),
        indent(
          reach(clause.positions, clause.together),
          line,
          "by ",
          printAmount(clause.by, clause.positions !== null),
        ),
      );
    case "steer": {
      const after = clause.positions !== null && bindingOf(clause.by) >= bindingLevel.comparison;
      return group(
        "steer ",
        printTarget(clause.target.text, clause.target.span.start, clause.places),
        indent(
          after ? [] : reach(clause.positions, clause.together),
          line,
          "by ",
          printAmount(clause.by, clause.positions !== null),
          after ? reach(clause.positions, clause.together) : [],
        ),
      );
    }
  }
}

/** ` at positions` and ` together`, each on a new line when the clause is broken. */
function reach(positions: Positions | null, together: Together | null): Doc {
  return [
    ...(positions === null ? [] : [line, printPositions(positions)]),
    ...(together === null ? [] : [line, printTogether(together)]),
  ];
}

function printTogether({ over, span }: Together): Doc {
  return [source(span.start), "together", over.length === 0 ? "" : [" over ", printNames(over)]];
}

function printReceiver({ input, target, places, span }: PathReceiver): Doc {
  const of = input === null ? "" : [printName(input), " of "];
  return [source(span.start), "to ", of, printTarget(target.text, target.span.start, places)];
}

/** The amount of `scale` and `steer`: an `at` at its end would be read as the clause's own if that has none. */
function printAmount(by: Expression, clauseHasPositions: boolean): Doc {
  return !clauseHasPositions && endsInAt(by) ? parenthesised(by) : group(printExpression(by));
}

function endsInAt(e: Expression): boolean {
  if (e.kind === "at") return true;
  if (e.kind === "unary") return endsInAt(e.operand);
  return e.kind === "binary" && endsInAt(e.right);
}

function printPlaces(places: readonly PlaceUse[]): Doc {
  return join(
    places.map((place) => [source(place.span.start), place.text]),
    [",", line],
  );
}

function printTarget(text: string, offset: number, places: readonly PlaceUse[]): Doc {
  return [source(offset), text, ...(places.length === 0 ? [] : [" ", group(indent(printPlaces(places)))])];
}

function printAblate(clause: AblateClause): Doc {
  const { selection } = clause;
  return group(
    "ablate ",
    printSelection(clause.target, selection),
    indent(
      reach(clause.positions, clause.together),
      clause.by === null ? [] : [line, "by ", printReplacement(clause.by)],
    ),
  );
}

function printSelection(target: string, selection: Selection): Doc {
  const { start } = selection.span;
  switch (selection.kind) {
    case "places":
      return printTarget(target, start, selection.places);
    case "combinations": {
      const { word, size } = selection;
      const what = word === "combinations" ? `combinations of ${size}` : `${word} of`;
      return [source(start), `${what} `, printTarget(target, selection.what.span.start, selection.places)];
    }
    case "random": {
      const options = [
        selection.seed === null ? [] : [line, "seed ", printNumber(selection.seed)],
        selection.draws === null ? [] : [line, "draws ", printNumber(selection.draws)],
      ];
      const what = ["random ", printNumber(selection.count), " ", printName(selection.what)];
      return [source(start), what, " of ", group(indent(printPlaces(selection.places))), indent(options)];
    }
    case "top":
      return [
        `top ${selection.isRange ? `${selection.first}..${selection.last}` : selection.first} `,
        printName(selection.what),
        " of ",
        printName(selection.experiment),
        " by ",
        printShort(selection.by),
      ];
  }
}

function printReplacement(by: Replacement): Doc {
  const start = source(by.span.start);
  switch (by.kind) {
    case "zero":
      return [start, "zero"];
    case "mean":
      return [start, "mean", by.of === null ? "" : [" of ", printName(by.of)], by.perPosition ? " per position" : ""];
    case "resample":
      return [start, "resample from ", printName(by.from), by.seed === null ? "" : [" seed ", printNumber(by.seed)]];
    case "constant":
      return [start, "constant ", printShort(by.value)];
  }
}

function printMeasureItem(item: MeasureItem): Doc {
  const { expression } = item;
  const printed =
    !item.recovery && startsWithRecoveryOf(expression) ? parenthesised(expression) : group(printExpression(expression));
  return [
    source(item.span.start),
    item.recovery ? "recovery of " : "",
    printed,
    item.as === null ? "" : [" as ", printName(item.as)],
  ];
}

/** A metric called `recovery` on other texts would be read as the clause `recovery of`. */
function startsWithRecoveryOf(e: Expression): boolean {
  if (e.kind === "of" && e.base.kind === "name") return e.base.text === "recovery";
  if (e.kind === "binary") return startsWithRecoveryOf(e.left);
  return "base" in e && startsWithRecoveryOf(e.base);
}

function printCurvature(clause: CurvatureClause): Doc {
  const counts = (["top", "probes", "steps", "seed"] as const).flatMap((word) => {
    const value = clause[word];
    return value === null ? [] : [{ word, doc: [line, `${word} `, printNumber(value)] }];
  });
  const top = counts.filter(({ word }) => word === "top").map(({ doc }) => doc);
  const others = counts.filter(({ word }) => word !== "top").map(({ doc }) => doc);
  return group(
    "curvature of ",
    group(printExpression(clause.of)),
    indent(
      line,
      "over params ",
      printTarget(clause.parameters.text, clause.parameters.span.start, clause.places),
      clause.gaussNewton ? [line, "gauss_newton"] : [],
      top,
      clause.trace ? [line, "trace"] : [],
      clause.density ? [line, "density"] : [],
      clause.coupling ? [line, "coupling"] : [],
      others,
    ),
  );
}

/** What the names in an experiment mean. */
import type { ExperimentStatement, Intervention, Name, PathReceiver, PlaceUse, Replacement } from "../../syntax/ast.js";
import { namedTexts } from "../interventions/patch.js";
import { isSite } from "../../models/sites.js";
import { languageSymbol } from "../notes.js";
import { nameExpression, namePositions, noteTexts, type Bound } from "./expression-names.js";
import { modelSymbol, noteDefinition, noteParam, noteWords, type Naming } from "./naming.js";
import { nameResult, noteResultName } from "./result-names.js";

/** Notes every name in an experiment. */
export function nameExperiment(cx: Naming, statement: ExperimentStatement): void {
  const { name, on, with: texts, interventions, measures, curvature } = statement;
  const named = namedTexts(statement, cx.scope).map(({ text }) => text);
  const own = named.length > 0 ? named : [...cx.scope.texts.keys()];
  const bound: Bound = { values: new Map(), axes: new Map(), texts: own };
  if (name !== null) noteDefinition(cx, "experiment", name);
  for (const { text, span } of on) cx.notes.name(span, "reference", modelSymbol(cx, text));
  for (const set of texts) noteTexts(cx, own, set);
  for (const clause of interventions) nameIntervention(cx, bound, clause);
  for (const { expression, as } of measures) {
    nameExpression(cx, bound, expression);
    if (as !== null) noteDefinition(cx, "column", as);
  }
  if (curvature === null) return;
  nameExpression(cx, bound, curvature.of);
  noteWords(cx, "part", [curvature.parameters]);
  notePlaces(cx, curvature.places);
}

function nameIntervention(cx: Naming, bound: Bound, clause: Intervention): void {
  namePositions(cx, clause.positions);
  for (const { text, span } of clause.together?.over ?? []) cx.notes.name(span, "axis", languageSymbol("axis", text));
  switch (clause.kind) {
    case "ablate": {
      const { selection, by } = clause;
      if (selection.kind === "places") notePlaces(cx, selection.places);
      else if (selection.kind !== "top") {
        noteWords(cx, "part", [selection.what]);
        notePlaces(cx, selection.places);
      } else {
        noteWords(cx, "part", [selection.what]);
        noteResultName(cx, null, selection.experiment);
        nameResult(cx, cx.results.experiments.get(selection.experiment.text) ?? null, selection.by);
      }
      if (by !== null) nameReplacement(cx, bound, by);
      return;
    }
    case "patch":
      noteTarget(cx, clause.target);
      notePlaces(cx, clause.places);
      if (clause.to !== null) nameReceiver(cx, clause.to);
      noteTexts(cx, bound.texts, clause.from);
      noteTexts(cx, bound.texts, clause.into);
      return;
    case "scale":
    case "steer":
      noteTarget(cx, clause.target);
      notePlaces(cx, clause.places);
      nameExpression(cx, bound, clause.by);
      return;
    case "set":
      nameExpression(cx, bound, clause.site);
      nameExpression(cx, bound, clause.to);
  }
}

function nameReceiver(cx: Naming, { input, target, places }: PathReceiver): void {
  if (input !== null) noteTarget(cx, input);
  noteTarget(cx, target);
  notePlaces(cx, places);
}

function nameReplacement(cx: Naming, bound: Bound, replacement: Replacement): void {
  switch (replacement.kind) {
    case "zero":
      return;
    case "mean":
      if (replacement.of !== null) noteTexts(cx, bound.texts, replacement.of);
      return;
    case "resample":
      noteTexts(cx, bound.texts, replacement.from);
      return;
    case "constant":
      nameExpression(cx, bound, replacement.value);
  }
}

/** A site, or a part of a layer. */
function noteTarget({ notes }: Naming, { text, span }: Name): void {
  if (isSite(text)) notes.name(span, "site", languageSymbol("site", text));
  else notes.name(span, "word", languageSymbol("part", text));
}

function notePlaces(cx: Naming, places: readonly PlaceUse[]): void {
  for (const place of places) {
    if (place.kind === "place") cx.notes.name(place.span, "place", null);
    else noteParam(cx, place);
  }
}

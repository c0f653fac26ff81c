/** `patch … from A into B`: values of one run in another, prompt by prompt. */
import { corruptName } from "../../ir/protocol.js";
import { isSquare } from "../../models/sites.js";
import type { ExperimentStatement, Name, PatchClause } from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { besideContinuations, checkCounts, checkEqualLengths } from "../texts/pairs.js";
import type { Scope } from "../names/scope.js";
import { isHalf, isPaired, resolveTexts } from "../texts/text-names.js";
import { everyPlace, type InterventionContext, type Sweep } from "./context.js";
import { checkPositions } from "./positions.js";
import { pathSweep } from "./path.js";
import { spread } from "./spread.js";
import { placePoints, targetNamed } from "./targets.js";
import { joinsPositions } from "./together.js";

/**
 * Prompt sets that an experiment names: those after `with`, or the one that it patches into. The field of a set of
 * pairs (`into corrupt`) names that set where the file has one.
 */
export function namedTexts({ with: written, interventions }: ExperimentStatement, scope: Scope): readonly Name[] {
  if (written.length > 0) return written;
  for (const clause of interventions) {
    if (clause.kind !== "patch") continue;
    const { into } = clause;
    if (!isHalf(scope, into.text)) return [into];
    const [only, ...more] = [...scope.texts.keys()].filter((name) => isPaired(scope, name));
    if (only !== undefined && more.length === 0) return [{ ...into, text: only }];
  }
  return [];
}

/** What an experiment with the declared set `declared` runs on, in the form of `TokenizedTexts.name`. */
export function textsRunOn({ interventions }: ExperimentStatement, scope: Scope, declared: string): string {
  const patched = interventions.some((c) => c.kind === "patch" && c.into.text === "corrupt");
  return patched && isHalf(scope, "corrupt") && isPaired(scope, declared) ? corruptName(declared) : declared;
}

/** A patch as a sweep, with the name of the texts that it takes values from; null after an error. */
export function checkPatch(cx: InterventionContext, clause: PatchClause): (Sweep & { readonly source: string }) | null {
  const { positions: at, to } = clause;
  const target = targetNamed(cx, clause.target);
  const places = target === null ? null : placePoints(cx, target, clause.places, clause.target.span);
  const positions = checkPositions(cx, at, joinsPositions(clause.together));
  const source = resolveTexts(cx, cx.textsName, clause.from);
  const into = resolveTexts(cx, cx.textsName, clause.into);
  if (source === null || into === null || places === null || positions === null) return null;
  if (into !== cx.runsOn && cx.runsOn !== "") {
    wrongKind(cx, clause.into.span, `${cx.runsOn}, which the experiment runs on`, into);
    return null;
  }
  const square = places.some((place) => place.spots.some((spot) => isSquare(spot.site.site)));
  if (besideContinuations(cx, cx.otherTexts(source), clause.from.span, "a patch from other prompts")) return null;
  if (!checkTexts(cx, clause, source, square)) return null;
  if (to !== null) {
    if (target === null) return null;
    const sweep = pathSweep(cx, { ...clause, to }, target, positions, source);
    return sweep === null ? null : { ...sweep, source };
  }
  const prompts = [...(cx.texts?.prompts.keys() ?? [])];
  const replacement = { kind: "activation" as const, of: source, prompts };
  const sweep = spread(cx, [everyPlace(places, replacement)], positions, clause);
  return sweep === null ? null : { ...sweep, source };
}

/**
 * Pairs are aligned from the end. Their lengths may differ only where every position that is patched is counted from
 * the end and both texts have it. Rows and columns of `square` sites are all positions, so those need equal lengths.
 */
function checkTexts(cx: InterventionContext, clause: PatchClause, source: string, square: boolean): boolean {
  const from = cx.otherTexts(source);
  const { texts: into } = cx;
  if (from === null || into === null) return true;
  for (const [set, { span }] of [
    [from, clause.from],
    [into, clause.into],
  ] as const) {
    if (set.documents === null) continue;
    reportError(cx, "A4308", span, { what: "`patch`", texts: set.name });
    return false;
  }
  if (!checkCounts(cx, from, into, clause.from.span)) return false;
  if (clause.to !== null) {
    const hint = "a path is patched at the same positions of both texts";
    return checkEqualLengths(cx, from, into, clause.from.span, hint);
  }
  const at = clause.positions?.at;
  const first = at?.kind === "last" ? -1 : at?.kind === "index" ? at.index : at?.kind === "range" ? at.first : 0;
  const last = at?.kind === "range" ? at.last : first;
  if (square || first >= 0 || last >= 0) {
    const hint = square
      ? "every position is part of an attention pattern"
      : "pairs are aligned from the end: patch positions that both have, such as `at -4..-1`";
    return checkEqualLengths(cx, from, into, clause.from.span, hint);
  }
  const short = from.prompts.find((prompt) => prompt.ids.length < -first);
  if (short === undefined) return true;
  const parameters = { index: short.index, texts: from.name, tokens: short.ids.length, position: first };
  const hint = "pairs are aligned from the end, so both texts of a pair must have the position";
  reportError(cx, "A4305", clause.positions?.span ?? clause.span, parameters, { hint });
  return false;
}

/** What the statements of two runs came to, statement by statement. */
import { canonicalJson } from "../../compiler/base/digest.js";
import type { TestedPart } from "../../compiler/ir/decision-outcome.js";
import type { RecordedDecision, RunRecord } from "../store/record.js";

/** A statement that came to something else, or that only one run has. */
export interface DecisionDifference {
  readonly statement: string;
  /** What it came to, in a word or two; null where the run does not have it. */
  readonly left: string | null;
  readonly right: string | null;
}

/** Statements that came to something else, and those that only one of the runs has. */
export function decisionDifferences(left: RunRecord, right: RunRecord): readonly DecisionDifference[] {
  const [a, b] = [left, right].map(({ decisions }) => new Map(decisions.map((own) => [keyOf(own), own])));
  const keys = new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])]);
  return [...keys].flatMap((key) => {
    const [one, other] = [a?.get(key), b?.get(key)];
    const same =
      one !== undefined && other !== undefined && canonicalJson(cameTo(one)) === canonicalJson(cameTo(other));
    if (same) return [];
    const named = one ?? other;
    return [{ statement: named?.title ?? named?.statement ?? "", left: shownOutcome(one), right: shownOutcome(other) }];
  });
}

/** Hypotheses are the same by their titles, so that one is compared whose wording was changed. */
function keyOf({ title, statement }: RecordedDecision): string {
  return title ?? statement;
}

/** What a statement came to, without its wording. */
function cameTo({ outcome }: RecordedDecision): unknown {
  if (outcome === null) return null;
  const { statement: _statement, notes: _notes, ...rest } = outcome;
  return rest;
}

/** Parts of an outcome that a line shows; the reports of the runs have all of them. */
const shownParts = 2;

/** What a statement came to, in a few words; null for a run that does not have it. */
function shownOutcome(decision: RecordedDecision | undefined): string | null {
  if (decision === undefined) return null;
  const { outcome } = decision;
  switch (outcome?.kind) {
    case undefined:
      return "not decided";
    case "hypothesis":
      return [outcome.verdict, ...outcome.parts.slice(0, 1).map(partText)].join(", ");
    case "compare":
    case "correlate":
      return outcome.parts.slice(0, shownParts).map(partText).join("; ");
    case "find":
      return outcome.parts
        .slice(0, shownParts)
        .map(({ at }) => `${outcome.what} at ${String(at ?? "none")}`)
        .join("; ");
    case "classify":
      return outcome.parts
        .slice(0, shownParts)
        .map(({ name }) => name ?? "none")
        .join("; ");
    case "probe":
      return outcome.parts
        .slice(0, shownParts)
        .map(({ score }) => `score ${score === null ? "none" : score.toPrecision(6)}`)
        .join("; ");
    default:
      return "other numbers: see the reports";
  }
}

function partText({ estimate, pValue }: TestedPart): string {
  const shown = (value: number | null): string => (value === null ? "none" : value.toPrecision(6));
  return `estimate ${shown(estimate)}, p ${shown(pValue)}`;
}

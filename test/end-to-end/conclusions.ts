/**
 * What a run concluded, in a line for each conclusion that does not change with the last digits of a number: for tests, and
 * for the pages that show conclusions.
 */
import type { DecisionOutcome, TestedPart } from "../../src/compiler/ir/decision-outcome.js";
import type { Coordinates } from "../../src/compiler/ir/result-expression.js";

/** Lines such as `**REJECTED**: TITLE`, `peak over layer: L2 (gpt2-tiny)`; none for what gives numbers and nothing else. */
export function conclusionsOf(outcome: DecisionOutcome): readonly string[] {
  switch (outcome.kind) {
    case "hypothesis":
      return [`**${outcome.verdict}**: ${outcome.title}`];
    case "classify":
      return outcome.parts.map(({ coordinates, name }) => `${placeOf(coordinates, "all")} is ${name ?? "in no class"}`);
    case "find": {
      const found = outcome.parts.map(({ coordinates, at, shape, reason }) => {
        const place = at === null ? `none, ${reason ?? ""}` : String(at);
        const inWhat = placeOf(coordinates, "");
        return `${place}${shape === null ? "" : ` (${shape})`}${inWhat === "" ? "" : ` in ${inWhat}`}`;
      });
      return [`${outcome.what} over ${outcome.over}: ${found.join(", ")}`];
    }
    case "compare":
    case "correlate":
      return [`${short(outcome.statement)}: ${partsText(outcome.parts)}`];
    case "probe": {
      const probes = outcome.parts.map(({ coordinates, score, baseline, reason }) => {
        const words = `${score?.toFixed(2) ?? "none"} against ${baseline?.toFixed(2) ?? "none"}`;
        return `${placeOf(coordinates, "")} ${reason ?? words}`.trim();
      });
      return [`probe of ${outcome.field}: ${probes.join("; ")}`];
    }
    case "fit": {
      const curves = outcome.parts.map(({ coordinates, coefficients, reason }) => {
        const words = coefficients.map(({ name, value }) => `${name} = ${value.toPrecision(2)}`);
        return `${placeOf(coordinates, "")} ${reason ?? words.join(", ")}`.trim();
      });
      return [`${outcome.curve} over ${outcome.over}: ${curves.join("; ")}`];
    }
    case "pca": {
      const shares = outcome.components.map(({ explained }) => `${Math.round(100 * explained)}%`);
      return [`principal components over ${outcome.over}: ${shares.join(", ")} of the variance`];
    }
  }
}

/** Up to four parts one by one, of more how many are sure. */
function partsText(parts: readonly TestedPart[]): string {
  if (parts.length <= 4) return parts.map(partText).join(", ");
  const sure = parts.filter((part) => /p <|without/.test(partText(part)));
  return `something other than 0 in ${sure.length} of ${parts.length} tests`;
}

function partText({ test, coordinates, pValue, adjusted, estimate, interval }: TestedPart): string {
  const p = adjusted ?? pValue;
  const sure = p !== null ? (p < 0.05 ? "p < 0.05" : "p ≥ 0.05") : interval === null ? "no p" : excludesZero(interval);
  const where = placeOf(coordinates, "");
  const number = estimate === null ? "undecided" : estimate.toFixed(2);
  return `${where === "" ? "" : `${where}: `}${test} ${number} (${sure})`;
}

function excludesZero({ low, high }: { readonly low: number; readonly high: number }): string {
  return low > 0 || high < 0 ? "interval without 0" : "interval with 0";
}

function placeOf(coordinates: Coordinates, none: string): string {
  const levels = Object.values(coordinates);
  return levels.length === 0 ? none : levels.join(" ");
}

/** The statement up to the tests that decide it. */
function short(statement: string): string {
  return statement.replace(/ (?:using|correct) .*$/, "");
}

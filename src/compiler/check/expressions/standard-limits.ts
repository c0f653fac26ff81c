/** Where metrics of the standard library have no meaning, as far as the language itself cannot say it. */
import type { Span } from "../../base/span.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { MetricStatement } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import type { Elaboration } from "./values.js";

/** Interventions that can put a run on the way between two inputs. */
const onTheWay: ReadonlySet<string> = new Set(["set", "scale", "steer"]);

/** False where a metric of the standard library cannot be used, which has been reported; a doubtful use is a warning. */
export function mayUseStandard(
  cx: Elaboration,
  { name: { text: name }, span: own }: MetricStatement,
  at: Span,
): boolean {
  if (own.file !== "@stdlib/attribution.atlas") return true;
  if (name.startsWith("edges_to_")) return headsAddUp(cx, name, at);
  if (name === "integrated_gradients" && cx.changedBy?.some((kind) => onTheWay.has(kind)) === false) {
    const hint =
      "`set resid_pre[L0] to …` at several shares of the way, as in the task Integrated gradients; of one point of it, it is `attribution`";
    cx.report(diagnostic("A8035", at, { metric: name }, { hint }));
  }
  return true;
}

/**
 * What a head adds is a part of the stream that later layers read. Where heads are normed together before they are added, or
 * the stream after each addition, it is not: paths are refused there for the same reason.
 */
function headsAddUp(cx: Elaboration, name: string, at: Span): boolean {
  const { normsAfter } = cx.model.signature;
  if (normsAfter === null) return true;
  const what = normsAfter === "stream" ? "norms the stream after each addition" : "norms what its heads give together";
  const hint = "attribution(METRIC) has the effect of each head on the metric, in every model";
  reportError(
    cx,
    "A3004",
    at,
    {
      expected: "a model whose heads add up in the residual stream",
      found: `${name} of ${cx.model.name}, which ${what}`,
    },
    { hint },
  );
  return false;
}

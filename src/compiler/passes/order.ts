/** Whether passes may stand in an order, from what they say of themselves. */
import { ofNaiveDraft } from "./draft-conditions.js";
import { ofLoweredGraph } from "./graph-conditions.js";
import type { Pass } from "./pass.js";

/**
 * What is wrong with an order of passes, a sentence each: a requirement that neither the beginning (the naive draft, the lowered
 * graph) nor an earlier pass ensures, or that a pass in between invalidates; a pass of drafts after one of graphs, which
 * would come first all the same; a name or a setting that two passes have.
 */
export function orderFaults(passes: readonly Pass[]): readonly string[] {
  const faults: string[] = [];
  const holding = {
    draft: new Set(ofNaiveDraft.map(({ name }) => name)),
    graph: new Set(ofLoweredGraph.map(({ name }) => name)),
  };
  /** Condition → the pass that invalidated it. */
  const ended = new Map<string, string>();
  const taken = new Set<string>();
  let graphPass: string | null = null;
  for (const pass of passes) {
    for (const word of [pass.name, ...(pass.kind === "graph" ? [pass.setting] : [])]) {
      if (taken.has(word)) faults.push(`two passes are called ${word}`);
      taken.add(word);
    }
    if (pass.kind === "graph") graphPass = pass.name;
    if (pass.kind === "draft" && graphPass !== null)
      faults.push(`${pass.name} rewrites drafts and stands after ${graphPass}`);
    const holds = pass.kind === "graph" ? holding.graph : holding.draft;
    for (const { name } of pass.requires) {
      if (holds.has(name)) continue;
      const by = ended.get(name);
      faults.push(
        by === undefined
          ? `${pass.name} requires ${name}, which nothing before it ensures`
          : `${pass.name} requires ${name}, which ${by} invalidates`,
      );
    }
    if (pass.kind === "choice") continue;
    for (const { name } of pass.invalidates) {
      holds.delete(name);
      ended.set(name, pass.name);
    }
    for (const { name } of pass.ensures) holds.add(name);
  }
  return faults;
}

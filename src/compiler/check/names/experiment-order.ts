/** Which experiments wait for the results of others (`ablate top 10 heads of sweep by impact`). */
import type { Expression } from "../../syntax/ast.js";
import type { Scope } from "./scope.js";

/** Names anywhere in a tree of syntax that an expression over results may refer to. */
function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== "object" || value === null) return [];
  const node = value as Partial<Expression>;
  const own = node.kind === "name" && node.text !== undefined ? [node.text] : [];
  return [...own, ...Object.values(value).flatMap(namesIn)];
}

/** The experiments that one chooses places from, or ranks them by; `let` names are followed. */
function waitedFor({ experiments, lets }: Scope, name: string): readonly string[] {
  const found = new Set<string>();
  const followed = new Set<string>();
  for (const clause of experiments.get(name)?.interventions ?? []) {
    if (clause.kind !== "ablate" || clause.selection.kind !== "top") continue;
    const waiting = [clause.selection.experiment.text, ...namesIn(clause.selection.by)];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (followed.has(next)) continue;
      followed.add(next);
      if (experiments.has(next)) found.add(next);
      else waiting.push(...namesIn(lets.get(next)?.value ?? null));
    }
  }
  return [...found];
}

/** Names of all experiments, each after those that it waits for; where they wait in a circle, as they are written. */
export function experimentOrder(scope: Scope): readonly string[] {
  const order = new Set<string>();
  const entered = new Set<string>();
  for (const start of scope.experiments.keys()) {
    // A walk without recursion: chains may be long.
    const path = [{ name: start, waits: [...waitedFor(scope, start)] }];
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      entered.add(step.name);
      const next = step.waits.shift();
      if (next === undefined) {
        order.add(step.name);
        path.pop();
      } else if (!entered.has(next)) path.push({ name: next, waits: [...waitedFor(scope, next)] });
    }
  }
  return [...order];
}

/** How `from` waits for `to`, both included; null when it does not. */
export function pathBetween(scope: Scope, from: string, to: string): readonly string[] | null {
  const seen = new Set([from]);
  const paths: (readonly string[])[] = [[from]];
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    const last = path.at(-1) ?? from;
    if (last === to) return path;
    for (const next of waitedFor(scope, last)) {
      if (seen.has(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return null;
}

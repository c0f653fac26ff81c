/**
 * What changes in texts that are longer than the one that was looked at: sliding windows, and angles of rotary positions. Both
 * depend on a whole number in the graph, so the graph is walked over again with a small one in its place.
 */
import { attentionOf, type FoundAttention } from "./attention.js";
import type { Walk } from "./interpret.js";
import { isElementwise } from "./kernels.js";
import { isStop, stop } from "./stop.js";
import { sizeOf } from "./tensors.js";

/** Larger numbers are ends of slices and the like; no text is as long. */
const longestText = 1 << 24;

/**
 * The window of each attention, by the value that its heads are joined in, with those that are longer than the text.
 *
 * @param again walks over the graph with other numbers in the place of tensors
 */
export function longWindows(
  walk: Walk,
  attentions: ReadonlyMap<string, FoundAttention>,
  length: number,
  again: (changed: ReadonlyMap<string, readonly number[]>) => Walk,
): ReadonlyMap<string, number | null> {
  const windows = new Map([...attentions].map(([joined, { window }]) => [joined, window]));
  const small = length - 2;
  for (const [number, names] of numbersOf(walk, length)) {
    const changed = walked(() => again(new Map(names.map((name) => [name, [small]]))));
    if (changed === null) continue;
    for (const [joined, before] of attentions) {
      const after = attentionOf(changed, joined);
      if (after === null || JSON.stringify(after.rotary) !== JSON.stringify(before.rotary)) {
        stop(joined, `the angles of positions change in texts of more than about ${number} tokens`);
      }
      if (after.window !== before.window && after.window !== null) windows.set(joined, number + after.window - small);
    }
  }
  return windows;
}

/** Null where shapes do not fit any more: then the number is a size and no limit of what is seen. */
function walked(again: () => Walk): Walk | null {
  try {
    return again();
  } catch (error) {
    if (isStop(error)) return null;
    throw error;
  }
}

/** Whole numbers above the length that masks or angles follow from, and the tensors that hold each. */
function numbersOf(walk: Walk, length: number): ReadonlyMap<number, readonly string[]> {
  const open: string[] = [];
  for (const node of new Set(walk.makers.values())) {
    const isOfTokens = node.outputs.some((output) => walk.values.get(output)?.origin === "token");
    if (isOfTokens && isElementwise(node)) open.push(...node.inputs);
  }
  const seen = new Set<string>();
  const found = new Map<number, string[]>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const value = walk.values.get(name);
    if (value === undefined || value.origin === "token" || seen.has(name)) continue;
    seen.add(name);
    open.push(...(walk.makers.get(name)?.inputs ?? []));
    if (!walk.tensors.has(name) || !value.whole || sizeOf(value.shape) !== 1) continue;
    const number = value.data()?.[0] ?? 0;
    if (number > length && number < longestText) found.set(number, [...(found.get(number) ?? []), name]);
  }
  return found;
}

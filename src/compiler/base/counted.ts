/** Counts with what they are of, in words. */

/** `1 unit`, `1200 units`. `several` is the plural where it takes more than an s. */
export function counted(count: number, what: string, several = `${what}s`): string {
  return `${count} ${count === 1 ? what : several}`;
}

/** {@link counted} with the digits of thousands in groups: `1,200 units`. */
export function countedInGroups(count: number, what: string, several = `${what}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? what : several}`;
}

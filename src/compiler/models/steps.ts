/** The training step that a revision is named for: `step512`, `step-1000`, `checkpoint-20000`; null for any other name. */
export function stepOf(revision: string): number | null {
  const digits = /^(?:(?:global[_-]?)?step|checkpoint|ckpt)[_-]?(\d{1,15})$/i.exec(revision)?.[1];
  return digits === undefined ? null : Number(digits);
}

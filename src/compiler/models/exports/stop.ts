/** Where the reading of an export ends before its end. */

/** A place in the graph that is not understood. It is thrown, and caught where the whole export is read. */
interface Stop extends Error {
  /** A node or a value, as the file calls it; null where it is about the whole. */
  readonly place: string | null;
}

/** Ends the reading of an export with a clause that says what is not understood. */
export function stop(place: string | null, reason: string): never {
  // Values inside of what was a fused operator are told by its name.
  throw Object.assign(new Error(reason), { place: place?.replace(/\u0000.*/su, "") ?? null });
}

export function isStop(error: unknown): error is Stop {
  return error instanceof Error && "place" in error;
}

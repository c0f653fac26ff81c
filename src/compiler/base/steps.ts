/** Work in steps: between two of them whoever drives it can do something else, or leave the rest undone. */

/** What computes a `T`, and stops now and then. It is as pure as a function as long as it is driven to its end. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Drives work to its end without a pause. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

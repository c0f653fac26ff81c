/** A value, or why there is none (a sentence's end: "the file ends after 12 of 300 bytes"). */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

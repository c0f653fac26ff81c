/** A file as the host read it, or why it could not. */
export type FileFact = { readonly text: string } | { readonly problem: string };

/** A file as the host read it, or why it could not, and what helps where that is another thing than its place. */
export type FileFact = { readonly text: string } | { readonly problem: string; readonly advice?: string };

/** Identifies a prompt set as one model reads it. */
export function textsKey(texts: string, model: string): string {
  return `${texts} for ${model}`;
}

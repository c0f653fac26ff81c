/** What texts begin with by themselves, and whether a text has it already. */
import type { TokenizerFacts } from "./model.js";

/**
 * Whether a text begins by itself with what texts begin with. An unknown word is not BOS, also where both have one id.
 */
export function spellsOut(
  begins: readonly number[],
  { ids, pieces }: { readonly ids: readonly number[]; readonly pieces: readonly string[] },
  tokenizer: TokenizerFacts | null,
): boolean {
  if (begins.some((id, i) => ids[i] !== id)) return false;
  const { bosToken = null, bosTokenId = null } = tokenizer ?? {};
  return bosToken === null || begins[0] !== bosTokenId || pieces[0]?.trim() === bosToken;
}

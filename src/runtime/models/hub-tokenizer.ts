import * as library from "@huggingface/tokenizers";

/** What atlasc uses of Hugging Face's tokenizer. */
export interface HubTokenizer {
  get_vocab(withAdded: boolean): Map<string, number>;
  get_added_tokens_decoder(): ReadonlyMap<number, { readonly content: string; readonly special: boolean }>;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  encode(text: string, options: { readonly add_special_tokens: boolean }): { readonly ids: readonly number[] };
  decode(
    ids: readonly number[],
    options: { readonly skip_special_tokens: boolean; readonly clean_up_tokenization_spaces: boolean },
  ): string;
}

/** The library's declarations name their files without endings, which do not resolve here: hence types of our own. */
export const HubTokenizer = library.Tokenizer as unknown as new (definition: object, config: object) => HubTokenizer;

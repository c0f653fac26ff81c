/** The prompt sets that a declared name stands for: one, or with continuations of several lengths one for each of these. */
import { aloneName, declaredName, wholeName, type TokenizedTexts } from "../../ir/protocol.js";

/** By `textsKey`. */
type Texts = ReadonlyMap<string, TokenizedTexts>;

/** A prompt set by the name of its `TokenizedTexts`, as one model reads it. */
export function textsNamed(texts: Texts, name: string, model: string): TokenizedTexts | null {
  return [...texts.values()].find((set) => set.name === name && set.model === model) ?? null;
}

/** The sets that an experiment on a declared one runs on: of one with continuations, a set for each length of theirs. */
export function partsNamed(texts: Texts, name: string, model: string): readonly TokenizedTexts[] {
  return [...texts.values()].filter(
    (set) => wholeName(set.name) === name && set.model === model && set.name !== aloneName(name),
  );
}

/** See `TextFacts.besideOwn`. */
export function besideOwn(
  texts: Texts,
  own: TokenizedTexts | null,
  name: string,
  take: "paired" | "mean",
  model: string,
): string {
  const isOwn = own !== null && own.continuation > 0 && declaredName(own.name) === declaredName(name);
  if (isOwn && take === "paired") {
    return partsNamed(texts, name, model).find((part) => part.continuation === own.continuation)?.name ?? name;
  }
  return textsNamed(texts, aloneName(name), model)?.name ?? name;
}

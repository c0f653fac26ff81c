/** How results call each text of a set. */
import type { Coordinate, Coordinates, TokenizedTexts } from "./protocol.js";

/** What a text brings into results: its place among the others, and its fields. */
export interface LabelledText {
  readonly place: Coordinates;
  readonly fields: Coordinates;
}

/** Labels of the texts of a set, in the order of its results: windows of a corpus are put together to whole texts. */
export function labelledTexts(set: TokenizedTexts): readonly LabelledText[] {
  const grouped = (group: Coordinate | null): Coordinates => (group === null ? {} : { group });
  return (
    set.documents?.map(({ number, group, fields }) => ({
      place: { ...grouped(group), ...(number === null ? {} : { document: number }) },
      fields,
    })) ?? set.prompts.map(({ index, group, fields }) => ({ place: { ...grouped(group), prompt: index }, fields }))
  );
}

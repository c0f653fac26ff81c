/** What a run's texts and tokenizers say of tokens, for tables that show them. */
import { entryOf } from "../compiler/base/entry.js";
import { textsKey } from "../compiler/check/check.js";
import type { Coordinates, CorpusDocument, Protocol, Study } from "../compiler/ir/protocol.js";
import type { Loaded } from "./load.js";
import type { TokenTexts } from "./report/token-texts.js";

/** Looks up tokens of a protocol's texts; where several studies share a place, as the first one's model reads them. */
export function tokenTextsOf(protocol: Protocol, loaded: Loaded): TokenTexts {
  const { pieces } = loaded.compiled.value;
  const sets = new Map(protocol.texts.map((set) => [textsKey(set.name, set.model), set]));
  const studiesAt = (experiment: string, place: Coordinates): readonly Study[] =>
    protocol.studies.filter(
      (study) =>
        study.experiment === experiment &&
        Object.entries(study.coordinates).every(([axis, value]) => (entryOf(place, axis) ?? value) === value),
    );
  return {
    textAt(experiment, place) {
      const studies = studiesAt(experiment, place);
      const [study] = studies;
      // A difference between prompt sets belongs to neither text.
      if (study === undefined || studies.some((other) => other.texts !== study.texts)) return null;
      const key = textsKey(study.texts, study.model);
      const documents = sets.get(key)?.documents ?? null;
      const index = documents === null ? Number(place["prompt"] ?? NaN) : documentAt(documents, place);
      const text = pieces.get(key)?.[index];
      return text === undefined ? null : { pieces: text, first: documents?.[index]?.starts[0] ?? 0 };
    },
    tokenAt(experiment, place, id) {
      const models = [...new Set(studiesAt(experiment, place).map((study) => study.model))];
      const read = new Set(models.map((model) => loaded.models.get(model)?.tokenizer?.decodeToken(id) ?? null));
      const [only] = read;
      return read.size === 1 ? (only ?? null) : null;
    },
  };
}

/** The document whose columns a place has; NaN where there are several or none. */
function documentAt(documents: readonly CorpusDocument[], place: Coordinates): number {
  const own = documents.flatMap(({ columns }, i) =>
    Object.entries(columns).every(([column, value]) => entryOf(place, column) === value) ? [i] : [],
  );
  return own.length === 1 ? (own[0] ?? NaN) : NaN;
}

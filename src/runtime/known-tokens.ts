/** What a run's texts and tokenizers say of tokens, for tables that show them. */
import { entryOf } from "../compiler/base/entry.js";
import { textsKey } from "../compiler/ir/texts-key.js";
import type { Coordinates, CorpusDocument, Protocol, Study, TokenizedTexts } from "../compiler/ir/protocol.js";
import type { Loaded } from "./load-protocol.js";
import type { ReadModel } from "./models/read-model.js";
import type { TokenTexts } from "./report/token-texts.js";

/** Axes that tell the studies of an experiment apart. */
const studyAxes = ["model", "revision", "dtype", "prompts"] as const;

/** Looks up tokens of a protocol's texts; where several studies share a place, as the first one's model reads them. */
export function tokenTextsOf(protocol: Protocol, loaded: Pick<Loaded<ReadModel>, "compiled" | "models">): TokenTexts {
  const { pieces } = loaded.compiled.value;
  const sets = new Map(protocol.texts.map((set) => [textsKey(set.name, set.model), set]));
  const found = new Map<string, readonly Study[]>();
  const studiesAt = (experiment: string, place: Coordinates): readonly Study[] => {
    const key = JSON.stringify([experiment, ...studyAxes.map((axis) => place[axis] ?? null)]);
    const known = found.get(key);
    if (known !== undefined) return known;
    const studies = protocol.studies.filter(
      (study) =>
        study.experiment === experiment &&
        Object.entries(study.coordinates).every(([axis, value]) => (entryOf(place, axis) ?? value) === value),
    );
    found.set(key, studies);
    return studies;
  };
  /** The one text set behind a place; null where there are several: a difference of two sets belongs to neither. */
  const textsAt = (experiment: string, place: Coordinates): Study | null => {
    const all = studiesAt(experiment, place);
    // Of a set that is read in parts, by the lengths of its continuations, one has the prompt.
    const parts = all.filter((study) => promptIn(sets.get(textsKey(study.texts, study.model)), place) >= 0);
    const studies = parts.length > 0 ? parts : all;
    const [study] = studies;
    return study === undefined || studies.some((other) => other.texts !== study.texts) ? null : study;
  };
  return {
    textAt(experiment, place) {
      const study = textsAt(experiment, place);
      if (study === null) return null;
      const key = textsKey(study.texts, study.model);
      const set = sets.get(key);
      const documents = set?.documents ?? null;
      const index = documents === null ? promptIn(set, place) : documentAt(documents, place);
      const text = pieces.get(key)?.[index];
      return text === undefined
        ? null
        : { pieces: text, first: documents === null ? 0 : (documents[index]?.starts[0] ?? 0) + Number(set?.bos) };
    },
    promptAt(experiment, place) {
      const study = textsAt(experiment, place);
      const set = study === null ? undefined : sets.get(textsKey(study.texts, study.model));
      const prompts = set?.documents === null ? set.prompts : [];
      const text = prompts[promptIn(set, place)]?.text ?? "";
      return text === "" ? null : text;
    },
    tokenAt(experiment, place, id) {
      const models = [...new Set(studiesAt(experiment, place).map((study) => study.model))];
      const read = new Set(
        models.map((model) => {
          const opened = loaded.models.get(model);
          return opened === undefined ? null : (opened.tokenizer?.decodeToken(id) ?? `#${id}`);
        }),
      );
      const [only] = read;
      return read.size === 1 ? (only ?? null) : null;
    },
  };
}

/** Where in a set the prompt of a place is; −1 where it is in none. */
function promptIn(set: TokenizedTexts | undefined, place: Coordinates): number {
  const number = Number(place["prompt"] ?? NaN);
  const { prompts = [] } = set ?? {};
  return prompts[number]?.index === number ? number : prompts.findIndex(({ index }) => index === number);
}

/** The document whose columns a place has; NaN where there are several or none. */
function documentAt(documents: readonly CorpusDocument[], place: Coordinates): number {
  const own = documents.flatMap(({ number, group }, i) =>
    (number === null || place["document"] === number) && (group === null || place["group"] === group) ? [i] : [],
  );
  return own.length === 1 ? (own[0] ?? NaN) : NaN;
}

/** Places that can be written at a cursor: layers of the models that are open, and heads or neurons behind a dot. */
import { isUnit, unitLetters, type UnitName } from "../base/place-units.js";
import { placeNames, targetWords, unitOf } from "../ir/targets.js";
import type { ModelSignature } from "../models/model.js";
import type { DocEntry } from "../docs/entry.js";
import { isSite } from "../models/sites.js";
import type { Analysis } from "./analysis.js";
import { entryText, type Candidate } from "./candidate.js";
import type { Cursor } from "./cursor.js";

/** More layers or units are not listed one by one. */
const mostListed = 200;

export function placeCandidates(analysis: Analysis, cursor: Cursor): readonly Candidate[] {
  const { word } = cursor;
  const written = analysis.source.text.slice(word.start, word.end);
  return /^L.*\./.test(written) ? unitNames(analysis, cursor, written) : layerNames(analysis);
}

/** `L*`, and the layers of the models that are open. */
function layerNames({ checked, documentation }: Analysis): readonly Candidate[] {
  const known = [...documentation.values()].flat().filter(({ kind }) => kind === "place");
  const layers = Math.max(0, ...[...checked.models.values()].map(({ signature }) => signature.layers));
  const own = ["L*", ...(layers > 0 ? [`L0..${layers - 1}`] : []), ...numbered("L", Math.min(layers, mostListed))];
  const text = (name: string): DocEntry | undefined => known.find((entry) => entry.name === name);
  return own.map((name) => ({
    name,
    kind: "place",
    detail: layers > 0 ? `of ${layers} layers` : "",
    documentation: entryText(text(name)),
  }));
}

interface Unit {
  readonly letter: string;
  readonly plural: string;
  readonly count: (signature: ModelSignature) => number;
}

const units: Readonly<Record<UnitName, Unit>> = {
  head: { letter: unitLetters.head, plural: "heads", count: ({ heads }) => heads },
  kv_head: { letter: unitLetters.kv_head, plural: "key-value heads", count: ({ kvHeads }) => kvHeads },
  neuron: { letter: unitLetters.neuron, plural: "neurons", count: ({ neurons }) => neurons },
  expert: { letter: unitLetters.expert, plural: "experts", count: ({ experts }) => experts?.count ?? 0 },
};

/** What stands behind the dot of `L5.`: units of what the place is a part of. Nothing where it has none. */
function unitNames({ checked }: Analysis, { before }: Cursor, written: string): readonly Candidate[] {
  const unit = unitAmong(before.map(({ image }) => image));
  if (unit === null) return [];
  const layers = written.slice(0, written.lastIndexOf(".") + 1);
  const count = Math.max(0, ...[...checked.models.values()].map(({ signature }) => unit.count(signature)));
  const start = `${layers}${unit.letter}`;
  const single = unit === units.neuron ? [] : numbered(start, Math.min(count, mostListed));
  const names = [`${start}*`, ...(count > 0 ? [`${start}0..${count - 1}`] : []), ...single];
  const detail = count > 0 ? `of ${count} ${unit.plural}` : "";
  return names.map((name) => ({ name, kind: "place", detail, documentation: "" }));
}

/** The units of the target or the site whose place is written. */
function unitAmong(words: readonly string[]): Unit | null {
  for (const word of [...words].reverse()) {
    const part = targetWords.find((target) => target === word);
    const unit = part !== undefined ? placeNames[part].one : isSite(word) ? unitOf(word) : undefined;
    if (unit !== undefined) return unit !== null && isUnit(unit) ? units[unit] : null;
  }
  return units.head;
}

function numbered(start: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${start}${index}`);
}

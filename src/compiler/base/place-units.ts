/** What stands behind the dot of a place: `L5.H3`, `L5.N0..99`, `L5.E2`. */

/** The parts of a layer that a place names, by their letters. */
export const unitsByLetter = { H: "head", N: "neuron", E: "expert" } as const;

export type PlaceUnit = (typeof unitsByLetter)[keyof typeof unitsByLetter];

/** The letter of an axis of units; key-value heads are counted with the letter of heads. */
export const unitLetters: Readonly<Record<PlaceUnit | "kv_head", keyof typeof unitsByLetter>> = {
  head: "H",
  kv_head: "H",
  neuron: "N",
  expert: "E",
};

/** An axis of units of a layer. */
export type UnitName = keyof typeof unitLetters;

/** Whether an axis is one of units of a layer. */
export function isUnit(axis: string): axis is UnitName {
  return Object.hasOwn(unitLetters, axis);
}

/** The unit of a letter; null for any other text. */
export function unitOfLetter(letter: string | undefined): PlaceUnit | null {
  return letter === "H" || letter === "N" || letter === "E" ? unitsByLetter[letter] : null;
}

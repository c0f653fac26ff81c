/** The optimisations by name, in their order. Each can be left out (`--no-opt=NAME`). */
import { pipeline } from "./pipeline.js";

export type PassName = (typeof pipeline)[number]["name"];

export const passNames: readonly PassName[] = pipeline.map(({ name }) => name);

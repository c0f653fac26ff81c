/** Every diagnostic that atlasc can give. Texts are in the files of `catalogue/`, and nowhere else. */
import type { CatalogueEntry, Severity } from "./catalogue/entry.js";
import { textDiagnostics } from "./catalogue/text.js";
import { namesDiagnostics } from "./catalogue/names.js";
import { typesDiagnostics } from "./catalogue/types.js";
import { modelsDiagnostics } from "./catalogue/models.js";
import { textsDiagnostics } from "./catalogue/texts.js";
import { runsDiagnostics } from "./catalogue/runs.js";
import { warningsDiagnostics } from "./catalogue/warnings.js";

export type { CatalogueEntry, Severity };

/** A0 lexical, A1 syntax, A2 names, A3 types and shapes, A4 models and texts, A5 plan and run, A8 warnings. */
export const catalogue = {
  ...textDiagnostics,
  ...namesDiagnostics,
  ...typesDiagnostics,
  ...modelsDiagnostics,
  ...textsDiagnostics,
  ...runsDiagnostics,
  ...warningsDiagnostics,
} satisfies Record<string, CatalogueEntry>;

export type Code = keyof typeof catalogue;

type Holes<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;

/** Parameters that a code's message needs, by name. */
export type ParametersOf<C extends Code> = Record<Holes<(typeof catalogue)[C]["message"]>, string | number>;

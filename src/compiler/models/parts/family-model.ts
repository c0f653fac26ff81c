import type { ModelSignature } from "../model.js";
import type { ConfigReader } from "./config.js";
import type { BuildContext } from "./context.js";

/** A model family: how to read its config and how to build its graph. One file per family. */
export interface Family {
  /** `model_type` of the configs that it reads. */
  readonly modelType: string;
  readonly title: string;
  /** Reads the config; what is wrong with it is in the reader's diagnostics. */
  readonly describe: (config: ConfigReader) => FamilyModel;
}

/** A model of a family: its sizes, and what adds it to a graph. */
export interface FamilyModel {
  readonly signature: ModelSignature;
  readonly build: (context: BuildContext) => void;
}

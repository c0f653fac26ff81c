import type { ModelFacts } from "../../compiler/models/model.js";
import type { WeightFile } from "../engine/weights.js";
import type { Tokenizer } from "./tokenizer.js";

/** A model as far as runs need it, wherever its files lie: on this machine, or where a page has them from. */
export interface ReadModel {
  readonly facts: ModelFacts;
  /** The weight files by their content; graphs call them by their names. */
  readonly weightFiles: readonly WeightFile[];
  /** Null when the model has no tokenizer files: texts cannot be used with it. */
  readonly tokenizer: Tokenizer | null;
  /** The graph of an ONNX export as its file has it, with logits alone as its output: what is built must agree with it. */
  readonly original?: Uint8Array;
}

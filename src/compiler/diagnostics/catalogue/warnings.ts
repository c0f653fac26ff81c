/** Diagnostics of warnings: A8. */
import type { CatalogueEntry } from "./entry.js";

export const warningsDiagnostics = {
  A8001: {
    severity: "warning",
    title: "standard metric redefined",
    message: "{name} replaces the metric of the same name of the standard library",
    explanation:
      "The protocol's own metric is used in place of the standard library's. Rename it if that is not meant.",
  },
  A8002: {
    severity: "warning",
    title: "shorter than the window",
    message:
      "{metric} asks for {asked}, and {count} of {total} prompts of {texts} have fewer: it uses those that they have",
    explanation:
      "`last` and windows take what there is in shorter texts, so that their values are over fewer positions. Use longer texts or a smaller window if they are compared.",
  },
  A8003: {
    severity: "warning",
    title: "axis renamed",
    message: "{metric} has the axis {axis}, which the intervention also has: the metric's is called {renamed}",
    explanation:
      "Measure and intervention both have an axis of this name, so that the measure's gets another. Use the new name in results.",
  },
  A8004: {
    severity: "warning",
    title: "imported file with experiments",
    message: "{path} also holds {what}, which an import leaves out",
    explanation: "An import takes declarations only. Run the other file by itself for its experiments and outputs.",
  },
  A8006: {
    severity: "warning",
    title: "column renamed",
    message: "{path} has a field {field}, which is the name of {taken}: the column is called {renamed}",
    explanation:
      "A field of the file has a name that results use for something else. Use the new name, or rename the field in the file.",
  },
  A8007: {
    severity: "warning",
    title: "tokenizers differ",
    message:
      "{metric} counts per token, and the models of this experiment read the same texts as {count} different sequences of tokens",
    explanation:
      "Values per token cannot be compared between models that cut texts into different tokens. Measure bits_per_byte instead.",
  },
  A8008: {
    severity: "warning",
    title: "identical weights",
    message: "{first} and {second} have identical weights: a comparison of the two shows nothing",
    explanation:
      "Two of the models are the same, so that they cannot differ. Look at the names of their sources or revisions.",
  },
  A8011: {
    severity: "warning",
    title: "answers of several tokens",
    message:
      "{count} of {total} answers of {name} are longer than one token of {model}: only the first one counts, such as {piece} of {answer}",
    explanation:
      "Only the first token of an answer counts. Choose answers of one token if the whole of them matters, and mind the blank before a word.",
  },
  A8012: {
    severity: "warning",
    title: "answers begin alike",
    message:
      "answer and distractor of {count} of {total} prompts of {name} begin with the same token of {model}: their difference is 0",
    explanation: "Answer and distractor have the same first token, so that nothing tells them apart. Choose others.",
  },
  A8021: {
    severity: "warning",
    title: "axis named like a column",
    message: "{metric} has the axis {axis}, which is the name of a column of all results: it is called {renamed}",
    explanation:
      "A measure has an axis with the name of a column that all results have, so that it gets another. Use the new name in results.",
  },
  A8023: {
    severity: "warning",
    title: "different texts side by side",
    message: "{texts} are different {kind}: their {units} are matched by number",
    explanation:
      "Results of different texts are joined by the number of the prompt or document, which says nothing unless they are paired. Average over prompt or document first.",
  },
  A8024: {
    severity: "warning",
    title: "prompts that are the same",
    message: "{count} of {total} prompts of {texts} have the text of an earlier one, and are taken for independent",
    explanation:
      "A test counts each prompt as an independent value, and a text that is there twice has the same values twice: p-values and intervals become too small. Write each text once.",
  },
  A8022: {
    severity: "warning",
    title: "column without a name",
    message: "{path} has a column without a name: results call it {renamed}",
    explanation: "A column of the file has no name in its first line. Give it one, or use the name in the message.",
  },
  A8030: {
    severity: "warning",
    title: "nested fields left out",
    message: "lists and objects are no columns of the results: {fields} of {path} ({place})",
    explanation:
      "Every other field of a record becomes a column, and a list or an object cannot be one. The others are used as they are. Name a part of an object with dots where a clause needs it.",
  },
  A8018: {
    severity: "warning",
    title: "weights changed unnoticed",
    message:
      "{file} of {source} holds other weights than were hashed before, although its size, times and location are the same",
    explanation:
      "The weights of a model differ from those that were hashed before, though size and times are equal. `--verify-weights` hashes all of them; results of before are of the other weights.",
  },
  A8045: {
    severity: "warning",
    title: "the mask is an input",
    message: "the mask of {source} is the input {input} of its graph: every query sees all keys up to its own",
    explanation:
      "The export leaves the mask to its caller. If the model has a sliding window, this graph does not hold it, and the numbers of long texts are others than the model's. Export it without a mask as an input, or open the checkpoint.",
  },
  A8036: {
    severity: "warning",
    title: "GGUF file read otherwise",
    message: "{source}: {remark}",
    explanation:
      "The file says something that transformers' reader of GGUF files does not follow, and atlasc does as transformers does. Compare the ids of your texts with those of the program that you used the file with.",
  },
  A8037: {
    severity: "warning",
    title: "revision of a sweep is missing",
    message: "{source} has no revision {revision}: its rows have no values",
    explanation:
      "The other revisions of the list are run. The rows of this one are NaN with the reason, and the run ends as one with faults does. Take the revision out of the list, or get it, and run again.",
  },
  A8040: {
    severity: "warning",
    title: "tokenizer read as its class has it",
    message: "tokenizer.json of {source} has another {parts} than {class}, as which transformers 5.24 reads it",
    explanation:
      'The class in tokenizer_config.json, or that of the kind of model, counts, as with AutoTokenizer. `"tokenizer_class": "PreTrainedTokenizerFast"` takes tokenizer.json as it is.',
  },
  A8019: {
    severity: "warning",
    title: "other numbers than before",
    message: "the same request was run at {when} ({how}) with different results, {kept}",
    explanation:
      "The same question gave other numbers than before, and both are kept. The record says what differs: a machine, a version or the weights.",
  },
  A8031: {
    severity: "warning",
    title: "fields of a config that nothing reads",
    message: "config.json of {source} has fields that nothing reads: {fields}",
    explanation:
      "Neither atlasc nor transformers 5.24 reads these fields for such a model: it is built without what they ask for, or another field says it. Compare the model with the program that wrote the config.",
  },
  A8032: {
    severity: "warning",
    title: "tensors that nothing reads",
    message: "the weights of {source} hold tensors that nothing reads: {tensors}",
    explanation:
      "The model that config.json describes has no place for these tensors, so that it is computed without them, as transformers does. If they belong to it, its config is that of another model.",
  },
  A8033: {
    severity: "warning",
    title: "an unembedding of its own in a tied model",
    message:
      "config.json of {source} ties the unembedding to the embedding, but the weights hold {tensor}, which is used",
    explanation:
      "As in transformers 5.24, a tensor in the file goes before `tie_word_embeddings`. Nothing changes where both are equal. Set `tie_word_embeddings` to false, or remove the tensor.",
  },
  A8034: {
    severity: "warning",
    title: "gradient of what comes before",
    message: "the gradient is 0: {metric} is computed before {site}",
    explanation:
      "A site changes only what the model computes after it. Take the gradient at an earlier site, or of a metric that reads a later one.",
  },
  A8035: {
    severity: "warning",
    title: "gradients of one point only",
    message: "{metric} stands outside of a way from one text to the other: it has the gradients of a single point",
    explanation:
      "Integrated gradients are a mean over runs between two inputs, which `set`, `scale` or `steer` make. Without them each value is that of one run, as attribution patching has it.",
  },
  A8038: {
    severity: "warning",
    title: "gradient without the continuation",
    message:
      "{metric} reads the continuation of {texts}, and of its gradient at {site} what lies at the continuation's own tokens is left out",
    explanation:
      "A gradient has the positions of the prompt, and a metric of a continuation of several tokens depends on what is computed at these tokens, too. `grad(METRIC, SITE) at continuation` has the gradient from the prompt's last token on.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

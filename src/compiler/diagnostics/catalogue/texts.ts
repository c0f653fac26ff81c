/** Diagnostics of texts and interventions: A41 and A43. */
import type { CatalogueEntry } from "./entry.js";

export const textsDiagnostics = {
  A4101: {
    severity: "error",
    title: "text file missing",
    message: "cannot read {path}: {problem}",
    explanation: "The file of texts cannot be read. Its path is relative to the protocol.",
  },
  A4102: {
    severity: "error",
    title: "bad text file",
    message: "{path}, {place}: {problem}",
    explanation:
      "A line of the file is not what its ending says: JSON in .jsonl, .ndjson and .json, cells in .csv and .tsv, rows in .parquet. Correct it.",
  },
  A4103: {
    severity: "error",
    title: "no prompts",
    message: "the prompt set {name} is empty",
    explanation: "The set has no prompt: the file or list is empty. Add some.",
  },
  A4104: {
    severity: "error",
    title: "prompt too long",
    message: "prompt {index} of {name} has {tokens} tokens; {model} accepts {limit}",
    explanation:
      "Prompts are never cut off, and this one is longer than the model reads. Shorten it, or declare the text as a `corpus`, which is cut into windows.",
  },
  A4105: {
    severity: "error",
    title: "unknown field",
    message: "{path} has no field {field}",
    explanation: "No record of the file has a field of this name. Write one that it has.",
  },
  A4106: {
    severity: "error",
    title: "empty prompt",
    message: "prompt {index} of {name} has no tokens",
    explanation: "A prompt must have a token. Fill it or delete it, or add one with `bos on`.",
  },
  A4107: {
    severity: "error",
    title: "no tokenizer",
    message: "{name} is text, but {model} has no tokenizer",
    explanation:
      "Texts need the model's tokenizer, and its folder has none. Add tokenizer.json and tokenizer_config.json, or use `random tokens`.",
  },
  A4108: {
    severity: "error",
    title: "no BOS token",
    message: "{name} asks for BOS, but the tokenizer of {model} has no such token",
    explanation: "The tokenizer has no token that begins a text. Leave out `bos on`.",
  },
  A4109: {
    severity: "error",
    title: "answer without tokens",
    message: "the {part} of prompt {index} of {name} has no tokens",
    explanation: "The answer or distractor is empty, so that it has no first token. Fill the field.",
  },
  A4110: {
    severity: "error",
    title: "nothing to score",
    message: "a text of {name} has too few tokens ({tokens}) for any of them to be predicted",
    explanation:
      "A token is predicted from those before it, so that a text needs two tokens, or one with `bos on`. Lengthen the text or delete it.",
  },
  A4111: {
    severity: "error",
    title: "window too long",
    message: "{name} asks for windows of {window} tokens; {model} accepts {limit}",
    explanation:
      "A window of a corpus cannot be longer than what the model reads at once. Write a smaller number behind `window`.",
  },
  A4112: {
    severity: "error",
    title: "not of a corpus",
    message: "{metric} cannot be measured on the corpus {texts}: {what}",
    explanation:
      "A corpus is read in windows, so that only what is computed position by position, or reduced over pos, is defined for its texts. Declare the texts as `prompts` for anything else.",
  },
  A4120: {
    severity: "error",
    title: "not a text",
    message: "{problem}",
    explanation:
      "A list after `from` holds texts, lists of token ids, conversations, or records whose fields say what is what. Correct the value that is pointed at.",
  },
  A4121: {
    severity: "error",
    title: "no such token",
    message: "{part} {index} of {name} has the token id {id}; {model} has the ids 0 to {last}",
    explanation: "Token ids are used as they are written, so each must be one of the model's vocabulary.",
  },
  A4122: {
    severity: "error",
    title: "continuations in the way",
    message: "{what} cannot stand beside the continuations of {texts}",
    explanation:
      "The prompts of a set with `continuation` have more tokens behind them, so that they do not lie beside those of any other set. Take values from the set's own halves, means over positions, or values at one position.",
  },
  A4123: {
    severity: "error",
    title: "not a conversation",
    message: "{what} of {name} {problem}",
    explanation:
      "With `chat`, every text is what a user says, or a list of messages with a role and a content. Without `chat` there are no messages.",
  },
  A4124: {
    severity: "error",
    title: "chat template or tokenizer failed",
    message: "the {what} of {model} does not give {result} for {text} of {name}: {problem}",
    explanation:
      "The chat template (tokenizer_config.json, chat_template.jinja) is missing, refuses these messages or takes too long; or tokenizer.json has no token for a character, or a regex that takes too long.",
  },
  A4125: {
    severity: "error",
    title: "no continuation",
    message: "{what} needs prompts with `continuation`, and {texts} has none",
    explanation:
      'Only a set that declares `continuation "FIELD"` has tokens behind its prompts. Declare it, or measure the answer\'s first token.',
  },
  A4126: {
    severity: "error",
    title: "unknown kind of file",
    message: "{path} {problem}",
    explanation:
      "Files of texts are read as what their endings say, and nothing is guessed: records in .jsonl, .ndjson, .json, .csv, .tsv and .parquet, plain text in .txt. `as text` behind the name reads any other one as plain text.",
  },
  A4301: {
    severity: "error",
    title: "changed twice",
    message: "{site} is changed twice in one condition",
    explanation:
      "Two interventions of a condition change the same entry of a site, and only one could win. Change different heads or positions, or use two experiments.",
  },
  A4302: {
    severity: "error",
    title: "site cannot be changed",
    message: "{site} cannot be changed: {reason}",
    explanation:
      "Nothing in the model reads this value, or it is none that can be replaced. Change a site that is read: `atlasc doc sites` says which can be.",
  },
  A4303: {
    severity: "error",
    title: "prompts cannot be paired",
    message: "{from} ({count}) and {into} ({other}) do not have equally many prompts, so they cannot be paired",
    explanation: "Prompts are paired by their order, so that both sets need equally many. Complete one of them.",
  },
  A4304: {
    severity: "error",
    title: "prompts of different lengths",
    message:
      "prompt {first} of {into} has {length} tokens and prompt {second} of {from} has {other}; here they must be equally long",
    explanation:
      "Values of one prompt are put position by position beside those of another. Use prompts of one length, or positions counted from the end.",
  },
  A4305: {
    severity: "error",
    title: "position outside the text",
    message: "prompt {index} of {texts} has {tokens} tokens, so there is no position {position}",
    explanation:
      "Every prompt must have the positions that are changed or read. Count from the end, choose others, or leave out the short prompts.",
  },
  A4306: {
    severity: "error",
    title: "token not in the text",
    message: "prompt {index} of {texts} has no {token}",
    explanation: "Every prompt must have the text after `at token`. Correct it, or leave out the prompts that lack it.",
  },
  A4307: {
    severity: "error",
    title: "nothing to resample from",
    message: "{from} has no other prompt of at least {tokens} tokens, which prompt {index} of {texts} has",
    explanation:
      "`resample` takes values from another prompt that is at least as long, and there is none. Add longer prompts to the set.",
  },
  A4308: {
    severity: "error",
    title: "not on a corpus",
    message: "{what} needs prompts, and {texts} is a corpus",
    explanation: "A corpus is read in windows, and this needs whole texts. Declare the texts as `prompts`.",
  },
  A4309: {
    severity: "error",
    title: "read before it is there",
    message: "{read} is computed after {site}, so what is put there cannot depend on it",
    explanation:
      "What is put at a site may depend only on what the model has computed before. Read an earlier site, or take the value from another run with `of`.",
  },
  A4310: {
    severity: "error",
    title: "no places to choose from",
    message: "{experiment} cannot choose {places}: {problem}",
    explanation: "The other experiment does not rank enough places of this kind. Ask for fewer, or sweep more there.",
  },
  A4311: {
    severity: "error",
    title: "value does not fit the site",
    message: "this value does not fit {site}",
    explanation:
      "The value has an axis or a unit that the site lacks. Reduce the axis, select one entry of it, or divide by the unit.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

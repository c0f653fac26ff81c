export type Severity = "error" | "warning" | "info";

/** What a code says: severity, a title for lists, and the sentence with its `{parameters}`. */
export interface CatalogueEntry {
  readonly severity: Severity;
  readonly title: string;
  /** Text with `{name}` holes; {@link ParametersOf} derives the parameters' names from it, so a call that forgets one does not compile. */
  readonly message: string;
}

/**
 * Every diagnostic that atlasc can give. A0 lexical, A1 syntax, A2 names, A3 types and shapes, A4 models and texts,
 * A5 plan and run, A8 warnings. No message text lives anywhere else.
 */
export const catalogue = {
  A0001: { severity: "error", title: "unknown character", message: "{character} is not part of the language here" },
  A0002: { severity: "error", title: "unterminated string", message: "this string has no closing quotation mark" },
  A0003: { severity: "error", title: "bad escape", message: "{escape} is not an escape sequence" },
  A0004: { severity: "error", title: "malformed number", message: "{text} is not a number" },
  A1001: { severity: "error", title: "syntax error", message: "expected {expected}, found {found}" },
  A1002: { severity: "error", title: "unknown statement", message: "no statement starts with {word}" },
  A1003: { severity: "error", title: "given twice", message: "{what} is given twice" },
  A1004: { severity: "error", title: "option does not apply", message: "{what} has no meaning in {statement}" },
  A1005: { severity: "error", title: "nested too deeply", message: "this is nested more than {limit} deep" },
  A1006: {
    severity: "error",
    title: "number out of range",
    message: "{text} is {fault}: the {limit}",
  },
  A1007: {
    severity: "error",
    title: "whole number that is not exact",
    message: "{text} cannot be represented exactly: it would become {value}",
  },
  A2001: { severity: "error", title: "unknown metric or function", message: "unknown {kind} {name}" },
  A2002: { severity: "error", title: "declared twice", message: "the {kind} {name} is declared twice" },
  A2003: { severity: "error", title: "unknown name", message: "unknown name {name}" },
  A2004: { severity: "error", title: "unknown site", message: "unknown site {name}" },
  A2005: { severity: "error", title: "unknown parameter", message: "{metric} has no parameter {name}" },
  A2006: { severity: "error", title: "defined by itself", message: "{name} is defined by itself: {path}" },
  A2007: { severity: "error", title: "missing argument", message: "{metric} needs a value for {name}" },
  A2008: { severity: "error", title: "unknown type", message: "unknown parameter type {name}" },
  A2009: { severity: "error", title: "unknown model", message: "unknown model {name}" },
  A2010: { severity: "error", title: "unknown prompt set", message: "unknown prompt set {name}" },
  A2011: { severity: "error", title: "unknown experiment", message: "unknown experiment {name}" },
  A2012: { severity: "error", title: "unknown column", message: "{experiment} has no column {name}" },
  A2013: { severity: "error", title: "unknown axis", message: "{experiment} has no axis {name}" },
  A2014: { severity: "error", title: "which model", message: "this experiment does not say which model it runs on" },
  A2015: {
    severity: "error",
    title: "which prompts",
    message: "this experiment does not say which prompts it runs with",
  },
  A2016: { severity: "error", title: "unknown protocol parameter", message: "the protocol has no parameter {name}" },
  A2017: {
    severity: "error",
    title: "ambiguous column",
    message: "{experiment} measures several metrics: say which {column}",
  },
  A2018: { severity: "error", title: "unknown import", message: "cannot import {path}: {problem}" },
  A2019: { severity: "error", title: "name is taken", message: "the {kind} {name} cannot have the name of {what}" },
  A2020: { severity: "error", title: "unknown coordinate", message: "the axis {axis} of {experiment} has no {value}" },
  A2021: { severity: "error", title: "import in a circle", message: "{file} imports itself: {path}" },
  A3001: { severity: "error", title: "operation does not apply", message: "{fault}" },
  A3002: { severity: "error", title: "site lacks the axis", message: "{site} has no axis {axis}" },
  A3003: { severity: "error", title: "site without layer", message: "{site} exists in every layer: say which" },
  A3004: { severity: "error", title: "wrong kind of value", message: "expected {expected}, found {found}" },
  A3005: { severity: "error", title: "value out of range", message: "{value} is not {expected}" },
  A3006: {
    severity: "error",
    title: "sweeps disagree",
    message: "two sweeps of the axis {axis} have different values",
  },
  A3007: {
    severity: "error",
    title: "no period",
    message: "the prompts {texts} have no repeated sequence, so `period` is unknown",
  },
  A3008: {
    severity: "error",
    title: "reduction of a metric",
    message: "{metric} is a metric and takes no `over` or `between`",
  },
  A3009: {
    severity: "error",
    title: "too many",
    message: "{what} makes {count} {things}; at most {limit} are possible",
  },
  A3010: { severity: "error", title: "nothing measured", message: "this experiment measures nothing" },
  A3011: { severity: "error", title: "axis twice", message: "{metric} has the axis {axis} twice" },
  A3012: { severity: "error", title: "range from large to small", message: "the range {range} is empty" },
  A3013: { severity: "error", title: "no answer", message: "the prompts {texts} have no {quantity}" },
  A3014: {
    severity: "error",
    title: "not one token",
    message: "{token} is {count} tokens of {model}: only one token selects an entry",
  },
  A3015: {
    severity: "error",
    title: "nothing to recover",
    message: "this experiment patches nothing, so there is nothing to recover",
  },
  A3020: {
    severity: "error",
    title: "nothing in common",
    message: "the two sides have no places in common: {axis} is {left} on the left and {right} on the right",
  },
  A3021: {
    severity: "error",
    title: "nothing to reduce",
    message: "there is one {axis} for each {owner}, so nothing is reduced over {axis}",
  },
  A3022: {
    severity: "error",
    title: "`where` does not select here",
    message:
      "inside `measure`, `where` gives NaN where its condition fails: the {operation} over {axis} would be NaN as soon as it fails once",
  },
  A3025: {
    severity: "error",
    title: "condition with an axis of its own",
    message: "{value} has the axis {axis}, which {of} lacks: one entry could meet the condition and another fail it",
  },
  A4001: {
    severity: "error",
    title: "unsupported architecture",
    message: "{source} is a {architecture} model, which atlasc cannot build; it builds {supported}",
  },
  A4002: { severity: "error", title: "config lacks a field", message: "config.json of {source} has no {field}" },
  A4003: {
    severity: "error",
    title: "unsupported setting of a model",
    message: "config.json of {source} has {field} = {found}, which atlasc does not implement",
  },
  A4004: { severity: "error", title: "tensor missing", message: "{source} has no tensor {tensor}" },
  A4005: {
    severity: "error",
    title: "tensor of another shape",
    message: "the tensor {tensor} of {source} does not have the shape that its config asks for",
  },
  A4006: {
    severity: "error",
    title: "unsupported stored type",
    message: "the tensor {tensor} of {source} is stored as {type}; atlasc reads F32, BF16 and F16",
  },
  A4007: {
    severity: "error",
    title: "tokenizer does not fit the model",
    message: "the tokenizer of {source} has more ids than the model has rows in its vocabulary",
  },
  A4010: { severity: "error", title: "no such model folder", message: "there is no folder {folder} (model {source})" },
  A4011: {
    severity: "error",
    title: "not a model folder",
    message: "the folder {folder} has no config.json, so it is not a model (model {source})",
  },
  A4012: { severity: "error", title: "unreadable JSON", message: "{file} of {source} is not valid JSON: {reason}" },
  A4013: {
    severity: "error",
    title: "no weights",
    message: "the folder {folder} has neither model.safetensors nor model.safetensors.index.json (model {source})",
  },
  A4014: {
    severity: "error",
    title: "invalid safetensors file",
    message: "{file} of {source} is not a valid safetensors file: {reason}",
  },
  A4015: {
    severity: "error",
    title: "shard missing",
    message: "the weights of {source} are incomplete: its index names {file}, which does not exist",
  },
  A4016: {
    severity: "error",
    title: "model is not on this machine",
    message: "{source} is a model of the Hugging Face Hub that is not on this machine",
  },
  A4017: { severity: "error", title: "no such revision", message: "{source} has no revision {revision}" },
  A4018: {
    severity: "error",
    title: "unusable tokenizer",
    message: "the tokenizer of {source} cannot be used: {reason}",
  },
  A4019: { severity: "error", title: "unreadable file", message: "{file} of {source} cannot be read: {reason}" },
  A4020: {
    severity: "error",
    title: "identity of the model fails",
    message:
      "{source}: {identity} does not hold at {site}: the two sides differ by {difference}, and at most {tolerance} is allowed",
  },
  A4201: {
    severity: "error",
    title: "layer beyond the model",
    message: "{place} is beyond {model}, which has {count} layers (the last is {last})",
  },
  A4202: {
    severity: "error",
    title: "head or neuron beyond the model",
    message: "{place} is beyond {model}, which has {count} {unit} per layer (the last is {last})",
  },
  A4203: { severity: "error", title: "site the model lacks", message: "{model} has no site {site}" },
  A4101: { severity: "error", title: "text file missing", message: "cannot read {path}: {problem}" },
  A4102: { severity: "error", title: "bad text file", message: "{path}, line {line}: {problem}" },
  A4103: { severity: "error", title: "no prompts", message: "the prompt set {name} is empty" },
  A4104: {
    severity: "error",
    title: "prompt too long",
    message: "prompt {index} of {name} has {tokens} tokens; {model} accepts {limit}",
  },
  A4105: { severity: "error", title: "unknown field", message: "{path} has no field {field}" },
  A4106: { severity: "error", title: "empty prompt", message: "prompt {index} of {name} has no tokens" },
  A4107: { severity: "error", title: "no tokenizer", message: "{name} is text, but {model} has no tokenizer" },
  A4108: {
    severity: "error",
    title: "no BOS token",
    message: "{name} asks for BOS, but the tokenizer of {model} has no such token",
  },
  A4109: {
    severity: "error",
    title: "answer without tokens",
    message: "the {part} of prompt {index} of {name} has no tokens",
  },
  A4110: {
    severity: "error",
    title: "nothing to score",
    message: "a text of {name} has too few tokens ({tokens}) for any of them to be predicted",
  },
  A4111: {
    severity: "error",
    title: "window too long",
    message: "{name} asks for windows of {window} tokens; {model} accepts {limit}",
  },
  A4112: {
    severity: "error",
    title: "not of a corpus",
    message: "{metric} cannot be measured on the corpus {texts}: {what}",
  },
  A4301: { severity: "error", title: "changed twice", message: "{site} is changed twice in one condition" },
  A4302: { severity: "error", title: "site cannot be changed", message: "{site} cannot be changed: {reason}" },
  A4303: {
    severity: "error",
    title: "prompts cannot be paired",
    message: "{from} ({count}) and {into} ({other}) do not have equally many prompts, so they cannot be paired",
  },
  A4304: {
    severity: "error",
    title: "prompts of different lengths",
    message:
      "prompt {first} of {into} has {length} tokens and prompt {second} of {from} has {other}; here they must be equally long",
  },
  A4305: {
    severity: "error",
    title: "position outside the text",
    message: "prompt {index} of {texts} has {tokens} tokens, so there is no position {position}",
  },
  A4306: { severity: "error", title: "token not in the text", message: "prompt {index} of {texts} has no {token}" },
  A4307: {
    severity: "error",
    title: "nothing to resample from",
    message: "{from} has no other prompt of at least {tokens} tokens, which prompt {index} of {texts} has",
  },
  A4308: { severity: "error", title: "not on a corpus", message: "{what} needs prompts, and {texts} is a corpus" },
  A4309: {
    severity: "error",
    title: "read before it is there",
    message: "{read} is computed after {site}, so what is put there cannot depend on it",
  },
  A4310: {
    severity: "error",
    title: "no places to choose from",
    message: "{experiment} cannot choose {places}: {problem}",
  },
  A4311: { severity: "error", title: "value does not fit the site", message: "this value does not fit {site}" },
  A5001: {
    severity: "error",
    title: "not yet available",
    message: "{what} is not yet available in this build of atlasc",
  },
  A5002: { severity: "error", title: "nothing to run", message: "the protocol has no experiment" },
  A5003: { severity: "error", title: "unwritable output", message: "cannot save to {path}: {problem}" },
  A5004: {
    severity: "error",
    title: "memory budget too small",
    message: "one row of {positions} tokens needs about {needed}, more than the budget of {budget}",
  },
  A5005: { severity: "error", title: "protocol missing", message: "cannot read {path}: {problem}" },
  A5006: { severity: "error", title: "file not written", message: "cannot write {path}: {problem}" },
  A5007: {
    severity: "error",
    title: "files in each other's way",
    message: "{path} cannot be saved beside {other}: {problem}",
  },
  A8001: {
    severity: "warning",
    title: "standard metric redefined",
    message: "{name} replaces the metric of the same name of the standard library",
  },
  A8002: {
    severity: "warning",
    title: "shorter than the window",
    message:
      "{metric} asks for {asked}, and {count} of {total} prompts of {texts} have fewer: it uses those that they have",
  },
  A8003: {
    severity: "warning",
    title: "axis renamed",
    message: "{metric} has the axis {axis}, which the intervention also has: the metric's is called {renamed}",
  },
  A8004: {
    severity: "warning",
    title: "imported file with experiments",
    message: "{path} also holds {what}, which an import leaves out",
  },
  A8006: {
    severity: "warning",
    title: "column renamed",
    message: "{path} has a field {field}, which is the name of {taken}: the column is called {renamed}",
  },
  A8007: {
    severity: "warning",
    title: "tokenizers differ",
    message:
      "{metric} counts per token, and the models of this experiment read the same texts as {count} different sequences of tokens",
  },
  A8008: {
    severity: "warning",
    title: "identical weights",
    message: "{first} and {second} have identical weights: a comparison of the two shows nothing",
  },
  A8009: {
    severity: "warning",
    title: "not yet decided",
    message: "{what} is not yet available in this build of atlasc: it is checked and recorded, but not decided",
  },
  A8010: {
    severity: "warning",
    title: "cannot run yet",
    message: "{what} is not yet available in this build of atlasc: it is checked, but a run is refused",
  },
  A8011: {
    severity: "warning",
    title: "answers of several tokens",
    message:
      "{count} of {total} answers of {name} are longer than one token of {model}: only the first one counts, such as {piece} of {answer}",
  },
  A8012: {
    severity: "warning",
    title: "answers begin alike",
    message:
      "answer and distractor of {count} of {total} prompts of {name} begin with the same token of {model}: their difference is 0",
  },
  A8021: {
    severity: "warning",
    title: "axis named like a column",
    message: "{metric} has the axis {axis}, which is the name of a column of all results: it is called {renamed}",
  },
  A8023: {
    severity: "warning",
    title: "different texts side by side",
    message: "{texts} are different prompt sets: their prompts are matched by number",
  },
  A8022: {
    severity: "warning",
    title: "column without a name",
    message: "{path} has a column without a name: results call it {renamed}",
  },
  A8018: {
    severity: "warning",
    title: "weights changed unnoticed",
    message:
      "{file} of {source} holds other weights than were hashed before, although its size, times and location are the same",
  },
  A8019: {
    severity: "warning",
    title: "other numbers than before",
    message: "the same request was run at {when} ({how}) with different results, {kept}",
  },
} as const satisfies Record<string, CatalogueEntry>;

export type Code = keyof typeof catalogue;

type Holes<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;

/** Parameters that a code's message needs, by name. */
export type ParametersOf<C extends Code> = Record<Holes<(typeof catalogue)[C]["message"]>, string | number>;

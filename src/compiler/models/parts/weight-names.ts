/** The names of a checkpoint's tensors: which of them is meant by a family's name, and which of them nothing reads. */

/**
 * What programs put before the names of a model: the base model of transformers (`model.`, `transformer.`, `gpt_neox.`),
 * a model of several kinds of input (`language_model.`), torch.compile (`_orig_mod.`) and parallel training (`module.`).
 */
const wrappers: ReadonlySet<string> = new Set([
  "_orig_mod",
  "gpt_neox",
  "language_model",
  "model",
  "module",
  "transformer",
]);

/**
 * A name without what may stand before it. transformers adds or takes away the prefix of its base model for each tensor
 * by itself; names that are equal without wrappers are of one tensor here.
 *
 * @source transformers 5.24.0, core_model_loading.py, rename_source_key
 */
export function bareName(name: string): string {
  const segments = name.split(".").filter((segment) => segment !== "_orig_mod");
  const start = segments.findIndex((segment) => !wrappers.has(segment));
  return segments.slice(start === -1 ? 0 : start).join(".");
}

/** Buffers that old checkpoints hold and that follow from the config: transformers leaves them unread, too. */
const harmlessBuffers: readonly RegExp[] = [
  /(?:^|\.)rotary_emb\.inv_freq$/,
  /(?:^|\.)(?:attn|attention)\.(?:bias|masked_bias)$/,
  /(?:^|\.)position_ids$/,
];

/** Whether a tensor is a buffer that no model needs to be told: masks, angles and numbers of positions. */
export function isHarmlessBuffer(name: string): boolean {
  return harmlessBuffers.some((pattern) => pattern.test(name));
}

/** Names as a reader sees them: those that differ in one number stand together, as in `layers.{2,3}.mlp.bias`. */
export function groupedNames(names: Iterable<string>): readonly string[] {
  const groups = new Map<string, Set<string>>();
  for (const name of names) {
    const number = /(?<=\.)\d+(?=\.)/.exec(name)?.[0] ?? "";
    const shape = number === "" ? name : name.replace(/(?<=\.)\d+(?=\.)/, "{}");
    const numbers = groups.get(shape) ?? new Set();
    numbers.add(number);
    groups.set(shape, numbers);
  }
  return [...groups].map(([shape, numbers]) => {
    const all = [...numbers];
    const [first = ""] = all;
    if (all.length === 1) return shape.replace("{}", first);
    const listed = all.length <= 4 ? all.join(",") : `${first}, … ${all.length} in all`;
    return shape.replace("{}", `{${listed}}`);
  });
}

/** The chat template of tokenizer_config.json. */
import type { Json } from "../../../compiler/base/digest.js";
import type { Outcome } from "../outcome.js";
import type { JsonObject } from "../model-json.js";

/** `chat_template`: a template, or several of which the one called `default` is taken; or why there is none. */
export function chatTemplateOf(value: Json | undefined): Outcome<string> {
  if (typeof value === "string") return { ok: true, value };
  if (value === undefined || value === null) {
    return { ok: false, reason: "there is none in tokenizer_config.json, and no chat_template.jinja" };
  }
  if (!Array.isArray(value)) return { ok: false, reason: "`chat_template` in tokenizer_config.json is no text" };
  const named = (value as readonly Json[])
    .filter((one): one is JsonObject => typeof one === "object" && one !== null && !Array.isArray(one))
    .find((one) => one["name"] === "default");
  if (named === undefined) {
    const reason = "`chat_template` in tokenizer_config.json is a list without one that is called default";
    return { ok: false, reason };
  }
  const { template } = named;
  return typeof template === "string"
    ? { ok: true, value: template }
    : { ok: false, reason: "the template called default in tokenizer_config.json is no text" };
}

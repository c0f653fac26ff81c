/** Where the Hub is, where its cache lies and who asks: what Hugging Face's own tools read from the environment. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hubCacheFolder, hubHomeFolder, type ModelEnvironment } from "../models/places.js";

export interface HubSettings {
  /** `https://huggingface.co`, without a slash at its end. */
  readonly endpoint: string;
  /** The folder of repositories. */
  readonly cache: string;
  /** Goes to the endpoint and to no other host; null when nobody has logged in. */
  readonly token: string | null;
  /** Nothing is asked of the network. */
  readonly offline: boolean;
  readonly proxies: { readonly http: string | null; readonly https: string | null; readonly none: string };
  /** The first pause before a request is tried again, in milliseconds; each one after is twice as long. */
  readonly pause: number;
}

const yes: ReadonlySet<string> = new Set(["1", "on", "yes", "true"]);

/** @source huggingface_hub/constants.py */
export function hubSettings(environment: ModelEnvironment): HubSettings {
  const { variables } = environment;
  const first = (...names: readonly string[]): string | null => {
    for (const name of names) {
      const value = variables[name]?.trim() ?? "";
      if (value !== "") return value;
    }
    return null;
  };
  const isSet = (name: string): boolean => yes.has((first(name) ?? "").toLowerCase());
  return {
    endpoint: (first("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, ""),
    cache: hubCacheFolder(environment),
    token:
      first("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") ??
      (isSet("HF_HUB_DISABLE_IMPLICIT_TOKEN")
        ? null
        : tokenIn(first("HF_TOKEN_PATH") ?? join(hubHomeFolder(environment), "token"))),
    offline: isSet("HF_HUB_OFFLINE") || isSet("TRANSFORMERS_OFFLINE"),
    proxies: {
      http: first("http_proxy", "HTTP_PROXY"),
      https: first("https_proxy", "HTTPS_PROXY"),
      none: first("no_proxy", "NO_PROXY") ?? "",
    },
    pause: 500,
  };
}

/** What `hf auth login` has written down. */
function tokenIn(path: string): string | null {
  try {
    const token = readFileSync(path, "utf8").trim();
    return token === "" ? null : token;
  } catch {
    return null;
  }
}

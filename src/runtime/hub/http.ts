/** Requests to the Hub: redirects without the token, and what is worth another try. */
import { setTimeout as pause } from "node:timers/promises";
import type { Agent, Dispatcher, ProxyAgent } from "undici";
import { reasonOf } from "../store/fault.js";
import { atlascVersion } from "../version.js";
import { HubFault, PassingFault } from "./fault.js";
import type { HubSettings } from "./settings.js";

export interface HubResponse {
  readonly status: number;
  /** Of the last answer. */
  readonly headers: ReadonlyMap<string, string>;
  /** Of the Hub's own answer, before it redirected to where the bytes are. */
  readonly first: ReadonlyMap<string, string>;
  readonly body: Dispatcher.ResponseData["body"];
}

export interface Http {
  readonly settings: HubSettings;
  /** One request, redirects followed. Rejects with PassingFault or HubFault where no answer comes. */
  readonly get: (url: string, headers?: Readonly<Record<string, string>>) => Promise<HubResponse>;
  readonly close: () => Promise<void>;
}

const seconds = 1_000;
/** Without an answer, or without another byte, for so long, a connection counts as broken. */
const patience = { connect: 15 * seconds, headers: 30 * seconds, body: 60 * seconds };
const mostRedirects = 8;

/** What connections are made by. */
interface Dispatchers {
  readonly Agent: typeof Agent;
  readonly ProxyAgent: typeof ProxyAgent;
}

export function createHttp(settings: HubSettings): Http {
  const options = {
    connect: { timeout: patience.connect },
    headersTimeout: patience.headers,
    bodyTimeout: patience.body,
  };
  const dispatchers = new Map<string, Dispatcher>();
  // Read when something is asked for: most runs ask for nothing, and reading it takes as long as their drawing.
  const dispatcherFor = (undici: Dispatchers, url: URL): Dispatcher => {
    const proxy = proxyFor(url, settings.proxies);
    const known = dispatchers.get(proxy ?? "");
    if (known !== undefined) return known;
    const made =
      proxy === null ? new undici.Agent(options) : new undici.ProxyAgent({ ...options, uri: proxyAddress(proxy) });
    dispatchers.set(proxy ?? "", made);
    return made;
  };
  const home = webAddress(settings.endpoint)?.origin ?? null;
  const get: Http["get"] = async (url, headers = {}) => {
    if (home === null) {
      const hint = "set it to an address such as https://huggingface.co, or unset it";
      throw new HubFault("A4030", `HF_ENDPOINT is no address of the web: ${settings.endpoint}`, hint);
    }
    let first: ReadonlyMap<string, string> | null = null;
    let target = new URL(url);
    const undici = await import("undici");
    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      const own = target.origin === home && settings.token !== null;
      const sent = {
        "user-agent": `atlasc/${atlascVersion()}; node/${process.versions.node}`,
        // The bytes that are hashed are those that are sent.
        "accept-encoding": "identity",
        ...headers,
        ...(own ? { authorization: `Bearer ${settings.token}` } : {}),
      };
      const dispatcher = dispatcherFor(undici, target);
      const answer = await undici.request(target, { dispatcher, headers: sent }).catch((error: unknown) => {
        throw brokenBy(error, target);
      });
      const received = headersOf(answer);
      first ??= received;
      const location = received.get("location");
      if (answer.statusCode < 300 || answer.statusCode >= 400 || location === undefined) {
        return { status: answer.statusCode, headers: received, first, body: answer.body };
      }
      await answer.body.dump();
      if (!URL.canParse(location, target.href)) {
        throw new HubFault("A4030", `${target.host} redirects to what is no address`, "try again later");
      }
      const next = new URL(location, target);
      if (!/^https?:$/.test(next.protocol)) {
        throw new HubFault("A4030", `${target.host} redirects to what is no address of the web`, "try again later");
      }
      if (target.protocol === "https:" && next.protocol !== "https:") {
        throw new HubFault("A4030", `${target.host} redirects to an address without https`, "nothing was read from it");
      }
      target = next;
    }
    throw new HubFault("A4030", `${target.host} redirects in a circle`, "try again later");
  };
  return {
    settings,
    get,
    close: async () => {
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    },
  };
}

/** An address of http or https; null for any other text. */
export function webAddress(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) ? url : null;
}

/** The address of a proxy, which may be written without its `http://`, as curl takes it. */
function proxyAddress(written: string): string {
  const address = webAddress(written.includes("://") ? written : `http://${written}`);
  if (address !== null) return address.href;
  const hint = "set it as http://host:port, or unset it";
  throw new HubFault("A4030", `HTTPS_PROXY or HTTP_PROXY is no address of a proxy: ${written}`, hint);
}

/**
 * The proxy for an address, as curl chooses it: none for the hosts that NO_PROXY names, with those below them, or for all
 * where it says `*`.
 */
export function proxyFor(
  { protocol, hostname, port }: URL,
  { http, https, none }: HubSettings["proxies"],
): string | null {
  const proxy = protocol === "https:" ? https : http;
  const actual = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  const isLeftOut = none.split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const [, host = "", own = actual] = /^(?:\*?\.)?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    return host !== "" && own === actual && (hostname === host || hostname.endsWith(`.${host}`));
  });
  return isLeftOut ? null : proxy;
}

function headersOf({ headers }: Dispatcher.ResponseData): ReadonlyMap<string, string> {
  const named = Object.entries(headers).flatMap(([name, value]): [string, string][] => {
    const text = Array.isArray(value) ? value[0] : value;
    return text === undefined ? [] : [[name.toLowerCase(), text]];
  });
  return new Map(named);
}

/** A connection that could not be made or broke. */
export function brokenBy(error: unknown, { host }: Pick<URL, "host">): PassingFault | HubFault {
  if (error instanceof HubFault || error instanceof PassingFault) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOTFOUND") return new PassingFault(`${host} is not known to this network`);
  if (code === "ECONNREFUSED") return new PassingFault(`${host} takes no connections`);
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") {
    return new PassingFault(`${host} has stopped answering`);
  }
  if (/^(?:ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)) {
    const hint = "a network that inspects https needs its certificate in NODE_EXTRA_CA_CERTS";
    return new HubFault("A4030", `the certificate of ${host} is not valid: ${reasonOf(error)}`, hint);
  }
  return new PassingFault(`the connection to ${host} broke: ${reasonOf(error)}`);
}

const busy: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The longest pause that a server may ask for. */
const longestPause = 300 * seconds;

/** Rejects for an answer that says to come again. */
export async function refuseBusy(http: Http, { status, headers, body }: HubResponse, host: string): Promise<void> {
  if (!busy.has(status)) return;
  await body.dump();
  const said = headers.get("retry-after") ?? "";
  const after = /^\d+$/.test(said) ? Number(said) * seconds : Date.parse(said) - Date.now();
  const wait = Number.isFinite(after) ? Math.max(0, after) : null;
  const what = status === 429 ? `${host} has had too many requests` : `${host} answers with ${status}`;
  if (wait === null || wait <= longestPause) throw new PassingFault(what, wait);
  const more = http.settings.token === null ? "; with HF_TOKEN set more requests are allowed" : "";
  throw new HubFault("A4030", what, `it asks to wait ${Math.ceil(wait / 60 / seconds)} minutes${more}`);
}

/** Tries without any progress between them. */
const mostTries = 6;

/**
 * Does something until it succeeds, with pauses that double, while what fails is a PassingFault. `progress` says how far
 * it came: a try that came further than those before counts as the first one again.
 */
export async function retried<T>(
  settings: HubSettings,
  attempt: () => Promise<T>,
  progress: () => number = () => 0,
): Promise<T> {
  let tries = 0;
  let reached = progress();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof PassingFault)) throw error;
      const far = progress();
      tries = far > reached ? 1 : tries + 1;
      reached = Math.max(reached, far);
      if (tries >= mostTries) {
        const hint =
          reached > 0 ? "what was received is kept: run it again to go on" : "see `atlasc doctor`, or try again later";
        throw new HubFault("A4030", error.message, hint);
      }
      // Many clients that failed together should not come back together.
      const doubled = Math.min(30 * seconds, settings.pause * 2 ** (tries - 1)) * (0.75 + Math.random() / 2);
      await pause(error.wait ?? doubled);
    }
  }
}

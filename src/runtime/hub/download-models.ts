/** What a run downloads: models of the Hub that are not on this machine. */
import { diagnostic } from "../../compiler/diagnostics/create.js";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import type { Span } from "../../compiler/base/span.js";
import type { Download } from "../load-protocol.js";
import { folderOfThatName, nameOnHub } from "../models/model-advice.js";
import { isHubSource, processEnvironment } from "../models/places.js";
import { HubFault } from "./fault.js";
import { createHttp, type Http } from "./http.js";
import { cachedDataset, parquetFiles, parseDataset } from "./datasets.js";
import { cachedModel, pullFiles, pullModel, type PullEvents } from "./pull.js";
import { hubSettings, type HubSettings } from "./settings.js";

/** Downloads with these settings; connections are made when they are needed, and closed by `end`. */
export interface HubDownload extends Download {
  readonly end: () => Promise<void>;
}

export function createDownload(
  events: PullEvents,
  settings: HubSettings = hubSettings(processEnvironment()),
): HubDownload {
  let http: Http | null = null;
  return {
    async model(request) {
      const { source, span } = request;
      const revision = request.revision ?? "main";
      if (!isHubSource(source) || /\.(?:onnx|gguf)$/i.test(source)) return null;
      // Names that are meant otherwise are explained where the model is not found.
      if (folderOfThatName(request) !== null || nameOnHub(source) !== null) return null;
      if ((await cachedModel(settings.cache, source, revision)) !== null) return null;
      // What is missing is said where the model is opened.
      if (settings.offline) return null;
      http ??= createHttp(settings);
      try {
        await pullModel(http, source, revision, events);
        return null;
      } catch (error) {
        return hubDiagnostic(error, source, span);
      }
    },
    async dataset(name) {
      const wanted = parseDataset(name);
      if (wanted === null || settings.offline || cachedDataset(settings.cache, wanted) !== null) return null;
      http ??= createHttp(settings);
      try {
        await pullFiles(http, wanted.id, wanted.revision, ({ files }) => parquetFiles(files, wanted), events);
        return null;
      } catch (error) {
        if (!(error instanceof HubFault)) throw error;
        const { code, message, hint } = error;
        return { problem: code === "A4017" ? `it has no revision ${message}` : message, advice: hint };
      }
    },
    end: async () => {
      await http?.close();
    },
  };
}

/** A fault of the Hub as a diagnostic; anything else is thrown on. */
export function hubDiagnostic(error: unknown, source: string, span: Span | null): Diagnostic {
  if (!(error instanceof HubFault)) throw error;
  const { code, message, hint } = error;
  return code === "A4017"
    ? diagnostic(code, span, { source, revision: message }, { hint })
    : diagnostic(code, span, { source, problem: message }, { hint });
}

/**
 * Runs whose models do not fit on the disk together, as a sweep over checkpoints of the Hub: each is downloaded, its units are
 * computed and stored, and what was downloaded for it is removed before the next one. At the end the run finds every unit in
 * the store, and what it must know of the models was kept when they were there.
 */
import type { SourceFile } from "../compiler/base/span.js";
import { diagnostic } from "../compiler/diagnostics/create.js";
import type { Staged } from "../compiler/diagnostics/staged.js";
import { diskReading } from "./load.js";
import type { Reading } from "./load-protocol.js";
import type { ModelRequest } from "./models/model-request.js";
import type { OpenedModel } from "./models/open-model.js";
import { runProtocol, runUnits, type RunEvents, type RunOptions, type RunOutcome } from "./run.js";

/** What decides which models are removed. */
export interface Evicting {
  /** Whether a model would be downloaded: one of the Hub that is not on this machine. */
  readonly isAbsent: (request: ModelRequest) => Promise<boolean>;
  /** Removes a model that was downloaded, with the files that no other one has. */
  readonly remove: (request: ModelRequest) => Promise<void>;
  /** Told what is done, in a sentence. */
  readonly say: (sentence: string) => void;
}

type Opened = Staged<OpenedModel | null>;

/**
 * Runs a protocol with one downloaded revision at a time on the disk; otherwise like {@link runProtocol}. Only the revisions of
 * a list can wait for their turn, since what is asked of them is known from another one.
 */
export async function runEvicting(
  source: SourceFile,
  options: RunOptions,
  events: RunEvents,
  evicting: Evicting,
): Promise<RunOutcome> {
  const kept = new Map<string, Opened>();
  const reading = options.reading ?? diskReading;
  for (let first = true; ; first = false) {
    const round = createRound(kept, reading, evicting);
    const outcome = await runUnits(source, { ...options, reading: round.reading }, events);
    // Without a list of revisions, or with a mistake, it is a run like any other, which tells what is wrong.
    if (first && outcome === "rejected") return runProtocol(source, options, events);
    const downloaded = round.downloaded();
    if (downloaded !== null) {
      await evicting.remove(downloaded);
      evicting.say(`removed ${downloaded.source} at ${downloaded.revision ?? "main"}: its results are stored`);
    }
    if (outcome !== "computed" || !round.isLeft()) break;
  }
  return runProtocol(source, { ...options, reading: createRound(kept, reading, evicting).reading }, events);
}

interface Round {
  readonly reading: Reading;
  /** The model that was downloaded in this round. */
  readonly downloaded: () => ModelRequest | null;
  /** Whether there are models whose turn has not come. */
  readonly isLeft: () => boolean;
}

/** A reading that downloads one model more than what is kept; those after it count as missing until it is their turn. */
function createRound(kept: Map<string, Opened>, reading: Reading, { isAbsent }: Evicting): Round {
  let downloaded: ModelRequest | null = null;
  let left = false;
  return {
    downloaded: () => downloaded,
    isLeft: () => left,
    reading: {
      ...reading,
      async model(request, options) {
        const { source, revision, baseFolder, span } = request;
        const key = JSON.stringify([source, revision, baseFolder]);
        const known = kept.get(key);
        if (known !== undefined) return known;
        const absent = await isAbsent(request);
        if (absent && downloaded !== null) {
          left = true;
          return { value: null, diagnostics: [diagnostic("A4017", span, { source, revision: revision ?? "main" })] };
        }
        const opened = await reading.model(request, options);
        if (absent && opened.value !== null) downloaded = request;
        kept.set(key, opened);
        return opened;
      },
    },
  };
}

/** Progress of downloads: a bar with rate and time left on a terminal, a line now and then in a pipe. */
import type { SingleBar } from "cli-progress";
import type { PullEvents, PullProgress } from "../runtime/hub/pull.js";
import { sizeText } from "../runtime/read-text.js";
import { secondsBetweenLines, terminalBar, timeLeftText } from "./progress.js";
import { messages } from "./screen.js";

export interface DownloadDisplay extends PullEvents {
  /** Takes the bar away. */
  readonly end: () => void;
}

/** `12.5 MB/s  40 s left`, from what was received since it began. */
function pace({ done, total, before, seconds }: PullProgress): string {
  const rate = seconds > 0 ? Math.max(0, done - before) / seconds : 0;
  if (done >= total) return "done";
  return rate === 0 ? "waiting" : `${sizeText(rate)}/s  ${timeLeftText((total - done) / rate)} left`;
}

/** On standard error, so that standard output holds only results. */
export function createDownloadDisplay(): DownloadDisplay {
  const show = process.stderr.isTTY ? barDisplay(process.stderr) : lineDisplay();
  return {
    say: (sentence) => {
      show.end();
      messages.line(sentence);
    },
    progress: show.progress,
    end: show.end,
  };
}

type Display = Pick<DownloadDisplay, "progress" | "end">;

function barDisplay(stream: NodeJS.WriteStream): Display {
  let bar: SingleBar | null = null;
  const end = (): void => {
    bar?.stop();
    bar = null;
  };
  return {
    end,
    progress(progress) {
      const { done, total } = progress;
      const payload = { received: sizeText(done), size: sizeText(total), pace: pace(progress) };
      if (bar === null) {
        bar = terminalBar(stream, "{bar} {percentage}%  {received} of {size}  {pace}", 56);
        bar.start(total, done, payload);
      } else bar.update(done, payload);
      if (done >= total) end();
    },
  };
}

function lineDisplay(): Display {
  const seconds = secondsBetweenLines();
  let last = 0;
  return {
    end: () => {
      last = 0;
    },
    progress(progress) {
      if (progress.seconds - last < seconds) return;
      last = progress.seconds;
      const { what, done, total } = progress;
      const share = Math.floor((100 * done) / total);
      messages.line(`${what}: ${sizeText(done)} of ${sizeText(total)}, ${share}%, ${pace(progress)}`);
    },
  };
}

/** Part 6: commands from start to end, as somebody waits for them. */
import { secondsOfCommand } from "../atlasc.js";
import { busyShare, machineOf } from "../machine.js";
import type { ColdStart } from "../results.js";
import type { Settings } from "../settings.js";

const commands: readonly (readonly string[])[] = [
  ["check", "docs/examples/smallest.atlas"],
  ["run", "pipelines/head-sweep.atlas"],
];

export async function coldStart(settings: Settings, say: (line: string) => void): Promise<ColdStart> {
  const busy = await busyShare();
  const repetitions = settings.quick ? 2 : 5;
  const seconds = commands.map((): number[] => []);
  for (let i = 0; i < repetitions; i++) {
    for (const [at, words] of commands.entries()) seconds[at]?.push(await secondsOfCommand(settings, words));
  }
  const measured = commands.map((words, at) => ({ command: `atlasc ${words.join(" ")}`, seconds: seconds[at] ?? [] }));
  for (const { command, seconds: all } of measured) {
    say(`6  ${command}: ${all.map((one) => one.toFixed(2)).join(", ")} s`);
  }
  return {
    kind: "cold-start",
    part: "6",
    machine: machineOf(settings, {}),
    quick: settings.quick,
    busy,
    workload: `Whole processes, ${repetitions} of each in turns, runs into an empty folder`,
    commands: measured,
  };
}

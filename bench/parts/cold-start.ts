/** Part 6: commands from start to end, as somebody waits for them. */
import { secondsOfCommand, secondsOfNothing } from "../atlasc.js";
import { busyShare, machineOf } from "../machine.js";
import type { ColdStart } from "../results.js";
import type { Settings } from "../settings.js";

const commands: readonly (readonly string[])[] = [
  ["check", "docs/examples/smallest.atlas"],
  ["run", "pipelines/head-sweep.atlas"],
];

export async function coldStart(settings: Settings, say: (line: string) => void): Promise<ColdStart> {
  const busy = await busyShare();
  const repetitions = settings.quick ? 2 : 9;
  const measured = [
    ...commands.map((words) => ({
      command: `atlasc ${words.join(" ")}`,
      run: () => secondsOfCommand(settings, words),
      seconds: [] as number[],
    })),
    // What every command pays, and a measure of how fast the machine is at this.
    { command: "node --eval 0", run: secondsOfNothing, seconds: [] as number[] },
  ];
  for (let i = 0; i < repetitions; i++) for (const { run, seconds } of measured) seconds.push(await run());
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
    commands: measured.map(({ command, seconds }) => ({ command, seconds })),
  };
}

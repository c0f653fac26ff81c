import type { RunFacts } from "./record-types.js";

/** Where and with how much something was computed, as reports and records say it: `cpu, 2 threads`. */
export function executionText({ device, threads }: RunFacts["execution"]): string {
  return `${device}, ${threads} threads`;
}

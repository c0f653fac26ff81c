import type { RunFacts } from "./record-types.js";

/** Where and with how much something was computed, as reports and records say it: `cpu, 2 threads`. */
export function executionText({ device, threads }: RunFacts["execution"]): string {
  return `${device}, ${threads} threads`;
}

/** In which types something was computed: `float32`, `float32, products with weights in bfloat16`. */
export function computedIn({ compute }: RunFacts["execution"]): string {
  return compute === undefined ? "float32" : `float32, products with weights in ${compute}`;
}

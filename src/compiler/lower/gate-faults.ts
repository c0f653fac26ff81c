/** What an intervention puts in that is not a number: found in the graph for each row, and told in words. */
import type { Gate } from "../ir/plan.js";
import { int } from "../onnx/attributes.js";
import { createGraphBuilder, type GraphBuilder } from "../onnx/builder.js";
import type { GateNames } from "../onnx/edit.js";
import type { Initializer, OnnxNode } from "../onnx/graph.js";
import { causesOf } from "../operations/causes.js";
import { integers } from "../onnx/lists.js";

import { reasonsOf } from "../operations/reasons.js";
import { emitNotFinite } from "./causes.js";

/** What is known of a computed replacement beside its value, aligned to the site: see `lowerMeasure`. */
export interface ReplacementFault {
  readonly value: string;
  readonly fault: string | null;
  readonly cause: string | null;
}

/**
 * Name of the output that tells why what a gate puts in is not a number: int32 [row], or [1] for all rows. 0 where it is
 * one, else a place in the write's reasons (`replacements/index.ts`), from 1. Of a row that the gate leaves alone it tells nothing.
 */
export function gateFaultOutput(gate: Gate): string {
  return `put/${gate.key}/fault`;
}

/** The nodes that compute {@link gateFaultOutput}, from what a gate of rank `rank` reads. */
export function gateFaultNodes(
  gate: Gate,
  { mask, replacement, scaled }: GateNames,
  rank: number,
  computed: ReplacementFault | null,
): { readonly nodes: readonly OnnxNode[]; readonly constants: readonly Initializer[] } {
  const builder = createGraphBuilder("gate");
  const within = builder.scope(`put/${gate.key}`);
  const look = (value: string): string => emitNotFinite(within, { value, rank, masked: gate.site.site === "scores" });
  const number = (value: number): string => within.constant("int32", [1], [value]);
  const output = gateFaultOutput(gate);
  if (computed !== null && gate.expression !== null) {
    emitComputed(within, { ...computed, mask, rank, notFinite: look(computed.value) }, gate.expression, output);
  } else {
    // A factor applies to the whole site, of which only what is masked is put in.
    const none = within.constant("float32", [1], [0]);
    const put = gate.kind === "scale" ? within.node("Where", [mask, scaled, none]) : replacement;
    within.node("Where", [look(put), number(1), number(0)], {}, output);
  }
  const { nodes, initializers } = builder.finish();
  return { nodes, constants: initializers };
}

interface ComputedFault extends ReplacementFault {
  readonly mask: string;
  readonly rank: number;
  /** bool [row or 1]: whether the value has an entry that is not finite. */
  readonly notFinite: string;
}

/** The first of: a reason among the entries that are put in, a cause, and a value that is not finite without either. */
function emitComputed(
  builder: GraphBuilder,
  { fault, cause, mask, rank, notFinite }: ComputedFault,
  expression: Parameters<typeof causesOf>[0],
  output: string,
): void {
  const reasons = reasonsOf(expression).length;
  const { checks } = causesOf(expression);
  const number = (value: number): string => builder.constant("int32", [1], [value]);
  const isSet = (value: string): string => builder.node("Greater", [value, number(0)]);
  const axes = integers(builder, ...Array.from({ length: rank - 1 }, (_, i) => i + 1));
  const largest = (value: string): string =>
    rank === 1 ? value : builder.node("ReduceMax", [value, axes], { keepdims: int(0) });
  // NaN under a fault that is nowhere put in is nobody's fault.
  const elsewhere = fault === null ? null : isSet(largest(fault));
  const last = number(reasons + checks.length + 1);
  let found = builder.node("Where", [notFinite, last, number(0)]);
  if (elsewhere !== null) found = builder.node("Where", [elsewhere, number(0), found]);
  if (cause !== null) {
    found = builder.node("Where", [isSet(cause), builder.node("Add", [cause, number(reasons)]), found]);
  }
  if (fault !== null) {
    const put = largest(builder.node("Where", [mask, fault, number(0)]));
    found = builder.node("Where", [isSet(put), put, found]);
  }
  builder.node("Identity", [found], {}, output);
}

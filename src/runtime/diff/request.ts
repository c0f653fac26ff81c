/** In what two runs were asked for differently, and which of it can be why their results differ. */
import { passNames } from "../../compiler/passes/names.js";
import type { RecordedModel, RecordedTexts, RunRecord } from "../store/record.js";
import { lineChanges, type LineChange } from "./lines.js";

/** A part of the request or of its surroundings that differs. */
export interface Difference {
  /** `weights of gpt2`, `param width`. */
  readonly what: string;
  readonly left: string;
  readonly right: string;
  /** Why results may differ because of it, in words; null for what changes no number. */
  readonly reason: string | null;
}

export interface RequestDifferences {
  readonly differences: readonly Difference[];
  /** Lines of the protocol's text that only one has; empty for equal texts. */
  readonly text: readonly LineChange[];
}

/** Compares two records. What follows from other differences (digests of plan and request) is left out. */
export function requestDifferences(left: RunRecord, right: RunRecord): RequestDifferences {
  const differences: Difference[] = [];
  const compare = (what: string, a: unknown, b: unknown, reason: string | null): void => {
    const [one, other] = [textOf(a), textOf(b)];
    if (one !== other) differences.push({ what, left: one, right: other, reason });
  };
  const text = lineChanges(left.protocol.text, right.protocol.text);
  if (text.length > 0) {
    differences.push({
      what: "text of the protocol",
      left: left.protocol.sha256,
      right: right.protocol.sha256,
      reason: "the protocols differ",
    });
  }
  byName(left.parameters, right.parameters, (name, a, b) => {
    compare(`param ${name}`, a, b, `the parameter ${name} is ${textOf(a)} and ${textOf(b)}`);
  });
  paired(
    left.models,
    right.models,
    ({ id }) => id,
    (id, a, b) => {
      modelDifferences(id, a, b, compare);
    },
  );
  paired(left.texts, right.texts, textsName, (name, a, b) => {
    compare(`token ids of ${name}`, a?.idsSha256, b?.idsSha256, `the token ids of ${name} differ`);
  });
  const [e, f] = [left.execution, right.execution];
  compare("device", e.device, f.device, `computed on ${e.device} and on ${f.device}`);
  compare("graph optimisation", e.optimisation, f.optimisation, "graphs were optimised differently");
  compare("prepacking", e.prepacking, f.prepacking, "weights were rearranged for other texts (prepacking)");
  compare("TF32", e.tf32, f.tf32, "TF32 was allowed in one of them");
  compare(
    "products",
    e.compute ?? "float32",
    f.compute ?? "float32",
    "products with weights were computed in other types",
  );
  compare(
    "kernels",
    e.kernels ?? e.device,
    f.kernels ?? f.device,
    e.device === f.device ? "the libraries of the device differ" : null,
  );
  compare("threads", e.threads, f.threads, null);
  const [v, w] = [left.versions, right.versions];
  compare(
    "onnxruntime",
    v.onnxruntime,
    w.onnxruntime,
    `another version of ONNX Runtime (${v.onnxruntime ?? "unknown"} and ${w.onnxruntime ?? "unknown"})`,
  );
  compare("atlasc", v.atlasc, w.atlasc, `another version of atlasc (${v.atlasc} and ${w.atlasc})`);
  compare("node", v.node, w.node, null);
  const [p, q] = [left.planning, right.planning];
  compare(
    "memory budget",
    p?.memoryBudget,
    q?.memoryBudget,
    "rows were put into batches of other sizes (memory budget)",
  );
  compare("optimisations", passesText(p), passesText(q), "other optimisations were applied");
  compare("threshold of a graph", p?.graphWork, q?.graphWork, null);
  compare("threshold of chunks", p?.chunkedFrom, q?.chunkedFrom, null);
  const [m, n] = [left.machine, right.machine];
  compare("processor", m.processor, n.processor, `another processor (${m.processor} and ${n.processor})`);
  compare("platform", m.platform, n.platform, null);
  compare("status", left.status, right.status, `one is ${left.status}, the other ${right.status}`);
  return { differences, text };
}

type Compare = (what: string, a: unknown, b: unknown, reason: string | null) => void;

function modelDifferences(
  id: string,
  a: RecordedModel | undefined,
  b: RecordedModel | undefined,
  compare: Compare,
): void {
  if (a === undefined || b === undefined) {
    compare(`model ${id}`, a?.source, b?.source, `only one of them has the model ${id}`);
    return;
  }
  compare(`weights of ${id}`, a.digest, b.digest, `the weights of model ${id} differ`);
  compare(`source of ${id}`, a.source, b.source, null);
  compare(`revision of ${id}`, a.revision, b.revision, null);
  compare(`dtype of ${id}`, a.dtype, b.dtype, `the dtype of model ${id} differs`);
  compare(`tokenizer of ${id}`, a.tokenizerDigest, b.tokenizerDigest, `the tokenizer of model ${id} differs`);
}

/** `all`, `none`, or those that are left out. */
function passesText(planning: RunRecord["planning"]): string {
  if (planning === null) return "unknown";
  const left = passNames.filter((name) => !planning.passes.includes(name));
  if (left.length === 0) return "all";
  return planning.passes.length === 0 ? "none" : `all but ${left.join(", ")}`;
}

function textsName({ name, model }: RecordedTexts): string {
  return `${name} for ${model}`;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function byName(
  a: RunRecord["parameters"],
  b: RunRecord["parameters"],
  each: (name: string, a: string | number | undefined, b: string | number | undefined) => void,
): void {
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  for (const name of new Set([...left.keys(), ...right.keys()])) each(name, left.get(name), right.get(name));
}

function paired<T>(
  a: readonly T[],
  b: readonly T[],
  nameOf: (item: T) => string,
  each: (name: string, a: T | undefined, b: T | undefined) => void,
): void {
  const [left, right] = [a, b].map((items) => new Map(items.map((item) => [nameOf(item), item])));
  for (const name of new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])]))
    each(name, left?.get(name), right?.get(name));
}

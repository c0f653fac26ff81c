/** Digests of the parts of a record, by which a change of one is found and named. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../../compiler/base/digest.js";
import type { RunRecord } from "./record-types.js";

/**
 * SHA-256 of each part of a record as canonical JSON, by its key. `judgement` is a person's to change, and the digest of the
 * report changes with each judgement that it comes to show: neither is in it.
 */
export function partDigests(record: RunRecord): Readonly<Record<string, string>> {
  const { judgement: _judgement, ...parts } = asWritten(record);
  const outputs = parts.outputs.map((file) => (file.kind === "report" ? { ...file, sha256: null } : file));
  return Object.fromEntries(
    Object.entries({ ...parts, outputs }).map(([key, part]) => [key, digestOfPart(part)] as const),
  );
}

function digestOfPart(part: unknown): string {
  return createHash("sha256").update(canonicalJson(part)).digest("hex");
}

/** As JSON gives it back: without −0, NaN and undefined. */
export function asWritten<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

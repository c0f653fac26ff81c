/** Revisions of a sweep that are not there: the others run, and the rows of these have no values. */
import { digestOf } from "../compiler/base/digest.js";
import { diagnostic } from "../compiler/diagnostics/create.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import type { ModelInstance } from "../compiler/ir/protocol.js";
import type { ReadModel } from "./models/read-model.js";

/** An instance that could not be opened, and why. */
export interface AbsentModel {
  readonly instance: ModelInstance;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * What stands for instances whose revision is missing, and nothing else is wrong with (A4017): the facts of another revision of
 * the same list that is there, marked as missing, and a warning in place of the error (A8037). Where no revision of the list is
 * there, or no list was asked for, the error stays.
 */
export function standIns<M extends ReadModel>(
  absent: readonly AbsentModel[],
  wanted: readonly { readonly instance: ModelInstance }[],
  opened: ReadonlyMap<string, M>,
): readonly { readonly instance: ModelInstance; readonly stand: M; readonly warnings: readonly Diagnostic[] }[] {
  return absent.flatMap(({ instance, diagnostics }) => {
    const { name, source, revision, coordinates } = instance;
    if (coordinates["revision"] === undefined || revision === null) return [];
    if (diagnostics.length === 0 || diagnostics.some(({ code }) => code !== "A4017")) return [];
    const present = wanted.find(
      ({ instance: other }) => other.name === name && other.source === source && opened.has(other.id),
    );
    const model = present === undefined ? undefined : opened.get(present.instance.id);
    if (model === undefined) return [];
    const missing = `${source} has no revision ${revision}`;
    // A digest of its own: nothing that was computed for another revision is taken for this one's.
    const facts = { ...model.facts, revision, missing, digest: digestOf(["missing revision", source, revision]) };
    const warnings = diagnostics.map(({ primary, hint }) => ({
      ...diagnostic("A8037", null, { source, revision }, hint === undefined ? {} : { hint }),
      primary,
    }));
    return [{ instance, stand: { ...model, facts }, warnings }];
  });
}

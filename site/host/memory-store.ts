/** Finished units in memory, for as long as the worker lives: what a second run of a protocol shares is not computed again. */
import type { StoredUnit, UnitStore } from "../../src/runtime/store/units.js";

export interface MemoryStore extends UnitStore {
  /** Forgets everything if it has grown beyond what is kept between two runs. */
  readonly tidy: () => void;
}

/** Bytes of results that are kept between runs. */
const mostKept = 64 * 2 ** 20;

export function createMemoryStore(): MemoryStore {
  const units = new Map<string, StoredUnit>();
  return {
    folder: "memory",
    has: (id) => Promise.resolve(units.has(id)),
    read: (id) => Promise.resolve(units.get(id) ?? null),
    write: (unit) => {
      units.set(unit.id, unit);
      return Promise.resolve();
    },
    digestOf: () => null,
    pathOf: (id) => id,
    tidy: () => {
      let bytes = 0;
      for (const { tensors } of units.values()) {
        for (const { data } of Object.values(tensors)) bytes += data.byteLength;
      }
      if (bytes > mostKept) units.clear();
    },
  };
}

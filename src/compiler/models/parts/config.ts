import type { Json } from "../../base/digest.js";
import { entryOf } from "../../base/entry.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { ModelFacts } from "../model.js";
import { isHarmless } from "./harmless-fields.js";

/**
 * Reads a model's config.json field by field. A field that is missing or of the wrong kind becomes a diagnostic and a
 * harmless stand-in value, so that one look reports everything that is wrong; callers must not use what they built
 * when {@link ConfigReader.diagnostics} has errors.
 *
 * Reading a field marks it as read, whether it is there or not, so a family reads all its fields whatever the others
 * say. What is left is known to be harmless (harmless-fields.ts) or named in a warning.
 *
 * An absent field takes its fallback, as the config classes of transformers do. `null` is a value: only the `optional`
 * methods accept it.
 */
export interface ConfigReader {
  readonly diagnostics: Diagnostic[];
  /** The field as it stands; undefined when absent or null. */
  raw(field: string): Json | undefined;
  /** Whether the field is there, be it null. */
  has(field: string): boolean;
  /** A positive integer; required without `fallback`. `field` may list other spellings after the usual one. */
  integer(field: Field, fallback?: number): number;
  /** A positive integer, or null: what the field says, and `missing` when it is absent; required without. */
  optionalInteger(field: Field, missing?: number | null): number | null;
  /** A finite number; required without `fallback`. */
  number(field: Field, fallback?: number): number;
  /** A finite number, or null, likewise. */
  optionalNumber(field: Field, missing?: number | null): number | null;
  flag(field: Field, fallback: boolean): boolean;
  text(field: Field, fallback?: string): string;
  /** A list of strings; null when the field is absent or null. */
  texts(field: Field): readonly string[] | null;
  /** A list of finite numbers; required. */
  numbers(field: Field): readonly number[];
  /** Records that atlasc does not build what a field asks for. */
  refuse(field: string, found: string, supported: string): void;
  /** A reader of an object inside the config (`rope_parameters`); null when there is none. */
  section(field: string): ConfigReader | null;
  /** Marks fields that the family knows and that cannot change this model; say why beside the call. */
  ignore(...fields: readonly string[]): void;
  /** Marks a field as read where it says nothing but `value`, which is said elsewhere; otherwise it stays unread. */
  ignoreWhen(field: string, value: Json | undefined): void;
  /** Fields of the config and of the sections that were read which nothing has read or knows, in the file's order. */
  unread(): readonly string[];
}

/** The name of a field, or its spellings with the usual one first. Two that are there must agree. */
export type Field = string | readonly string[];

type Fields = Readonly<Record<string, Json>>;

/** What readers of one config share. */
interface Shared {
  readonly source: string;
  readonly mostOf: (field: string) => number;
  readonly diagnostics: Diagnostic[];
  readonly read: Set<string>;
  /** Fields that were reported: one that is asked for twice is wrong once. */
  readonly reported: Set<string>;
  /** The objects that readers were made of, by the prefix of their fields. */
  readonly opened: Map<string, Fields>;
}

/** A reader of the config of a model. */
export function createConfigReader(facts: ModelFacts): ConfigReader {
  const { source, config } = facts;
  const shared: Shared = {
    source,
    mostOf: largestSizes(facts),
    diagnostics: [],
    read: new Set(),
    reported: new Set(),
    opened: new Map(),
  };
  return readerOf(shared, "", config);
}

/** A model may be smaller than its config says, which its missing tensors tell; it is built for nothing up to here. */
const smallest = { layers: 256, numbers: 2 ** 16 };

/**
 * The largest value that an integer of a config can have: a size is no larger than all weights together, and a layer has
 * a tensor at least. It is known before anything of such a size is built. Lengths of texts ask for no weights.
 */
function largestSizes({ tensors }: ModelFacts): (field: string) => number {
  const entries = Object.values(tensors);
  const numbers = entries.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  const most = { layers: Math.max(smallest.layers, entries.length), numbers: Math.max(smallest.numbers, numbers) };
  return (field) => {
    if (/position|window|seq_len|_ctx$|chunk/.test(field)) return Infinity;
    return /(?:^|_)layers?$/.test(field) ? most.layers : most.numbers;
  };
}

function readerOf(shared: Shared, prefix: string, config: Fields): ConfigReader {
  const { source, diagnostics } = shared;
  shared.opened.set(prefix, config);

  function find(field: Field): { name: string; value: Json | undefined } {
    const names = typeof field === "string" ? [field] : field;
    for (const name of names) shared.read.add(prefix + name);
    const there = names.filter((name) => entryOf(config, name) !== undefined);
    const [name = names[0] ?? "", ...others] = there;
    const value = entryOf(config, name);
    const other = others.find((one) => JSON.stringify(entryOf(config, one)) !== JSON.stringify(value));
    if (other !== undefined) reject(other, shown(entryOf(config, other)), `${shown(value)}, as ${name} says`);
    return { name, value };
  }

  function read<T extends Json>(field: Field, kind: Kind<T>, fallback: T | undefined): T {
    const { name, value } = find(field);
    if (value === undefined) {
      if (fallback !== undefined) return fallback;
      report(name, diagnostic("A4002", null, { source, field: prefix + name }));
      return kind.standIn;
    }
    if (kind.accepts(value)) {
      const most = typeof value === "number" && kind.name === integers.name ? shared.mostOf(name) : Infinity;
      if (typeof value !== "number" || value <= most) return value;
      reject(name, shown(value), `at most ${most}: the weights hold no more`);
      return kind.standIn;
    }
    reject(name, shown(value), kind.name);
    return kind.standIn;
  }

  function optional<T extends Json>(field: Field, kind: Kind<T>, missing: T | null | undefined): T | null {
    const { value } = find(field);
    if (value === null || (value === undefined && missing === null)) return null;
    return read(field, kind, missing ?? undefined);
  }

  function reject(field: string, found: string, expected: string): void {
    report(field, diagnostic("A4003", null, { source, field: prefix + field, found }, { expected, found }));
  }

  function report(field: string, problem: Diagnostic): void {
    if (shared.reported.has(prefix + field)) return;
    shared.reported.add(prefix + field);
    diagnostics.push(problem);
  }

  return {
    diagnostics,
    raw: (field) => find(field).value ?? undefined,
    has: (field) => find(field).value !== undefined,
    integer: (field, fallback) => read(field, integers, fallback),
    optionalInteger: (field, missing) => optional(field, integers, missing),
    number: (field, fallback) => read(field, finite, fallback),
    optionalNumber: (field, missing) => optional(field, finite, missing),
    flag: (field, fallback) => read(field, flags, fallback),
    text: (field, fallback) => read(field, texts, fallback),
    texts: (field) => optional<string[]>(field, listOf(texts), null),
    numbers: (field) => read<number[]>(field, listOf(finite), undefined),
    refuse: reject,
    section(field) {
      const value = optional(field, objects, null);
      return value === null ? null : readerOf(shared, `${prefix}${field}.`, value);
    },
    ignore(...fields) {
      for (const field of fields) shared.read.add(prefix + field);
    },
    ignoreWhen(field, value) {
      if (JSON.stringify(entryOf(config, field)) === JSON.stringify(value)) shared.read.add(prefix + field);
    },
    unread: () =>
      [...shared.opened].flatMap(([start, object]) =>
        Object.keys(object)
          .filter((name) => !shared.read.has(start + name) && !(start === "" && isHarmless(name)))
          .map((name) => start + name),
      ),
  };
}

/** A kind of value: how messages call it, which values are of it, and what stands for one after a report. */
interface Kind<T extends Json> {
  readonly name: string;
  readonly accepts: (value: Json) => value is T;
  readonly standIn: T;
}

const integers: Kind<number> = {
  name: "a positive integer",
  accepts: (value): value is number => typeof value === "number" && Number.isSafeInteger(value) && value > 0,
  standIn: 1,
};

const finite: Kind<number> = {
  name: "a number",
  accepts: (value): value is number => typeof value === "number" && Number.isFinite(value),
  standIn: 1,
};

const flags: Kind<boolean> = {
  name: "true or false",
  accepts: (value) => typeof value === "boolean",
  standIn: false,
};

const texts: Kind<string> = { name: "a string", accepts: (value) => typeof value === "string", standIn: "" };

const objects: Kind<Fields> = {
  name: "an object",
  accepts: (value): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value),
  standIn: {},
};

function listOf<T extends Json>(kind: Kind<T>): Kind<T[]> {
  return {
    name: `a list, each item ${kind.name}`,
    accepts: (value): value is T[] => Array.isArray(value) && value.every((item: Json) => kind.accepts(item)),
    standIn: [],
  };
}

/** A value of the config in a message, cut where it is long. */
function shown(value: Json | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

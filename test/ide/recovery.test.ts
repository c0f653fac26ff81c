/** A mistake in one statement leaves what is known of the others as it is. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Entry, SymbolReference } from "../../src/compiler/ir/side-table.js";
import type { Statement } from "../../src/compiler/syntax/ast.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { compileText } from "../check/compiling.js";
import { around, change, texts } from "../fuzz/changes.js";
import { seeded } from "../support/random.js";

const runs = 120;
const file = "test.atlas";
const everywhere = { ...around, sideTable: true };

function entriesOf(text: string): readonly Entry[] {
  const { sideTable } = compileText(text, everywhere).value;
  assert.ok(sideTable !== null);
  return sideTable.entries.filter(({ span }) => span.file === file);
}

const known = new Map<string, readonly Entry[]>();

/** The table of a sound text, made once. */
function soundEntries(text: string): readonly Entry[] {
  const entries = known.get(text) ?? entriesOf(text);
  known.set(text, entries);
  return entries;
}

const isWithin = ({ span }: Pick<Entry, "span">, start: number, end: number): boolean =>
  span.start >= start && span.end <= end;

/** Statements that read what others do, by the places of these: directly and through others. */
function dependents(
  entries: readonly Entry[],
  statements: readonly Statement[],
  changed: Statement,
): ReadonlySet<Statement> {
  const of = new Set([changed]);
  for (let before = 0; before < of.size;) {
    before = of.size;
    for (const statement of statements) {
      const { start, end } = statement.span;
      const reads = entries.some((entry) => {
        const at = entry.symbol?.at ?? null;
        return isWithin(entry, start, end) && at?.file === file && [...of].some((other) => isWithin({ span: at }, other.span.start, other.span.end)); // prettier-ignore
      });
      if (reads) of.add(statement);
    }
  }
  return of;
}

/** An entry as it would be `shift` later in the text, for the places behind the change. */
function moved(entry: Entry, place: (offset: number) => number): Entry {
  const span = { ...entry.span, start: place(entry.span.start), end: place(entry.span.end) };
  const { symbol } = entry;
  const at = symbol?.at?.file === file ? { ...symbol.at, start: place(symbol.at.start), end: place(symbol.at.end) } : (symbol?.at ?? null); // prettier-ignore
  return { ...entry, span, symbol: symbol === null ? null : { ...symbol, at } };
}

/** What an entry says whatever other statements are. Axes and halves are called after what several statements do. */
function nameOf(entry: Entry): readonly [Entry["span"], Entry["kind"], SymbolReference | null] {
  const isJoint = entry.kind === "axis" || entry.symbol?.kind === "half" || entry.symbol?.kind === "group";
  return [entry.span, entry.kind, isJoint ? null : entry.symbol];
}

interface Case {
  readonly original: readonly Entry[];
  readonly now: readonly Entry[];
  readonly changed: Statement;
  /** The statements that read what the changed one declares, itself among them. */
  readonly affected: ReadonlySet<Statement>;
  /** Whether nothing but results can be missing, so that types outside of `affected` are as before. */
  readonly resultsOnly: boolean;
  /** Names that the broken statements may declare, whose meaning elsewhere is in doubt. */
  readonly doubtful: ReadonlySet<string>;
  readonly place: (offset: number) => number;
}

/** Compares the entries of one statement that is as sound as before; gives how many names and types were compared. */
function compare({ original, now, ...one }: Case, statement: Statement, message: string): readonly [number, number] {
  const { changed, place, affected, doubtful } = one;
  const { start, end } = statement.span;
  const before = original.filter((entry) => isWithin(entry, start, end));
  const after = now.filter((entry) => isWithin(entry, place(start), place(end)));
  const isOfChanged = ({ at }: SymbolReference): boolean =>
    at?.file === file && isWithin({ span: at }, changed.span.start, changed.span.end);
  // Names of what the changed statement declares mean nothing, or something else of that name.
  const others = before.filter(({ symbol, kind }) => {
    if (symbol === null || isOfChanged(symbol) || doubtful.has(symbol.name)) return false;
    return !(kind === "column" && affected.has(statement));
  });
  const names = new Set(after.map((entry) => JSON.stringify(nameOf(entry))));
  const lost = others.filter((entry) => !names.has(JSON.stringify(nameOf(moved(entry, place)))));
  // What was imported may be lost with the import.
  if (changed.kind !== "import") assert.deepEqual(lost, [], message);
  // The types of a metric's body are those of its uses, of which the change may have taken some.
  const isOfUses = statement.kind === "metric" || statement.kind === "param";
  if (!one.resultsOnly || affected.has(statement) || isOfUses) return [others.length, 0];
  const types = (entries: readonly Entry[]): unknown => entries.map((entry) => [entry.span, entry.types, entry.places]);
  assert.deepEqual(types(after), types(before.map((entry) => moved(entry, place))), message);
  return [others.length, before.length];
}

test(`${runs} sound protocols with one change: the entries of the other statements`, () => {
  let names = 0;
  let types = 0;
  let lost = 0;
  for (let seed = 0; seed < runs; seed++) {
    const random = seeded(seed);
    const source = random.pick(texts);
    const { text, start, end } = change(source, random);
    const { recovered } = parse({ path: file, text }).value;
    if (recovered === undefined) continue;
    const { statements } = parse({ path: file, text: source }).value;
    const changed = statements.find(({ span }) => span.start === start) ?? statements[0];
    if (changed === undefined) continue;
    const shift = text.length - source.length;
    const place = (offset: number): number => (offset + shift >= end ? offset + shift : offset);
    const original = soundEntries(source);
    const declares = recovered.broken.flatMap((broken) => broken.declares);
    const kinds = declares.flatMap((declared) => declared.kinds);
    const one: Case = {
      original,
      now: entriesOf(text),
      changed,
      affected: dependents(original, statements, changed),
      resultsOnly: kinds.every((kind) => kind === "result") && !["import", "model"].includes(changed.kind),
      doubtful: new Set(declares.flatMap(({ name }) => (name === null ? [] : [name]))),
      place,
    };
    for (const statement of statements) {
      if (statement === changed) continue;
      const { kind, span } = statement;
      const isKept = recovered.sound.some(
        (other) => other.kind === kind && other.span.start === place(span.start) && other.span.end === place(span.end),
      );
      if (!isKept) {
        lost++;
        continue;
      }
      const [compared, typed] = compare(one, statement, `seed ${seed}, ${kind} in\n${text}`);
      names += compared;
      types += typed;
    }
  }
  assert.ok(names > 2000 && types > 700, `${names} names and ${types} types compared`);
  assert.ok(lost < names / 100, `${lost} statements lost`);
});

/**
 * A text on its way through a tokenizer, and which part of the original each piece of it stands for.
 *
 * @source Hugging Face tokenizers 0.23, NormalizedString: the same alignments, for UTF-16 units in place of bytes.
 */
export interface AlignedText {
  readonly text: string;
  /** For each UTF-16 unit of `text`, where the character of the original begins that it stands for … */
  readonly starts: Int32Array;
  /** … and where it ends. */
  readonly ends: Int32Array;
}

/** A text before any change: every unit stands for its own character. */
export function alignedText(text: string): AlignedText {
  const starts = new Int32Array(text.length);
  const ends = new Int32Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const second = unit >= 0xdc00 && unit < 0xe000 ? 1 : 0;
    const first = unit >= 0xd800 && unit < 0xdc00 ? 1 : 0;
    starts[i] = i - second;
    ends[i] = i + 1 + first;
  }
  return { text, starts, ends };
}

export function sliceAligned({ text, starts, ends }: AlignedText, from: number, to: number): AlignedText {
  if (from === 0 && to === text.length) return { text, starts, ends };
  return { text: text.slice(from, to), starts: starts.subarray(from, to), ends: ends.subarray(from, to) };
}

/** A text as it is written, unit by unit, with what each stands for. */
export interface AlignedWriter {
  /** Appends a character that stands for the original from `start` to `end`. */
  point(point: number, start: number, end: number): void;
  /** Appends a text, all of which stands for one part of the original. */
  text(text: string, start: number, end: number): void;
  /** Appends a part of another text, aligned as it is there. */
  part(from: AlignedText, start: number, end: number): void;
  /** Units so far. */
  length(): number;
  done(): AlignedText;
}

/** Refuses what normalizers make of a text of this length: one that doubles it, forty times in a row, would fill the memory. */
export function limitGrowth(from: number, to: number): void {
  if (to > 64 * from + 4096) throw new Error("its normalizers make more than 64 times as much of a text as there was");
}

/** Writes a text of about `size` units. */
export function alignedWriter(size: number): AlignedWriter {
  let units = new Uint16Array(size + 16);
  let starts = new Int32Array(size + 16);
  let ends = new Int32Array(size + 16);
  let length = 0;
  const reserve = (more: number): void => {
    if (length + more <= units.length) return;
    limitGrowth(size, length + more);
    const grown = <T extends Uint16Array | Int32Array>(old: T, wider: T): T => {
      wider.set(old);
      return wider;
    };
    const capacity = 2 * (length + more);
    units = grown(units, new Uint16Array(capacity));
    starts = grown(starts, new Int32Array(capacity));
    ends = grown(ends, new Int32Array(capacity));
  };
  const unit = (value: number, start: number, end: number): void => {
    units[length] = value;
    starts[length] = start;
    ends[length] = end;
    length++;
  };
  return {
    point(point, start, end) {
      reserve(2);
      if (point < 0x10000) {
        unit(point, start, end);
      } else {
        unit(0xd800 + ((point - 0x10000) >> 10), start, end);
        unit(0xdc00 + ((point - 0x10000) & 0x3ff), start, end);
      }
    },
    text(text, start, end) {
      reserve(text.length);
      for (let i = 0; i < text.length; i++) unit(text.charCodeAt(i), start, end);
    },
    part(from, start, end) {
      reserve(end - start);
      for (let i = start; i < end; i++) unit(from.text.charCodeAt(i), from.starts[i] ?? 0, from.ends[i] ?? 0);
    },
    length: () => length,
    done: () => ({
      text: new TextDecoder("utf-16le", { ignoreBOM: true }).decode(units.subarray(0, length)),
      starts: starts.subarray(0, length),
      ends: ends.subarray(0, length),
    }),
  };
}

/**
 * How a text becomes another, character by character: each is written with a change, which is 1 for a character that is
 * new, 0 for one that takes the place of the next old one, −n for one that also takes the place of n more.
 */
export interface Changes {
  readonly points: number[];
  readonly changes: number[];
}

/** Applies changes, of which the first stands behind `removed` characters that are left out. */
export function changed(aligned: AlignedText, { points, changes }: Changes, removed = 0): AlignedText {
  const { text, starts, ends } = aligned;
  let offset = 0;
  const pass = (count: number): void => {
    for (let n = 0; n < count && offset < text.length; n++) offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  };
  pass(removed);
  const writer = alignedWriter(points.length);
  for (let i = 0; i < points.length; i++) {
    const change = changes[i] ?? 0;
    const from = change > 0 ? offset - 1 : offset;
    writer.point(points[i] ?? 0, from < 0 ? 0 : (starts[from] ?? 0), from < 0 ? 0 : (ends[from] ?? 0));
    if (change <= 0) pass(1 - change);
  }
  return writer.done();
}

/** Leaves characters out. */
export function filtered(aligned: AlignedText, keep: (point: number) => boolean): AlignedText {
  const points: number[] = [];
  const changes: number[] = [];
  let first = 0;
  let removed = 0;
  let any = false;
  for (const character of aligned.text) {
    const point = character.codePointAt(0) ?? 0;
    if (!keep(point)) {
      removed++;
      any = true;
      continue;
    }
    if (points.length === 0) first = removed;
    else changes.push(-removed);
    points.push(point);
    removed = 0;
  }
  if (!any) return aligned;
  if (points.length > 0) changes.push(-removed);
  return changed(aligned, { points, changes }, first);
}

/** Puts one character in the place of each. */
export function mapped(aligned: AlignedText, map: (point: number) => number): AlignedText {
  const points = Array.from(aligned.text, (character) => map(character.codePointAt(0) ?? 0));
  return changed(aligned, { points, changes: points.map(() => 0) });
}

/** Puts a text before another; it stands for the first character of that one. Nothing is put before nothing. */
export function prepended(aligned: AlignedText, text: string): AlignedText {
  if (aligned.text === "") return aligned;
  const writer = alignedWriter(aligned.text.length + text.length);
  writer.text(text, aligned.starts[0] ?? 0, aligned.ends[0] ?? 0);
  writer.part(aligned, 0, aligned.text.length);
  return writer.done();
}

/** Cells of parquet files whose types JSON does not have: times and decimals, digit by digit. */
import { parquetSchema, type FileMetaData, type ParquetParsers, type SchemaElement } from "hyparquet";

const perDay = 86_400n;

/** `2026-01-02T03:04:05.678Z`: a time in units of 10^−digits seconds since 1970, with all of its digits. */
function instantText(value: bigint, digits: 3 | 6 | 9): string {
  const unit = 10n ** BigInt(digits);
  const fraction = ((value % unit) + unit) % unit;
  const seconds = Number((value - fraction) / unit);
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new Error(`a time in it is ${seconds} seconds from 1970`);
  return date.toISOString().replace(/\.\d{3}Z$/, `.${String(fraction).padStart(digits, "0")}Z`);
}

/** `03:04:05.678901`: a time of a day in units of 10^−digits seconds. */
function timeOfDayText(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  if (value < 0n || value >= perDay * unit) throw new Error("a time of a day in it is of no day");
  const two = (part: bigint): string => String(part).padStart(2, "0");
  const seconds = value / unit;
  const clock = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map(two).join(":");
  return `${clock}.${String(value % unit).padStart(digits, "0")}`;
}

/** Texts of points in time, where hyparquet makes dates of whole milliseconds. */
export const timeParsers: Pick<
  ParquetParsers,
  "timestampFromMilliseconds" | "timestampFromMicroseconds" | "timestampFromNanoseconds"
> = {
  timestampFromMilliseconds: ofPresent((value) => instantText(value, 3)),
  timestampFromMicroseconds: ofPresent((value) => instantText(value, 6)),
  timestampFromNanoseconds: ofPresent((value) => instantText(value, 9)),
};

/** Nulls come through parsers, too; what they return is a Date for hyparquet's types only. */
function ofPresent(text: (value: bigint) => string): (value: bigint) => never {
  return (value: bigint | null | undefined) => (value == null ? value : text(value)) as never;
}

/** Decimal digits that float64 tells apart. */
const exactDigits = 15;

/** A decimal as JSON has it: a number where float64 tells it from its neighbours, else a text of its digits. */
function decimalOf(unscaled: bigint, scale: number): number | string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const text = `${unscaled < 0n ? "-" : ""}${whole}${scale === 0 ? "" : `.${digits.slice(-scale)}`}`;
  return digits.length <= exactDigits ? Number(text) : text;
}

/** Two's complement, the highest byte first. */
function signedOf(bytes: Uint8Array): bigint {
  const value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return BigInt.asIntN(8 * bytes.length, value);
}

type Convert = (stored: number | bigint | Uint8Array) => number | string;

/** What makes a cell of a column's stored value; null where hyparquet does. */
function converterOf({ converted_type: converted, logical_type: logical, scale = 0 }: SchemaElement): Convert | null {
  const integer = (stored: number | bigint | Uint8Array): bigint =>
    stored instanceof Uint8Array ? signedOf(stored) : BigInt(stored);
  if (converted === "DECIMAL" || logical?.type === "DECIMAL") {
    const places = logical?.type === "DECIMAL" ? logical.scale : scale;
    return (stored) => decimalOf(integer(stored), places);
  }
  if (logical?.type === "TIME" || converted === "TIME_MILLIS" || converted === "TIME_MICROS") {
    const digits = { MILLIS: 3, MICROS: 6, NANOS: 9 };
    const unit = logical?.type === "TIME" ? logical.unit : converted === "TIME_MILLIS" ? "MILLIS" : "MICROS";
    return (stored) => timeOfDayText(integer(stored), digits[unit]);
  }
  return null;
}

/** A file's columns, those of decimals and times of a day as they are stored, with what makes cells of them. */
export interface ReadableColumns {
  readonly metadata: FileMetaData;
  /** A row as it is read → its cells. */
  readonly cells: (row: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

/** How to read the columns of a file, or why they cannot be read: a decimal or a time of a day inside lists or objects. */
export function readableColumns(metadata: FileMetaData): ReadableColumns | { readonly problem: string } {
  const converters = new Map<string, Convert>();
  const schema = [...metadata.schema];
  const nested = new Set(schema.filter((element) => converterOf(element) !== null));
  for (const { element } of parquetSchema(metadata).children) {
    const convert = converterOf(element);
    if (convert === null) continue;
    nested.delete(element);
    converters.set(element.name, convert);
    const { converted_type: _converted, logical_type: _logical, ...stored } = element;
    schema[metadata.schema.indexOf(element)] = stored;
  }
  const [inside] = nested;
  if (inside !== undefined) {
    const kind = inside.converted_type === "DECIMAL" || inside.logical_type?.type === "DECIMAL" ? "decimals" : "times";
    return { problem: `its ${inside.name}, inside a list or an object, holds ${kind}: write them as texts or numbers` };
  }
  const cells: ReadableColumns["cells"] = (row) => {
    if (converters.size === 0) return row;
    const made = Object.entries(row).map(([name, value]): [string, unknown] => {
      const convert = value == null ? undefined : converters.get(name);
      return [name, convert === undefined ? value : convert(value as Parameters<Convert>[0])];
    });
    return Object.fromEntries(made);
  };
  return { metadata: { ...metadata, schema }, cells };
}

/** What a file of texts holds, as its ending says. */
import { datasetPrefix } from "./paths.js";
/** Records in lines of JSON, in one JSON array, in cells, or in rows that the host has read; or plain lines. */
export type TextFormat = "json lines" | "json" | "csv" | "tsv" | "parquet" | "plain";

const formats: ReadonlyMap<string, TextFormat> = new Map([
  ["jsonl", "json lines"],
  ["ndjson", "json lines"],
  ["json", "json"],
  ["csv", "csv"],
  ["tsv", "tsv"],
  ["parquet", "parquet"],
  ["txt", "plain"],
]);

/** Endings of the files that are read as what they are. */
export const textEndings: readonly string[] = [...formats.keys()].map((ending) => `.${ending}`);

const compressed: ReadonlyMap<string, string> = new Map([
  ["gz", "gunzip -k"],
  ["zst", "zstd -d"],
  ["bz2", "bunzip2 -k"],
  ["xz", "unxz -k"],
  ["zip", "unzip"],
]);

const tables: ReadonlySet<string> = new Set(
  "arrow feather xlsx xls ods pkl pickle npy npz h5 pt safetensors".split(" "),
);

/** A file that cannot be read as anything: what is wrong with its name, and what helps. */
export interface FormatFault {
  readonly problem: string;
  readonly hint: string;
}

/** How a file is read by its name, or why it is not. `asText` makes plain text of every ending that can be text. */
export function formatOf(path: string, asText: boolean): TextFormat | FormatFault {
  // Of data sets of the Hub the parquet files are read.
  if (path.startsWith(datasetPrefix) && !asText) return "parquet";
  const name = path.split("/").at(-1) ?? path;
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const unpack = compressed.get(ending);
  if (unpack !== undefined) {
    return { problem: `is compressed (.${ending})`, hint: `unpack it first: \`${unpack} ${name}\`` };
  }
  if (tables.has(ending)) {
    return { problem: `is a .${ending} file, which is not read`, hint: `save it as ${listed()}` };
  }
  const format = formats.get(ending);
  if (asText && format === "parquet")
    return { problem: "is a parquet file, which is no text", hint: "leave out `as text`" };
  if (asText) return "plain";
  if (format !== undefined) return format;
  return {
    problem:
      ending === "" ? "has no ending that says what it holds" : `ends in .${ending}, which does not say what it holds`,
    hint: `plain text, one prompt a line, is read with \`as text\`: from "${path}" as text; other files end in ${listed()}`,
  };
}

function listed(): string {
  return `${textEndings.slice(0, -1).join(", ")} or ${textEndings.at(-1) ?? ""}`;
}

/** True when the file has fields, as far as its name says; any other one is plain text. */
export function hasFields(path: string, asText: boolean): boolean {
  const format = formatOf(path, asText);
  return typeof format === "string" && format !== "plain";
}

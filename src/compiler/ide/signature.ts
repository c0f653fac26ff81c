/** How what is called at a place is written, and which of its arguments the cursor is in. */
import { tokenize } from "../../../grammar/tokens.js";
import type { IToken } from "chevrotain";
import type { DocEntry } from "../docs/entry.js";
import type { Declaration } from "../ir/side-table.js";
import { isWord } from "../syntax/regions.js";
import type { Analysis } from "./analysis.js";
import { declarationLine, declarationMarkdown, entryMarkdown } from "./documentation.js";

export interface Signature {
  /** One line. */
  readonly label: string;
  /** Markdown. */
  readonly documentation: string;
  /** Parameters as they stand in the label. */
  readonly parameters: readonly string[];
  /** Index of the parameter that is written; null where the label does not tell it. */
  readonly active: number | null;
}

/** The call around an offset, the innermost one; null where nothing is called. */
export function signatureAt(analysis: Analysis, offset: number): Signature | null {
  const { text } = analysis.source;
  const before = tokenize(text).tokens.filter(
    (token) => token.startOffset < offset && token.startOffset + token.image.length <= offset,
  );
  const metricCalled = (called: string): Declaration | undefined =>
    analysis.checked.scope.find(({ kind, name }) => kind === "metric" && name === called);
  const call = openCall(before);
  if (call === null) return settingsOf(before, metricCalled);
  const { callee, commas, named } = call;
  const metric = metricCalled(callee);
  if (metric !== undefined && metric.parameters.length > 0) {
    const byName = metric.parameters.findIndex(({ name }) => name === named);
    return metricSignature(metric, byName >= 0 ? byName : Math.min(commas, metric.parameters.length - 1));
  }
  const entry = analysis.documentation.get(callee)?.find(isCallable);
  if (entry === undefined) return null;
  const [label = callee] = entry.form.split("\n");
  const inside = /\(([^()]*)/.exec(label)?.[1] ?? "";
  const parameters = splitTop(inside.replace(/\s(over|between)\s.*$/, ""));
  const active = commas < parameters.length ? commas : null;
  return { label, documentation: entryMarkdown(entry), parameters, active };
}

function metricSignature(metric: Declaration, active: number | null): Signature {
  const label = declarationLine(metric);
  const parameters = splitTop(label.slice(label.indexOf("(") + 1, -1));
  return { label, documentation: declarationMarkdown(metric), parameters, active };
}

/** The metric whose settings are written without brackets at the end of a measure: `measure R_V early L1 late`. */
function settingsOf(
  before: readonly IToken[],
  metricCalled: (name: string) => Declaration | undefined,
): Signature | null {
  const start = before.findLastIndex(({ image }) => image === "measure" || image === "," || image === "of");
  if (start < 0 || before.findLastIndex(({ image }) => image === "measure") < 0) return null;
  const [name, ...settings] = before.slice(start + 1).map(({ image }) => image);
  const metric = name === undefined ? undefined : metricCalled(name);
  if (metric === undefined || metric.parameters.length === 0) return null;
  const names = metric.parameters.map((parameter) => parameter.name);
  // Names and values by turns: anything else is no list of settings, or one that has ended.
  if (settings.some((word, i) => i % 2 === 0 && !names.includes(word))) return null;
  const given = settings.filter((_, i) => i % 2 === 0);
  const isValue = settings.length % 2 === 1;
  const active = isValue ? names.indexOf(given.at(-1) ?? "") : names.findIndex((one) => !given.includes(one));
  return active < 0 ? null : metricSignature(metric, active);
}

function isCallable({ kind }: DocEntry): boolean {
  return kind === "operation" || kind === "function" || kind === "metric";
}

interface OpenCall {
  readonly callee: string;
  /** Commas between the bracket and the cursor that belong to it. */
  readonly commas: number;
  /** The name before a colon in the argument that is written; null where there is none. */
  readonly named: string | null;
}

function openCall(tokens: readonly IToken[]): OpenCall | null {
  let depth = 0;
  let commas = 0;
  let named: string | null = null;
  for (let i = tokens.length - 1; i >= 0; i--) {
    const token = tokens[i];
    const image = token?.image ?? "";
    if ([")", "]", "}"].includes(image)) depth++;
    else if (["(", "[", "{"].includes(image)) {
      if (depth > 0) depth--;
      else {
        const callee = tokens[i - 1];
        // `metric name(` declares, and brackets of expressions call nothing.
        const calls = image === "(" && callee !== undefined && isWord(callee) && tokens[i - 2]?.image !== "metric";
        if (calls) return { callee: callee.image, commas, named };
        [commas, named] = [0, null];
      }
    } else if (depth === 0 && image === ",") commas++;
    else if (depth === 0 && commas === 0 && named === null && image === ":") named = tokens[i - 1]?.image ?? null;
  }
  return null;
}

/** Parts between commas that stand in no brackets. */
function splitTop(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const character of text) {
    if ("([{".includes(character)) depth++;
    if (")]}".includes(character)) depth--;
    if (character === "," && depth === 0) {
      parts.push(part.trim());
      part = "";
    } else part += character;
  }
  return [...parts, part.trim()].filter((one) => one !== "");
}

/** How what is called at a place is written, and which of its arguments the cursor is in. */
import { tokenize } from "../../../grammar/tokens.js";
import type { IToken } from "chevrotain";
import type { DocEntry } from "../docs/entry.js";
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
  const call = openCall(before);
  if (call === null) return null;
  const { callee, commas, named } = call;
  const metric = analysis.checked.scope.find(({ kind, name }) => kind === "metric" && name === callee);
  if (metric !== undefined && metric.parameters.length > 0) {
    const label = declarationLine(metric);
    const written = label.slice(label.indexOf("(") + 1, -1);
    const parameters = splitTop(written);
    const byName = metric.parameters.findIndex(({ name }) => name === named);
    const active = byName >= 0 ? byName : Math.min(commas, parameters.length - 1);
    return { label, documentation: declarationMarkdown(metric), parameters, active };
  }
  const entry = analysis.documentation.get(callee)?.find(isCallable);
  if (entry === undefined) return null;
  const [label = callee] = entry.form.split("\n");
  const inside = /\(([^()]*)/.exec(label)?.[1] ?? "";
  const parameters = splitTop(inside.replace(/\s(over|between)\s.*$/, ""));
  const active = commas < parameters.length ? commas : null;
  return { label, documentation: entryMarkdown(entry), parameters, active };
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

/** The statements of the language as snippets of an editor: each is its example, with the places that one fills in. */
import { forms, outlineOf, wordsIn, type Form } from "../syntax/forms/index.js";

/** A snippet as VS Code and others read it: `${1:name}` is the first place, with what stands there until one types. */
export interface Snippet {
  readonly prefix: string;
  readonly description: string;
  readonly body: string;
}

/** Snippets by their titles, in the order of the table of forms. Operators have none. */
export function snippets(): Readonly<Record<string, Snippet>> {
  const whole = forms.filter(({ group, outline }) =>
    group === "Clauses" || group === "Interventions" ? outline !== undefined : group !== "Operators",
  );
  const words = new Set(forms.flatMap(({ lines }) => [...wordsIn(lines)]));
  return Object.fromEntries(whole.map((form) => [form.name, snippetOf(form, words)]));
}

function snippetOf({ name, group, meaning, example }: Form, words: ReadonlySet<string>): Snippet {
  // The example of a clause is a whole experiment.
  const isClause = group === "Clauses" || group === "Interventions";
  return { prefix: name, description: meaning, body: withPlaces(isClause ? outlineOf(name) : example, words) };
}

/**
 * A text in whose strings, numbers and names one types: whatever is no word of the language. A word before `(` is a function,
 * and stays. The same name is the same place.
 */
function withPlaces(example: string, words: ReadonlySet<string>): string {
  const places = new Map<string, number>();
  const place = (text: string): string => {
    const number = places.get(text) ?? places.size + 1;
    places.set(text, number);
    return `\${${number}:${text.replace(/[\\$}]/g, String.raw`\$&`)}}`;
  };
  const piece = /"([^"\n]*)"|L\*|[A-Za-z_]\w*(?:\.\w+)*(\()?|\d+(?:\.\d+)*\w*|[^]/g;
  return example.replace(piece, (whole: string, quoted: string | undefined, opening: string | undefined) => {
    if (quoted !== undefined) return `"${place(quoted)}"`;
    if (!/^\w/.test(whole) || opening !== undefined || words.has(whole)) return whole === "$" ? String.raw`\$` : whole;
    return place(whole);
  });
}
